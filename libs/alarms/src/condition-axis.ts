import {
  type Alarm,
  type AlarmType,
  alarmId,
  type Evidence,
  isOfExporter,
  type Severity,
  severityRank,
} from '../../model/src/index.ts'
import { pendingMsOf } from './alarm-config.ts'
import type { AlarmCell, PendingCondition } from './tenant-alarms.ts'
import { keyOf } from './tenant-alarms.ts'
import { type Cause, remove, type Step, save, transit } from './transition.ts'

/** A condition as a detector signalled it. */
export interface ConditionSignal {
  alarmType: AlarmType
  resource: string
  qualifier: string
  deviceId: string
  siteId: string
  /** `unconfirmed`: somebody said so and nobody has looked yet; `retracted`: the same one takes it back. */
  state: 'active' | 'cleared' | 'unknown' | 'unconfirmed' | 'retracted'
  severity: Severity
  eventTimeMs: number
  windowStartMs: number
  evidence: Evidence
}

/** Types under which a device's other alarms rest on no data. */
const staleType: AlarmType = 'telemetry-stale'

export function applyCondition(step: Step, signal: ConditionSignal, cause: string): void {
  const cell = step.state.cells.get(keyOf.alarm(signal.alarmType, signal.resource, signal.qualifier))
  const because: Cause = { cause, eventTimeMs: signal.eventTimeMs }
  if (signal.state === 'active') active(step, cell, signal, because)
  else if (signal.state === 'unconfirmed') unconfirmed(step, cell, signal, because)
  else if (signal.state === 'retracted') retracted(step, cell, because)
  else if (cell && signal.state === 'cleared') cleared(step, cell, signal, because)
  else if (cell && signal.state === 'unknown') freeze(step, cell, because)
  if (signal.alarmType === staleType && !isOfExporter(signal.resource)) freezeDevice(step, signal, because)
}

function cellFor(known: AlarmCell | undefined, signal: ConditionSignal): AlarmCell {
  return known
    ? { ...known, deviceId: signal.deviceId, siteId: signal.siteId }
    : {
        alarmTypeId: signal.alarmType,
        resource: signal.resource,
        qualifier: signal.qualifier,
        deviceId: signal.deviceId,
        siteId: signal.siteId,
        signalled: 'cleared',
        activeSinceMs: signal.eventTimeMs,
        raisesMs: [],
      }
}

/**
 * A message says so. The alarm is there for all to see and asks nobody to act: it is active once its detector agrees, and
 * over when none did in time.
 */
function unconfirmed(step: Step, known: AlarmCell | undefined, signal: ConditionSignal, because: Cause): void {
  if (known?.pending || (known?.alarm && !known.alarm.isCleared)) return
  const { eventTimeMs, windowStartMs, severity, evidence } = signal
  const cell: AlarmCell = {
    ...cellFor(known, signal),
    activeSinceMs: eventTimeMs,
    clearAtMs: eventTimeMs + step.config.confirmWithinMs,
  }
  const { id } = idOfRaise(step, cell, { eventTimeMs, windowStartMs })
  save(step, transit(step, cell, { axis: 'condition', to: 'unconfirmed', severity, evidence, alarmId: id }, because))
}

function retracted(step: Step, cell: AlarmCell | undefined, because: Cause): void {
  if (cell?.alarm?.condition === 'unconfirmed') clear(step, cell, { ...because, note: 'taken back' })
}

function active(step: Step, known: AlarmCell | undefined, signal: ConditionSignal, because: Cause): void {
  const cell = cellFor(known, signal)
  const { alarm } = cell
  if (alarm && !alarm.isCleared) {
    stillActive(step, cell, alarm, signal, because)
    return
  }
  const pending: PendingCondition = {
    untilMs: (cell.pending?.eventTimeMs ?? signal.eventTimeMs) + pendingMsOf(cell.alarmTypeId, step.config),
    eventTimeMs: cell.pending?.eventTimeMs ?? signal.eventTimeMs,
    windowStartMs: cell.pending?.windowStartMs ?? signal.windowStartMs,
    severity: signal.severity,
    evidence: signal.evidence,
    cause: because.cause,
  }
  const waiting: AlarmCell = { ...cell, signalled: 'active', pending }
  if (pending.untilMs <= signal.eventTimeMs) raise(step, waiting, pending, because)
  else save(step, waiting)
}

/** Its pending time is over, or it has none. */
export function raise(step: Step, cell: AlarmCell, pending: PendingCondition, because: Cause): void {
  const { alarm } = cell
  const { id, reopens } = idOfRaise(step, cell, pending)
  const { pending: _, clearAtMs: __, ...rest } = cell
  let next: AlarmCell = transit(
    step,
    rest,
    {
      axis: 'condition',
      to: 'active',
      from: alarm && reopens ? alarm.condition : pending.untilMs > pending.eventTimeMs ? 'pending' : 'normal',
      severity: pending.severity,
      evidence: pending.evidence,
      alarmId: id,
    },
    because,
  )
  if (alarm && reopens) next = askAgain(step, next, alarm, because)
  save(step, noteRaise(step, { ...next, activeSinceMs: because.eventTimeMs }, because))
}

/** The alarm that cleared a short while ago is the same one; else it is named by what raises it. */
function idOfRaise(
  { state, config }: Step,
  { alarm, alarmTypeId, resource, qualifier }: AlarmCell,
  raising: { eventTimeMs: number; windowStartMs: number },
): { id: string; reopens: boolean } {
  const id = alarmId(state.tenantId, alarmTypeId, resource, qualifier, raising.windowStartMs)
  if (!alarm) return { id, reopens: false }
  const reopens = alarm.alarmId === id || raising.eventTimeMs - Date.parse(alarm.clearedAt!) <= config.reopenMs
  return { id: reopens ? alarm.alarmId : id, reopens }
}

/** People's word stands when an alarm comes back, unless it came back worse, or they had closed it. */
function askAgain(step: Step, cell: AlarmCell, before: Alarm, because: Cause): AlarmCell {
  const worse = severityRank(cell.alarm!.perceivedSeverity) > severityRank(before.perceivedSeverity)
  if (before.operatorState === 'closed' || (before.operatorState === 'ack' && worse)) {
    return transit(step, cell, { axis: 'operator', to: 'none' }, { ...because, note: 'raised again' })
  }
  return cell
}

function stillActive(step: Step, cell: AlarmCell, alarm: Alarm, signal: ConditionSignal, because: Cause): void {
  let next: AlarmCell = { ...cell, signalled: 'active' }
  if (next.frozen) next = thaw(step, next, because)
  const turned = cell.signalled === 'cleared'
  if (turned && next.flapChangedMs !== undefined) next.flapChangedMs = signal.eventTimeMs
  else if (turned) {
    const { clearAtMs: _, ...rest } = next
    next = transit(step, rest, { axis: 'condition', to: 'active', evidence: signal.evidence }, because)
    next = noteRaise(step, next, because)
  }
  if (signal.severity !== alarm.perceivedSeverity) {
    const { severity, evidence } = signal
    next = transit(step, next, { axis: 'severity', to: severity, severity, evidence }, because)
  } else if (JSON.stringify(signal.evidence) !== JSON.stringify(next.alarm!.evidence)) {
    next = transit(step, next, { axis: 'evidence', to: '', evidence: signal.evidence }, because)
  }
  save(step, next)
}

/** Counts how often it became active; too often is one state of its own instead of many alarms. */
function noteRaise(step: Step, cell: AlarmCell, because: Cause): AlarmCell {
  const { flapRaises, flapWindowMs } = step.config
  const raisesMs = [...cell.raisesMs, because.eventTimeMs]
    .filter(ms => because.eventTimeMs - ms <= flapWindowMs)
    .slice(-(flapRaises + 1))
  const next: AlarmCell = { ...cell, raisesMs }
  if (raisesMs.length <= flapRaises) return next
  return transit(
    step,
    { ...next, flapChangedMs: because.eventTimeMs },
    { axis: 'condition', to: 'flapping' },
    { ...because, note: `raised ${raisesMs.length} times` },
  )
}

function cleared(step: Step, cell: AlarmCell, signal: ConditionSignal, because: Cause): void {
  if (cell.pending) {
    // It never became an alarm.
    const { pending: _, ...rest } = cell
    if (cell.alarm) save(step, { ...rest, signalled: 'cleared' })
    else remove(step, keyOf.alarm(cell.alarmTypeId, cell.resource, cell.qualifier))
    return
  }
  if (cell.signalled === 'cleared') return
  let next: AlarmCell = { ...cell, signalled: 'cleared' }
  if (next.frozen) next = thaw(step, next, because)
  if (next.flapChangedMs !== undefined) {
    save(step, { ...next, flapChangedMs: signal.eventTimeMs })
    return
  }
  const { clearHoldShare, clearHoldMinMs, clearHoldMaxMs } = step.config
  const activeMs = Math.max(0, signal.eventTimeMs - cell.activeSinceMs)
  const holdMs = Math.min(clearHoldMaxMs, Math.max(clearHoldMinMs, clearHoldShare * activeMs))
  next.clearAtMs = signal.eventTimeMs + Math.round(holdMs)
  if (holdMs === 0) {
    clear(step, { ...next, clearAtMs: signal.eventTimeMs }, because, signal.evidence)
    return
  }
  save(step, transit(step, next, { axis: 'condition', to: 'clearing', evidence: signal.evidence }, because))
}

/** The hold is over. */
export function clear(step: Step, cell: AlarmCell, because: Cause, evidence: Evidence = cell.alarm!.evidence): void {
  const { clearAtMs: _, flapChangedMs: __, frozen: ___, ...rest } = cell
  save(step, transit(step, rest, { axis: 'condition', to: 'cleared', evidence }, because))
}

/** Flapping and quiet for its time: what its detector said last holds. */
export function settleFlapping(step: Step, cell: AlarmCell, because: Cause): void {
  const calm = { ...because, note: 'quiet again' }
  if (cell.signalled === 'cleared') {
    clear(step, { ...cell, raisesMs: [] }, calm)
    return
  }
  const { flapChangedMs: _, ...rest } = cell
  save(step, transit(step, { ...rest, raisesMs: [] }, { axis: 'condition', to: 'active' }, calm))
}

/** Without data nothing is known: neither active nor clear. The last state is kept until data comes. */
function freeze(step: Step, cell: AlarmCell, because: Cause): void {
  const { alarm } = cell
  if (cell.pending && !alarm) {
    remove(step, keyOf.alarm(cell.alarmTypeId, cell.resource, cell.qualifier))
    return
  }
  // What nobody has seen yet rests on no data that could go stale; it ends by itself.
  if (!alarm || alarm.isCleared || alarm.condition === 'unconfirmed' || cell.frozen) return
  const condition = alarm.condition === 'clearing' || alarm.condition === 'flapping' ? alarm.condition : 'active'
  const frozen = { condition, sinceMs: because.eventTimeMs } as const
  save(step, transit(step, { ...cell, frozen }, { axis: 'condition', to: 'unknown' }, because))
}

/** As it was; holds begin where they stood. */
function thaw(step: Step, cell: AlarmCell, because: Cause): AlarmCell {
  const { frozen, ...rest } = cell
  const pausedMs = Math.max(0, because.eventTimeMs - frozen!.sinceMs)
  const next: AlarmCell = { ...rest }
  if (next.clearAtMs !== undefined) next.clearAtMs += pausedMs
  if (next.flapChangedMs !== undefined) next.flapChangedMs += pausedMs
  return transit(step, next, { axis: 'condition', to: frozen!.condition }, because)
}

function freezeDevice(step: Step, signal: ConditionSignal, because: Cause): void {
  const keys = [...(step.state.keysByDevice.get(signal.deviceId) ?? [])].sort()
  for (const key of keys) {
    const cell = step.state.cells.get(key)!
    if (cell.alarmTypeId === staleType || isOfExporter(cell.resource)) continue
    if (signal.state === 'active') freeze(step, cell, { ...because, note: 'telemetry stale' })
    else if (signal.state === 'cleared' && cell.frozen) {
      save(step, thaw(step, cell, { ...because, note: 'telemetry back' }))
    }
  }
}
