import type { Capacity, DevicePoll, InterfaceId, InterfacePoll, Reach } from '../../model/src/index.ts'
import { type Elapsed, elapsedBetween, type GapReason, type PollTimes } from './counter-delta.ts'
import {
  type InterfaceDeltas,
  interfaceDeltas,
  type StoredCounters,
  speedIsBound,
  storeCounters,
} from './interface-counters.ts'
import { type IdentityChange, type IdentityState, identifyInterfaces } from './interface-identity.ts'
import { type InterfaceRates, interfaceRates } from './interface-rates.ts'
import { type InterfaceWindowRow, interfaceWindowRows } from './interface-rollup.ts'
import { WindowShares, windowMs } from './window-split.ts'

/** What the stream remembers of one device between polls. Plain JSON. */
export interface DeviceTrackState {
  version: 1
  /** The last poll that brought counters; null before the first. */
  last: PollTimes | null
  /** Newest poll seen, answered or not. */
  newestMs: number
  identity: IdentityState
  interfaces: Record<InterfaceId, InterfaceTrackState>
}

export interface InterfaceTrackState {
  counters: StoredCounters
  /** When `counters` were read, where that was not in the device's last poll (the row was not answered since). */
  times?: PollTimes
  /** How long after the start of the device's last poll they were read; absent: at its start. */
  offsetMs?: number
  discontinuityCs?: number
  ifIndex: number
  speedBitsPerSecond: number
}

export interface TrackOptions {
  /** What an interface's circuit may carry, where that is not its own speed. */
  capacityOf?: (ifName: string, ifAlias: string, speedBitsPerSecond: number) => Capacity | undefined
  /** Polls further apart than this leave a gap (milliseconds). */
  durationMsMax?: number
}

/** One poll as it is understood. */
export interface TrackedPoll {
  deviceId: string
  siteId: string
  /** When the poll was made: its event time. */
  atMs: number
  intervalMs: number
  reachable: boolean
  /** Only some interfaces were asked; the others are not gone. */
  partial: boolean
  /** The same poll again, or an older one: nothing was taken from it, and it is no observation. */
  stale: boolean
  rebooted: boolean
  upTimeSeconds: number | null
  pollDurationMs: number
  errors: readonly { code: string; oid: string; detail: string }[]
  reach: Reach | undefined
  /** What the poller hears; of polls without an answer only. */
  sight: TrackedSight | undefined
  /** In the order of the poll's rows; empty when the device did not answer. */
  interfaces: TrackedInterface[]
  /** Partial rows of `interface_1m`, exact parts of the deltas. */
  rows: InterfaceWindowRow[]
}

export interface TrackedSight {
  devices: number
  sites: number
  heardMs: number
  silentDevices: number
  silentSites: number
  answering: number
}

export interface TrackedInterface {
  interfaceId: InterfaceId
  ifIndex: number
  ifName: string
  ifDescr: string
  ifAlias: string
  ifType: number
  adminStatus: number
  operStatus: number
  /** As polled; 0 unknown. */
  speedBitsPerSecond: number
  /** dot3StatsDuplexStatus; 0 not answered. */
  duplex: number
  /** A wire with a speed of its own, not a virtual interface. */
  physical: boolean
  lastChangeCs: number | undefined
  identityChange: IdentityChange | undefined
  /** Why there is no interval; undefined where there is one. */
  gap: GapReason | undefined
  interval: TrackedInterval | undefined
  /** The row as polled, for raw counters. */
  poll: InterfacePoll
}

export interface TrackedInterval {
  fromMs: number
  toMs: number
  durationMs: number
  deltas: InterfaceDeltas
  rates: InterfaceRates
}

/** One hour: a delta is spread over no more windows than that. */
const durationMsMaxDefault = 3_600_000

/**
 * Takes the next poll of a device. Pure: the same state and poll give the same result, byte for byte. What cannot be
 * known is a gap with a reason, never an invented delta and never zero (docs/explanation/counters.md).
 */
export function trackPoll(
  state: DeviceTrackState | undefined,
  poll: DevicePoll,
  options: TrackOptions = {},
): { state: DeviceTrackState; tracked: TrackedPoll } {
  const before: DeviceTrackState = state ?? { version: 1, last: null, newestMs: 0, identity: {}, interfaces: {} }
  const atMs = Number(poll.startedMs)
  const tracked: TrackedPoll = {
    deviceId: poll.deviceId,
    siteId: poll.siteId,
    atMs,
    intervalMs: poll.intervalMs,
    reachable: poll.health?.reachable ?? false,
    partial: poll.partial,
    stale: false,
    rebooted: false,
    upTimeSeconds: poll.sysUpTimeCs === undefined ? null : Math.floor(poll.sysUpTimeCs / 100),
    pollDurationMs: poll.health?.durationMs ?? 0,
    errors: poll.health?.errors ?? [],
    reach: poll.reach,
    sight: poll.sight && { ...poll.sight, heardMs: Number(poll.sight.heardMs) },
    interfaces: [],
    rows: [],
  }
  if (!tracked.reachable) {
    tracked.stale = atMs <= before.newestMs && before.newestMs - atMs < 300_000
    return { state: { ...before, newestMs: tracked.stale ? before.newestMs : atMs }, tracked }
  }
  return answeredPoll(before, poll, tracked, options)
}

function answeredPoll(
  before: DeviceTrackState,
  poll: DevicePoll,
  tracked: TrackedPoll,
  options: TrackOptions,
): { state: DeviceTrackState; tracked: TrackedPoll } {
  const durationMsMax = options.durationMsMax ?? durationMsMaxDefault
  const times: PollTimes = {
    atMs: tracked.atMs,
    upTimeCs: poll.sysUpTimeCs ?? null,
    engineTimeS: poll.engineTimeS ?? null,
  }
  const sinceLast: Elapsed | { gap: GapReason } = before.last
    ? elapsedBetween(before.last, times, poll.intervalMs, durationMsMax)
    : { gap: 'first-poll' }
  const gap = 'gap' in sinceLast ? sinceLast.gap : undefined
  // Some interfaces say nothing of the others' baselines: what happened to the device is for its next whole poll to say.
  if (gap === 'out-of-order' || (tracked.partial && gap !== undefined && gap !== 'interval-too-long')) {
    tracked.stale = true
    return { state: before, tracked }
  }
  tracked.rebooted = gap === 'reboot'
  const rows = poll.interfaces.map(row => ({ row, physAddress: hex(row.ifPhysAddress) }))
  const identified = identifyInterfaces(
    before.identity,
    poll.deviceId,
    rows.map(({ row, physAddress }) => ({
      ifIndex: row.ifIndex,
      ifName: row.ifName,
      ifDescr: row.ifDescr,
      physAddress,
    })),
    { rebooted: tracked.rebooted, atMs: tracked.atMs },
  )

  // An agent with a cache gives the last answer again. Only where nothing at all moved: some agents' sysUpTime stands.
  const upTimeStands = before.last !== null && times.upTimeCs !== null && times.upTimeCs === before.last.upTimeCs
  const cached =
    upTimeStands &&
    poll.interfaces.length > 0 &&
    poll.interfaces.every((row, i) => {
      const known = before.interfaces[identified.rows[i]!.interfaceId]
      return known !== undefined && known.times === undefined && known.counters === storeCounters(row)
    })
  const comparable: PollTimes = upTimeStands ? { ...times, upTimeCs: null } : times

  const interfaces: Record<InterfaceId, InterfaceTrackState> = {}
  for (let i = 0; i < poll.interfaces.length; i++) {
    const row = poll.interfaces[i]!
    const { interfaceId: id, change } = identified.rows[i]!
    const known = before.interfaces[id]
    const offsetMs = upTimeStands ? 0 : readAfterMs(poll, row)
    const since = known?.times ?? (before.last && shifted(before.last, known?.offsetMs))
    const one = trackInterface(row, id, change, known, {
      cached,
      absentBefore: before.last !== null && known === undefined && change !== 'new',
      // A reboot is the whole device's; row by row only the time between two readings differs.
      elapsed:
        since && (gap === undefined || upTimeStands || known?.times)
          ? elapsedBetween(since, shifted(comparable, offsetMs), poll.intervalMs, durationMsMax)
          : sinceLast,
      capacity: options.capacityOf?.(row.ifName, row.ifAlias, Number(row.speedBitsPerSecond)),
    })
    tracked.interfaces.push(one)
    if (one.interval) appendRows(tracked.rows, one, one.interval)
    interfaces[id] = cached && known ? known : nextState(row, known, offsetMs)
  }
  // A walk that broke off leaves rows out; a row that a whole walk leaves out is gone, and so is its baseline.
  const walkBroke = tracked.partial || tracked.errors.some(error => !error.code.startsWith('cell-'))
  if (walkBroke && before.last && !tracked.rebooted) {
    for (const [id, known] of Object.entries(before.interfaces)) {
      if (!Object.hasOwn(interfaces, id) && Object.hasOwn(identified.state, id)) {
        const { offsetMs, ...rest } = known
        interfaces[id] = { ...rest, times: known.times ?? shifted(before.last, offsetMs) }
      }
    }
  }
  return {
    state: {
      version: 1,
      last: cached ? before.last : times,
      newestMs: gap === 'clock-stepped' ? tracked.atMs : Math.max(before.newestMs, tracked.atMs),
      identity: identified.state,
      interfaces,
    },
    tracked,
  }
}

interface InterfaceContext {
  cached: boolean
  absentBefore: boolean
  elapsed: Elapsed | { gap: GapReason }
  capacity: Capacity | undefined
}

function trackInterface(
  row: InterfacePoll,
  id: InterfaceId,
  change: IdentityChange | undefined,
  known: InterfaceTrackState | undefined,
  context: InterfaceContext,
): TrackedInterface {
  const speed = Number(row.speedBitsPerSecond)
  const outcome = intervalOf(row, change, known, context)
  const one: TrackedInterface = {
    interfaceId: id,
    ifIndex: row.ifIndex,
    ifName: row.ifName,
    ifDescr: row.ifDescr,
    ifAlias: row.ifAlias,
    ifType: row.ifType,
    adminStatus: row.adminStatus,
    operStatus: row.operStatus,
    speedBitsPerSecond: speed,
    duplex: row.duplex,
    physical: speedIsBound(row),
    lastChangeCs: row.lastChangeCs,
    identityChange: change,
    gap: 'gap' in outcome ? outcome.gap : undefined,
    interval: undefined,
    poll: row,
  }
  if ('gap' in outcome) return one
  const { elapsed, deltas } = outcome
  // A speed that changed in between is the speed of neither part of the interval.
  const steadySpeed = known?.speedBitsPerSecond === speed ? speed : 0
  one.interval = {
    fromMs: elapsed.fromMs,
    toMs: elapsed.toMs,
    durationMs: elapsed.durationMs,
    deltas,
    rates: interfaceRates(deltas, elapsed.durationMs, row.ifType, steadySpeed, context.capacity),
  }
  return one
}

function intervalOf(
  row: InterfacePoll,
  change: IdentityChange | undefined,
  known: InterfaceTrackState | undefined,
  context: InterfaceContext,
): { elapsed: Elapsed; deltas: InterfaceDeltas } | { gap: GapReason } {
  if (context.cached) return { gap: 'not-advanced' }
  if (!known) return { gap: context.absentBefore ? 'reappeared' : 'first-poll' }
  if ('gap' in context.elapsed) return context.elapsed
  if (change === 'renumbered') return { gap: 'renumbered' }
  const discontinuity = row.counterDiscontinuityCs
  if (discontinuity !== undefined && known.discontinuityCs !== undefined && discontinuity !== known.discontinuityCs) {
    return { gap: 'discontinuity' }
  }
  // The higher of two speeds bounds an interval in which the speed changed.
  const speed = Math.max(Number(row.speedBitsPerSecond), known.speedBitsPerSecond)
  const result = interfaceDeltas(known.counters, row, speed, context.elapsed)
  return 'gap' in result ? result : { elapsed: context.elapsed, deltas: result.deltas }
}

/**
 * How long after the start of the poll the row's counters were read, by the device's own clock: a slow device's rows are
 * read seconds apart. Zero where the device does not say, or says what cannot be.
 */
function readAfterMs(poll: DevicePoll, row: InterfacePoll): number {
  if (row.upTimeCs === undefined || poll.sysUpTimeCs === undefined) return 0
  const offsetMs = ((row.upTimeCs - poll.sysUpTimeCs) >>> 0) * 10
  const pollMs = Math.max(poll.health?.durationMs ?? 0, Number(poll.completedMs - poll.startedMs))
  return offsetMs <= pollMs + 1_000 ? offsetMs : 0
}

function shifted(times: PollTimes, offsetMs = 0): PollTimes {
  if (offsetMs === 0) return times
  const upTimeCs = times.upTimeCs === null ? null : (times.upTimeCs + offsetMs / 10) % 4_294_967_296
  return { ...times, atMs: times.atMs + offsetMs, upTimeCs }
}

function nextState(row: InterfacePoll, known: InterfaceTrackState | undefined, offsetMs: number): InterfaceTrackState {
  const discontinuityCs = row.counterDiscontinuityCs ?? known?.discontinuityCs
  return {
    counters: storeCounters(row),
    ...(offsetMs === 0 ? {} : { offsetMs }),
    ...(discontinuityCs === undefined ? {} : { discontinuityCs }),
    ifIndex: row.ifIndex,
    speedBitsPerSecond: Number(row.speedBitsPerSecond),
  }
}

const shares = new WindowShares(windowMs)

function appendRows(rows: InterfaceWindowRow[], one: TrackedInterface, interval: TrackedInterval): void {
  interfaceWindowRows(rows, shares, one, interval)
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
