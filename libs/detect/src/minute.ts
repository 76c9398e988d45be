const minuteMs = 60_000

/** Start of the minute that holds `timeMs`: the window that a condition names as the one it was raised in. */
export function minuteStartMs(timeMs: number): number {
  return Math.floor(timeMs / minuteMs) * minuteMs
}
