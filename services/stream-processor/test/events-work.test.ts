import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import { EventRecordSchema, inventorySchema, SignalRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { EventCounts, EventsWork } from '../src/events/events-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const t0 = Date.UTC(2026, 9, 21, 9, 30)
const config = streamConfigOf(inventorySchema.parse({}), detectConfigSchema.parse({}), alarmConfigSchema.parse({}))

function work(): EventsWork {
  const one = new EventsWork(
    { topic: topics.events, partition: 0, logId: 'log', producerId: 'p', config },
    new EventCounts(),
  )
  one.restore(new Map())
  return one
}

function record(offset: number, atMs: number, kind?: string, about: object = {}): BusRecord {
  const message = create(EventRecordSchema, {
    tenantId: 't1',
    producerId: 'poller-1',
    body: kind
      ? {
          case: 'event',
          value: { deviceId: 'ups1', siteId: 's1', kind, receivedMs: BigInt(t0 + atMs), repeats: true, ...about },
        }
      : { case: 'heartbeat', value: { intervalMs: 5_000 } },
  })
  const value = Buffer.from(toBinary(EventRecordSchema, message))
  return { topic: topics.events, partition: 0, offset, key: 't1/ups1', value, timestampMs: t0 + atMs }
}

const signals = (one: EventsWork) =>
  one.takeOutputs().map(({ topic, record: { key, value } }) => {
    const message = fromBinary(SignalRecordSchema, value!)
    return { topic, key, source: message.source, condition: message.body.value as { state: string; alarmType: string } }
  })

describe('events of a partition', () => {
  it('on battery: a signal for the tenant with its place in the log; off by a message', () => {
    const one = work()
    one.process(record(3, 0, 'power-on-battery'))
    one.process(record(4, 60_000, 'power-on-battery'))
    one.process(record(5, 70_000, 'power-restored'))
    expect(signals(one)).toMatchObject([
      {
        topic: topics.signals,
        key: 't1',
        source: { topic: topics.events, partition: 0, offset: 3n, ordinal: 0, logId: 'log' },
        condition: { state: 'active', alarmType: 'power-on-battery' },
      },
      { source: { offset: 5n }, condition: { state: 'cleared' } },
    ])
    expect(one.closeEpoch().states.get('device/t1/ups1')).toBe('')
  })

  it('a successor that takes over between epochs says the same', () => {
    const first = work()
    first.process(record(0, 0, 'power-on-battery'))
    const { states } = first.closeEpoch()
    first.takeOutputs()
    const second = work()
    second.restore(states)
    for (const [i, one] of [first, second].entries()) {
      for (let n = 1; n <= 70; n++) one.process(record(n, n * 5_000))
      const said = signals(one)
      expect(said, `owner ${i}`).toMatchObject([{ condition: { state: 'cleared' }, source: { offset: 61n } }])
    }
  })

  it('a link or a peer that went down is unconfirmed until a poll agrees; its return takes that back', () => {
    const one = work()
    one.process(record(0, 0, 'link-down', { ifName: 'eth1' }))
    one.process(record(1, 500, 'link-up', { ifName: 'eth1' }))
    one.process(record(2, 900, 'peer-down', { peerAddress: '192.0.2.9' }))
    expect(signals(one).map(({ source, condition }) => ({ offset: source?.offset, ...condition }))).toMatchObject([
      { offset: 0n, state: 'unconfirmed', alarmType: 'link-down', resource: 'interface/ups1/eth1', deviceId: 'ups1' },
      { offset: 1n, state: 'retracted', alarmType: 'link-down', resource: 'interface/ups1/eth1' },
      { offset: 2n, state: 'unconfirmed', alarmType: 'peer-down', resource: 'device/ups1', qualifier: 'bgp/192.0.2.9' },
    ])
    expect(one.closeEpoch()).toEqual({ blocks: [], states: new Map() })
  })

  it('says nothing of a link that its administrator took down, that has no name, or that nobody watches', () => {
    const one = work()
    const adminDown = [{ oid: '1.3.6.1.2.1.2.2.1.7.2', value: '2' }]
    one.process(record(0, 0, 'link-down', { ifName: 'eth1', varbinds: adminDown }))
    one.process(record(1, 0, 'link-down'))
    one.process(record(2, 0, 'peer-down'))
    const off = detectConfigSchema.parse({ linkDown: { enabled: false } })
    one.configure({ ...config, detection: off })
    one.process(record(3, 0, 'link-down', { ifName: 'eth1' }))
    expect(one.takeOutputs()).toEqual([])
  })

  it('refuses what it cannot read', () => {
    const one = work()
    const poison = { ...record(1, 0), value: Buffer.from([0xff, 0xff]) }
    expect(() => one.process(poison)).toThrow(expect.objectContaining({ code: 'event-record-malformed' }))
  })
})
