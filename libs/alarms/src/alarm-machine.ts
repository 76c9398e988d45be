import {
  type Alarm,
  type AlarmEvent,
  alarmTypeSchema,
  evidenceSchema,
  type SignalRecord,
  severitySchema,
} from '../../model/src/index.ts'
import { type AlarmConfig, alarmDefaults } from './alarm-config.ts'
import { applyCondition, type ConditionSignal, clear, raise, settleFlapping } from './condition-axis.ts'
import { type ActionRefusal, type ActionSignal, applyAction, operatorActions } from './operator-axis.ts'
import { type AlarmCell, keyOf, type SeenPosition, type TenantAlarms } from './tenant-alarms.ts'
import { dueMs, remove, type Step, save, type Transition, transit } from './transition.ts'

export interface AlarmOutcome {
  /** The state given, advanced in place: pieces are replaced, never mutated. */
  state: TenantAlarms
  /** In order; `transitions` pairs each with the alarm after it. */
  events: AlarmEvent[]
  transitions: Transition[]
  /** Each alarm that changed, as it is now. */
  alarms: Alarm[]
  /** Keys of the pieces to persist (`pieceOf`). */
  changed: Set<string>
  /** Why the signal changed nothing: `seen` was applied before, the rest is malformed or refused. */
  dropped: SignalDrop | undefined
}

export type SignalDrop = 'seen' | 'malformed' | 'wrong-tenant' | 'alarms-max' | ActionRefusal

/**
 * The state after one record of `weir.signals.v1`. Time goes on to the record's stamp first, then the signal applies.
 * Signals at or before the position last seen of the same log and partition are dropped. Never throws for what a record
 * holds.
 */
export function applySignal(
  state: TenantAlarms,
  record: SignalRecord,
  stampMs: number,
  config: AlarmConfig = alarmDefaults,
): AlarmOutcome {
  const step = newStep(state, config)
  moveClock(step, stampMs)
  runDue(step)
  const dropped = applyBody(step, record)
  runDue(step)
  return outcome(step, dropped)
}

/**
 * The state after conditions that the correlator itself found in signals it applied: what only shows over several
 * devices. `cause` names the log position of the signal that settled it.
 */
export function applyDerived(
  state: TenantAlarms,
  conditions: readonly ConditionSignal[],
  cause: string,
  config: AlarmConfig = alarmDefaults,
): AlarmOutcome {
  const step = newStep(state, config)
  for (const condition of conditions) if (makeRoom(step, condition)) applyCondition(step, condition, cause)
  runDue(step)
  return outcome(step, undefined)
}

/** Time goes on to `stampMs`: a heartbeat's stamp, or any record's. */
export function advance(state: TenantAlarms, stampMs: number, config: AlarmConfig = alarmDefaults): AlarmOutcome {
  const step = newStep(state, config)
  moveClock(step, stampMs)
  runDue(step)
  return outcome(step, undefined)
}

function applyBody(step: Step, record: SignalRecord): SignalDrop | undefined {
  const { body, source } = record
  if (record.tenantId !== step.state.tenantId) return 'wrong-tenant'
  let cause = 'unknown'
  if (source && source.topic !== '') {
    const key = keyOf.seen(source.logId, source.topic, source.partition)
    const seen = step.state.seen.get(key)
    const before = seen && (BigInt(seen.offset) > source.offset ? 1 : BigInt(seen.offset) < source.offset ? -1 : 0)
    if (seen && (before === 1 || (before === 0 && seen.ordinal >= source.ordinal))) return 'seen'
    noteSeen(step, key, { offset: source.offset.toString(), ordinal: source.ordinal })
    cause = `${source.topic}/${source.partition}/${source.offset}`
  }
  switch (body.case) {
    case 'condition': {
      const signal = readCondition(body.value)
      if (!signal) return 'malformed'
      if (!makeRoom(step, signal)) return 'alarms-max'
      applyCondition(step, signal, cause)
      return undefined
    }
    case 'operatorAction': {
      const action = readAction(body.value)
      return action ? applyAction(step, action) : 'malformed'
    }
    case 'deviceLeft': {
      const atMs = Number(body.value.atMs)
      if (body.value.deviceId === '' || !isTime(atMs)) return 'malformed'
      for (const left of conditionsLeft(step.state, body.value.deviceId, atMs)) applyCondition(step, left, cause)
      return undefined
    }
    case 'heartbeat':
      return undefined
    default:
      return 'malformed'
  }
}

/** Ends all that is said of a device which the inventory no longer has. */
function conditionsLeft({ cells, keysByDevice }: TenantAlarms, deviceId: string, atMs: number): ConditionSignal[] {
  const summary = 'The device is no longer in the inventory.'
  return [...(keysByDevice.get(deviceId) ?? [])].sort().flatMap(key => {
    const cell = cells.get(key)
    if (!cell || cell.signalled === 'cleared') return []
    const { alarmTypeId: alarmType, resource, qualifier, siteId } = cell
    const evidence = { summary, action: 'Nothing to do.', measured: {}, expected: {} }
    const severity = cell.alarm?.perceivedSeverity ?? 'warning'
    const times = { eventTimeMs: atMs, windowStartMs: atMs }
    return [
      { alarmType, resource, qualifier, deviceId, siteId, state: 'cleared' as const, severity, ...times, evidence },
    ]
  })
}

/** Partitions of logs that are remembered; recreated topics leave old ones behind. */
const seenMax = 4_096

function noteSeen(step: Step, key: string, position: SeenPosition): void {
  const { seen } = step.state
  seen.set(key, position)
  step.changed.add(key)
  if (seen.size <= seenMax) return
  const oldest = [...seen.keys()].filter(other => other !== key).sort()[0]!
  seen.delete(oldest)
  step.changed.add(oldest)
}

type Body<Case> = Extract<SignalRecord['body'], { case: Case }>

const conditionSignals: ReadonlySet<string> = new Set<ConditionSignal['state']>([
  'active',
  'cleared',
  'unknown',
  'unconfirmed',
  'retracted',
])

function readCondition(value: Body<'condition'>['value']): ConditionSignal | undefined {
  const { state, resource, qualifier, deviceId, siteId } = value
  const alarmType = alarmTypeSchema.safeParse(value.alarmType)
  const severity = severitySchema.safeParse(value.severity)
  const evidence = evidenceSchema.safeParse(parseJson(value.evidenceJson))
  const eventTimeMs = Number(value.eventTimeMs)
  const windowStartMs = Number(value.windowStartMs)
  if (!alarmType.success || !severity.success || !evidence.success || resource === '') return undefined
  if (!isTime(eventTimeMs) || !isTime(windowStartMs)) return undefined
  if (!conditionSignals.has(state)) return undefined
  return {
    alarmType: alarmType.data,
    resource,
    qualifier,
    deviceId,
    siteId,
    state: state as ConditionSignal['state'],
    severity: severity.data,
    eventTimeMs,
    windowStartMs,
    evidence: evidence.data,
  }
}

function readAction(value: Body<'operatorAction'>['value']): ActionSignal | undefined {
  const action = operatorActions.find(name => name === value.action)
  const atMs = Number(value.atMs)
  const untilMs = Number(value.untilMs)
  if (!action || !isTime(atMs) || !Number.isFinite(untilMs)) return undefined
  return { actionId: value.actionId, alarmId: value.alarmId, action, by: value.by, note: value.note, atMs, untilMs }
}

/** What `Date` can hold (ECMA-262 §21.4.1.1), and not before 1970. */
function isTime(ms: number): boolean {
  return ms >= 0 && ms <= 8_640_000_000_000_000 - 3_000_000_000
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A condition without a cell needs one: the alarm that cleared longest ago makes room. */
function makeRoom(step: Step, signal: ConditionSignal): boolean {
  const { cells } = step.state
  const raises = signal.state === 'active' || signal.state === 'unconfirmed'
  if (!raises || cells.size < step.config.alarmsMax) return true
  if (cells.has(keyOf.alarm(signal.alarmType, signal.resource, signal.qualifier))) return true
  let oldest: { key: string; clearedAt: string } | undefined
  for (const [key, { alarm, pending }] of cells) {
    if (!alarm?.clearedAt || pending) continue
    const earlier = !oldest || alarm.clearedAt < oldest.clearedAt
    if (earlier || (alarm.clearedAt === oldest!.clearedAt && key < oldest!.key)) {
      oldest = { key, clearedAt: alarm.clearedAt }
    }
  }
  if (oldest) remove(step, oldest.key)
  return oldest !== undefined
}

function moveClock(step: Step, stampMs: number): void {
  const { clock } = step.state
  if (stampMs <= clock.clockMs) return
  step.state.clock = { ...clock, clockMs: stampMs }
  step.changed.add(keyOf.clock)
}

/**
 * Runs what fell due, in order of time and key, each dated at its own deadline: the events are the same however often
 * the clock is looked at.
 */
function runDue(step: Step): void {
  const { state, config } = step
  const nowMs = state.clock.clockMs
  while (state.nextDueMs <= nowMs) {
    const due: { atMs: number; key: string }[] = []
    for (const [key, cell] of state.cells) {
      const atMs = dueMs(cell, config)
      if (atMs <= nowMs) due.push({ atMs, key })
    }
    due.sort(byTime)
    for (let i = 0; i < due.length; i++) {
      const { atMs, key } = due[i]!
      expire(step, key, state.cells.get(key)!, atMs)
      // What falls due by that takes its place among the rest.
      const cell = state.cells.get(key)
      const again = cell ? dueMs(cell, config) : Number.POSITIVE_INFINITY
      if (again > nowMs) continue
      const later = due.findIndex((other, j) => j > i && byTime(other, { atMs: again, key }) > 0)
      due.splice(later < 0 ? due.length : later, 0, { atMs: again, key })
    }
    state.nextDueMs = Number.POSITIVE_INFINITY
    for (const cell of state.cells.values()) state.nextDueMs = Math.min(state.nextDueMs, dueMs(cell, config))
  }
}

function byTime(a: { atMs: number; key: string }, b: { atMs: number; key: string }): number {
  return a.atMs - b.atMs || (a.key < b.key ? -1 : 1)
}

function expire(step: Step, key: string, cell: AlarmCell, atMs: number): void {
  const because = { cause: 'time', eventTimeMs: atMs }
  const { alarm, pending } = cell
  if (pending?.untilMs === atMs) {
    raise(step, cell, pending, { ...because, cause: pending.cause })
  } else if (alarm?.shelvedUntil && Date.parse(alarm.shelvedUntil) === atMs) {
    save(step, transit(step, cell, { axis: 'shelving', to: 'unshelved' }, { ...because, note: 'its time is over' }))
  } else if (alarm?.isCleared) {
    remove(step, key)
  } else if (cell.clearAtMs === atMs) {
    clear(step, cell, alarm?.condition === 'unconfirmed' ? { ...because, note: 'not confirmed' } : because)
  } else {
    settleFlapping(step, cell, because)
  }
}

function newStep(state: TenantAlarms, config: AlarmConfig): Step {
  return { state, config, transitions: [], changed: new Set() }
}

function outcome(step: Step, dropped: SignalDrop | undefined): AlarmOutcome {
  const { state, transitions, changed } = step
  const latest = new Map(transitions.map(({ alarm }) => [alarm.alarmId, alarm]))
  return {
    state,
    events: transitions.map(({ event }) => event),
    transitions,
    alarms: [...latest.values()],
    changed,
    dropped,
  }
}
