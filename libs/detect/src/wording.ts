/** Numbers as operators read them in evidence. */

export function bitRate(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']
  let value = bitsPerSecond
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${threeDigits(value)} ${units[unit]}`
}

export function percent(ratio: number): string {
  return `${threeDigits(ratio * 100)} %`
}

/** `1 in 12,000`; ratios near one as per cent. */
export function oneIn(ratio: number): string {
  if (ratio <= 0) return 'none'
  if (ratio > 0.05) return percent(ratio)
  const denominator = 1 / ratio
  const magnitude = 10 ** Math.max(0, Math.floor(Math.log10(denominator)) - 1)
  return `1 in ${grouped(Math.round(denominator / magnitude) * magnitude)}`
}

export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

/** `14:05:30 UTC`. */
export function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`
}

/** Rounded for evidence: four significant digits, so that it stays short and the same on every machine. */
export function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4))
}

function threeDigits(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}
