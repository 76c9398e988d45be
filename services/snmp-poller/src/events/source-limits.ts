/** Datagrams of each source are held to a rate; the number of sources followed is bounded. */
export class SourceLimits {
  readonly #perSecond: number
  readonly #sourcesMax: number
  /** In the order of their last datagram, oldest first. */
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(perSecond: number, sourcesMax: number) {
    this.#perSecond = perSecond
    this.#sourcesMax = sourcesMax
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Whether the source may send one more now. Lets `perSecond` pass on average, and two seconds' worth at once. */
  take(source: string, nowMs: number): boolean {
    const capacity = 2 * this.#perSecond
    const known = this.#buckets.get(source)
    const tokens = known
      ? Math.min(capacity, known.tokens + ((nowMs - known.atMs) / 1_000) * this.#perSecond)
      : capacity
    const allowed = tokens >= 1
    this.#buckets.delete(source)
    this.#buckets.set(source, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs })
    // Forged sources push out the longest silent one, whose bucket is full again anyhow.
    if (this.#buckets.size > this.#sourcesMax) this.#buckets.delete(this.#buckets.keys().next().value!)
    return allowed
  }
}
