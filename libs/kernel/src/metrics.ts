import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Labels = Record<string, string>
/** Values as they stand when the endpoint is scraped. */
export type Samples = Iterable<readonly [labels: Labels, value: number]>

/**
 * The metrics of one process. Hot paths count in plain numbers; `read` is called at each scrape, so counting costs an
 * addition and never a label look-up.
 */
export interface Metrics {
  /** Monotonic values; `name` ends in `_total`. */
  counters(name: string, help: string, labelNames: readonly string[], read: () => Samples): void
  gauges(name: string, help: string, labelNames: readonly string[], read: () => Samples): void
  /** For events rare enough to observe one by one; seconds. */
  histogram(name: string, help: string, bucketsSeconds: readonly number[]): { observe(seconds: number): void }
  text(): Promise<{ contentType: string; body: string }>
}

export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.processMetrics) collectDefaultMetrics({ register: registry })

  return {
    counters(name, help, labelNames, read) {
      new Counter({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      })
    },
    gauges(name, help, labelNames, read) {
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.set(labels, value)
        },
      })
    },
    histogram(name, help, bucketsSeconds) {
      return new Histogram({ name, help, buckets: [...bucketsSeconds], registers: [registry] })
    },
    async text() {
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}

/** Counts by one label, for `errors{code}` and `dropped{reason}`: bounded, because codes form a closed table. */
export class CounterByCode {
  readonly #counts = new Map<string, number>()

  add(code: string, by = 1): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + by)
  }

  get(code: string): number {
    return this.#counts.get(code) ?? 0
  }

  get total(): number {
    let total = 0
    for (const count of this.#counts.values()) total += count
    return total
  }

  *samples(label: string): Samples {
    for (const [code, count] of this.#counts) yield [{ [label]: code }, count]
  }
}
