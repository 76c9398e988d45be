import { type Suppression, suppressionsOf } from '../../../../../libs/alarms/src/suppression/index.ts'
import type { Alarm } from '../../../../../libs/model/src/index.ts'

/** Which alarms another one explains: they stand with their cause, and ask nobody to act. */
export function explainedAlarms(alarms: readonly Alarm[]): ReadonlyMap<string, Suppression> {
  return suppressionsOf(alarms)
}

/** The others. */
export function askingAlarms(alarms: Iterable<Alarm>): Alarm[] {
  const all = [...alarms]
  const explained = explainedAlarms(all)
  return all.filter(alarm => !explained.has(alarm.alarmId))
}
