import { type Suppression, suppressionsOf } from '../../../../../libs/alarms/src/suppression/index.ts'
import type { Alarm } from '../../../../../libs/model/src/index.ts'
import { isOfWeir } from '../../../../../libs/model/src/resource/index.ts'

/**
 * Which alarms another one explains: they stand with their cause, and ask nobody to act. What monitoring says of itself it
 * says to every client; on a wall of several the first one stands for all.
 */
export function explainedAlarms(alarms: readonly Alarm[]): ReadonlyMap<string, Suppression> {
  const explained = suppressionsOf(alarms)
  const first = new Map<string, Alarm>()
  const own = alarms.filter(alarm => isOfWeir(alarm.resource) && !alarm.isCleared && !explained.has(alarm.alarmId))
  for (const alarm of own.sort((a, b) => (a.alarmId < b.alarmId ? -1 : 1))) {
    const part = `${alarm.alarmTypeId} ${alarm.resource}`
    const same = first.get(part)
    if (same) explained.set(alarm.alarmId, { reason: 'inhibited', by: same.alarmId, byType: same.alarmTypeId })
    else first.set(part, alarm)
  }
  return explained
}

/** The others. */
export function askingAlarms(alarms: Iterable<Alarm>): Alarm[] {
  const all = [...alarms]
  const explained = explainedAlarms(all)
  return all.filter(alarm => !explained.has(alarm.alarmId))
}
