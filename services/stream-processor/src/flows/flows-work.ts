import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { BusRecord } from '../../../../libs/bus/src/index.ts'
import type { CounterByCode } from '../../../../libs/kernel/src/index.ts'
import {
  type DatagramBatch,
  exporterId,
  type FlowsRawRecord,
  FlowsRawRecordSchema,
  keys,
  LiveRecordSchema,
  topics,
} from '../../../../libs/model/src/index.ts'
import { windowMs } from '../../../../libs/stream/src/index.ts'
import {
  addressText,
  createExporterDecoder,
  type ExporterDecoder,
  FlowColumns,
} from '../../../../libs/wire/src/index.ts'
import { type EpochResult, type EpochWork, type Output, PoisonRecordError, type WorkContext } from '../epoch-work.ts'
import { FlowRollup } from './flow-rollup.ts'
import { FlowRows } from './flow-rows.ts'

/** Exporters of one partition that are remembered; past it the one heard longest ago is forgotten (F10). */
const exportersMax = 10_000
/** Live panes are sent at most this often for an exporter (by the log's stamps). */
const paneIntervalMs = 2_000
/** A window is final for the live view once the partition's heartbeats are this far past its end. */
const finalAfterMs = 90_000

interface Exporter {
  id: string
  tenantId: string
  collectorId: string
  address: string
  decoder: ExporterDecoder
  /** Version of the decoder's state in the last state row. */
  savedVersion: number
  windows: Map<number, LiveWindow>
  windowsChanged: boolean
  lastPaneMs: number
  lastSeenMs: number
  /** Numbers of this exporter in the epoch's rollup and raw rows; -1 while it sent nothing in this epoch. */
  rollupIndex: number
  rowsIndex: number
}

/** Sums for screens: doubles, exact to 2^53. The stored rollup is exact beyond. */
interface LiveWindow {
  octets: number
  packets: number
  records: number
}

/** What the process counts over all partitions, for metrics. */
export interface FlowCounts {
  datagrams: number
  records: number
  optionsRecords: number
  errors: CounterByCode
  kernelDrops: number
  rateLimitDrops: number
  forgottenExporters: number
  clampedRecords: number
}

interface SavedExporter {
  decoder: unknown
  windows: [startMs: number, octets: number, packets: number, records: number][]
  lastSeenMs: number
}

/** Flow datagrams of one partition: decoded, kept raw, and rolled up by minute of event time. */
export class FlowsWork implements EpochWork {
  readonly #context: WorkContext
  readonly #counts: FlowCounts
  readonly #exporters = new Map<string, Exporter>()
  readonly #flows = new FlowColumns()
  readonly #rows = new FlowRows()
  readonly #rollup = new FlowRollup()
  #outputs: Output[] = []
  /** Counts what the record at hand has yielded so far: part of a derived record's identity. */
  #ordinal = 0

  constructor(context: WorkContext, counts: FlowCounts) {
    this.#context = context
    this.#counts = counts
  }

  restore(states: ReadonlyMap<string, string>): void {
    for (const [key, state] of states) {
      const id = key.slice('exporter/'.length)
      const [tenantId, collectorId, address] = splitExporterId(id)
      const saved = JSON.parse(state) as SavedExporter
      const decoder = createExporterDecoder({}, saved.decoder)
      this.#exporters.set(id, {
        ...newExporter(id, tenantId, collectorId, address, decoder),
        savedVersion: decoder.stateVersion,
        lastSeenMs: saved.lastSeenMs,
        windows: new Map(
          saved.windows.map(([startMs, octets, packets, records]) => [startMs, { octets, packets, records }]),
        ),
      })
    }
  }

  configure(): void {
    // Nothing of the flow stage depends on the configuration yet.
  }

  process(record: BusRecord): void {
    const message = this.#parse(record)
    this.#ordinal = 0
    switch (message.body.case) {
      case 'batch':
        this.#batch(record, message, message.body.value)
        return
      case 'heartbeat':
        this.#closeWindows(record)
        return
      default:
        throw new PoisonRecordError('flows-body-unknown', 'the record has neither a batch nor a heartbeat')
    }
  }

  takeOutputs(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  closeEpoch(): EpochResult {
    const states = new Map<string, string>()
    for (const exporter of this.#exporters.values()) {
      exporter.rollupIndex = -1
      exporter.rowsIndex = -1
      if (exporter.decoder.stateVersion === exporter.savedVersion && !exporter.windowsChanged) continue
      exporter.savedVersion = exporter.decoder.stateVersion
      exporter.windowsChanged = false
      states.set(`exporter/${exporter.id}`, JSON.stringify(savedExporter(exporter)))
    }
    for (const forgotten of this.#forget()) states.set(`exporter/${forgotten}`, '')
    this.#counts.clampedRecords += this.#rollup.clampedRecords
    const blocks = [
      { table: 'flows', block: this.#rows.take(this.#flows) },
      { table: 'flow_1m', block: this.#rollup.take() },
    ] as const
    this.#flows.reset()
    return { blocks: blocks.filter(({ block }) => block.length > 0), states }
  }

  #parse(record: BusRecord): FlowsRawRecord {
    try {
      return fromBinary(FlowsRawRecordSchema, record.value ?? new Uint8Array())
    } catch (cause) {
      throw new PoisonRecordError('flows-record-malformed', (cause as Error).message, { cause })
    }
  }

  #batch(record: BusRecord, message: FlowsRawRecord, batch: DatagramBatch): void {
    if (batch.length.reduce((sum, length) => sum + length, 0) !== batch.payload.length) {
      throw new PoisonRecordError('flows-batch-malformed', 'the lengths do not add up to the payload')
    }
    const exporter = this.#exporter(message, batch)
    exporter.lastSeenMs = record.timestampMs
    this.#counts.kernelDrops += Number(batch.kernelDrops)
    this.#counts.rateLimitDrops += Number(batch.rateLimitDrops)
    const firstReceivedMs = Number(batch.firstReceivedUs) / 1000
    let offset = 0
    for (let i = 0; i < batch.length.length; i++) {
      const length = batch.length[i]!
      const receivedMs = Math.floor(firstReceivedMs + (batch.receivedOffsetUs[i] ?? 0) / 1000)
      this.#datagram(exporter, batch.payload.subarray(offset, offset + length), batch.sourcePort[i] ?? 0, receivedMs)
      offset += length
    }
    if (record.timestampMs - exporter.lastPaneMs >= paneIntervalMs) this.#sendPanes(exporter, record)
  }

  #datagram(exporter: Exporter, datagram: Uint8Array, sourcePort: number, receivedMs: number): void {
    const flows = this.#flows
    const counts = this.#counts
    const from = flows.length
    const outcome = exporter.decoder.decode(datagram, sourcePort, receivedMs, flows)
    const to = flows.length
    counts.datagrams++
    counts.records += to - from
    counts.optionsRecords += outcome.optionsRecords
    for (const error of outcome.errors) counts.errors.add(error.code)
    if (from === to) return
    if (exporter.rollupIndex < 0) {
      exporter.rollupIndex = this.#rollup.exporter(exporter.tenantId, exporter.id)
      exporter.rowsIndex = this.#rows.source(exporter)
    }
    this.#rows.note(exporter.rowsIndex, receivedMs, from, to)
    for (let i = from; i < to; i++) {
      this.#rollup.add(exporter.rollupIndex, flows, i)
      addLive(exporter, flows, i)
    }
    exporter.windowsChanged = true
  }

  #exporter(message: FlowsRawRecord, batch: DatagramBatch): Exporter {
    const address = addressText(batch.exporterAddress)
    const id = exporterId(message.tenantId, message.collectorId, address)
    let exporter = this.#exporters.get(id)
    if (!exporter) {
      exporter = newExporter(id, message.tenantId, message.collectorId, address, createExporterDecoder({}))
      this.#exporters.set(id, exporter)
    }
    return exporter
  }

  /** Ids of the exporters heard longest ago, beyond the bound. */
  #forget(): string[] {
    const over = this.#exporters.size - exportersMax
    if (over <= 0) return []
    const oldest = [...this.#exporters.values()].sort((a, b) => a.lastSeenMs - b.lastSeenMs || (a.id < b.id ? -1 : 1))
    const forgotten = oldest.slice(0, over).map(exporter => exporter.id)
    for (const id of forgotten) this.#exporters.delete(id)
    this.#counts.forgottenExporters += forgotten.length
    return forgotten
  }

  #sendPanes(exporter: Exporter, record: BusRecord): void {
    exporter.lastPaneMs = record.timestampMs
    for (const [startMs, window] of exporter.windows) this.#sendWindow(exporter, record, startMs, window, false)
  }

  #closeWindows(record: BusRecord): void {
    for (const exporter of this.#exporters.values()) {
      for (const [startMs, window] of exporter.windows) {
        if (startMs + windowMs + finalAfterMs > record.timestampMs) continue
        exporter.windows.delete(startMs)
        exporter.windowsChanged = true
        this.#sendWindow(exporter, record, startMs, window, true)
      }
    }
  }

  #sendWindow(exporter: Exporter, record: BusRecord, startMs: number, window: LiveWindow, final: boolean): void {
    const message = create(LiveRecordSchema, {
      tenantId: exporter.tenantId,
      producerId: this.#context.producerId,
      source: {
        topic: record.topic,
        partition: record.partition,
        offset: BigInt(record.offset),
        ordinal: this.#ordinal++,
        logId: this.#context.logId,
      },
      body: {
        case: 'flowWindow',
        value: {
          exporterId: exporter.id,
          windowStartMs: BigInt(startMs),
          final,
          octets: BigInt(window.octets),
          packets: BigInt(window.packets),
          records: BigInt(window.records),
        },
      },
    })
    this.#outputs.push({
      topic: topics.live,
      record: {
        key: keys.device(exporter.tenantId, exporter.address),
        value: toBinary(LiveRecordSchema, message),
        timestampMs: record.timestampMs,
      },
    })
  }
}

function newExporter(
  id: string,
  tenantId: string,
  collectorId: string,
  address: string,
  decoder: ExporterDecoder,
): Exporter {
  return {
    id,
    tenantId,
    collectorId,
    address,
    decoder,
    savedVersion: -1,
    windows: new Map(),
    windowsChanged: false,
    lastPaneMs: 0,
    lastSeenMs: 0,
    rollupIndex: -1,
    rowsIndex: -1,
  }
}

/** The window a record ends in carries all of it in the live view; the stored rollup splits it. */
function addLive(exporter: Exporter, flows: FlowColumns, i: number): void {
  const startMs = Math.floor(flows.endMs[i]! / windowMs) * windowMs
  let window = exporter.windows.get(startMs)
  if (!window) {
    window = { octets: 0, packets: 0, records: 0 }
    exporter.windows.set(startMs, window)
  }
  const rate = flows.samplingRate[i]! || 1
  window.octets += (flows.octetsWords[2 * i + 1]! * 4_294_967_296 + flows.octetsWords[2 * i]!) * rate
  window.packets += (flows.packetsWords[2 * i + 1]! * 4_294_967_296 + flows.packetsWords[2 * i]!) * rate
  window.records++
}

function savedExporter(exporter: Exporter): SavedExporter {
  return {
    decoder: exporter.decoder.snapshot(),
    windows: [...exporter.windows]
      .sort(([a], [b]) => a - b)
      .map(([startMs, { octets, packets, records }]) => [startMs, octets, packets, records]),
    lastSeenMs: exporter.lastSeenMs,
  }
}

function splitExporterId(id: string): [tenantId: string, collectorId: string, address: string] {
  const [tenantId = '', collectorId = '', ...address] = id.split('/')
  return [tenantId, collectorId, address.join('/')]
}
