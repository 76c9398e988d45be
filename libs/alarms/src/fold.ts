import type {
  Alarm,
  AlarmEvent,
  ConditionState,
  OperatorState,
  Severity,
  ShelvingState,
} from '../../model/src/index.ts'

/**
 * An alarm's state after one more of its events. The only way an alarm changes: the state anywhere is the fold of the
 * events in the order of `seq`.
 */
export function applyEvent(alarm: Alarm | undefined, event: AlarmEvent): Alarm {
  const before = alarm ?? newAlarm(event)
  const after: Alarm = {
    ...before,
    perceivedSeverity: event.perceivedSeverity,
    evidence: event.evidence,
    changedAt: event.eventTime,
    rev: event.seq,
  }
  switch (event.axis) {
    case 'condition':
      applyCondition(before, after, event)
      break
    case 'severity':
      after.perceivedSeverity = event.to as Severity
      break
    case 'operator':
      after.operatorState = event.to as OperatorState
      if (event.to === 'ack' && event.from !== 'ack') after.acknowledgedBy = event.cause.replace(/^user:/, '')
      else if (event.to === 'none') after.acknowledgedBy = null
      break
    case 'shelving':
      after.shelving = event.to as ShelvingState
      after.shelvedUntil = event.to === 'shelved' ? (event.until ?? null) : null
      break
    case 'evidence':
      break
  }
  return after
}

/** Folds the events of one alarm; undefined without any. They may come in any order, and more than once. */
export function foldEvents(events: readonly AlarmEvent[]): Alarm | undefined {
  const ordered = [...events].sort((a, b) => a.seq - b.seq)
  return ordered.reduce<Alarm | undefined>(
    (alarm, event) => (alarm && event.seq <= alarm.rev ? alarm : applyEvent(alarm, event)),
    undefined,
  )
}

function applyCondition(before: Alarm, after: Alarm, event: AlarmEvent): void {
  after.condition = event.to as ConditionState
  if (event.to === 'cleared') {
    after.isCleared = true
    after.clearedAt = event.eventTime
  } else if (before.isCleared) {
    after.isCleared = false
    after.clearedAt = null
    after.occurrences = before.occurrences + 1
  }
}

function newAlarm(event: AlarmEvent): Alarm {
  return {
    tenantId: event.tenantId,
    alarmId: event.alarmId,
    alarmTypeId: event.alarmTypeId,
    resource: event.resource,
    qualifier: event.qualifier,
    deviceId: event.deviceId,
    siteId: event.siteId,
    perceivedSeverity: event.perceivedSeverity,
    isCleared: false,
    condition: 'active',
    operatorState: 'none',
    shelving: 'unshelved',
    shelvedUntil: null,
    raisedAt: event.eventTime,
    changedAt: event.eventTime,
    clearedAt: null,
    evidence: event.evidence,
    incidentId: null,
    acknowledgedBy: null,
    occurrences: 1,
    rev: event.seq,
  }
}
