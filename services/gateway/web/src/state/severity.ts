import type { Alarm, Severity } from '../../../../../libs/model/src/index.ts'

/** In falling order, as the wall lists them. */
export const severitiesWorstFirst: readonly Severity[] = ['critical', 'major', 'minor', 'warning']

/** 0 is the worst, so that ascending order is worst first. */
export function severityOrder(severity: Severity): number {
  return severitiesWorstFirst.indexOf(severity)
}

export function isSeverity(value: unknown): value is Severity {
  return severitiesWorstFirst.includes(value as Severity)
}

export type SeverityCounts = Record<Severity, number>

export function noAlarms(): SeverityCounts {
  return { critical: 0, major: 0, minor: 0, warning: 0 }
}

export function worstOf(counts: SeverityCounts): Severity | null {
  return severitiesWorstFirst.find(severity => counts[severity] > 0) ?? null
}

export function countBySeverity(alarms: Iterable<Alarm>): SeverityCounts {
  const counts = noAlarms()
  for (const alarm of alarms) counts[alarm.perceivedSeverity]++
  return counts
}

/** Wants somebody's attention: open and confirmed, nobody has taken it, nobody has silenced it. */
export function isUnattended(alarm: Alarm): boolean {
  return (
    !alarm.isCleared &&
    alarm.condition !== 'unconfirmed' &&
    alarm.operatorState === 'none' &&
    alarm.shelving === 'unshelved'
  )
}
