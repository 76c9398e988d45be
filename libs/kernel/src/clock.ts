/** Time as a parameter, so that tests and replays decide it. All times are milliseconds. */
export interface Clock {
  /** Since the Unix epoch; may step. */
  nowMs(): number
  /** Never steps back; only differences mean something. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timeout = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(timeout) }
  },
}

/** Runs `task` every `intervalMs` until cancelled; a run that takes longer delays the next, runs never overlap. */
export function every(clock: Clock, intervalMs: number, task: () => void | Promise<void>): Timer {
  let cancelled = false
  let timer = clock.after(intervalMs, run)
  function run(): void {
    const startedMs = clock.monotonicMs()
    Promise.resolve(task()).finally(() => {
      if (cancelled) return
      const tookMs = clock.monotonicMs() - startedMs
      timer = clock.after(Math.max(0, intervalMs - tookMs), run)
    })
  }
  return {
    cancel() {
      cancelled = true
      timer.cancel()
    },
  }
}

/** A clock that stands still until `advance` is called. */
export class ManualClock implements Clock {
  #nowMs: number
  #timers: { atMs: number; run: () => void }[] = []

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer)
      },
    }
  }

  /** Moves time on and runs what falls due, in order; lets promise callbacks run between timers. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      const due = this.#timers.filter(timer => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!due) break
      this.#timers = this.#timers.filter(timer => timer !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.run()
    }
    this.#nowMs = untilMs
  }
}
