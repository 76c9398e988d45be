import { medianOf } from './daily-figures.ts'

/** What an optic usually receives, in a few hundred octets. Plain JSON. */
export interface LightHistory {
  /** Day of the bins, since the Unix epoch. */
  day: number
  /** Readings of the day by tenths of a dBm. */
  bins: Record<string, number>
  /** Medians of the days before, 7 at most, oldest first, dBm. */
  medians: number[]
}

const dayMs = 86_400_000
const daysKept = 7
/** Light that wanders over more than 6.4 dB in a day goes to the nearest bin there is. */
const binsMax = 64

export function withReading(before: LightHistory | undefined, dbm: number, atMs: number): LightHistory {
  const day = Math.floor(atMs / dayMs)
  const state = !before || day <= before.day ? before : closedDay(before, day)
  const bins = { ...state?.bins }
  const bin = String(binOf(Object.keys(bins), Math.round(dbm * 10)))
  bins[bin] = (bins[bin] ?? 0) + 1
  return { day: state?.day ?? day, bins, medians: state?.medians ?? [] }
}

/**
 * Median of the daily medians of the last seven days, today's among them once it has enough readings: it follows slow
 * ageing by days, and no hour of trouble moves it.
 */
export function medianLight(history: LightHistory | undefined, readingsLeast: number): number | undefined {
  if (!history) return undefined
  const today = countOf(history.bins) >= readingsLeast ? [medianOfBins(history.bins)] : []
  return medianOf([...history.medians, ...today])
}

function closedDay(history: LightHistory, day: number): LightHistory {
  const closed = countOf(history.bins) > 0 ? [medianOfBins(history.bins)] : []
  return { day, bins: {}, medians: [...history.medians, ...closed].slice(-daysKept) }
}

function binOf(known: readonly string[], wanted: number): number {
  if (known.length < binsMax || known.includes(String(wanted))) return wanted
  return known.map(Number).reduce((best, bin) => (Math.abs(bin - wanted) < Math.abs(best - wanted) ? bin : best))
}

function countOf(bins: LightHistory['bins']): number {
  return Object.values(bins).reduce((sum, count) => sum + count, 0)
}

function medianOfBins(bins: LightHistory['bins']): number {
  const sorted = Object.entries(bins)
    .map(([bin, count]) => ({ bin: Number(bin), count }))
    .sort((a, b) => a.bin - b.bin)
  let left = countOf(bins) / 2
  for (const { bin, count } of sorted) {
    left -= count
    if (left <= 0) return bin / 10
  }
  return 0
}
