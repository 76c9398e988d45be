import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import type { Bus, BusRecord } from '../../../libs/bus/src/index.ts'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, type Metrics, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { type FlowsRawRecord, FlowsRawRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { createFlowCollector, type FlowCollector, flowCollectorConfigSchema } from '../src/index.ts'

export interface CollectorUnderTest {
  collector: FlowCollector
  bus: Bus
  metrics: Metrics
  sendersOpen: Socket[]
  dispose(): Promise<void>
}

export const spec = {
  name: topics.flowsRaw,
  partitions: 4,
  retentionMs: 86_400_000,
  retentionBytes: 1e10,
  compacted: false,
}

/** A collector on free loopback ports over a local log of its own. */
export async function startCollector(
  config: Record<string, unknown> = {},
  wrap: (bus: Bus) => Bus = bus => bus,
): Promise<CollectorUnderTest> {
  const path = mkdtempSync(join(tmpdir(), 'weir-collector-'))
  const bus = createLocalBus({ path: join(path, 'log'), log: silentLogger })
  await bus.start()
  await bus.createTopics([spec, { ...spec, name: topics.config, partitions: 1, compacted: true }])
  const metrics = createMetrics()
  const collector = createFlowCollector({
    config: flowCollectorConfigSchema.parse({ listeners: [{ port: 0 }], batchAgeMs: 20, ...config }),
    inventory: { devices: [] },
    bus: wrap(bus),
    clock: systemClock,
    log: silentLogger,
    metrics,
  })
  const closeBus = async () => {
    await bus.stop()
    rmSync(path, { recursive: true, force: true })
  }
  try {
    await collector.start()
  } catch (cause) {
    await closeBus()
    throw cause
  }
  const sendersOpen: Socket[] = []
  let stopped = false
  const subject: CollectorUnderTest = {
    collector,
    bus,
    metrics,
    sendersOpen,
    async dispose() {
      for (const socket of sendersOpen) socket.close()
      if (!stopped) await collector.stop()
      stopped = true
      await closeBus()
    },
  }
  const stop = collector.stop.bind(collector)
  collector.stop = async () => {
    stopped = true
    await stop()
  }
  return subject
}

/** A socket that sends from the address given. */
export async function sender(subject: CollectorUnderTest, address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  subject.sendersOpen.push(socket)
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

export function send(socket: Socket, datagram: Uint8Array, port: number, to = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => socket.send(datagram, port, to, cause => (cause ? reject(cause) : resolve())))
}

export interface Received {
  key: string
  record: FlowsRawRecord
  partition: number
  timestampMs: number
}

export async function recordsOf(bus: Bus): Promise<Received[]> {
  const read: BusRecord[] = []
  const tail = await bus.tail({ topic: topics.flowsRaw, from: 'start', records: records => void read.push(...records) })
  await tail.caughtUp
  await tail.close()
  return read.map(({ key, value, partition, timestampMs }) => ({
    key,
    partition,
    timestampMs,
    record: fromBinary(FlowsRawRecordSchema, value!),
  }))
}

export interface ReceivedDatagram {
  key: string
  exporterAddress: string
  sourcePort: number
  listeningPort: number
  receivedUs: bigint
  payload: Buffer
}

/** The datagrams in all batches, in the order of the log. */
export function datagramsOf(records: readonly Received[]): ReceivedDatagram[] {
  return records.flatMap(({ key, record }) => {
    if (record.body.case !== 'batch') return []
    const batch = record.body.value
    let start = 0
    return batch.length.map((length, i) => {
      const payload = Buffer.from(batch.payload.subarray(start, start + length))
      start += length
      return {
        key,
        exporterAddress: Buffer.from(batch.exporterAddress).toString('hex'),
        sourcePort: batch.sourcePort[i]!,
        listeningPort: batch.listeningPort,
        receivedUs: batch.firstReceivedUs + BigInt(batch.receivedOffsetUs[i]!),
        payload,
      }
    })
  })
}
