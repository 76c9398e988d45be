import type { MetricType } from './if-mib.ts'

/** A page in Prometheus' text format 0.0.4, which holds so many samples at most. */
export class Exposition {
  /** Samples that found no room. */
  dropped = 0
  readonly #samplesMax: number
  readonly #lines: string[] = []
  #samples = 0
  #family: { name: string; head: string; announced: boolean } | undefined

  constructor(samplesMax: number) {
    this.#samplesMax = samplesMax
  }

  get samples(): number {
    return this.#samples
  }

  /** Begins a metric; its samples follow. Without samples it leaves no trace. */
  family(name: string, type: MetricType, help: string): void {
    const head = `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}`
    this.#family = { name, head, announced: false }
  }

  /** @param labels as `labelSet` writes them */
  sample(labels: string, value: number): void {
    const family = this.#family
    if (!family) throw new Error('a sample needs its family first')
    if (this.#samples >= this.#samplesMax) {
      this.dropped++
      return
    }
    if (!family.announced) {
      this.#lines.push(family.head)
      family.announced = true
    }
    this.#samples++
    this.#lines.push(`${family.name}${labels} ${value}`)
  }

  text(): string {
    return this.#lines.length > 0 ? `${this.#lines.join('\n')}\n` : ''
  }
}

/** `{a="x",b="y"}`. What devices say about themselves may hold anything, so that values are escaped. */
export function labelSet(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`)
  return parts.length > 0 ? `{${parts.join(',')}}` : ''
}

function escapeValue(value: string): string {
  return value.replace(/["\\\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`))
}
