import type { Alarm } from '../../../../../libs/model/src/index.ts'
import { isUnattended } from './severity.ts'

/** Decides when the room hears something; nothing but a new critical makes a sound. */
export interface SoundPolicy {
  /** Call after each change; true when one short sound is due. */
  due(alarms: Iterable<Alarm>, nowMs: number, flood: boolean): boolean
  readonly counters: { sounded: number; suppressed: number }
}

/** Two sounds closer than this are one. */
const gapMs = 3_000
/** In a flood once a minute says as much as forty times. */
const floodGapMs = 60_000
/** A critical alarm nobody has taken is heard again after this. */
export const repeatMs = 900_000
/** A critical that was gone this long and returns is new; shorter, it flaps. */
const goneMs = 300_000
const itemsMax = 2_000

/**
 * An item is a device, or the resource where there is none: further failures of a device that is on the wall already
 * make no sound. What is open when the page loads was heard before.
 */
export function createSoundPolicy(): SoundPolicy {
  const items = new Map<string, { heardMs: number; seenMs: number }>()
  const counters = { sounded: 0, suppressed: 0 }
  let started = false
  let lastSoundMs = Number.NEGATIVE_INFINITY
  let owed = false

  return {
    due(alarms, nowMs, flood) {
      for (const alarm of alarms) {
        if (alarm.perceivedSeverity !== 'critical' || !isUnattended(alarm)) continue
        const key = `${alarm.tenantId}/${alarm.deviceId ?? alarm.resource}`
        const item = items.get(key)
        if (!item) {
          items.set(key, { heardMs: nowMs, seenMs: nowMs })
          if (started) owed = true
        } else {
          item.seenMs = nowMs
          if (nowMs - item.heardMs >= repeatMs) {
            item.heardMs = nowMs
            owed = true
          }
        }
      }
      for (const [key, item] of items) if (nowMs - item.seenMs > goneMs || items.size > itemsMax) items.delete(key)
      started = true
      if (!owed) return false
      if (nowMs - lastSoundMs < (flood ? floodGapMs : gapMs)) {
        counters.suppressed++
        // One that came during the gap was answered by the sound before it.
        owed = false
        return false
      }
      owed = false
      lastSoundMs = nowMs
      counters.sounded++
      return true
    },
    counters,
  }
}
