import {
  type DetectConfig,
  type DetectedCondition,
  detectPollsSilent,
  detectSite,
  noteSiteSignal,
  type PollsProgress,
  type SiteSignal,
  type SiteState,
} from '../../../../libs/detect/src/index.ts'
import { topics } from '../../../../libs/model/src/index.ts'
import type { StreamConfig } from '../stream-config.ts'

const sitePrefix = 'site/'
const pollsPrefix = 'polls/'

/**
 * What shows only where all signals of a tenant meet: a site whose devices are all silent, and polls that no longer
 * come. Remembers as little as that takes, as state pieces by `site/<tenant>/<site>` and `polls/<tenant>`.
 */
export class SiteWatch {
  readonly #sites = new Map<string, SiteState>()
  readonly #progress = new Map<string, PollsProgress>()
  readonly #changed = new Set<string>()
  #devices: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  #polledTenants: ReadonlySet<string> = new Set()
  #detection: DetectConfig

  constructor(config: StreamConfig) {
    this.#detection = config.detection
    this.configure(config)
  }

  configure({ devices, detection }: StreamConfig): void {
    const bySite = new Map<string, Set<string>>()
    const tenants = new Set<string>()
    for (const [key, { site, polled }] of Object.entries(devices)) {
      // Versions recorded before it was noted hold polled devices alone, as far as anybody knows.
      if (polled === false) continue
      const slash = key.indexOf('/')
      const tenantId = key.slice(0, slash)
      tenants.add(tenantId)
      const siteKey = `${tenantId}/${site}`
      const ofSite = bySite.get(siteKey) ?? new Set<string>()
      bySite.set(siteKey, ofSite.add(key.slice(slash + 1)))
    }
    this.#devices = bySite
    this.#polledTenants = tenants
    this.#detection = detection
  }

  /** Whether a state piece is one of these; takes it if so. */
  restore(key: string, state: string): boolean {
    if (key.startsWith(sitePrefix)) this.#sites.set(key.slice(sitePrefix.length), JSON.parse(state) as SiteState)
    else if (key.startsWith(pollsPrefix)) {
      this.#progress.set(key.slice(pollsPrefix.length), JSON.parse(state) as PollsProgress)
    } else return false
    return true
  }

  /** A condition of a device, as it was applied. */
  note(tenantId: string, siteId: string, signal: SiteSignal): void {
    const key = `${tenantId}/${siteId}`
    const before = this.#sites.get(key)
    const after = noteSiteSignal(before, signal)
    if (after === before || !after) return
    this.#sites.set(key, after)
    this.#changed.add(sitePrefix + key)
  }

  /** Time has come to `nowMs` for a tenant; what its sites, and its polls, are now known to be. */
  judge(tenantId: string, topic: string, stampMs: number, nowMs: number): DetectedCondition[] {
    return [...this.#judgePolls(tenantId, topic, stampMs), ...this.#judgeSites(tenantId, nowMs)]
  }

  takeChanged(): Map<string, string> {
    const states = new Map<string, string>()
    for (const key of this.#changed) {
      const piece = key.startsWith(sitePrefix)
        ? this.#sites.get(key.slice(sitePrefix.length))
        : this.#progress.get(key.slice(pollsPrefix.length))
      states.set(key, piece ? JSON.stringify(piece) : '')
    }
    this.#changed.clear()
    return states
  }

  #judgePolls(tenantId: string, topic: string, stampMs: number): DetectedCondition[] {
    const before = this.#progress.get(tenantId)
    // A tenant without polled devices waits for none.
    if (!this.#polledTenants.has(tenantId) && !before?.episode) return []
    const outcome = detectPollsSilent(before, topic === topics.polls, stampMs, this.#detection)
    if (!outcome) return []
    this.#progress.set(tenantId, outcome.state)
    this.#changed.add(pollsPrefix + tenantId)
    return outcome.conditions
  }

  #judgeSites(tenantId: string, nowMs: number): DetectedCondition[] {
    const conditions: DetectedCondition[] = []
    const prefix = `${tenantId}/`
    for (const key of [...this.#sites.keys()].filter(one => one.startsWith(prefix)).sort()) {
      const before = this.#sites.get(key)!
      const siteId = key.slice(prefix.length)
      const context = { siteId, devices: this.#devices.get(key) ?? new Set<string>() }
      const outcome = detectSite(before, context, nowMs, this.#detection)
      conditions.push(...outcome.conditions)
      if (JSON.stringify(outcome.state) === JSON.stringify(before)) continue
      if (outcome.state) this.#sites.set(key, outcome.state)
      else this.#sites.delete(key)
      this.#changed.add(sitePrefix + key)
    }
    return conditions
  }
}
