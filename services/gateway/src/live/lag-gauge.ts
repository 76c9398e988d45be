/** Lags seen within this time count; after it the last one stands until the next. */
const rememberedMs = 15_000

/** How long a poll or flow took from its stamp to here: the largest of the last seconds. */
export class LagGauge {
  #recent: { atMs: number; lagMs: number }[] = []

  observe(lagMs: number, nowMs: number): void {
    const lag = Math.max(0, lagMs)
    // What came before and was smaller can never be the largest again.
    while (this.#recent.length > 0 && this.#recent.at(-1)!.lagMs <= lag) this.#recent.pop()
    this.#recent.push({ atMs: nowMs, lagMs: lag })
  }

  /** Forgets what was seen while old records were read again. */
  reset(): void {
    this.#recent = []
  }

  read(nowMs: number): number {
    while (this.#recent.length > 1 && this.#recent[0]!.atMs < nowMs - rememberedMs) this.#recent.shift()
    return this.#recent[0]?.lagMs ?? 0
  }
}
