import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import { inventorySchema, PollRecordSchema, SignalRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../src/polls/polls-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const baseMs = Date.UTC(2026, 0, 1)
const inventory = inventorySchema.parse({
  tenants: [{ id: 'northwind' }],
  sites: [{ id: 'oslo', tenant: 'northwind' }],
  devices: [{ id: 'edge-1', tenant: 'northwind', site: 'oslo', address: '192.0.2.1' }],
})

const configOf = (of = inventory) => streamConfigOf(of, detectConfigSchema.parse({}), alarmConfigSchema.parse({}))

function work(states: ReadonlyMap<string, string> = new Map(), config = configOf()): PollsWork {
  const counts = newPollCounts()
  const one = new PollsWork({ topic: topics.polls, partition: 0, logId: 'log', producerId: 'test', config }, counts)
  one.restore(states)
  return one
}

let offset = 0

function record(atSeconds: number, body: 'poll' | 'heartbeat'): BusRecord {
  const atMs = baseMs + atSeconds * 1_000
  const message = create(PollRecordSchema, {
    tenantId: body === 'poll' ? 'northwind' : '',
    producerId: 'poller',
    body:
      body === 'heartbeat'
        ? { case: 'heartbeat', value: { intervalMs: 5_000 } }
        : {
            case: 'poll',
            value: {
              deviceId: 'edge-1',
              siteId: 'oslo',
              startedMs: BigInt(atMs),
              completedMs: BigInt(atMs),
              intervalMs: 10_000,
              health: { reachable: true },
              sysUpTimeCs: atSeconds * 100 + 1_000,
            },
          },
  })
  return {
    topic: topics.polls,
    partition: 0,
    offset: offset++,
    key: 'northwind/edge-1',
    value: toBinary(PollRecordSchema, message),
    timestampMs: atMs,
  }
}

/** Conditions sent, as `type state`, at the second of the record that brought them. */
function run(one: PollsWork, records: readonly BusRecord[]): string[] {
  const found: string[] = []
  for (const each of records) {
    one.process(each)
    for (const output of one.takeOutputs()) {
      if (output.topic !== topics.signals) continue
      const { body } = fromBinary(SignalRecordSchema, output.record.value!)
      const seconds = (each.timestampMs - baseMs) / 1_000
      if (body.case === 'deviceLeft') found.push(`${seconds}: ${body.value.deviceId} left`)
      if (body.case === 'condition') {
        found.push(`${seconds}: ${body.value.alarmType} ${body.value.state}`)
      }
    }
  }
  return found
}

const heartbeats = (from: number, to: number) =>
  Array.from({ length: (to - from) / 5 + 1 }, (_, i) => record(from + 5 * i, 'heartbeat'))

describe('polls of a partition', () => {
  it('finds a device stale when heartbeats go on without its polls', () => {
    expect(run(work(), [record(0, 'poll'), ...heartbeats(0, 60)])).toEqual(['35: telemetry-stale active'])
  })

  it('F66: takes a silence of the whole log for its own, and gives each device its time again', () => {
    const one = work()
    run(one, [record(0, 'poll'), ...heartbeats(0, 10)])
    const states = one.closeEpoch().states
    const later = work(states)
    expect(run(later, [...heartbeats(1_800, 1_825), record(1_826, 'poll'), ...heartbeats(1_830, 1_850)])).toEqual([])
    expect(run(work(states), heartbeats(1_800, 1_840))).toEqual(['1830: telemetry-stale active'])
  })

  it('says of a device that left the inventory that it did, once, whoever computes it, and judges it anew when it is back', () => {
    const without = configOf({ ...inventory, devices: [] })
    const one = work()
    expect(run(one, [record(0, 'poll'), ...heartbeats(5, 40)])).toEqual(['35: telemetry-stale active'])
    const { states } = one.closeEpoch()
    one.configure(without)
    const later = heartbeats(45, 100)
    expect(run(one, later)).toEqual(['45: edge-1 left'])
    expect(run(work(states, without), later)).toEqual(['45: edge-1 left'])
    one.closeEpoch()
    one.configure(configOf())
    expect(run(one, [record(105, 'poll'), ...heartbeats(105, 160)])).toEqual(['140: telemetry-stale active'])
  })

  it('goes on after a restart as if there had been none', () => {
    const all = [record(0, 'poll'), ...heartbeats(5, 20), record(20, 'poll'), ...heartbeats(25, 80)]
    const whole = run(work(), all)
    const before = work()
    const first = run(before, all.slice(0, 6))
    const after = work(before.closeEpoch().states)
    expect([...first, ...run(after, all.slice(6))]).toEqual(whole)
  })
})
