/** An inform whose answer was lost comes again; it is answered again, and is no second event. */
export class InformMemory {
  readonly #seen = new Map<string, number>()
  readonly #keptMs: number
  readonly #entriesMax: number

  constructor(keptMs = 60_000, entriesMax = 10_000) {
    this.#keptMs = keptMs
    this.#entriesMax = entriesMax
  }

  /** Whether this inform is new. Senders number their requests for themselves, so the port belongs to the name. */
  isNew(source: string, requestId: number, nowMs: number): boolean {
    const key = `${source}/${requestId}`
    const seenMs = this.#seen.get(key)
    this.#seen.delete(key)
    this.#seen.set(key, nowMs)
    for (const [oldest, atMs] of this.#seen) {
      if (this.#seen.size <= this.#entriesMax && nowMs - atMs <= this.#keptMs) break
      this.#seen.delete(oldest)
    }
    return seenMs === undefined || nowMs - seenMs > this.#keptMs
  }
}
