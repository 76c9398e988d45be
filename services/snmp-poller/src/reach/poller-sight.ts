import type { PollerSight } from '../../../../libs/model/src/index.ts'

interface Watched {
  readonly site: string
  readonly tenantId: string
  /** When the poll under way began; undefined while there is none. */
  askedMs: number | undefined
}

/** A poll this young has not been in vain yet. */
const graceMs = 1_000

/**
 * What the poller hears of all it polls. With it each poll without an answer, and each heartbeat, says whether anybody
 * else answers meanwhile: it tells a device that is down from a poller that is blind.
 */
export class SightBook {
  readonly #devices = new Map<string, Watched>()
  /** Asked in vain since anybody answered. */
  readonly #silent = new Set<string>()
  #heardMs: number

  constructor(nowMs: number) {
    this.#heardMs = nowMs
  }

  get heardMs(): number {
    return this.#heardMs
  }

  watch(key: string, tenantId: string, siteId: string): void {
    this.#devices.set(key, { tenantId, site: `${tenantId}/${siteId}`, askedMs: undefined })
  }

  forget(key: string): void {
    this.#devices.delete(key)
    this.#silent.delete(key)
  }

  asked(key: string, nowMs: number): void {
    const watched = this.#devices.get(key)
    if (watched) watched.askedMs = nowMs
  }

  heard(key: string, nowMs: number): void {
    this.#heardMs = Math.max(this.#heardMs, nowMs)
    this.#silent.clear()
    const watched = this.#devices.get(key)
    if (watched) watched.askedMs = undefined
  }

  unanswered(key: string): void {
    const watched = this.#devices.get(key)
    if (!watched) return
    watched.askedMs = undefined
    this.#silent.add(key)
  }

  /** Further devices, at most `max`, of sites of which nothing was heard: those that could say that we are not blind. */
  witnesses(besides: string, max: number, mayAnswer: (key: string) => boolean): string[] {
    const site = this.#devices.get(besides)?.site
    const found: string[] = []
    const sites = new Set([site])
    for (const [key, watched] of this.#devices) {
      if (found.length >= max) break
      if (sites.has(watched.site) || !mayAnswer(key)) continue
      sites.add(watched.site)
      found.push(key)
    }
    return found
  }

  sight(nowMs: number): Omit<PollerSight, '$typeName' | 'tenantIds'> {
    const silent = new Set(this.#silent)
    const sites = new Set<string>()
    for (const [key, { site, askedMs }] of this.#devices) {
      sites.add(site)
      if (askedMs !== undefined && nowMs - Math.max(askedMs, this.#heardMs) >= graceMs) silent.add(key)
    }
    const silentSites = new Set([...silent].map(key => this.#devices.get(key)!.site))
    return {
      devices: this.#devices.size,
      sites: sites.size,
      heardMs: BigInt(Math.round(this.#heardMs)),
      silentDevices: silent.size,
      silentSites: silentSites.size,
    }
  }

  tenantIds(): string[] {
    return [...new Set([...this.#devices.values()].map(({ tenantId }) => tenantId))].sort()
  }
}
