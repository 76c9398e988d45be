import type { PollerSight } from '../../../../libs/model/src/index.ts'

type Sight = Omit<PollerSight, '$typeName' | 'tenantIds'>

interface Watched {
  readonly site: string
  readonly tenantId: string
  /** When the poll under way began; undefined while there is none. */
  askedMs: number | undefined
}

/** A poll this young has not been in vain yet. */
const graceMs = 1_000
/** Longer than any poll. */
const silenceKeptMs = 60_000

/**
 * What the poller hears of all it polls. With it each poll without an answer, and each heartbeat, says whether anybody
 * else answers meanwhile: it tells a device that is down from a poller that is blind.
 */
export class SightBook {
  readonly #devices = new Map<string, Watched>()
  /** Asked in vain since anybody answered. */
  readonly #silent = new Set<string>()
  #heardMs: number
  /** The last silence of everybody, as it was when it ended. */
  #silence: { endMs: number; sight: Sight } | undefined

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
    if (nowMs - this.#heardMs >= graceMs) this.#noteSilence(nowMs)
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

  /**
   * What is heard now; for a poll that was asked at `askedMs` what was heard meanwhile: one that began while nobody
   * answered ends in vain also when others answer again by then.
   */
  sight(nowMs: number, askedMs = nowMs): Sight {
    if (this.#silence && askedMs < this.#silence.endMs) return this.#silence.sight
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

  #noteSilence(nowMs: number): void {
    const before = this.#silence
    const sight = this.sight(nowMs)
    const isLess = before !== undefined && sight.silentSites < before.sight.silentSites
    if (!isLess || nowMs - before.endMs > silenceKeptMs) this.#silence = { endMs: nowMs, sight }
  }

  tenantIds(): string[] {
    return [...new Set([...this.#devices.values()].map(({ tenantId }) => tenantId))].sort()
  }
}
