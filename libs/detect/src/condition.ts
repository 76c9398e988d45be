import type { AlarmType, Evidence, Severity } from '../../model/src/index.ts'

/**
 * What a detector says of one (resource, alarm type, qualifier): sent when it begins, ends, changes severity, or its
 * evidence changes materially; the body of a signal (libs/model, signals.proto).
 */
export interface DetectedCondition {
  alarmType: AlarmType
  resource: string
  qualifier: string
  deviceId: string
  siteId: string
  /** `unconfirmed` and `retracted` rest on a message's word: an alarm for all to see that asks nobody to act yet. */
  state: 'active' | 'cleared' | 'unknown' | 'unconfirmed' | 'retracted'
  severity: Severity
  /** When the detector decided, and the start of the window in which it raised; milliseconds since the Unix epoch. */
  eventTimeMs: number
  windowStartMs: number
  evidence: Evidence
}
