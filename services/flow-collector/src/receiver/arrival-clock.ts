const stepMs = 1_000
const followMs = 1.5
const slewMs = 0.5

/**
 * The time of day in microseconds, from the steady clock: `Date.now` alone has milliseconds. Follows the system's clock at
 * each `follow`; a small step back is spread over several calls, so that arrivals of one source keep their order.
 */
export class ArrivalClock {
  #offsetMs = measure()

  nowUs(): number {
    return Math.round((this.#offsetMs + performance.now()) * 1_000)
  }

  follow(): void {
    const driftMs = measure() - this.#offsetMs
    if (driftMs > followMs || driftMs < -stepMs) this.#offsetMs += driftMs
    else if (driftMs < -followMs) this.#offsetMs -= slewMs
  }
}

/** `Date.now` cuts off, half a millisecond on average. */
function measure(): number {
  return Date.now() + 0.5 - performance.now()
}
