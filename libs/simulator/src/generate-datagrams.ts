import { type Random, seededRandom } from '../../kernel/src/index.ts'
import type { FlowRecord } from './flow-encoders/flow-record.ts'
import { frameHeader } from './flow-encoders/frame-header.ts'
import { encodeIpfix, ipfixRecordsThatFit } from './flow-encoders/ipfix.ts'
import { encodeNetflowV5, netflowV5RecordsMax } from './flow-encoders/netflow-v5.ts'
import { encodeNetflowV9, netflowV9RecordsThatFit } from './flow-encoders/netflow-v9.ts'
import { encodeSflow, type SflowFlowSample } from './flow-encoders/sflow-v5.ts'
import type { ExporterSpec } from './model/topology.ts'

export interface GenerateOptions {
  protocol: ExporterSpec['protocol']
  records: number
  seed?: number
  /** Export time of the first datagram, milliseconds since the Unix epoch. */
  startMs?: number
  /** Export times advance so that this many records leave in a second. */
  recordsPerSecond?: number
  /** 1, or absent, is unsampled; sFlow then samples one in 1000. */
  samplingRate?: number
  observationDomain?: number
  /** Interfaces that flows enter and leave by, numbered from 1. */
  interfaces?: number
  /** Clients and servers in play: the larger, the more distinct flows. */
  hosts?: number
}

export interface GeneratedDatagrams {
  datagrams: Buffer[]
  /** Export time of each datagram. */
  exportMs: Float64Array
  /** Sums over all records, as exported: what a pipeline must arrive at. */
  records: number
  octets: bigint
  packets: bigint
}

/** Before the first export, so that flow times lie after the boot. */
const uptimeMs = 3_600_000
const templatesEvery = 500
const sflowSamplesPerDatagram = 7

/** Large loads for benchmarks and golden files: seeded, heavy-tailed, in the formats that exporters speak. */
export function generateDatagrams(options: GenerateOptions): GeneratedDatagrams {
  const startMs = options.startMs ?? Date.UTC(2026, 0, 1)
  const perMs = (options.recordsPerSecond ?? 10_000) / 1_000
  const random = seededRandom(options.seed ?? 1)
  const datagrams: Buffer[] = []
  const times: number[] = []
  const encode = encoderFor(options, startMs - uptimeMs)
  let done = 0
  let octets = 0n
  let packets = 0n
  while (done < options.records) {
    const exportMs = Math.floor(startMs + done / perMs)
    const batch = nextBatch(options, random, exportMs, options.records - done)
    for (const record of batch) {
      octets += record.octets
      packets += record.packets
    }
    datagrams.push(encode(batch, exportMs, datagrams.length))
    times.push(exportMs)
    done += batch.length
  }
  return { datagrams, exportMs: Float64Array.from(times), records: done, octets, packets }
}

/** As many random records as one datagram holds. */
function nextBatch(options: GenerateOptions, random: Random, exportMs: number, countMax: number): FlowRecord[] {
  const isSflow = options.protocol === 'sflow'
  const count = Math.min(countMax, isSflow ? sflowSamplesPerDatagram : netflowV5RecordsMax)
  const records = Array.from({ length: count }, () => randomRecord(options, random, exportMs))
  switch (options.protocol) {
    case 'netflow-v9':
      return records.slice(0, netflowV9RecordsThatFit(records, 0))
    case 'ipfix':
      return records.slice(0, ipfixRecordsThatFit(records, 0))
    default:
      return records
  }
}

function randomRecord(options: GenerateOptions, random: Random, exportMs: number): FlowRecord {
  const hosts = options.hosts ?? 20_000
  const interfaces = options.interfaces ?? 16
  // Squares favour low numbers: few hosts make most flows.
  const client = Math.floor(random() ** 2 * hosts)
  const server = Math.floor(random() ** 3 * hosts)
  const isDown = random() < 0.5
  const isSflow = options.protocol === 'sflow'
  const packets = isSflow ? 1 : Math.max(1, Math.floor(1 / (1 - random() * 0.999)))
  const averageOctets = 60 + Math.floor(random() * 1_400)
  const lastedMs = packets === 1 ? 0 : Math.floor(random() * 60_000)
  const clientAddress = Uint8Array.from([10, (client >> 16) & 0xff, (client >> 8) & 0xff, client & 0xff])
  const serverAddress = Uint8Array.from([203, 0, (server >> 8) & 0xff, server & 0xff])
  const clientPort = 49_152 + Math.floor(random() * 16_384)
  const serverPort = [443, 443, 443, 80, 53, 22, 3_389, 8_080][Math.floor(random() * 8)]!
  return {
    sourceAddress: isDown ? serverAddress : clientAddress,
    destinationAddress: isDown ? clientAddress : serverAddress,
    nextHop: Uint8Array.from([192, 0, 2, 1]),
    sourcePort: isDown ? serverPort : clientPort,
    destinationPort: isDown ? clientPort : serverPort,
    protocol: serverPort === 53 ? 17 : 6,
    tcpFlags: serverPort === 53 ? 0 : 0x1b,
    tos: 0,
    inputInterface: 1 + ((isDown ? server : client) % interfaces),
    outputInterface: 1 + ((isDown ? client : server) % interfaces),
    sourceAs: isDown ? 64_496 + (server % 16) : 0,
    destinationAs: isDown ? 0 : 64_496 + (server % 16),
    sourceMask: 24,
    destinationMask: 24,
    packets: BigInt(packets),
    octets: BigInt(isSflow ? averageOctets + 18 : packets * averageOctets),
    startMs: exportMs - lastedMs - 1_000,
    endMs: exportMs - 1_000,
  }
}

type Encode = (batch: readonly FlowRecord[], exportMs: number, datagram: number) => Buffer

function encoderFor(options: GenerateOptions, bootMs: number): Encode {
  const samplingRate = options.samplingRate ?? 1
  const domain = options.observationDomain ?? 0
  const sampled = samplingRate > 1 ? { samplingRate } : {}
  let sequence = 0
  switch (options.protocol) {
    case 'netflow-v5':
      return (records, exportMs) => {
        const flowSequence = sequence
        sequence += records.length
        return encodeNetflowV5(
          { exportMs, bootMs, flowSequence, engineType: 0, engineId: domain, samplingRate },
          records,
        )
      }
    case 'netflow-v9':
      return (records, exportMs, datagram) =>
        encodeNetflowV9(
          { exportMs, bootMs, sequence: datagram, sourceId: domain },
          { records, templates: datagram % templatesEvery === 0, ...sampled },
        )
    case 'ipfix':
      return (records, exportMs, datagram) => {
        const before = sequence
        const templates = datagram % templatesEvery === 0
        sequence += records.length + (templates && samplingRate > 1 ? 1 : 0)
        return encodeIpfix(
          { exportMs, sequence: before, observationDomain: domain },
          { records, templates, ...sampled },
        )
      }
    case 'sflow': {
      const rate = samplingRate > 1 ? samplingRate : 1_000
      const sequences = new Map<number, number>()
      return (records, exportMs, datagram) =>
        encodeSflow(
          {
            agentAddress: Uint8Array.from([192, 0, 2, 1]),
            subAgent: domain,
            sequence: datagram + 1,
            uptimeMs: exportMs - bootMs,
          },
          records.map(record => sflowSample(record, rate, sequences)),
        )
    }
  }
}

const exampleMac = Uint8Array.from([0x02, 0, 0, 0, 0, 1])

function sflowSample(record: FlowRecord, samplingRate: number, sequences: Map<number, number>): SflowFlowSample {
  const sequence = (sequences.get(record.inputInterface) ?? 0) + 1
  sequences.set(record.inputInterface, sequence)
  const frameOctets = Number(record.octets)
  return {
    kind: 'flow',
    sequence,
    source: record.inputInterface,
    samplingRate,
    pool: (sequence * samplingRate) >>> 0,
    input: record.inputInterface,
    output: record.outputInterface,
    frameOctets,
    header: frameHeader({ ...record, sourceMac: exampleMac, destinationMac: exampleMac, ipOctets: frameOctets - 18 }),
  }
}
