import type { Clock, Timer } from '../../../libs/kernel/src/index.ts'
import type { ObjectName } from '../../../libs/snmp/src/index.ts'
import type { SnmpReply, SnmpSession } from './snmp-transport.ts'

/** A session for the length of one poll: counts what is sent, and refuses and cuts requests at the deadline (F50). */
export class PollSession implements SnmpSession {
  readonly #session: SnmpSession
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #timer: Timer
  requests = 0
  pdus = 0
  retries = 0
  cut = false

  constructor(session: SnmpSession, clock: Clock, budgetMs: number) {
    this.#session = session
    this.#clock = clock
    this.#deadlineMs = clock.monotonicMs() + budgetMs
    this.#timer = clock.after(budgetMs, () => this.#session.cancel())
  }

  get(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#counted(() => this.#session.get(names))
  }

  getNext(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#counted(() => this.#session.getNext(names))
  }

  getBulk(names: readonly ObjectName[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply> {
    return this.#counted(() => this.#session.getBulk(names, nonRepeaters, maxRepetitions))
  }

  cancel(): void {
    this.#session.cancel()
  }

  /** Ends the poll; the session under it stays open. */
  close(): void {
    this.#timer.cancel()
  }

  async #counted(ask: () => Promise<SnmpReply>): Promise<SnmpReply> {
    if (this.#clock.monotonicMs() >= this.#deadlineMs) {
      this.cut = true
      return { ok: false, code: 'poll-deadline', detail: 'cut at the deadline', attempts: 0 }
    }
    const reply = await ask()
    this.requests++
    this.pdus += reply.attempts
    this.retries += Math.max(0, reply.attempts - 1)
    if (!reply.ok && reply.code === 'poll-deadline') this.cut = true
    return reply
  }
}
