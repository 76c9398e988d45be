import type { Clock, Timer } from '../../../../libs/kernel/src/index.ts'
import type { SnmpReply, SnmpSession } from '../snmp-transport.ts'

/**
 * Lets one request go each 1/rate seconds. What a request sent beyond its first datagram (a repetition, the discovery of
 * an SNMPv3 engine) is paid for before the next one goes, so that the rate holds over any stretch.
 */
export class SendPace {
  readonly #clock: Clock
  readonly #gapMs: number
  #nextAtMs = Number.NEGATIVE_INFINITY
  readonly #waiting = new Map<() => void, Timer>()
  #closed = false
  datagrams = 0

  constructor(clock: Clock, packetsPerSecond: number) {
    this.#clock = clock
    this.#gapMs = 1_000 / packetsPerSecond
  }

  /** The session, with its requests held until their turn. */
  session(session: SnmpSession): SnmpSession {
    const paced = async (ask: () => Promise<SnmpReply>): Promise<SnmpReply> => {
      await this.#turn()
      if (this.#closed) return { ok: false, code: 'poll-deadline', detail: 'the discovery ends', attempts: 0 }
      const reply = await ask()
      this.datagrams += reply.attempts
      this.#nextAtMs += Math.max(0, reply.attempts - 1) * this.#gapMs
      return reply
    }
    return {
      get: names => paced(() => session.get(names)),
      getNext: names => paced(() => session.getNext(names)),
      getBulk: (names, nonRepeaters, maxRepetitions) =>
        paced(() => session.getBulk(names, nonRepeaters, maxRepetitions)),
      cancel: () => session.cancel(),
      close: () => session.close(),
    }
  }

  /** Nothing is sent any more, and nobody waits. */
  close(): void {
    this.#closed = true
    for (const [resolve, timer] of this.#waiting) {
      timer.cancel()
      resolve()
    }
    this.#waiting.clear()
  }

  #turn(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const atMs = Math.max(nowMs, this.#nextAtMs)
    this.#nextAtMs = atMs + this.#gapMs
    if (atMs <= nowMs || this.#closed) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.#clock.after(atMs - nowMs, () => {
        this.#waiting.delete(resolve)
        resolve()
      })
      this.#waiting.set(resolve, timer)
    })
  }
}
