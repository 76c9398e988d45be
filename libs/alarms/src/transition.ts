import type { Alarm, AlarmEvent, Evidence, Severity } from '../../model/src/index.ts'
import type { AlarmConfig } from './alarm-config.ts'
import { applyEvent } from './fold.ts'
import { type AlarmCell, dropCell, keyOf, putCell, type TenantAlarms } from './tenant-alarms.ts'

/** One event and the alarm after it. */
export interface Transition {
  event: AlarmEvent
  alarm: Alarm
}

/** What one step changes; collects while the machine runs. */
export interface Step {
  readonly state: TenantAlarms
  readonly config: AlarmConfig
  readonly transitions: Transition[]
  /** Keys of pieces that changed. */
  readonly changed: Set<string>
}

export interface Cause {
  /** `topic/partition/offset`, `user:<name>` or `time`. */
  cause: string
  eventTimeMs: number
  note?: string
}

/** Moves one axis of a cell's alarm: emits the event and folds it. `alarmId` names an alarm that is raised first. */
export function transit(
  step: Step,
  cell: AlarmCell,
  move: {
    axis: AlarmEvent['axis']
    to: string
    from?: string
    severity?: Severity
    evidence?: Evidence
    until?: string
    alarmId?: string
  },
  { cause, eventTimeMs, note = '' }: Cause,
): AlarmCell {
  const alarm = move.alarmId === undefined || cell.alarm?.alarmId === move.alarmId ? cell.alarm : undefined
  const event: AlarmEvent = {
    tenantId: step.state.tenantId,
    alarmId: alarm?.alarmId ?? move.alarmId!,
    seq: alarm ? alarm.rev + 1 : 0,
    axis: move.axis,
    from: move.from ?? current(alarm, move.axis),
    to: move.to,
    eventTime: new Date(eventTimeMs).toISOString(),
    cause,
    note,
    ...(move.until === undefined ? {} : { until: move.until }),
    alarmTypeId: cell.alarmTypeId,
    resource: cell.resource,
    qualifier: cell.qualifier,
    deviceId: cell.deviceId || null,
    siteId: cell.siteId || null,
    perceivedSeverity: move.severity ?? alarm!.perceivedSeverity,
    evidence: move.evidence ?? alarm!.evidence,
  }
  const after = applyEvent(alarm, event)
  step.transitions.push({ event, alarm: after })
  return { ...cell, alarm: after }
}

function current(alarm: Alarm | undefined, axis: AlarmEvent['axis']): string {
  switch (axis) {
    case 'condition':
      return alarm?.condition ?? 'normal'
    case 'severity':
      return alarm?.perceivedSeverity ?? ''
    case 'operator':
      return alarm?.operatorState ?? 'none'
    case 'shelving':
      return alarm?.shelving ?? 'unshelved'
    case 'evidence':
      return ''
  }
}

export function save(step: Step, cell: AlarmCell): void {
  const key = keyOf.alarm(cell.alarmTypeId, cell.resource, cell.qualifier)
  putCell(step.state, key, cell)
  step.changed.add(key)
  step.state.nextDueMs = Math.min(step.state.nextDueMs, dueMs(cell, step.config))
}

export function remove(step: Step, key: string): void {
  dropCell(step.state, key)
  step.changed.add(key)
}

/** When a cell changes by itself, with no signal. */
export function dueMs(cell: AlarmCell, config: AlarmConfig): number {
  let due = cell.pending?.untilMs ?? Number.POSITIVE_INFINITY
  const { alarm } = cell
  if (!alarm) return due
  if (alarm.shelvedUntil !== null) due = Math.min(due, Date.parse(alarm.shelvedUntil))
  if (alarm.isCleared) {
    return cell.pending ? due : Math.min(due, Date.parse(alarm.clearedAt!) + config.retainClearedMs)
  }
  if (cell.frozen) return due
  if (cell.clearAtMs !== undefined) due = Math.min(due, cell.clearAtMs)
  if (cell.flapChangedMs !== undefined) due = Math.min(due, cell.flapChangedMs + config.flapQuietMs)
  return due
}
