/** A reading by the day, in a few hundred octets. Plain JSON. */
export interface DailyFigures {
  /** Day being summed, since the Unix epoch. */
  day: number
  sum: number
  squares: number
  count: number
  /** Closed days, oldest first: day, mean, standard deviation within it. */
  days: [day: number, mean: number, deviation: number][]
}

const dayMs = 86_400_000

/**
 * Takes a reading. A day closes with the first reading of a later one; one with too few readings is none.
 * @param clip how far from the last day's mean a reading counts: an hour in the dark is no day
 */
export function withDailyReading(
  before: DailyFigures | undefined,
  value: number,
  atMs: number,
  { readingsLeast, daysKept, clip }: { readingsLeast: number; daysKept: number; clip: number },
): { figures: DailyFigures; closed: boolean } {
  const day = Math.floor(atMs / dayMs)
  const isLater = before !== undefined && day > before.day
  const kept = isLater ? closedDays(before, readingsLeast, daysKept) : (before?.days ?? [])
  const last = kept.at(-1)?.[1]
  const counted = last === undefined ? value : Math.min(last + clip, Math.max(last - clip, value))
  const open = before && !isLater ? before : { day, sum: 0, squares: 0, count: 0 }
  return {
    figures: {
      day: open.day,
      sum: rounded(open.sum + counted),
      squares: rounded(open.squares + counted * counted),
      count: open.count + 1,
      days: kept,
    },
    closed: isLater && kept !== before.days,
  }
}

function closedDays(state: DailyFigures, readingsLeast: number, daysKept: number): DailyFigures['days'] {
  const { day, sum, squares, count, days } = state
  if (count < readingsLeast) return days
  const mean = sum / count
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean))
  return [...days, [day, rounded(mean), rounded(deviation)] satisfies DailyFigures['days'][number]].slice(-daysKept)
}

export function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1]
  const lower = sorted[(sorted.length - 1) >> 1]
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2
}

/** States are JSON: digits that no transceiver measures take room. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
