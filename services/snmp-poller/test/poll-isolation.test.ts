import { describe, expect, it } from 'vitest'
import { type Clock, seededRandom, type Timer } from '../../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../../libs/model/src/index.ts'
import { type Message, type ObjectName, oidOf, VarbindList } from '../../../libs/snmp/src/index.ts'
import { DevicePoller } from '../src/device-poller.ts'
import { InterfaceTables } from '../src/interface-table.ts'
import { PollSchedule } from '../src/poll-schedule.ts'
import type { SnmpReply, SnmpSession } from '../src/snmp-transport.ts'
import { honestReply, switchValues } from './test-agent.ts'

/** Time that jumps from timer to timer, in order: a quarter of an hour of a thousand devices in seconds. */
class LeapClock implements Clock {
  #nowMs = 0
  #order = 0
  /** A heap by time, then by order. */
  readonly #heap: { atMs: number; order: number; run: (() => void) | undefined }[] = []

  nowMs = (): number => this.#nowMs
  monotonicMs = (): number => this.#nowMs

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order++, run: run as (() => void) | undefined }
    this.#heap.push(timer)
    for (let i = this.#heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!this.#before(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
    return {
      cancel: () => {
        timer.run = undefined
      },
    }
  }

  async until(endMs: number): Promise<void> {
    while (this.#heap[0] && this.#heap[0].atMs <= endMs) {
      const { atMs, run } = this.#pop()
      this.#nowMs = atMs
      if (!run) continue
      run()
      // What follows from it, promise by promise, before time goes on.
      await new Promise(resolve => setImmediate(resolve))
    }
    this.#nowMs = endMs
  }

  #pop(): { atMs: number; run: (() => void) | undefined } {
    this.#swap(0, this.#heap.length - 1)
    const popped = this.#heap.pop()!
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      if (left >= this.#heap.length) return popped
      const least = left + 1 < this.#heap.length && this.#before(left + 1, left) ? left + 1 : left
      if (!this.#before(least, i)) return popped
      this.#swap(i, least)
      i = least
    }
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i]!, this.#heap[j]!]
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const kept = this.#heap[i]!
    this.#heap[i] = this.#heap[j]!
    this.#heap[j] = kept
  }
}

const values = switchValues(2)
const answers = new Map<string, VarbindList>()

/** An agent that takes so long for each answer; undefined: it never answers, and a request is given up after 9.5 s. */
function sessionOf(clock: Clock, answerMs: number | undefined): SnmpSession {
  let cut: (() => void) | undefined
  function ask(pdu: Omit<Message['pdu'], 'varbinds' | 'requestId'>, names: readonly ObjectName[]): Promise<SnmpReply> {
    return new Promise(resolve => {
      const settle = (reply: SnmpReply): void => {
        timer.cancel()
        resolve(reply)
      }
      cut = () => settle({ ok: false, code: 'poll-deadline', detail: 'cut', attempts: 1 })
      const timer = clock.after(answerMs ?? 9_500, () => {
        if (answerMs === undefined) settle({ ok: false, code: 'snmp-timeout', detail: 'silent', attempts: 3 })
        else settle({ ok: true, varbinds: answerTo(pdu, names), bytes: 1_000, attempts: 1 })
      })
    })
  }
  return {
    get: names => ask({ kind: 'getRequest' }, names),
    getNext: names => ask({ kind: 'getNextRequest' }, names),
    getBulk: (names, nonRepeaters, maxRepetitions) =>
      ask({ kind: 'getBulkRequest', nonRepeaters, maxRepetitions } as never, names),
    cancel: () => cut?.(),
    close: () => cut?.(),
  }
}

function answerTo(pdu: object, names: readonly ObjectName[]): VarbindList {
  const oids = names.map(oidOf)
  const key = JSON.stringify([pdu, oids])
  let answer = answers.get(key)
  if (!answer) {
    const varbinds = oids.map(oid => ({ oid, value: { type: 'null' } as const }))
    const request = {
      version: 'v2c',
      community: Buffer.alloc(0),
      pdu: { ...pdu, requestId: 1, varbinds },
    } as unknown as Message
    answer = VarbindList.of(honestReply(request, values).pdu.varbinds)
    answers.set(key, answer)
  }
  return answer
}

const devices = 1_000
const intervalMs = 30_000
const kinds = { good: 20, slow: 3_000, dead: undefined } as const

/** When each good device's polls began and ended, by device, over so many cycles. */
async function pollTimes(
  kindOf: (device: number) => keyof typeof kinds,
  cycles: number,
): Promise<Map<number, number[]>> {
  const clock = new LeapClock()
  const lags: number[] = []
  const schedule = new PollSchedule(clock, {
    inFlightMax: 64,
    expeditedGapMs: 2_000,
    observeLag: seconds => lags.push(seconds),
  })
  const tables = new InterfaceTables()
  const random = seededRandom(1)
  const times = new Map<number, number[]>()
  for (let device = 0; device < devices; device++) {
    const kind = kindOf(device)
    const poller = new DevicePoller({
      device: deviceSchema.parse({ id: `d${device}`, tenant: 't', site: 's', address: '192.0.2.1' }),
      session: sessionOf(clock, kinds[kind]),
      clock,
      intervalMs,
      budgetMs: 0.9 * intervalMs,
      slowRefreshMs: 600_000,
      interfacesMax: 100,
      tables,
    })
    const place = random()
    schedule.add({
      key: String(device),
      intervalMs,
      firstAfterMs: 5_000 * place,
      gridAfterMs: intervalMs * place,
      run: async () => {
        const startedMs = clock.monotonicMs()
        const { poll } = await poller.poll()
        if (kind === 'good') times.set(device, [...(times.get(device) ?? []), startedMs, clock.monotonicMs()])
        return poll.health?.reachable ?? false
      },
    })
  }
  await clock.until((cycles + 0.5) * intervalMs)
  schedule.clear()
  return times
}

describe('a thousand devices', () => {
  it('F50: one in a hundred dead and one in a hundred slow change no other poll by a millisecond', async () => {
    const cycles = 4
    const alone = await pollTimes(() => 'good', cycles)
    const among = await pollTimes(
      device => (device % 100 === 7 ? 'dead' : device % 100 === 8 ? 'slow' : 'good'),
      cycles,
    )
    expect(among.size).toBe(980)
    for (const [device, times] of among) {
      expect(times.length).toBeGreaterThanOrEqual(2 * cycles)
      expect([device, times]).toEqual([device, alone.get(device)])
    }
  }, 120_000)
})
