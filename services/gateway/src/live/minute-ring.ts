const minuteMs = 60_000
export const minutesKept = 60

/** The last 60 one-minute values of one thing: the maximum seen in each minute, NaN where nothing was observed. */
export class MinuteRing {
  readonly #values = new Float32Array(minutesKept).fill(Number.NaN)
  /** The newest minute written, counted since the Unix epoch. */
  #newest = 0

  /** Notes that `value` held from `fromMs` (exclusive) to `toMs`. */
  set(fromMs: number, toMs: number, value: number): void {
    const last = Math.ceil(toMs / minuteMs) - 1
    const first = Math.max(Math.min(Math.floor(fromMs / minuteMs) + 1, last), last - minutesKept + 1)
    this.#advanceTo(last)
    for (let minute = first; minute <= last; minute++) {
      if (minute <= this.#newest - minutesKept) continue
      const slot = minute % minutesKept
      const before = this.#values[slot]!
      this.#values[slot] = Number.isNaN(before) ? value : Math.max(before, value)
    }
  }

  /** Oldest first, the last one of the minute of `nowMs`; four decimals are what a sparkline can show. */
  read(nowMs: number): (number | null)[] {
    const current = Math.floor(nowMs / minuteMs)
    const result: (number | null)[] = []
    for (let minute = current - minutesKept + 1; minute <= current; minute++) {
      const known = minute <= this.#newest && minute > this.#newest - minutesKept
      const value = known ? this.#values[minute % minutesKept]! : Number.NaN
      result.push(Number.isNaN(value) ? null : Math.round(value * 10_000) / 10_000)
    }
    return result
  }

  #advanceTo(minute: number): void {
    if (minute <= this.#newest) return
    const steps = Math.min(minute - this.#newest, minutesKept)
    for (let i = 0; i < steps; i++) this.#values[(minute - i) % minutesKept] = Number.NaN
    this.#newest = minute
  }
}
