import { fromBinary } from '@bufbuild/protobuf'
import type { BusRecord } from '../../../../libs/bus/src/index.ts'
import {
  answersInPart,
  type ChangeState,
  type DetectedCondition,
  type DeviceDetectState,
  type DeviceFacts,
  detectChanges,
  detectDevice,
  detectHardware,
  detectStale,
  type Episode,
  firmwareOutdated,
  type HardwareDetectState,
  PostureCache,
  reachStateOf,
  staleAfterMs,
} from '../../../../libs/detect/src/index.ts'
import { CounterByCode } from '../../../../libs/kernel/src/index.ts'
import {
  circuitOf,
  type DevicePoll,
  deviceKey,
  type HardwarePoll,
  type Heartbeat,
  heartbeatIntervalMs,
  keys,
  type PollRecord,
  PollRecordSchema,
  type ProbeRound,
} from '../../../../libs/model/src/index.ts'
import {
  advanceWatermark,
  type DeviceTrackState,
  type InterfaceWindowRow,
  initialWatermark,
  type PollTimes,
  type TrackedPoll,
  trackPoll,
  type WatermarkState,
} from '../../../../libs/stream/src/index.ts'
import { DerivedRecords } from '../derived-records.ts'
import { type EpochResult, type EpochWork, type Output, PoisonRecordError, type WorkContext } from '../epoch-work.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'
import type { StreamConfig } from '../stream-config.ts'
import { withCircuits } from './circuit-evidence.ts'
import { deviceLive } from './device-live.ts'
import { HardwareRows } from './hardware-rows.ts'
import { deviceDigest, InventoryRows, interfaceDigest } from './inventory-rows.ts'
import { type PollerConditions, Pollers } from './pollers.ts'
import { ProbeRounds } from './probe-rounds.ts'
import { noteStations, type StationBook } from './station-book.ts'

/** Devices of one partition that are remembered at most; the poller's inventory is the real bound. */
const devicesMax = 50_000
const timeKey = 'time'
/** A log without any record for this long was written by nobody: the pipeline was down, not each of its devices. */
const silenceMs = 3 * heartbeatIntervalMs
const devicePrefix = 'device/'
const changesPrefix = 'changes/'
const stationsPrefix = 'stations/'
const pollerPrefix = 'poller/'
const probePrefix = 'probe/'

/** What the process counts over all partitions, for metrics. */
export interface PollCounts {
  polls: number
  failedPolls: number
  probeRounds: number
  refusedDevices: number
  /** Parts that no detector watches because their device has too many. */
  refusedParts: number
  changes: CounterByCode
  /** Changes beyond what is kept of one device in an hour. */
  omittedChanges: number
  gaps: CounterByCode
  conditions: CounterByCode
}

/** Nothing counted yet; the conditions may be counted with other stages'. */
export function newPollCounts(conditions: CounterByCode = new CounterByCode()): PollCounts {
  return {
    polls: 0,
    failedPolls: 0,
    probeRounds: 0,
    refusedDevices: 0,
    refusedParts: 0,
    changes: new CounterByCode(),
    omittedChanges: 0,
    gaps: new CounterByCode(),
    conditions,
  }
}

/** Plain JSON, a state piece a device. */
interface DeviceState {
  tenantId: string
  siteId: string
  /** Set while the inventory has it. */
  listed?: boolean
  /** Who polled it last. */
  producerId?: string
  /** As last told. */
  vendor?: string
  track: DeviceTrackState | undefined
  detect: DeviceDetectState | undefined
  /** What it was, in states from before changes had a piece of their own. */
  facts?: DeviceFacts
  /** Of a version that is outdated. */
  firmware?: Episode
  /** Absent until a poll brought hardware. */
  hardware?: HardwareDetectState
  /** Digest of the row last written to `devices`, and of those written to `interfaces`. */
  deviceDigest: number
  interfaceDigests: Record<string, number>
}

/** Plain JSON: what the partition's records tell of time. */
interface PartitionTime {
  watermark: WatermarkState
  lastStampMs: number
  /** When the log went on after its last silence. */
  resumedMs: number
}

/** Polls of one partition: counters become rates, one-minute rollups and conditions, poll by poll. */
export class PollsWork implements EpochWork {
  readonly #derived: DerivedRecords
  readonly #counts: PollCounts
  #config: StreamConfig
  readonly #devices = new Map<string, DeviceState>()
  readonly #changed = new Set<string>()
  /** What devices were, by key: written only when something about one is another. */
  readonly #was = new Map<string, ChangeState>()
  readonly #wasChanged = new Set<string>()
  readonly #stations = new Map<string, StationBook>()
  readonly #stationsChanged = new Set<string>()
  readonly #pollers: Pollers
  readonly #probes = new ProbeRounds()
  #time: PartitionTime = { watermark: initialWatermark, lastStampMs: 0, resumedMs: 0 }
  #timeChanged = false
  #rows: Row[] = []
  readonly #inventory = new InventoryRows()
  readonly #hardwareRows = new HardwareRows()
  readonly #postures = new PostureCache()

  constructor(context: WorkContext, counts: PollCounts) {
    this.#pollers = new Pollers(context.partition)
    this.#derived = new DerivedRecords(context)
    this.#counts = counts
    this.#config = context.config
  }

  restore(states: ReadonlyMap<string, string>): void {
    for (const [key, state] of states) {
      if (key === timeKey) this.#time = JSON.parse(state) as PartitionTime
      else if (key.startsWith(stationsPrefix)) {
        this.#stations.set(key.slice(stationsPrefix.length), JSON.parse(state) as StationBook)
      } else if (key.startsWith(changesPrefix)) {
        this.#was.set(key.slice(changesPrefix.length), JSON.parse(state) as ChangeState)
      } else if (key.startsWith(pollerPrefix)) {
        this.#pollers.restore(key.slice(pollerPrefix.length), state)
      } else if (key.startsWith(probePrefix)) {
        this.#probes.restore(key.slice(probePrefix.length), state)
      } else this.#devices.set(key.slice(devicePrefix.length), JSON.parse(state) as DeviceState)
    }
  }

  configure(config: StreamConfig): void {
    this.#config = config
  }

  process(record: BusRecord): void {
    const message = this.#parse(record)
    this.#derived.begin(record)
    this.#advanceTime(message.producerId, record.timestampMs)
    switch (message.body.case) {
      case 'poll':
        this.#poll(record, message.tenantId, message.producerId, message.body.value)
        return
      case 'heartbeat':
        this.#heartbeat(record, message.producerId, message.body.value)
        return
      case 'probe':
        this.#probe(message.tenantId, message.body.value)
        return
      default:
        throw new PoisonRecordError('poll-body-unknown', 'the record has neither a poll nor a heartbeat')
    }
  }

  takeOutputs(): readonly Output[] {
    return this.#derived.take()
  }

  closeEpoch(): EpochResult {
    const states = new Map<string, string>()
    for (const key of this.#changed) {
      const state = this.#devices.get(key)
      states.set(devicePrefix + key, state ? JSON.stringify(state) : '')
    }
    this.#changed.clear()
    for (const key of this.#wasChanged) states.set(changesPrefix + key, JSON.stringify(this.#was.get(key)))
    this.#wasChanged.clear()
    for (const key of this.#stationsChanged) states.set(stationsPrefix + key, JSON.stringify(this.#stations.get(key)))
    this.#stationsChanged.clear()
    for (const [id, state] of this.#pollers.takeChanged()) states.set(pollerPrefix + id, state)
    for (const [key, state] of this.#probes.takeChanged()) states.set(probePrefix + key, state)
    if (this.#timeChanged && this.#devices.size > 0) states.set(timeKey, JSON.stringify(this.#time))
    this.#timeChanged = false
    const { devices, interfaces } = this.#inventory.take()
    const rows = columnsOf(this.#rows)
    this.#rows = []
    const blocks = [
      { table: 'interface_1m', block: rows },
      { table: 'probe_1m', block: this.#probes.takeRows() },
      { table: 'devices', block: devices },
      { table: 'interfaces', block: interfaces },
      ...this.#hardwareRows.take(),
    ] as const
    return { blocks: blocks.filter(({ block }) => block.length > 0), states }
  }

  #advanceTime(producerId: string, stampMs: number): void {
    const { watermark, lastStampMs, resumedMs } = this.#time
    this.#time = {
      watermark: advanceWatermark(watermark, producerId, stampMs),
      lastStampMs: Math.max(lastStampMs, stampMs),
      resumedMs: stampMs - lastStampMs > silenceMs ? stampMs : resumedMs,
    }
    this.#timeChanged = true
  }

  #parse(record: BusRecord): PollRecord {
    try {
      return fromBinary(PollRecordSchema, record.value ?? new Uint8Array())
    } catch (cause) {
      throw new PoisonRecordError('poll-record-malformed', (cause as Error).message, { cause })
    }
  }

  #poll(record: BusRecord, tenantId: string, producerId: string, poll: DevicePoll): void {
    const key = deviceKey(tenantId, poll.deviceId)
    const known = this.#config.devices[key]
    const before = this.#devices.get(key)
    if (!before && this.#devices.size >= devicesMax) {
      this.#counts.refusedDevices++
      return
    }
    const state: DeviceState = before ?? {
      tenantId,
      siteId: poll.siteId,
      track: undefined,
      detect: undefined,
      deviceDigest: 0,
      interfaceDigests: {},
    }
    state.siteId = poll.siteId
    if (known) state.listed = true
    if (poll.system?.vendor) state.vendor = poll.system.vendor
    const lastAnswer = state.track?.last
    state.producerId = producerId
    const { state: track, tracked } = trackPoll(state.track, poll, {
      capacityOf: (ifName, ifAlias, speed) => circuitOf(known?.circuits, ifName, ifAlias, speed)?.committed,
    })
    state.track = track
    this.#devices.set(key, state)
    this.#changed.add(key)
    this.#count(tracked)
    if (tracked.stale) return

    for (const row of tracked.rows) this.#rows.push(interfaceRow(tenantId, row))
    this.#noteInventory(record, tenantId, poll, tracked, state)
    const detected = detectDevice(state.detect, tracked, { role: known?.role ?? 'other' }, this.#config.detection)
    state.detect = detected.state
    this.#derived.live(tenantId, poll.deviceId, deviceLive(poll, tracked, reachStateOf(tracked, detected.state)))
    if (tracked.reach) this.#probes.reach(tenantId, state.siteId, poll.deviceId, tracked.atMs, tracked.reach)
    const conditions = withCircuits(detected.conditions, tracked.interfaces, known?.circuits)
    this.#say(tenantId, poll.deviceId, state.siteId, conditions)
    if (tracked.reachable) {
      this.#noteChanges(key, poll, tracked, state, lastAnswer ?? undefined)
      this.#firmware(tracked, state, this.#was.get(key)?.system, known?.role ?? 'other')
    }
    if (poll.hardware && tracked.reachable) this.#hardware(record, poll.hardware, tracked, state)
  }

  #noteChanges(
    key: string,
    poll: DevicePoll,
    tracked: TrackedPoll,
    state: DeviceState,
    lastAnswer: PollTimes | undefined,
  ): void {
    const before = this.#was.get(key) ?? (state.facts && { version: 1, system: state.facts })
    const found = detectChanges(before, {
      atMs: tracked.atMs,
      rebootedSince:
        tracked.rebooted && lastAnswer ? { atMs: lastAnswer.atMs, upTimeMs: msOf(lastAnswer.upTimeCs) } : false,
      upTimeMs: msOf(poll.sysUpTimeCs ?? null),
      partial: tracked.partial || answersInPart(tracked).length > 0,
      system: poll.system,
      interfaces: tracked.interfaces,
      hardware: poll.hardware,
    })
    delete state.facts
    this.#counts.omittedChanges += found.omitted
    for (const change of found.changes) {
      this.#counts.changes.add(change.kind)
      this.#hardwareRows.change(state.tenantId, tracked, change)
    }
    if (found.state === this.#was.get(key)) return
    this.#was.set(key, found.state)
    this.#wasChanged.add(key)
  }

  #firmware(
    { deviceId, siteId, atMs }: TrackedPoll,
    state: DeviceState,
    system: DeviceFacts | undefined,
    role: string,
  ): void {
    const policy = this.#config.firmware
    if (!system || !policy) return
    if (policy.wanted.length + policy.advisories.length === 0 && !state.firmware) return
    const facts = { tenantId: state.tenantId, role, vendor: state.vendor ?? '', ...system }
    const posture = this.#postures.find(facts, policy, atMs)
    const { enabled } = this.#config.detection.firmwareOutdated
    const { episode, condition } = firmwareOutdated(state.firmware, { deviceId, siteId, atMs, facts }, posture, enabled)
    if (episode) state.firmware = episode
    else delete state.firmware
    if (condition) this.#say(state.tenantId, deviceId, siteId, [condition])
  }

  #noteStations(hardware: HardwarePoll, tracked: TrackedPoll, state: DeviceState): void {
    const key = deviceKey(state.tenantId, tracked.deviceId)
    const ports = new Map(tracked.interfaces.map(one => [one.ifIndex, one.interfaceId]))
    const before = this.#stations.get(key)
    const { book, news } = noteStations(before, hardware.stations, ports, tracked.atMs)
    this.#hardwareRows.stations(state.tenantId, tracked, news)
    if (book === before) return
    this.#stations.set(key, book)
    this.#stationsChanged.add(key)
  }

  #hardware(record: BusRecord, hardware: HardwarePoll, tracked: TrackedPoll, state: DeviceState): void {
    const { sensors, disks, peers, tunnels } = hardware
    this.#hardwareRows.reading(state.tenantId, hardware, tracked, record.offset)
    if (hardware.stations.length > 0) this.#noteStations(hardware, tracked, state)
    const { deviceId, siteId, atMs, interfaces } = tracked
    const partial = answersInPart(tracked).length > 0
    const found = detectHardware(
      state.hardware,
      { deviceId, siteId, atMs, partial, sensors, disks, peers, tunnels, interfaces },
      this.#config.detection,
    )
    state.hardware = found.state
    this.#counts.refusedParts += found.refused
    const known = this.#config.devices[deviceKey(state.tenantId, deviceId)]
    const conditions = withCircuits(found.conditions, interfaces, known?.circuits)
    this.#say(state.tenantId, deviceId, siteId, conditions)
  }

  #probe(tenantId: string, round: ProbeRound): void {
    const key = keys.probe(tenantId, round.probeId)
    const taken = this.#probes.take(key, tenantId, round, this.#config.detection)
    if (!taken) return
    this.#counts.probeRounds++
    this.#derived.liveUnder(key, tenantId, this.#probes.live(key, round))
    this.#say(tenantId, taken.deviceId, taken.siteId, taken.conditions)
  }

  /** Probes that the configuration in force no longer has. */
  #endProbes(record: BusRecord): void {
    const { probes } = this.#config
    if (!probes) return
    for (const ended of this.#probes.forgetExcept(new Set(probes), record.timestampMs)) {
      this.#say(ended.tenantId, ended.deviceId, ended.siteId, ended.conditions)
    }
  }

  /** Time has passed in the log: pollers and devices that were not heard of are judged, and the correlator learns the time. */
  #heartbeat(record: BusRecord, producerId: string, { sight }: Heartbeat): void {
    const { detection } = this.#config
    if (sight) {
      const { conditions, resumed } = this.#pollers.hear(producerId, record.timestampMs, sight, detection)
      // Its devices have their usual time again to be heard of.
      if (resumed) this.#time = { ...this.#time, resumedMs: record.timestampMs }
      this.#sayOfPollers(conditions)
    }
    this.#sayOfPollers(this.#pollers.miss(this.#time.watermark, detection))
    this.#endProbes(record)
    const tenants = new Set<string>()
    const { watermarkMs } = this.#time.watermark
    for (const [key, state] of this.#devices) {
      tenants.add(state.tenantId)
      if (state.listed && !this.#config.devices[key]) this.#leave(record, key, state)
      if (!state.detect || !this.#config.devices[key] || watermarkMs < this.#staleFromMs(state.detect)) continue
      if (this.#pollers.isBlind(state.producerId)) continue
      const detected = detectStale(state.detect, watermarkMs, this.#config.detection)
      if (detected.state === state.detect) continue
      state.detect = detected.state
      this.#changed.add(key)
      const deviceId = key.slice(state.tenantId.length + 1)
      this.#say(state.tenantId, deviceId, state.siteId, detected.conditions)
    }
    for (const tenantId of tenants) this.#derived.heartbeat(tenantId)
  }

  /**
   * Nobody judges it any more; should it come back, it is judged anew. Its counters' identity stays, so that its history goes
   * on.
   */
  #leave(record: BusRecord, key: string, state: DeviceState): void {
    delete state.listed
    state.detect = undefined
    delete state.hardware
    delete state.firmware
    this.#changed.add(key)
    this.#derived.deviceLeft(state.tenantId, key.slice(state.tenantId.length + 1), record.timestampMs)
  }

  #sayOfPollers(conditions: PollerConditions): void {
    for (const { tenantId, ...condition } of conditions) this.#say(tenantId, '', '', [condition])
  }

  /** After a silence of the whole log each device has its usual time again to be heard of. */
  #staleFromMs(detect: DeviceDetectState): number {
    const afterMs = staleAfterMs(detect, this.#config.detection) - detect.lastMs
    return Math.max(detect.lastMs, this.#time.resumedMs) + afterMs
  }

  #count(tracked: TrackedPoll): void {
    this.#counts.polls++
    if (!tracked.reachable) this.#counts.failedPolls++
    for (const one of tracked.interfaces) if (one.gap) this.#counts.gaps.add(one.gap)
  }

  #noteInventory(
    record: BusRecord,
    tenantId: string,
    poll: DevicePoll,
    tracked: TrackedPoll,
    state: DeviceState,
  ): void {
    const digest = deviceDigest(poll)
    if (digest !== undefined && digest !== state.deviceDigest) {
      state.deviceDigest = digest
      this.#inventory.device(tenantId, poll, tracked.atMs, record.offset)
    }
    if (!tracked.reachable) return
    const digests: Record<string, number> = tracked.partial ? { ...state.interfaceDigests } : {}
    for (const one of tracked.interfaces) {
      digests[one.interfaceId] = interfaceDigest(one)
      if (digests[one.interfaceId] !== state.interfaceDigests[one.interfaceId]) {
        this.#inventory.interface(tenantId, poll.deviceId, one, tracked.atMs, record.offset)
      }
    }
    state.interfaceDigests = digests
  }

  #say(tenantId: string, deviceId: string, siteId: string, conditions: readonly DetectedCondition[]): void {
    for (const condition of conditions) {
      this.#counts.conditions.add(condition.alarmType)
      this.#derived.condition(tenantId, { ...condition, deviceId, siteId })
    }
  }
}

function msOf(hundredths: number | null): number | null {
  return hundredths === null ? null : hundredths * 10
}

function interfaceRow(tenantId: string, row: InterfaceWindowRow): Row {
  return { tenant_id: tenantId, ...row }
}
