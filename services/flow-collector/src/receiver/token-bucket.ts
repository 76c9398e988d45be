/** Lets `ratePerSecond` pass on average and a second's worth at once. */
export class TokenBucket {
  readonly #ratePerMs: number
  readonly #capacity: number
  #tokens: number
  #filledAtMs: number

  constructor(ratePerSecond: number, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1_000
    this.#capacity = ratePerSecond
    this.#tokens = ratePerSecond
    this.#filledAtMs = nowMs
  }

  take(nowMs: number): boolean {
    if (this.#tokens < 1) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#filledAtMs) * this.#ratePerMs)
      this.#filledAtMs = nowMs
      if (this.#tokens < 1) return false
    }
    this.#tokens--
    return true
  }
}
