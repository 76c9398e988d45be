import type { PollerSight } from '../../../../libs/model/src/index.ts'

type Sight = Omit<PollerSight, '$typeName' | 'tenantIds'>

interface Watched {
  readonly site: string
  readonly tenantId: string
  /** When the poll under way began; undefined while there is none. */
  askedMs: number | undefined
  /** It did not answer while others did: its silence says nothing of the poller. */
  down: boolean
}

/** A poll this young has not been in vain yet. */
const graceMs = 1_000
/** Longer than any poll. */
const silenceKeptMs = 60_000
/** A poll that was met with everybody's silence for this share of its time says nothing of its own device. */
const silentShare = 0.5

/**
 * What the poller hears of all it polls. With it each poll without an answer, and each heartbeat, says whether anybody
 * else answers meanwhile: it tells a device that is down from a poller that is blind.
 */
export class SightBook {
  readonly #devices = new Map<string, Watched>()
  /** Asked in vain since anybody answered, and since when; devices that answered before. */
  readonly #silent = new Map<string, number>()
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
    this.#devices.set(key, { tenantId, site: `${tenantId}/${siteId}`, askedMs: undefined, down: false })
  }

  forget(key: string): void {
    this.#devices.delete(key)
    this.#silent.delete(key)
  }

  /** @param nowMs undefined: it was not asked after all */
  asked(key: string, nowMs: number | undefined): void {
    const watched = this.#devices.get(key)
    if (watched) watched.askedMs = nowMs
  }

  /** @param atMs when it is known to have been heard, which may be some time ago */
  heard(key: string, atMs: number): void {
    const watched = this.#devices.get(key)
    if (watched) Object.assign(watched, { askedMs: undefined, down: false })
    this.#silent.delete(key)
    if (atMs <= this.#heardMs) return
    if (atMs - this.#heardMs >= graceMs) this.#noteSilence(atMs)
    this.#heardMs = atMs
    for (const [other, askedMs] of this.#silent) if (askedMs < atMs) this.#silent.delete(other)
  }

  /** @param askedMs when it was asked, where that was not its poll's beginning */
  unanswered(key: string, nowMs: number, askedMs?: number): void {
    const watched = this.#devices.get(key)
    if (!watched) return
    const sinceMs = askedMs ?? watched.askedMs ?? nowMs
    if (askedMs === undefined) watched.askedMs = undefined
    if (nowMs - this.#heardMs < silentShare * (nowMs - sinceMs)) watched.down = true
    if (watched.down) this.#silent.delete(key)
    else this.#silent.set(key, sinceMs)
  }

  /** Further devices, at most `max`, of other sites than that of `besides`: those that could say that we are not blind. */
  witnesses(besides: string, max: number, mayAnswer: (key: string) => boolean): string[] {
    const found: string[] = []
    const sites = new Set([this.#devices.get(besides)?.site])
    for (const [key, watched] of this.#devices) {
      if (found.length >= max) break
      if (watched.down || sites.has(watched.site) || !mayAnswer(key)) continue
      sites.add(watched.site)
      found.push(key)
    }
    return found
  }

  /**
   * What is heard now; for a poll that was asked at `askedMs` what was heard for most of it: one that began while nobody
   * answered ends in vain also when others answer again by then.
   */
  sight(nowMs: number, askedMs = nowMs): Sight {
    const past = this.#silence
    if (past) {
      const overlapMs = past.endMs - Math.max(askedMs, Number(past.sight.heardMs))
      if (overlapMs > 0 && overlapMs >= silentShare * (nowMs - askedMs)) return past.sight
    }
    const silent = new Set(this.#silent.keys())
    const sites = new Set<string>()
    let answering = 0
    for (const [key, watched] of this.#devices) {
      sites.add(watched.site)
      if (watched.down) continue
      answering++
      if (watched.askedMs !== undefined && nowMs - Math.max(watched.askedMs, this.#heardMs) >= graceMs) silent.add(key)
    }
    const silentSites = new Set([...silent].map(key => this.#devices.get(key)!.site))
    return {
      devices: this.#devices.size,
      sites: sites.size,
      heardMs: BigInt(Math.round(this.#heardMs)),
      silentDevices: silent.size,
      silentSites: silentSites.size,
      answering,
    }
  }

  tenantIds(): string[] {
    return [...new Set([...this.#devices.values()].map(({ tenantId }) => tenantId))].sort()
  }

  #noteSilence(endMs: number): void {
    const before = this.#silence
    const sight = this.sight(endMs)
    const isLess = before !== undefined && sight.silentSites < before.sight.silentSites
    if (!isLess || endMs - before.endMs > silenceKeptMs) this.#silence = { endMs, sight }
  }
}
