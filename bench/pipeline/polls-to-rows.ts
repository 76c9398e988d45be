import { create, toBinary } from '@bufbuild/protobuf'
import { alarmConfigSchema } from '../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../libs/detect/src/index.ts'
import { seededRandom } from '../../libs/kernel/src/index.ts'
import { inventorySchema, PollRecordSchema, topics } from '../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../../services/stream-processor/src/polls/polls-work.ts'
import { streamConfigOf } from '../../services/stream-processor/src/stream-config.ts'

// What a poll of a 48-port device costs the processor, from its record on the bus to rows, conditions, live record and the
// state that the epoch writes down; without the store.
// Run: npx tsc -b && node dist/bench/pipeline/polls-to-rows.js [devices, 500] [polls of each, 20]

const devices = Number(process.argv[2] ?? 500)
const rounds = Number(process.argv[3] ?? 20)
const ports = 48
const intervalMs = 30_000
const pollsAnEpoch = 100
const startMs = Date.UTC(2026, 0, 1)
const random = seededRandom(1)

const inventory = inventorySchema.parse({
  tenants: [{ id: 'northwind' }],
  sites: [{ id: 'oslo', tenant: 'northwind' }],
  devices: Array.from({ length: devices }, (_, i) => ({
    id: `access-${i}`,
    tenant: 'northwind',
    site: 'oslo',
    address: '192.0.2.1',
  })),
})
const config = streamConfigOf(inventory, detectConfigSchema.parse({}), alarmConfigSchema.parse({}))
const work = new PollsWork(
  { topic: topics.polls, partition: 0, logId: 'log', producerId: 'bench', config },
  newPollCounts(),
)

/** Of each port in and out, so that every poll moves every counter by a random amount of traffic. */
const octets = new BigUint64Array(devices * ports * 2)

function record(device: number, round: number, offset: number): BusRecord {
  const atMs = startMs + round * intervalMs + Math.floor((device * intervalMs) / devices)
  const counter = (port: number, side: number) => {
    const at = (device * ports + port) * 2 + side
    octets[at]! += BigInt(Math.floor(random() * 1e9))
    return octets[at]!
  }
  const message = create(PollRecordSchema, {
    tenantId: 'northwind',
    producerId: 'poller',
    body: {
      case: 'poll',
      value: {
        deviceId: `access-${device}`,
        siteId: 'oslo',
        startedMs: BigInt(atMs),
        completedMs: BigInt(atMs + 40),
        intervalMs,
        health: { reachable: true, durationMs: 40, pdus: 12 },
        sysUpTimeCs: 1_000_000 + round * (intervalMs / 10),
        system: { sysName: `access-${device}`, vendor: 'cisco', os: 'iosxe', version: '17.9.4', serial: `S${device}` },
        interfaces: Array.from({ length: ports }, (_, port) => {
          const [inOctets, outOctets] = [counter(port, 0), counter(port, 1)]
          const [inPackets, outPackets] = [inOctets / 800n, outOctets / 800n]
          return {
            ifIndex: port + 1,
            ifName: `Gi1/0/${port + 1}`,
            ifDescr: `GigabitEthernet1/0/${port + 1}`,
            ifAlias: `desk ${port + 1}`,
            ifType: 6,
            ifPhysAddress: Uint8Array.of(2, 0, 0, device >> 8, device & 255, port),
            speedBitsPerSecond: 1_000_000_000n,
            adminStatus: 1,
            operStatus: 1,
            octetCounterBits: 64,
            packetCounterBits: 64,
            inOctets,
            outOctets,
            inUcastPkts: inPackets,
            outUcastPkts: outPackets,
            inMulticastPkts: inPackets / 100n,
            outMulticastPkts: outPackets / 100n,
            inBroadcastPkts: inPackets / 100n,
            outBroadcastPkts: outPackets / 100n,
            inErrors: 0n,
            outErrors: 0n,
            inDiscards: 0n,
            outDiscards: 0n,
            fcsErrors: 0n,
            fcsCounterBits: 32,
          }
        }),
      },
    },
  })
  return {
    topic: topics.polls,
    partition: 0,
    offset,
    key: `northwind/access-${device}`,
    value: toBinary(PollRecordSchema, message),
    timestampMs: atMs + 40,
  }
}

interface Spent {
  polls: number
  processMs: number
  closeMs: number
  wireBytes: number
  stateBytes: number
  liveBytes: number
  rows: number
}
const spent: Spent = { polls: 0, processMs: 0, closeMs: 0, wireBytes: 0, stateBytes: 0, liveBytes: 0, rows: 0 }
const cpuMs = () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000

let offset = 0
for (let round = 0; round < rounds; round++) {
  for (let first = 0; first < devices; first += pollsAnEpoch) {
    const records = Array.from({ length: Math.min(pollsAnEpoch, devices - first) }, (_, i) =>
      record(first + i, round, offset++),
    )
    const measured = round >= rounds / 2
    const begunMs = cpuMs()
    for (const one of records) work.process(one)
    const outputs = work.takeOutputs()
    const processedMs = cpuMs()
    const result = work.closeEpoch()
    const closedMs = cpuMs()
    if (!measured) continue
    spent.polls += records.length
    spent.processMs += processedMs - begunMs
    spent.closeMs += closedMs - processedMs
    for (const one of records) spent.wireBytes += one.value!.length
    for (const state of result.states.values()) spent.stateBytes += state.length
    for (const output of outputs) spent.liveBytes += output.record.value?.length ?? 0
    for (const { block } of result.blocks) spent.rows += block.length
  }
}
const each = (total: number) => (total / spent.polls).toFixed(2)
console.log(`${devices} devices of ${ports} ports, ${rounds} polls each, the second half measured`)
console.log(`records to rates, conditions and live records: ${each(spent.processMs)} CPU-s per 1,000 polls`)
console.log(`closing epochs (state and rows):               ${each(spent.closeMs)} CPU-s per 1,000 polls`)
console.log(
  `a poll: ${each(spent.wireBytes)} bytes on the bus, ${each(spent.stateBytes)} of state, ${each(spent.liveBytes)} of derived records, ${each(spent.rows)} rows`,
)
