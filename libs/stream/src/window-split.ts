/** Length of a rollup window, milliseconds. */
export const windowMs = 60_000

const wordSize = 4_294_967_296

/** Start of the window that holds `timeMs`. */
export function windowStartMs(timeMs: number, lengthMs: number = windowMs): number {
  return Math.floor(timeMs / lengthMs) * lengthMs
}

/**
 * Shares of a time range in the windows it spans, and exact portions of amounts by them. One instance is reused for
 * every flow and counter delta; nothing is allocated per record.
 *
 * The portion of window i is `floor(amount × elapsed(i+1) / duration) − floor(amount × elapsed(i) / duration)`: each
 * remainder is carried into the next window, so the portions sum to the amount exactly.
 */
export class WindowShares {
  readonly lengthMs: number
  readonly windowsMax: number
  /** Number of windows of the last `cut`. */
  count = 0
  /** Start of the first window of the last `cut`. */
  firstWindowMs = 0
  /** Ranges cut short because they span more than `windowsMax` windows; the amounts stay whole in the newest windows. */
  clamped = 0
  /** Result of `portionWords`. */
  low = 0
  high = 0
  #startMs = 0
  #endMs = 0
  #durationMs = 0

  constructor(lengthMs: number = windowMs, windowsMax = 2_880) {
    this.lengthMs = lengthMs
    this.windowsMax = windowsMax
  }

  /**
   * Takes the range `[startMs, endMs)` and returns the number of windows it touches. A range without length lies whole
   * in the window of its start; an end before the start is taken as the start.
   */
  cut(startMs: number, endMs: number): number {
    const end = Math.max(Math.floor(startMs), Math.floor(endMs))
    let start = Math.floor(startMs)
    const lastWindow = Math.floor((end > start ? end - 1 : start) / this.lengthMs)
    let firstWindow = Math.floor(start / this.lengthMs)
    if (lastWindow - firstWindow >= this.windowsMax) {
      firstWindow = lastWindow - this.windowsMax + 1
      start = firstWindow * this.lengthMs
      this.clamped++
    }
    this.#startMs = start
    this.#endMs = end
    this.#durationMs = end - start
    this.firstWindowMs = firstWindow * this.lengthMs
    this.count = lastWindow - firstWindow + 1
    return this.count
  }

  /** Start of window `index` of the last `cut`. */
  windowStartMs(index: number): number {
    return this.firstWindowMs + index * this.lengthMs
  }

  /** Milliseconds of the range that lie in window `index`. */
  overlapMs(index: number): number {
    return this.#elapsedMs(index + 1) - this.#elapsedMs(index)
  }

  /** Portion of an integer amount up to 2^53 in window `index`. */
  portion(amount: number, index: number): number {
    if (this.count === 1) return amount
    return this.#cumulative(amount, index + 1) - this.#cumulative(amount, index)
  }

  /** Portion of an amount of any size. */
  portionBig(amount: bigint, index: number): bigint {
    if (this.count === 1) return amount
    if (amount <= BigInt(Number.MAX_SAFE_INTEGER)) return BigInt(this.portion(Number(amount), index))
    return this.#cumulativeBig(amount, index + 1) - this.#cumulativeBig(amount, index)
  }

  /**
   * Portion of a 64-bit amount given as two 32-bit halves, left in `low` and `high`. A BigInt is made only for amounts
   * past 2^53 that span windows.
   */
  portionWords(low: number, high: number, index: number): void {
    if (this.count === 1) {
      this.low = low
      this.high = high
      return
    }
    if (high < 0x20_0000) {
      const part = this.portion(high * wordSize + low, index)
      this.high = Math.floor(part / wordSize)
      this.low = part - this.high * wordSize
      return
    }
    const part = this.portionBig((BigInt(high) << 32n) | BigInt(low), index)
    this.high = Number(part >> 32n)
    this.low = Number(part & 0xffff_ffffn)
  }

  /** Milliseconds from the start of the range to the start of window `index`, within the range. */
  #elapsedMs(index: number): number {
    if (index <= 0) return 0
    return Math.min(this.firstWindowMs + index * this.lengthMs, this.#endMs) - this.#startMs
  }

  #cumulative(amount: number, index: number): number {
    if (index >= this.count) return amount
    const elapsed = this.#elapsedMs(index)
    const duration = this.#durationMs
    // A quotient of integers below 2^53 is at least 1/duration away from the next integer, so flooring it is exact.
    if (amount * elapsed <= Number.MAX_SAFE_INTEGER) return Math.floor((amount * elapsed) / duration)
    if (duration > 94_906_265) return Number(this.#cumulativeBig(BigInt(amount), index))
    const whole = Math.floor(amount / duration)
    const rest = amount - whole * duration
    return whole * elapsed + Math.floor((rest * elapsed) / duration)
  }

  #cumulativeBig(amount: bigint, index: number): bigint {
    if (index >= this.count) return amount
    return (amount * BigInt(this.#elapsedMs(index))) / BigInt(this.#durationMs)
  }
}
