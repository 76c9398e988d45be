/** A number ready to hang on a wall: the figure and its unit stand in two columns, and the unit keeps its width. */
export interface Quantity {
  figure: string
  unit: string
}

export const unknownQuantity: Quantity = { figure: '–', unit: '' }

/** Bits per second in one fixed unit chosen by the largest value the tile has to show (SI steps, never k→M flicker). */
export interface RateScale {
  divisor: number
  unit: string
}

const rateSteps: readonly RateScale[] = [
  { divisor: 1e12, unit: 'Tbit/s' },
  { divisor: 1e9, unit: 'Gbit/s' },
  { divisor: 1e6, unit: 'Mbit/s' },
  { divisor: 1e3, unit: 'kbit/s' },
]

/**
 * Goes up at once, down only when the value has fallen below a twentieth of the step: a rate around 1 Gbit/s stays in
 * one unit.
 */
export function rateScale(bitsPerSecond: number, before?: RateScale): RateScale {
  const fitting = rateSteps.find(step => bitsPerSecond >= step.divisor) ?? { divisor: 1e3, unit: 'kbit/s' }
  if (before && fitting.divisor < before.divisor && bitsPerSecond >= before.divisor / 20) return before
  return fitting
}

export function bitRate(bitsPerSecond: number | null, scale = rateScale(bitsPerSecond ?? 0)): Quantity {
  if (bitsPerSecond === null) return { ...unknownQuantity, unit: scale.unit }
  return { figure: threeDigits(bitsPerSecond / scale.divisor), unit: scale.unit }
}

/** At most three significant digits, no exponent; whole numbers above 999 stay whole. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 99.95) return String(Math.round(value))
  if (size >= 9.995) return value.toFixed(1)
  if (size >= 0.005) return value.toFixed(2)
  return '0'
}

/** Counts in full with thin spaces, so that 12 of 312 and 300 of 312 have the same unit. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/**
 * A ratio as percent. Above 1 the capacity or the counter is wrong, which is worth saying (a link cannot carry more than
 * its speed; 105 % leaves room for the jitter of poll times).
 */
export function percent(ratio: number | null): Quantity & { impossible: boolean } {
  if (ratio === null) return { figure: '–', unit: '%', impossible: false }
  if (ratio > 1.05) return { figure: '>100', unit: '%', impossible: true }
  const value = ratio * 100
  return { figure: value >= 9.5 ? String(Math.round(value)) : value.toFixed(1), unit: '%', impossible: false }
}

/** How long, in the largest two units a reader needs from five metres: `35 s`, `14 min`, `3 h 12 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  const days = Math.floor(hours / 24)
  return hours % 24 && days < 10 ? `${days} d ${hours % 24} h` : `${days} d`
}

/** Short spans with a tenth below ten seconds, for lag: `0.4 s`, `12 s`, `3 min`. */
export function shortSpan(ms: number): Quantity {
  if (ms < 9_950) return { figure: (Math.max(0, ms) / 1000).toFixed(1), unit: 's' }
  const [figure, unit] = duration(ms).split(' ') as [string, string]
  return { figure, unit }
}

const two = (value: number) => String(value).padStart(2, '0')

export function clockTime(ms: number, zone: 'utc' | 'local', seconds = true): string {
  const date = new Date(ms)
  const [hours, minutes, rest] =
    zone === 'utc'
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()]
  return `${two(hours)}:${two(minutes)}${seconds ? `:${two(rest)}` : ''}`
}
