import { fromBinary } from '@bufbuild/protobuf'
import {
  type AlarmOutcome,
  type AlarmPiece,
  applyDerived,
  applySignal,
  emptyAlarms,
  pieceOf,
  restoreAlarms,
  type SignalDrop,
  type TenantAlarms,
  type Transition,
} from '../../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../../libs/bus/src/index.ts'
import type { SiteSignal } from '../../../../libs/detect/src/index.ts'
import type { CounterByCode } from '../../../../libs/kernel/src/index.ts'
import {
  type Alarm,
  alarmCloudEvent,
  keys,
  type SignalRecord,
  SignalRecordSchema,
  topics,
} from '../../../../libs/model/src/index.ts'
import { type EpochResult, type EpochWork, type Output, PoisonRecordError, type WorkContext } from '../epoch-work.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'
import type { StreamConfig } from '../stream-config.ts'
import { SiteWatch } from './site-watch.ts'

/** What the process counts over all partitions, for metrics. */
export interface CorrelatorCounts {
  signals: number
  dropped: CounterByCode
  events: CounterByCode
  /** Conditions found here, over several devices. */
  derived: CounterByCode
}

/**
 * Signals of one partition: the alarms of the tenants whose signals it holds. It is the one place that raises, changes
 * and clears them.
 */
export class CorrelatorWork implements EpochWork {
  readonly #counts: CorrelatorCounts
  #config: StreamConfig
  readonly #sites: SiteWatch
  readonly #tenants = new Map<string, TenantAlarms>()
  /** State keys that changed in this epoch, by tenant. */
  readonly #changed = new Map<string, Set<string>>()
  /** Alarm of each piece, to delete it from the compacted topic when the piece goes. */
  readonly #alarmOfPiece = new Map<string, Alarm>()
  #rows: Row[] = []
  #outputs: Output[] = []

  constructor(context: WorkContext, counts: CorrelatorCounts) {
    this.#config = context.config
    this.#counts = counts
    this.#sites = new SiteWatch(context.config)
  }

  restore(states: ReadonlyMap<string, string>): void {
    const pieces = new Map<string, [string, AlarmPiece][]>()
    for (const [key, state] of states) {
      if (this.#sites.restore(key, state)) continue
      const { tenantId, pieceKey } = splitStateKey(key)
      const ofTenant = pieces.get(tenantId) ?? []
      ofTenant.push([pieceKey, JSON.parse(state) as AlarmPiece])
      pieces.set(tenantId, ofTenant)
    }
    for (const [tenantId, ofTenant] of pieces) {
      this.#tenants.set(tenantId, restoreAlarms(tenantId, ofTenant))
      for (const [pieceKey, piece] of ofTenant) {
        if ('alarm' in piece && piece.alarm) this.#alarmOfPiece.set(stateKey(tenantId, pieceKey), piece.alarm)
      }
    }
  }

  configure(config: StreamConfig): void {
    this.#config = config
    this.#sites.configure(config)
  }

  process(record: BusRecord): void {
    const message = this.#parse(record)
    this.#counts.signals++
    const before = this.#tenants.get(message.tenantId) ?? emptyAlarms(message.tenantId)
    const outcome = applySignal(before, message, record.timestampMs, this.#config.alarms)
    if (outcome.dropped) this.#drop(outcome.dropped)
    this.#take(record, message.tenantId, outcome)
    if (!outcome.dropped) this.#derive(record, message, outcome.state)
  }

  /** What this signal shows together with those before it. */
  #derive(record: BusRecord, { tenantId, source, body }: SignalRecord, state: TenantAlarms): void {
    if (body.case === 'condition') {
      const { alarmType, deviceId, siteId, state: said } = body.value
      const signal = { alarmType, deviceId, state: said, eventTimeMs: Number(body.value.eventTimeMs) } as SiteSignal
      this.#sites.note(tenantId, siteId, signal)
    }
    const topic = source?.topic ?? ''
    const conditions = this.#sites.judge(tenantId, topic, record.timestampMs, state.clock.clockMs)
    if (conditions.length === 0) return
    for (const { alarmType } of conditions) this.#counts.derived.add(alarmType)
    const cause = `${topic}/${source?.partition ?? 0}/${source?.offset ?? 0n}`
    this.#take(record, tenantId, applyDerived(state, conditions, cause, this.#config.alarms))
  }

  #take(record: BusRecord, tenantId: string, { state, transitions, alarms, changed }: AlarmOutcome): void {
    this.#tenants.set(tenantId, state)
    for (const transition of transitions) this.#rows.push(this.#eventRow(transition))
    for (const alarm of alarms) this.#sendAlarm(record, alarm)
    this.#note(record, tenantId, state, changed)
  }

  takeOutputs(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  closeEpoch(): EpochResult {
    const states = this.#sites.takeChanged()
    for (const [tenantId, pieceKeys] of this.#changed) {
      const tenant = this.#tenants.get(tenantId)!
      for (const pieceKey of pieceKeys) {
        const piece = pieceOf(tenant, pieceKey)
        states.set(stateKey(tenantId, pieceKey), piece ? JSON.stringify(piece) : '')
      }
    }
    this.#changed.clear()
    const block = columnsOf(this.#rows)
    this.#rows = []
    return { blocks: block.length > 0 ? [{ table: 'alarm_events', block }] : [], states }
  }

  #parse(record: BusRecord): SignalRecord {
    try {
      return fromBinary(SignalRecordSchema, record.value ?? new Uint8Array())
    } catch (cause) {
      throw new PoisonRecordError('signal-record-malformed', (cause as Error).message, { cause })
    }
  }

  #drop(dropped: SignalDrop): void {
    this.#counts.dropped.add(dropped)
  }

  #note(record: BusRecord, tenantId: string, state: TenantAlarms, changed: ReadonlySet<string>): void {
    if (changed.size === 0) return
    const ofTenant = this.#changed.get(tenantId) ?? new Set<string>()
    this.#changed.set(tenantId, ofTenant)
    for (const pieceKey of changed) {
      ofTenant.add(pieceKey)
      const key = stateKey(tenantId, pieceKey)
      const piece = pieceOf(state, pieceKey)
      if (piece && 'alarm' in piece && piece.alarm) this.#alarmOfPiece.set(key, piece.alarm)
      else if (!piece) this.#deleteAlarm(record, key)
    }
  }

  #sendAlarm(record: BusRecord, alarm: Alarm): void {
    const value = Buffer.from(JSON.stringify(alarmCloudEvent(alarm)))
    this.#sendToAlarms(record, alarm, value)
  }

  #deleteAlarm(record: BusRecord, key: string): void {
    const alarm = this.#alarmOfPiece.get(key)
    if (!alarm) return
    this.#alarmOfPiece.delete(key)
    this.#sendToAlarms(record, alarm, null)
  }

  #sendToAlarms(record: BusRecord, alarm: Alarm, value: Uint8Array | null): void {
    this.#outputs.push({
      topic: topics.alarms,
      record: { key: keys.alarm(alarm.tenantId, alarm.alarmId), value, timestampMs: record.timestampMs },
    })
  }

  #eventRow({ event, alarm }: Transition): Row {
    this.#counts.events.add(event.axis)
    return {
      tenant_id: event.tenantId,
      alarm_id: event.alarmId,
      seq: event.seq,
      event_time: Date.parse(event.eventTime),
      axis: event.axis,
      from_state: event.from,
      to_state: event.to,
      alarm_type: event.alarmTypeId,
      resource: event.resource,
      qualifier: event.qualifier,
      device_id: event.deviceId ?? '',
      site_id: event.siteId ?? '',
      severity: event.perceivedSeverity,
      cause: event.cause,
      note: event.note,
      alarm_json: JSON.stringify(alarm),
    }
  }
}

function stateKey(tenantId: string, pieceKey: string): string {
  return `tenant/${tenantId}/${pieceKey}`
}

/** A tenant's id holds no slash. */
function splitStateKey(key: string): { tenantId: string; pieceKey: string } {
  const rest = key.slice('tenant/'.length)
  const slash = rest.indexOf('/')
  return { tenantId: rest.slice(0, slash), pieceKey: rest.slice(slash + 1) }
}
