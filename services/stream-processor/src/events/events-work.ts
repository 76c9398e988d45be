import { fromBinary } from '@bufbuild/protobuf'
import type { BusRecord } from '../../../../libs/bus/src/index.ts'
import {
  type DetectedCondition,
  detectPower,
  detectPowerSilence,
  type PowerOutcome,
  type PowerState,
  type ToldEvent,
  toldByDevice,
} from '../../../../libs/detect/src/index.ts'
import { CounterByCode } from '../../../../libs/kernel/src/index.ts'
import { type DeviceEvent, deviceKey, type EventRecord, EventRecordSchema } from '../../../../libs/model/src/index.ts'
import { advanceWatermark, initialWatermark, type WatermarkState } from '../../../../libs/stream/src/index.ts'
import { DerivedRecords } from '../derived-records.ts'
import { type EpochResult, type EpochWork, type Output, PoisonRecordError, type WorkContext } from '../epoch-work.ts'
import type { StreamConfig } from '../stream-config.ts'

/** Devices of one partition that are on battery at once; the inventory is the real bound. */
const devicesMax = 50_000
const watermarkKey = 'watermark'
const devicePrefix = 'device/'

/** What the process counts over all partitions, for metrics. */
export class EventCounts {
  readonly events = new CounterByCode()
  readonly conditions = new CounterByCode()
  refusedDevices = 0
}

/**
 * Events of one partition. That a supply runs on battery is a condition on the message's word, because no poll can confirm
 * it; a link or a peer that went down is an unconfirmed one, which the poll that the event has caused confirms or not.
 */
export class EventsWork implements EpochWork {
  readonly #derived: DerivedRecords
  readonly #counts: EventCounts
  #config: StreamConfig
  /** Only devices on battery have a state. */
  readonly #devices = new Map<string, { tenantId: string; power: PowerState }>()
  readonly #changed = new Set<string>()
  #watermark: WatermarkState = initialWatermark
  #watermarkChanged = false

  constructor(context: WorkContext, counts: EventCounts) {
    this.#derived = new DerivedRecords(context)
    this.#counts = counts
    this.#config = context.config
  }

  restore(states: ReadonlyMap<string, string>): void {
    for (const [key, state] of states) {
      if (key === watermarkKey) this.#watermark = JSON.parse(state) as WatermarkState
      else {
        this.#devices.set(key.slice(devicePrefix.length), JSON.parse(state) as { tenantId: string; power: PowerState })
      }
    }
  }

  configure(config: StreamConfig): void {
    this.#config = config
  }

  process(record: BusRecord): void {
    const message = this.#parse(record)
    this.#derived.begin(record)
    this.#watermark = advanceWatermark(this.#watermark, message.producerId, record.timestampMs)
    this.#watermarkChanged = true
    switch (message.body.case) {
      case 'event':
        this.#event(message.tenantId, message.body.value)
        return
      case 'heartbeat':
        this.#heartbeat()
        return
      default:
        throw new PoisonRecordError('event-body-unknown', 'the record has neither an event nor a heartbeat')
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
    // Without a device on battery nobody asks for the time.
    if (this.#watermarkChanged && this.#devices.size > 0) states.set(watermarkKey, JSON.stringify(this.#watermark))
    this.#watermarkChanged = false
    return { blocks: [], states }
  }

  #parse(record: BusRecord): EventRecord {
    try {
      return fromBinary(EventRecordSchema, record.value ?? new Uint8Array())
    } catch (cause) {
      throw new PoisonRecordError('event-record-malformed', (cause as Error).message, { cause })
    }
  }

  #event(tenantId: string, event: DeviceEvent): void {
    this.#counts.events.add(event.kind)
    const { deviceId, siteId, kind, repeats } = event
    const key = deviceKey(tenantId, deviceId)
    if (kind !== 'power-on-battery' && kind !== 'power-restored') {
      const role = this.#config.devices[key]?.role ?? 'other'
      const told = toldByDevice(toldEventOf(event), role, this.#config.detection)
      if (told) this.#send(tenantId, told)
      return
    }
    const before = this.#devices.get(key)
    if (!before && this.#devices.size >= devicesMax) {
      this.#counts.refusedDevices++
      return
    }
    const power = { deviceId, siteId, atMs: Number(event.receivedMs), kind, repeats } as const
    this.#settle(tenantId, key, detectPower(before?.power, power, this.#config.detection))
  }

  #heartbeat(): void {
    for (const [key, { tenantId, power }] of [...this.#devices]) {
      const outcome = detectPowerSilence(power, this.#watermark.watermarkMs, this.#config.detection)
      if (outcome.state !== power) this.#settle(tenantId, key, outcome)
    }
  }

  #settle(tenantId: string, key: string, { state, conditions }: PowerOutcome): void {
    if (state) this.#devices.set(key, { tenantId, power: state })
    else if (!this.#devices.delete(key)) return
    this.#changed.add(key)
    for (const condition of conditions) this.#send(tenantId, condition)
  }

  #send(tenantId: string, condition: DetectedCondition): void {
    this.#counts.conditions.add(condition.alarmType)
    this.#derived.condition(tenantId, condition)
  }
}

/** IF-MIB ifAdminStatus, which linkDown carries (RFC 2863): 2 is down. */
const ifAdminStatus = /^1\.3\.6\.1\.2\.1\.2\.2\.1\.7\./

function toldEventOf(event: DeviceEvent): ToldEvent {
  const { deviceId, siteId, receivedMs, kind, ifName, peerAddress, varbinds } = event
  return {
    deviceId,
    siteId,
    atMs: Number(receivedMs),
    kind,
    ifName,
    peerProtocol: event.peerProtocol || 'bgp',
    peerAddress,
    switchedOff: varbinds.some(({ oid, value }) => ifAdminStatus.test(oid) && value === '2'),
  }
}
