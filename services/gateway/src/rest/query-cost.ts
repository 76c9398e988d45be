import { chooseStepSeconds, type TimeRange } from '../../../../libs/store/src/index.ts'
import { ProblemError } from '../http/problem.ts'
import { type Range, type Resolution, resolutions } from './query-schemas.ts'

/** Points of one series, at most. */
const pointsMax = 2_000
/** Data is kept for five years at most; a range beyond twice that is a mistake. */
const rangeMaxMs = 10 * 366 * 86_400_000

/** @throws ProblemError body-invalid, query-too-expensive */
export function timeRangeOf(range: Range): TimeRange {
  const fromMs = Date.parse(range.from)
  const toMs = Date.parse(range.to)
  if (!(fromMs >= 0 && toMs > fromMs)) throw new ProblemError('body-invalid', 'range: "to" has to be after "from"')
  if (toMs - fromMs > rangeMaxMs) {
    throw new ProblemError('query-too-expensive', 'range: longer than ten years; nothing is kept that long')
  }
  return { fromMs, toMs }
}

/**
 * Width of a point, and the range in whole points.
 * @throws ProblemError query-too-expensive when the answer would hold too many points
 */
export function stepsOf(
  range: TimeRange,
  resolution: Resolution,
  limits: { seriesCount: number; rowsMax: number; nowMs: number },
): { stepSeconds: number; range: TimeRange } {
  const pointsWished = Math.max(1, Math.min(400, Math.floor(limits.rowsMax / limits.seriesCount)))
  const stepSeconds =
    resolution === 'auto' ? chooseStepSeconds(range, pointsWished, { nowMs: limits.nowMs }) : resolutions[resolution]
  const stepMs = stepSeconds * 1_000
  const whole = { fromMs: Math.floor(range.fromMs / stepMs) * stepMs, toMs: Math.ceil(range.toMs / stepMs) * stepMs }
  const points = (whole.toMs - whole.fromMs) / stepMs
  if (points > pointsMax || points * limits.seriesCount > limits.rowsMax) {
    const most = Math.min(pointsMax, Math.floor(limits.rowsMax / limits.seriesCount))
    throw new ProblemError(
      'query-too-expensive',
      `${points} points in ${limits.seriesCount} series are too many, ${most} points fit; ask for less time, fewer series or a coarser resolution`,
    )
  }
  return { stepSeconds, range: whole }
}

/** Midnight to midnight of a month in a time zone, whatever summer time does in it. */
export function monthRange(month: string, timeZone: string): TimeRange {
  const [year, index] = month.split('-').map(Number) as [number, number]
  try {
    return { fromMs: localMidnight(year, index - 1, timeZone), toMs: localMidnight(year, index, timeZone) }
  } catch (cause) {
    throw new ProblemError('body-invalid', `timeZone: there is no time zone "${timeZone}"`, { cause })
  }
}

function localMidnight(year: number, monthIndex: number, timeZone: string): number {
  const wall = Date.UTC(year, monthIndex, 1)
  // The offset depends on the instant sought; the second guess is made with the offset near it.
  const guess = wall - offsetMs(wall, timeZone)
  return wall - offsetMs(guess, timeZone)
}

function offsetMs(atMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second) - atMs
}

/** Lets so many queries run at once; the store serves everyone, and a dashboard asks for a dozen things together. */
export function queryGate(concurrentMax: number): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0
  return async run => {
    if (running >= concurrentMax) {
      const options = { retryAfterSeconds: 1 }
      throw new ProblemError('too-many-queries', `${concurrentMax} queries of history run already`, options)
    }
    running++
    try {
      return await run()
    } finally {
      running--
    }
  }
}
