/** RFC 3414 §2.2.3. */
const windowSeconds = 150
const bootsMax = 0x7fff_ffff

interface EngineClock {
  boots: number
  /** The newest heard. */
  time: number
  heardMs: number
}

/** What senders of traps say of their own clocks: a message from before the window is an old one, sent again. */
export class EngineClocks {
  /** The one heard longest ago first. */
  readonly #engines = new Map<string, EngineClock>()
  readonly #enginesMax: number
  /** Engines that made room for others. */
  forgotten = 0

  constructor(enginesMax = 10_000) {
    this.#enginesMax = enginesMax
  }

  /**
   * Whether a message is in time (RFC 3414 §3.2.7 b); takes its clock over if it is newer. Only for what is authentic.
   * @param engine names the engine, and the user whose keys proved it
   */
  isInTime(engine: string, boots: number, time: number, nowMs: number): boolean {
    if (boots < 0 || boots >= bootsMax || time < 0) return false
    const known = this.#engines.get(engine)
    if (known) {
      const estimated = known.time + (nowMs - known.heardMs) / 1_000
      if (boots < known.boots || (boots === known.boots && time < estimated - windowSeconds)) return false
      if (boots === known.boots && time <= known.time) return true
    }
    this.#engines.delete(engine)
    this.#engines.set(engine, { boots, time, heardMs: nowMs })
    const [oldest] = this.#engines.keys()
    if (this.#engines.size > this.#enginesMax && oldest !== undefined) {
      this.#engines.delete(oldest)
      this.forgotten++
    }
    return true
  }
}
