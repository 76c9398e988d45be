const rateMax = 2 ** 32 - 1

/** Rows `from` to `to` that are sampled at an unknown rate (0) get the one that a person gave; 0 gives none. */
export function assumeSampling(rates: Uint32Array, from: number, to: number, assumed: number): void {
  if (assumed === 0) return
  for (let i = from; i < to; i++) if (rates[i] === 0) rates[i] = assumed
}

/**
 * The rate limit drops datagrams of an exporter, the survivors stand for them: of a batch with `kept` datagrams beside
 * which `dropped` were not let in, each record counts for (kept + dropped) / kept times as many. Rates are whole numbers,
 * so the remainder is carried from record to record and their mean is exact. A function of the batch alone.
 */
export class RateLimitScale {
  readonly #kept: number
  readonly #all: number
  #carry = 0

  constructor(kept: number, dropped: number) {
    this.#kept = kept
    this.#all = kept + dropped
  }

  /** An unknown rate (0) stays unknown. */
  apply(rates: Uint32Array, from: number, to: number): void {
    if (this.#all === this.#kept || this.#kept === 0) return
    for (let i = from; i < to; i++) {
      const rate = rates[i]!
      if (rate === 0) continue
      const wanted = rate * this.#all + this.#carry
      const scaled = Math.floor(wanted / this.#kept)
      this.#carry = wanted - scaled * this.#kept
      rates[i] = Math.min(rateMax, scaled)
    }
  }
}
