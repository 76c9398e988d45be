import type { Alarm } from '../../../../../libs/model/src/index.ts'

export const flapWindowMs = 600_000
/** More changes than this within the window, and the changes themselves are the news. */
export const flapChangesMax = 3
const alarmsMax = 2_000

/** Counts how often alarms were raised and cleared lately, so that one that flaps is shown once and says so. */
export interface Flaps {
  observe(before: Alarm | undefined, after: Alarm, nowMs: number): void
  /** Changes within the window. */
  changes(alarmId: string, nowMs: number): number
  forgetOld(nowMs: number): void
}

export function createFlaps(): Flaps {
  const changes = new Map<string, number[]>()
  const recent = (alarmId: string, nowMs: number) =>
    (changes.get(alarmId) ?? []).filter(atMs => nowMs - atMs < flapWindowMs)
  return {
    observe(before, after, nowMs) {
      if (!before || before.isCleared === after.isCleared) return
      const times = [...recent(after.alarmId, nowMs), nowMs].slice(-20)
      changes.delete(after.alarmId)
      changes.set(after.alarmId, times)
      const oldest = changes.keys().next()
      if (changes.size > alarmsMax && !oldest.done) changes.delete(oldest.value)
    },
    changes: (alarmId, nowMs) => recent(alarmId, nowMs).length,
    forgetOld(nowMs) {
      for (const alarmId of changes.keys()) if (recent(alarmId, nowMs).length === 0) changes.delete(alarmId)
    },
  }
}
