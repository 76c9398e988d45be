import { type DeviceDetectState, detectDevice, detectStale } from '../../libs/detect/src/index.ts'
import type { DevicePoll, InterfacePoll } from '../../libs/model/src/index.ts'
import { type DeviceTrackState, trackPoll } from '../../libs/stream/src/index.ts'

/** An alarm as somebody's rules have it: a word for what, and the link it is about ('' is the device). */
export interface Raised {
  type: string
  link: string
}

/** The rules of one product over the polls of one device. */
export interface RuleSet {
  /** Alarms that begin with this poll. */
  poll(poll: DevicePoll): Raised[]
  /** Time passes without a poll. */
  silence?(nowMs: number): Raised[]
}

/** Weir's tracker and detectors as the stream processor runs them. */
export class WeirRules implements RuleSet {
  #track: DeviceTrackState | undefined
  #detect: DeviceDetectState | undefined
  readonly #active = new Set<string>()

  poll(poll: DevicePoll): Raised[] {
    const { state, tracked } = trackPoll(this.#track, poll)
    this.#track = state
    const found = detectDevice(this.#detect, tracked, { role: 'distribution' })
    this.#detect = found.state
    return this.#begun(found.conditions)
  }

  silence(nowMs: number): Raised[] {
    if (!this.#detect) return []
    const found = detectStale(this.#detect, nowMs)
    this.#detect = found.state
    return this.#begun(found.conditions)
  }

  /** A change of severity or evidence is no new alarm. */
  #begun(conditions: ReturnType<typeof detectDevice>['conditions']): Raised[] {
    const begun: Raised[] = []
    for (const { alarmType, resource, qualifier, state } of conditions) {
      const key = `${alarmType} ${resource} ${qualifier}`
      if (state !== 'active') this.#active.delete(key)
      else if (!this.#active.has(key)) {
        this.#active.add(key)
        begun.push({
          type: alarmType,
          link: resource.startsWith('interface/') ? resource.split('/').slice(2).join('/') : '',
        })
      }
    }
    return begun
  }
}

/** What the simple products make of two polls: rates over the time between, nothing where a counter went back. */
interface Sample {
  atMs: number
  isUp: boolean
  wasUp: boolean
  isAdminUp: boolean
  utilisation: number
  errorsPerSecond: number
  framesPerSecond: number
}

abstract class ThresholdRules implements RuleSet {
  readonly #last = new Map<string, { atMs: number; row: InterfacePoll }>()
  readonly #active = new Set<string>()
  protected readonly windows = new Map<string, Sample[]>()

  /** How long samples are kept for the rules. */
  abstract readonly windowMs: number
  /** Polls this far apart; others are not seen. */
  readonly everyMs: number = 0
  #seenMs = Number.NEGATIVE_INFINITY

  protected abstract judge(link: string, samples: readonly Sample[], isActive: (type: string) => boolean): string[]

  poll(poll: DevicePoll): Raised[] {
    const atMs = Number(poll.startedMs)
    if (!poll.health?.reachable || atMs - this.#seenMs < this.everyMs - 5_000) return []
    this.#seenMs = atMs
    return poll.interfaces.flatMap(row => this.#row(row, atMs))
  }

  #row(row: InterfacePoll, atMs: number): Raised[] {
    // These products know interfaces by ifIndex unless told otherwise; the benchmark lets them know the name.
    const link = row.ifName
    const last = this.#last.get(link)
    this.#last.set(link, { atMs, row })
    if (!last) return []
    const seconds = (atMs - last.atMs) / 1_000
    const rate = (now: bigint | undefined, before: bigint | undefined): number =>
      now === undefined || before === undefined || now < before ? 0 : Number(now - before) / seconds
    const octets = Math.max(rate(row.inOctets, last.row.inOctets), rate(row.outOctets, last.row.outOctets))
    const samples = (this.windows.get(link) ?? []).filter(sample => atMs - sample.atMs < this.windowMs)
    samples.push({
      atMs,
      isUp: row.operStatus === 1,
      wasUp: last.row.operStatus === 1,
      isAdminUp: row.adminStatus === 1,
      utilisation: (8 * octets) / Number(row.speedBitsPerSecond),
      errorsPerSecond: rate(row.fcsErrors, last.row.fcsErrors),
      framesPerSecond: rate(row.inUcastPkts, last.row.inUcastPkts),
    })
    this.windows.set(link, samples)
    const key = (type: string): string => `${type} ${link}`
    const now = new Set(this.judge(link, samples, type => this.#active.has(key(type))))
    const begun: Raised[] = []
    for (const type of ['errors', 'saturation', 'down']) {
      if (!now.has(type)) this.#active.delete(key(type))
      else if (!this.#active.has(key(type))) {
        this.#active.add(key(type))
        begun.push({ type, link })
      }
    }
    return begun
  }
}

const minute = 60_000
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Zabbix 7, template "Interfaces SNMP": errors min(5m) > 2/s, clear below 80 % of it; bandwidth avg(15m) > 90 %, clear
 * 3 points below; link down on a change of ifOperStatus.
 */
export class ZabbixRules extends ThresholdRules {
  override readonly windowMs = 15 * minute

  protected override judge(_: string, samples: readonly Sample[], isActive: (type: string) => boolean): string[] {
    const last = samples.at(-1)!
    const five = samples.filter(sample => last.atMs - sample.atMs < 5 * minute)
    const least = Math.min(...five.map(sample => sample.errorsPerSecond))
    const most = Math.max(...five.map(sample => sample.errorsPerSecond))
    const types: string[] = []
    if (isActive('errors') ? most >= 1.6 : five.length >= 9 && least > 2) types.push('errors')
    const load = mean(samples.map(sample => sample.utilisation))
    if (load > (isActive('saturation') ? 0.87 : 0.9) && samples.length > 20) types.push('saturation')
    if (!last.isUp && (last.wasUp || isActive('down'))) types.push('down')
    return types
  }
}

/** LibreNMS's rule collection over its polls of five minutes: utilisation >= 80 %, errors >= 100/s, port down. */
export class LibreNmsRules extends ThresholdRules {
  override readonly windowMs = 5 * minute
  override readonly everyMs = 5 * minute

  protected override judge(_: string, samples: readonly Sample[], isActive: (type: string) => boolean): string[] {
    const last = samples.at(-1)!
    const types: string[] = []
    if (last.errorsPerSecond >= 100) types.push('errors')
    if (last.utilisation >= 0.8) types.push('saturation')
    if (!last.isUp && last.isAdminUp && (last.wasUp || isActive('down'))) types.push('down')
    return types
  }
}

/**
 * Static rules as Prometheus mixins have them: more than 1 % of frames damaged for an hour; 90 % full for 15 minutes; down
 * for 5.
 */
export class PrometheusRules extends ThresholdRules {
  override readonly windowMs = 60 * minute

  protected override judge(_: string, samples: readonly Sample[]): string[] {
    const last = samples.at(-1)!
    const heldFor = (durationMs: number, holds: (sample: Sample) => boolean): boolean => {
      const within = samples.filter(sample => last.atMs - sample.atMs <= durationMs)
      return last.atMs - samples[0]!.atMs >= durationMs - minute && within.every(holds)
    }
    const types: string[] = []
    if (heldFor(60 * minute, one => one.errorsPerSecond > 0.01 * one.framesPerSecond)) types.push('errors')
    if (heldFor(15 * minute, one => one.utilisation > 0.9)) types.push('saturation')
    if (heldFor(5 * minute, one => !one.isUp && one.isAdminUp)) types.push('down')
    return types
  }
}

/** Cisco's FCS bit error rate alarm: more than 1e-8 of the bits in a poll, clear at a tenth. */
export class CiscoFcsRules extends ThresholdRules {
  override readonly windowMs = minute

  protected override judge(_: string, samples: readonly Sample[], isActive: (type: string) => boolean): string[] {
    const { errorsPerSecond, framesPerSecond } = samples.at(-1)!
    const bits = (framesPerSecond + errorsPerSecond) * 8 * 800
    return bits > 0 && errorsPerSecond / bits > (isActive('errors') ? 1e-9 : 1e-8) ? ['errors'] : []
  }
}
