const minuteMs = 60_000
const minutesKept = 15
/** Half a minute must be observed for the minute to say anything. */
const observedMsMin = 30_000
/** Stands for a minute without data: neither high nor low. */
const unobserved = -1
const scale = 10_000

/** One direction's utilisation by minute. Plain JSON; values are ten-thousandths. */
export interface UtilisationWindows {
  /** Number of the open minute since the Unix epoch. */
  minute: number
  /** Sum of utilisation × milliseconds in the open minute, and milliseconds observed in it. */
  sum: number
  observedMs: number
  /** Closed minutes, oldest first, 15 at most; -1 where less than half was observed. */
  closed: number[]
}

/**
 * The windows after an interval of known or unknown utilisation (null: time passes, nothing is known). An interval is
 * spread over the minutes it spans; what lies before the open minute is past judging and left out.
 */
export function observeUtilisation(
  before: UtilisationWindows | undefined,
  fromMs: number,
  toMs: number,
  utilisation: number | null,
): UtilisationWindows {
  const start = before ?? { minute: Math.floor(fromMs / minuteMs), sum: 0, observedMs: 0, closed: [] }
  const lastMinute = Math.floor(toMs / minuteMs)
  const value = utilisation === null ? null : Math.round(utilisation * scale)
  let { minute, sum, observedMs } = start
  let closed = start.closed
  if (lastMinute - minute > minutesKept + 1) {
    // All that was known is older than what is kept.
    minute = lastMinute - minutesKept
    sum = 0
    observedMs = 0
    closed = []
  }
  for (;;) {
    const overlapMs = Math.min(toMs, (minute + 1) * minuteMs) - Math.max(fromMs, minute * minuteMs)
    if (value !== null && overlapMs > 0) {
      sum += value * overlapMs
      observedMs += overlapMs
    }
    if (minute >= lastMinute) break
    closed = [...closed, observedMs >= observedMsMin ? Math.round(sum / observedMs) : unobserved].slice(-minutesKept)
    minute++
    sum = 0
    observedMs = 0
  }
  return { minute, sum, observedMs, closed }
}

/** Start of the oldest of the last `minutes` minutes, milliseconds since the Unix epoch. */
export function windowsStartMs(windows: UtilisationWindows, minutes: number): number {
  return (windows.minute - minutes + 1) * minuteMs
}

/**
 * Mean utilisation of the `minutes` minutes up to the last observation, sliding: the open minute counts by its observed
 * part and the oldest by the rest. Null when less than four fifths of the time were observed.
 */
export function slidingMean(windows: UtilisationWindows, minutes: number): number | null {
  const open = Math.min(1, windows.observedMs / minuteMs)
  let weight = open
  let sum = windows.observedMs > 0 ? (windows.sum / windows.observedMs) * open : 0
  for (let back = 1; back <= minutes; back++) {
    const value = windows.closed.at(-back)
    if (value === undefined || value === unobserved) continue
    const share = back === minutes ? 1 - open : 1
    sum += value * share
    weight += share
  }
  return weight >= minutes * 0.8 ? sum / weight / scale : null
}

/** How many of the last `minutes` closed minutes were observed at or above `level`. */
export function minutesAtOrAbove(windows: UtilisationWindows, minutes: number, level: number): number {
  return windows.closed.slice(-minutes).filter(value => value >= level * scale).length
}

/** Closed minutes below `level` in a row up to now; minutes without data neither count nor break the row. */
export function minutesBelowInRow(windows: UtilisationWindows, level: number): number {
  let count = 0
  for (let back = 1; back <= windows.closed.length; back++) {
    const value = windows.closed.at(-back)!
    if (value === unobserved) continue
    if (value >= level * scale) break
    count++
  }
  return count
}
