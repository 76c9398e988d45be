import type { Clock } from '../../../libs/kernel/src/index.ts'
import type { SnmpReply, SnmpSession } from './snmp-transport.ts'

const failuresMax = 3
const withinMs = 3_600_000

/**
 * Counts one device's authentication failures. After three within an hour the device is asked no more until the first of
 * them is an hour past: devices lock accounts, and log each failure to somebody (F47).
 */
export class AuthFailures {
  readonly #clock: Clock
  #atMs: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The session, unless there were too many. */
  guard(session: SnmpSession): SnmpSession {
    const guarded = (ask: () => Promise<SnmpReply>): Promise<SnmpReply> => this.#guarded(ask)
    return {
      get: names => guarded(() => session.get(names)),
      getNext: names => guarded(() => session.getNext(names)),
      getBulk: (names, nonRepeaters, maxRepetitions) =>
        guarded(() => session.getBulk(names, nonRepeaters, maxRepetitions)),
      cancel: () => session.cancel(),
      close: () => session.close(),
    }
  }

  async #guarded(ask: () => Promise<SnmpReply>): Promise<SnmpReply> {
    const nowMs = this.#clock.monotonicMs()
    this.#atMs = this.#atMs.filter(atMs => nowMs - atMs < withinMs)
    if (this.#atMs.length >= failuresMax) {
      const minutes = Math.ceil((this.#atMs[0]! + withinMs - nowMs) / 60_000)
      const detail = `${failuresMax} authentication failures; asked again in ${minutes} min, or when its entry changes`
      return { ok: false, code: 'snmp-auth-paused', detail, attempts: 0 }
    }
    const reply = await ask()
    if (reply.ok) this.#atMs = []
    else if (reply.code === 'snmp-auth-failed') this.#atMs.push(nowMs)
    return reply
  }
}
