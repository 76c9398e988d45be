import type { Alarm } from '../../../../../libs/model/src/index.ts'

/** ISA-18.2 and EEMUA 191: more than ten new alarms in ten minutes is a flood, which ends below five. */
export const floodWindowMs = 600_000
export const floodBegins = 10
const floodEnds = 5

export interface Flood {
  active: boolean
  newAlarms: number
}

/** Alarms raised within the window, cleared ones too: what an operator had to read. Silenced ones bother nobody. */
export function newAlarmCount(alarms: Iterable<Alarm>, nowMs: number): number {
  let count = 0
  for (const alarm of alarms) {
    if (alarm.shelving === 'unshelved' && nowMs - Date.parse(alarm.raisedAt) < floodWindowMs) count++
  }
  return count
}

export function flood(alarms: Iterable<Alarm>, nowMs: number, wasActive: boolean): Flood {
  const newAlarms = newAlarmCount(alarms, nowMs)
  return { active: wasActive ? newAlarms >= floodEnds : newAlarms > floodBegins, newAlarms }
}
