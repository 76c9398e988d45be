import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { advisorySchema, detectConfigSchema, wantedVersionSchema } from '../../../libs/detect/src/index.ts'
import { seededRandom } from '../../../libs/kernel/src/index.ts'
import { inventorySchema, PollRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../src/polls/polls-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const config = streamConfigOf(
  inventorySchema.parse({}),
  detectConfigSchema.parse({}),
  alarmConfigSchema.parse({}),
  undefined,
  {
    wanted: [wantedVersionSchema.parse({ os: 'junos', version: '22.4R1' })],
    advisories: [advisorySchema.parse({ id: 'A', os: 'junos', affected: ['<21.4R3'], severity: 'high' })],
  },
)

function work(states: ReadonlyMap<string, string>): PollsWork {
  const counts = newPollCounts()
  const one = new PollsWork({ topic: topics.polls, partition: 0, logId: 'log', producerId: 'test', config }, counts)
  one.restore(states)
  return one
}

/** A device of which something is another at nearly every poll, hours apart, so that days close too. */
function records(seed: number, count: number): BusRecord[] {
  const random = seededRandom(seed)
  const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!
  return Array.from({ length: count }, (_, offset) => {
    const startedMs = Date.UTC(2026, 0, 1) + offset * 3_000_000
    const ports = [1, 2, 3].filter(port => random() < (port === 3 ? 0.4 : 0.95))
    const message = create(PollRecordSchema, {
      tenantId: 'acme',
      producerId: 'poller',
      body: {
        case: 'poll',
        value: {
          ...{ deviceId: 'r1', siteId: 'hq', startedMs: BigInt(startedMs), completedMs: BigInt(startedMs) },
          ...{ intervalMs: 60_000, health: { reachable: random() < 0.9 } },
          sysUpTimeCs: random() < 0.1 ? 100 : offset * 300_000 + 1_000,
          system: {
            vendor: 'Juniper',
            os: 'junos',
            version: pick('21.2R1', '21.4R3', '22.4R1', ''),
            serial: pick('A', 'B'),
          },
          interfaces: ports.map(port => ({
            ...{ ifIndex: port + pick(0, 0, 10), ifName: `ge-${port}`, ifDescr: `ge-${port}`, ifType: 6 },
            ...{ ifAlias: pick('', 'Transit: x [10M] {C}'), adminStatus: pick(1, 1, 2), operStatus: pick(1, 1, 2) },
            ...{ speedBitsPerSecond: pick(10n ** 9n, 10n ** 8n), duplex: pick(2, 3), octetCounterBits: 64 },
            inOctets: BigInt(offset) * 10_000_000n,
          })),
          hardware: {
            sensors: [
              {
                id: '1.1',
                class: 'dbm',
                name: 'ge-1 Rx power',
                value: -6 - random() - offset / 50,
                lowWarning: -14,
                ifIndex: 1,
              },
              { id: '1.2', class: 'current', name: 'ge-1 Tx bias', value: 0.03 + offset / 10_000, ifIndex: 1 },
              { id: '1.3', class: 'count', name: 'FEC uncorrectable codewords', value: Math.floor(random() * 3) },
            ],
            peers: [
              { protocol: 'bgp', address: '192.0.2.1', remoteAs: 64500, state: pick('established', 'idle') },
            ].filter(() => random() < 0.8),
            entities: [1, 2, 3]
              .filter(() => random() < 0.8)
              .map(slot => ({
                id: String(slot),
                class: 'module',
                name: `FPC ${slot}`,
                serial: pick(`S${slot}`, 'S9'),
              })),
            tunnels: [{ id: '1.9', protocol: 'ipsec', name: 'hq', state: pick('up', 'down') }],
            stations: [1, 2, 3].map(last => ({
              mac: Uint8Array.from([0, 1, 2, 3, 4, last]),
              ifIndex: pick(1, 2),
              vlan: 10,
            })),
            spanningTree: { root: Uint8Array.from([128, 0, 1, 2, 3, 4, 5, pick(6, 7)]), topologyChanges: offset >> 2 },
          },
        },
      },
    })
    const value = toBinary(PollRecordSchema, message)
    return { topic: topics.polls, partition: 0, offset, key: 'acme/r1', value, timestampMs: startedMs }
  })
}

/** What epochs of `length` records yield; after each of `restarts` the state is read back. */
function yieldOf(all: readonly BusRecord[], length: number, restarts: (epoch: number) => boolean): string[] {
  const states = new Map<string, string>()
  let one = work(states)
  const found: string[] = []
  for (let from = 0; from < all.length; from += length) {
    for (const record of all.slice(from, from + length)) one.process(record)
    const outputs = one
      .takeOutputs()
      .map(({ topic, record }) => [topic, record.key, Buffer.from(record.value!).toString('hex')])
    const { blocks, states: changed } = one.closeEpoch()
    for (const [key, state] of changed) states.set(key, state)
    found.push(
      JSON.stringify([outputs, blocks], (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    )
    if (restarts(from / length)) one = work(states)
  }
  return found
}

it('a processor that is restarted anywhere yields the same rows and records, whatever changes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.boolean()),
      (seed, length, cuts) => {
        const all = records(seed, 60)
        expect(yieldOf(all, length, epoch => cuts[epoch % (cuts.length || 1)] ?? true)).toEqual(
          yieldOf(all, length, () => false),
        )
      },
    ),
    { numRuns: 30 },
  )
  const kinds = yieldOf(records(7, 400), 50, () => true).join()
  for (const kind of [
    'version',
    'module-replaced',
    'if-alias',
    'speed',
    'duplex',
    'interface-removed',
    'stp-root',
    'stp-topology',
  ]) {
    expect(kinds).toContain(`"${kind}"`)
  }
})
