import { create } from '@bufbuild/protobuf'
import { type DevicePoll, DevicePollSchema } from '../../model/src/index.ts'
import { type DeviceTrackState, trackPoll } from '../../stream/src/index.ts'
import {
  type DetectConfig,
  type DetectedCondition,
  type DeviceDetectState,
  detectConfigSchema,
  detectDevice,
  detectStale,
} from '../src/index.ts'

export const startMs = Date.UTC(2026, 0, 5, 12)
export const gigabit = 1_000_000_000

/** One link's counters, driven by the test: `pass` sends frames for a time, `errors` and `drops` come with them. */
export interface SimulatedLink {
  ifName: string
  ifAlias: string
  speed: number
  adminStatus: number
  operStatus: number
  lastChangeCs: number
  frameOctets: number
  counters: { inOctets: bigint; outOctets: bigint; inPkts: bigint; outPkts: bigint; fcs: bigint; drops: bigint }
}

export function link(rest: Partial<SimulatedLink> = {}): SimulatedLink {
  return {
    ifName: 'eth0',
    ifAlias: '',
    speed: gigabit,
    adminStatus: 1,
    operStatus: 1,
    lastChangeCs: 100,
    frameOctets: 800,
    counters: {
      inOctets: 10n ** 15n,
      outOctets: 10n ** 15n,
      inPkts: 10n ** 12n,
      outPkts: 10n ** 12n,
      fcs: 5n,
      drops: 9n,
    },
    ...rest,
  }
}

/** Fills the wire by `utilisation` in both directions for `ms`; returns the frames of one direction. */
export function pass(one: SimulatedLink, utilisation: number, ms: number, fcs = 0, drops = 0): number {
  const frames = framesIn(one.speed, utilisation, ms, one.frameOctets)
  const octets = BigInt(frames * one.frameOctets)
  one.counters.inOctets += octets
  one.counters.outOctets += octets
  one.counters.inPkts += BigInt(frames)
  one.counters.outPkts += BigInt(frames)
  one.counters.fcs += BigInt(fcs)
  one.counters.drops += BigInt(drops)
  return frames
}

export function framesIn(speed: number, utilisation: number, ms: number, frameOctets: number): number {
  return Math.round((utilisation * speed * ms) / 1_000 / (8 * (frameOctets + 20)))
}

/** A device under poll, tracked and judged by the real code; every state goes through JSON. */
export class Bench {
  readonly links: SimulatedLink[]
  readonly role: string
  readonly config: DetectConfig
  readonly intervalMs: number
  conditions: DetectedCondition[] = []
  upTimeCs = 50_000_000
  atMs = startMs
  track: DeviceTrackState | undefined
  detect: DeviceDetectState | undefined

  constructor(links: SimulatedLink[], options: { role?: string; intervalMs?: number; config?: object } = {}) {
    this.links = links
    this.role = options.role ?? 'access'
    this.intervalMs = options.intervalMs ?? 30_000
    this.config = detectConfigSchema.parse(options.config ?? {})
  }

  /** Lets time pass and polls; counters are what the test made them. Returns the conditions of this poll. */
  poll(
    ms = this.intervalMs,
    rest: { reachable?: boolean; errors?: string[]; change?: (poll: DevicePoll) => void } = {},
  ): DetectedCondition[] {
    this.atMs += ms
    this.upTimeCs = (this.upTimeCs + ms / 10) % 4_294_967_296
    const poll = create(DevicePollSchema, {
      deviceId: 'sw1',
      siteId: 'hq',
      startedMs: BigInt(this.atMs),
      completedMs: BigInt(this.atMs + 50),
      intervalMs: this.intervalMs,
      health: {
        reachable: rest.reachable ?? true,
        durationMs: 50,
        errors: (rest.errors ?? []).map(code => ({ code, oid: '1.3', detail: '' })),
      },
      ...(rest.reachable === false ? {} : { sysUpTimeCs: this.upTimeCs }),
      interfaces: rest.reachable === false ? [] : this.links.map((one, i) => this.#row(one, i)),
    })
    rest.change?.(poll)
    const tracked = trackPoll(this.track, poll)
    const outcome = detectDevice(this.detect, tracked.tracked, { role: this.role }, this.config)
    this.track = copy(tracked.state)
    this.detect = copy(outcome.state)
    this.conditions.push(...outcome.conditions)
    return outcome.conditions
  }

  /** Judges silence as of a watermark after the last poll. */
  silence(ms: number): DetectedCondition[] {
    const outcome = detectStale(this.detect!, this.atMs + ms, this.config)
    this.detect = copy(outcome.state)
    this.conditions.push(...outcome.conditions)
    return outcome.conditions
  }

  /** `type state` of all conditions so far. */
  get said(): string[] {
    return this.conditions.map(one => `${one.alarmType}${one.qualifier ? `/${one.qualifier}` : ''} ${one.state}`)
  }

  #row(one: SimulatedLink, i: number) {
    const { inOctets, outOctets, inPkts, outPkts, fcs, drops } = one.counters
    return {
      ifIndex: i + 1,
      ifName: one.ifName,
      ifAlias: one.ifAlias,
      ifType: 6,
      connectorPresent: true,
      speedBitsPerSecond: BigInt(one.speed),
      adminStatus: one.adminStatus,
      operStatus: one.operStatus,
      lastChangeCs: one.lastChangeCs,
      octetCounterBits: 64,
      packetCounterBits: 64,
      fcsCounterBits: 64,
      inOctets,
      outOctets,
      inUcastPkts: inPkts,
      outUcastPkts: outPkts,
      inErrors: fcs % 4_294_967_296n,
      outErrors: 0n,
      inDiscards: 0n,
      outDiscards: drops % 4_294_967_296n,
      fcsErrors: fcs,
    }
  }
}

function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

/** A Poisson draw: by inversion for small means, by the normal approximation above. */
export function poisson(mean: number, random: () => number): number {
  if (mean > 500) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count++
  return count
}
