import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import {
  type Evidence,
  inventorySchema,
  LiveRecordSchema,
  PollRecordSchema,
  SignalRecordSchema,
  topics,
} from '../../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../src/polls/polls-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const baseMs = Date.UTC(2026, 0, 1)
const inventory = {
  tenants: [{ id: 'acme' }],
  sites: [{ id: 'hq', tenant: 'acme' }],
  devices: [{ id: 'r1', tenant: 'acme', site: 'hq', address: '192.0.2.1' }],
}
const circuit = {
  ...{ id: 'c1', tenant: 'acme', provider: 'Meridian', circuitId: 'CID-1', contact: '+1 555 0100' },
  committed: { inBitsPerSecond: 100e6, outBitsPerSecond: 20e6 },
  a: { device: 'r1', ifName: 'ge-0' },
}

function work(circuits: object[]): PollsWork {
  const config = streamConfigOf(
    inventorySchema.parse({ ...inventory, circuits }),
    detectConfigSchema.parse({}),
    alarmConfigSchema.parse({}),
  )
  const counts = newPollCounts()
  return new PollsWork({ topic: topics.polls, partition: 0, logId: 'log', producerId: 'test', config }, counts)
}

/** A port of 1 Gbit/s that sends 18 Mbit/s, in frames of 1000 octets. */
function poll(minute: number, wish: { ifAlias?: string; operStatus?: number } = {}): BusRecord {
  const startedMs = baseMs + minute * 60_000
  const octets = BigInt(minute * 60 * 2_250_000)
  const port = {
    ...{ ifIndex: 1, ifName: 'ge-0', ifDescr: 'ge-0', ifType: 6, adminStatus: 1, operStatus: 1, ifAlias: '' },
    ...{ speedBitsPerSecond: 1_000_000_000n, octetCounterBits: 64, packetCounterBits: 64 },
    ...{ inOctets: 0n, outOctets: octets, inUcastPkts: 0n, outUcastPkts: octets / 1_000n },
    ...wish,
  }
  const message = create(PollRecordSchema, {
    tenantId: 'acme',
    producerId: 'poller',
    body: {
      case: 'poll',
      value: {
        ...{ deviceId: 'r1', siteId: 'hq', startedMs: BigInt(startedMs), completedMs: BigInt(startedMs) },
        ...{ intervalMs: 60_000, health: { reachable: true }, sysUpTimeCs: minute * 6_000 + 1_000 },
        interfaces: [port],
      },
    },
  })
  const value = toBinary(PollRecordSchema, message)
  return { topic: topics.polls, partition: 0, offset: minute, key: 'acme/r1', value, timestampMs: startedMs }
}

function run(one: PollsWork, records: readonly BusRecord[]) {
  const conditions: { alarmType: string; evidence: Evidence }[] = []
  let utilisationOut: number | undefined
  for (const record of records) {
    one.process(record)
    for (const { topic, record: sent } of one.takeOutputs()) {
      if (topic === topics.signals) {
        const { body } = fromBinary(SignalRecordSchema, sent.value!)
        if (body.case !== 'condition') continue
        const { alarmType, evidenceJson } = body.value
        conditions.push({ alarmType, evidence: JSON.parse(evidenceJson) as Evidence })
      } else {
        const { body } = fromBinary(LiveRecordSchema, sent.value!)
        if (body.case === 'device') utilisationOut = body.value.interfaces[0]?.utilisationOut ?? utilisationOut
      }
    }
  }
  return { conditions, utilisationOut }
}

const minutes = (count: number, wish = {}) => Array.from({ length: count }, (_, minute) => poll(minute, wish))

describe('circuits', () => {
  it('are what utilisation and saturation count against, by direction; the alarm says whom to call', () => {
    const { conditions, utilisationOut } = run(work([circuit]), minutes(8))
    expect(utilisationOut).toBeCloseTo(0.9)
    expect(conditions[0]).toMatchObject({
      alarmType: 'link-saturation',
      evidence: {
        action: expect.stringMatching(/ Circuit CID-1 of Meridian: \+1 555 0100\.$/),
        measured: { provider: 'Meridian', circuitId: 'CID-1', contact: '+1 555 0100' },
        expected: { committedOutBitsPerSecond: 20e6 },
      },
    })
    expect(run(work([]), minutes(8))).toMatchObject({ conditions: [], utilisationOut: expect.closeTo(0.018, 2) })
  })

  it('come from the description where the inventory has none', () => {
    const described = { ifAlias: 'Transit: Oblique [20M] (NW-7742) {CID-2}' }
    const { conditions, utilisationOut } = run(work([]), minutes(8, described))
    expect(utilisationOut).toBeCloseTo(0.9)
    expect(conditions[0]?.evidence.measured).toMatchObject({ provider: 'Oblique', circuitId: 'CID-2', contact: null })
    const known = run(work([circuit]), minutes(8, { ifAlias: 'Transit: Oblique [1M] {CID-2}' }))
    expect(known.utilisationOut).toBeCloseTo(0.9)
    expect(known.conditions[0]?.evidence.measured).toMatchObject({ provider: 'Meridian' })
  })

  it('of a core link name the far end, which is no provider', () => {
    const described = { ifAlias: 'Core: core-2 {DWDM-11}' }
    const down = run(work([]), [...minutes(3, described), poll(3, { ...described, operStatus: 2 })])
    expect(down.conditions[0]?.evidence).toMatchObject({
      action: expect.stringMatching(/ Circuit DWDM-11 to core-2\.$/),
      measured: { provider: null, circuitId: 'DWDM-11' },
    })
  })

  it('stand in the evidence of a link that is down', () => {
    const down = run(work([circuit]), [...minutes(3), poll(3, { operStatus: 2 }), poll(4, { operStatus: 2 })])
    expect(down.conditions[0]).toMatchObject({
      alarmType: 'link-down',
      evidence: { measured: { circuitId: 'CID-1', contact: '+1 555 0100' } },
    })
  })
})
