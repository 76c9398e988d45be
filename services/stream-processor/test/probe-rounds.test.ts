import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import { seededRandom } from '../../../libs/kernel/src/index.ts'
import {
  inventorySchema,
  LiveRecordSchema,
  PollRecordSchema,
  SignalRecordSchema,
  topics,
} from '../../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../src/polls/polls-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const startMs = Date.UTC(2026, 0, 5, 12)
const probes = [{ id: 'gw', tenant: 'acme', site: 'hq', kind: 'icmp', target: '192.0.2.1' }]
const places = { tenants: [{ id: 'acme' }], sites: [{ id: 'hq', tenant: 'acme' }] }
const configOf = (inventory: object) =>
  streamConfigOf(inventorySchema.parse(inventory), detectConfigSchema.parse({}), alarmConfigSchema.parse({}))
const config = configOf({ ...places, probes })

function work(states: ReadonlyMap<string, string>): PollsWork {
  const counts = newPollCounts()
  const one = new PollsWork({ topic: topics.polls, partition: 0, logId: 'log', producerId: 'test', config }, counts)
  one.restore(states)
  return one
}

type Body = NonNullable<Parameters<typeof create<typeof PollRecordSchema>>[1]>['body'] & object

function record(offset: number, atMs: number, body: Body): BusRecord {
  const tenantId = body.case === 'heartbeat' ? '' : 'acme'
  const value = toBinary(PollRecordSchema, create(PollRecordSchema, { tenantId, producerId: 'poller', body }))
  return { topic: topics.polls, partition: 0, offset, key: 'acme/probe/gw', value, timestampMs: atMs }
}

/** An hour of rounds, a fifth lost for a quarter of it, and a heartbeat after each. */
const random = seededRandom(11)
const log = Array.from({ length: 120 }, (_, i) => {
  const atMs = startMs + i * 30_000
  const rttUs = Array.from({ length: 5 }, () => {
    return i > 40 && i < 70 && random() < 0.2 ? 0 : 9_000 + Math.round(2_000 * random())
  })
  const round = { probeId: 'gw', siteId: 'hq', kind: 'icmp', target: '192.0.2.1', startedMs: BigInt(atMs), rttUs }
  return [
    record(2 * i, atMs + 1_200, { case: 'probe', value: { ...round, intervalMs: 30_000 } }),
    record(2 * i + 1, atMs + 5_000, { case: 'heartbeat', value: { intervalMs: 5_000 } }),
  ]
}).flat()

function run(handOverEvery: number) {
  const states = new Map<string, string>()
  let one = work(states)
  const said: string[] = []
  const sums = { packets: 0n, lost: 0n, rtt: 0n }
  let live = ''
  log.forEach((each, i) => {
    one.process(each)
    for (const { topic, record: out } of one.takeOutputs()) {
      if (topic === topics.live) live = JSON.stringify(fromBinary(LiveRecordSchema, out.value!).body.value, bigints)
      if (topic !== topics.signals) continue
      const { body, source } = fromBinary(SignalRecordSchema, out.value!)
      if (body.case === 'condition') said.push(`${source!.offset}: ${JSON.stringify(body.value, bigints)}`)
    }
    if ((i + 1) % handOverEvery !== 0 && i + 1 < log.length) return
    const { states: changed, blocks } = one.closeEpoch()
    for (const [key, state] of changed) states.set(key, state)
    for (const { table, block } of blocks) {
      if (table !== 'probe_1m') continue
      const columns = block.columns as unknown as Record<string, (bigint | number)[]>
      columns.packets!.forEach((packets, row) => {
        sums.packets += BigInt(packets)
        sums.lost += columns.bucket![row] === 255 ? BigInt(packets) : 0n
        sums.rtt += BigInt(columns.rtt_us_sum![row]!)
      })
    }
    one = work(states)
  })
  return { said, live, sums, states }
}

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

describe('rounds of probes in a partition', () => {
  it('are rolled up, shown and judged the same however often the partition is handed over', () => {
    const whole = run(Number.POSITIVE_INFINITY)
    expect(whole.sums.packets).toBe(600n)
    expect(whole.sums.lost).toBeGreaterThan(15n)
    expect(whole.said.map(one => /"alarmType":"([^"]+)".*"state":"([^"]+)"/.exec(one)!.slice(1))).toEqual(
      expect.arrayContaining([
        ['probe-loss', 'active'],
        ['probe-loss', 'cleared'],
      ]),
    )
    for (const every of [1, 7, 32]) {
      const { said, live, sums } = run(every)
      expect({ said, live, sums }).toEqual({ said: whole.said, live: whole.live, sums: whole.sums })
    }
  })

  it('a round that comes twice counts once, and a probe that is taken away ends what was said', () => {
    const { states } = run(Number.POSITIVE_INFINITY)
    const one = work(states)
    one.process(log[238]!)
    expect(one.takeOutputs()).toEqual([])
    expect(one.closeEpoch().blocks).toEqual([])
    const other = work(run(130).states)
    other.configure(configOf(places))
    other.process({ ...log[239]!, offset: 500 })
    other.takeOutputs()
    expect(other.closeEpoch().states.get('probe/acme/probe/gw')).toBe('')
  })
})
