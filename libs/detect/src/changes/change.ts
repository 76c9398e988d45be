import type { DeviceChangeKind } from '../../../model/src/index.ts'

/** Something about a device is another than before. */
export interface DeviceChange {
  kind: DeviceChangeKind
  /** Interface id, sensor id, a part's place, `protocol/address`; '' where it is the device itself. */
  subject: string
  /** When it was first seen so, milliseconds since the Unix epoch. */
  atMs: number
  /** Before and after, in words; '' where there was or is nothing. */
  from: string
  to: string
  /** What else helps to understand it; '' mostly. */
  detail: string
}

/** Something that was left out of whole readings. Plain JSON. */
export interface Absence {
  readings: number
  /** The first of them. */
  sinceMs: number
}

/** Whole readings without something that make it gone: agents leave rows out once and list them again (F45). */
const readingsGone = 3

/** Counts one more whole reading without it. */
export function absentAgain(before: Absence | undefined, atMs: number): { absence: Absence; isGone: boolean } {
  const absence = { readings: (before?.readings ?? 0) + 1, sinceMs: before?.sinceMs ?? atMs }
  return { absence, isGone: absence.readings >= readingsGone }
}
