import type { Clock, Timer } from '../../../libs/kernel/src/index.ts'

export interface TimedRequest {
  /** Set by the timers; 0 while none runs. */
  dueTick: number
}

const tickMs = 10
const slotCount = 512

/**
 * Time-outs of requests under way: a wheel of sets, turned by one timer while it holds anything. Almost every time-out is
 * taken back before it falls due, and so costs two operations on a set; it comes up to one tick late.
 */
export class RequestTimers<T extends TimedRequest> {
  readonly #clock: Clock
  readonly #expired: (request: T) => void
  readonly #slots = Array.from({ length: slotCount }, () => new Set<T>())
  #size = 0
  #tick = 0
  #timer: Timer | undefined

  constructor(clock: Clock, expired: (request: T) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** Instead of the time-out it may have. */
  start(request: T, afterMs: number): void {
    this.cancel(request)
    if (this.#timer === undefined) {
      this.#tick = this.#nowTick()
      this.#arm()
    }
    request.dueTick = Math.ceil((this.#clock.monotonicMs() + afterMs) / tickMs)
    this.#slots[request.dueTick % slotCount]!.add(request)
    this.#size++
  }

  cancel(request: T): void {
    if (request.dueTick === 0) return
    this.#slots[request.dueTick % slotCount]!.delete(request)
    request.dueTick = 0
    this.#size--
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #nowTick(): number {
    return Math.floor(this.#clock.monotonicMs() / tickMs)
  }

  #arm(): void {
    this.#timer = this.#clock.after(tickMs, () => {
      this.#timer = undefined
      this.#turn()
      if (this.#size > 0 && this.#timer === undefined) this.#arm()
    })
  }

  #turn(): void {
    const now = this.#nowTick()
    // A process that was stopped for longer than a turn looks at each slot once.
    const first = Math.max(this.#tick + 1, now - slotCount + 1)
    this.#tick = now
    for (let tick = first; tick <= now; tick++) {
      for (const request of this.#slots[tick % slotCount]!) {
        if (request.dueTick > now) continue
        this.cancel(request)
        this.#expired(request)
      }
    }
  }
}
