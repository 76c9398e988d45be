import { randomUUID } from 'node:crypto'
import { create } from '@bufbuild/protobuf'
import type { Bus, NewRecord } from '../../../libs/bus/src/index.ts'
import {
  type Clock,
  type Component,
  every,
  type Logger,
  type Metrics,
  type Timer,
} from '../../../libs/kernel/src/index.ts'
import {
  type ExporterDecision,
  heartbeatIntervalMs,
  type Inventory,
  topics,
  type UnknownExporter,
  UnknownExporterSchema,
} from '../../../libs/model/src/index.ts'
import { AddressTable } from './address-table.ts'
import { canonicalAddress } from './addresses.ts'
import { Admission } from './admission.ts'
import { CollectorCounters, type CollectorCounts, type DropReason } from './collector-metrics.ts'
import type { FlowCollectorConfig } from './config.ts'
import { ExporterDecisions } from './exporter-decisions.ts'
import { KernelDropCounter } from './kernel-drops.ts'
import { countersFor, type ReceiverReport, type SourceBatch } from './receiver/messages.ts'
import { ReceiverThread } from './receiver-thread.ts'
import { type BatchOrigin, RecordEncoder } from './record-encoder.ts'
import { type QueuedRecord, SendQueue } from './send-queue.ts'
import { UnknownExporters, type UnknownSource } from './unknown-exporters.ts'

const kernelDropsIntervalMs = 1_000
/** A bus that refuses for longer makes the collector unready. */
const failingPatienceMs = 3_000
const stopPatienceMs = 10_000
/** Heartbeats that wait for the bus; more would only repeat them. */
const heartbeatsQueuedMax = 4

export interface FlowCollectorOptions {
  config: FlowCollectorConfig
  /** Devices that may export. */
  inventory: Pick<Inventory, 'devices'>
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Metrics
}

export interface FlowCollector extends Component {
  /** Bound ports in the order of the configured listeners; empty before start. */
  readonly ports: readonly number[]
  counts(): CollectorCounts
  drops(): ReadonlyMap<DropReason, number>
  /** Takes over who is known; what is held of an exporter that has become so enters the log. */
  applyKnown(
    known: Pick<FlowCollectorConfig, 'exporters' | 'trustLoopback'> & { inventory: Pick<Inventory, 'devices'> },
  ): void
}

/**
 * Receives flow export datagrams and puts them into `weir.flows.raw.v1` unparsed: receiving UDP is the urgent work, and
 * what is in the log can be decoded again.
 */
export function createFlowCollector(options: FlowCollectorOptions): FlowCollector {
  return new Collector(options)
}

class Collector implements FlowCollector {
  readonly name = 'flow-collector'
  readonly #options: FlowCollectorOptions
  readonly #counters: CollectorCounters
  readonly #receiver: ReceiverThread
  readonly #queue: SendQueue
  readonly #encoder: RecordEncoder
  readonly #table: AddressTable | undefined
  readonly #admission: Admission
  readonly #unknown: UnknownExporters
  readonly #decisions: ExporterDecisions
  /** Tenants whose last list of unknown exporters was not empty, as far as we know: an earlier run may have told one. */
  readonly #toldUnknown: Set<string>
  readonly #kernelDrops = new KernelDropCounter()
  /** By listener: drops of the kernel that no batch has carried yet. */
  readonly #untoldKernelDrops: number[]
  #kernelDropsTimer: Timer | undefined
  #heartbeatsQueued = 0
  #partitions = 0
  /** Reports are worked off one after another, so that records keep the order of arrival. */
  #reports: Promise<void> = Promise.resolve()

  constructor(options: FlowCollectorOptions) {
    const { config, bus, clock, log, metrics } = options
    this.#options = options
    const counters = countersFor(config.listeners.length)
    this.#counters = new CollectorCounters(counters, config.listeners.length)
    this.#encoder = new RecordEncoder(`${config.collectorId}:${randomUUID()}`, config.collectorId)
    this.#table = config.addressTable ? new AddressTable(config.addressTable, clock, log) : undefined
    this.#toldUnknown = new Set(config.listeners.map(({ tenantId }) => tenantId))
    this.#admission = new Admission({ ...config, inventory: options.inventory })
    this.#unknown = new UnknownExporters(config.unknown, (datagrams, { rejected }) =>
      this.#counters.dropped.add(rejected ? 'rejected-exporter' : 'unknown-exporter', datagrams),
    )
    this.#decisions = new ExporterDecisions({
      bus,
      collectorId: config.collectorId,
      clock,
      log,
      onDecision: (address, decision) => this.#decide(address, decision),
    })
    this.#untoldKernelDrops = config.listeners.map(() => 0)
    this.#receiver = new ReceiverThread({
      receiver: { ...config, heartbeatIntervalMs, counters },
      clock,
      log,
      onReport: report => this.#report(report),
      onDeath: () => this.#afterReports(() => this.#counters.receiverDied()),
    })
    this.#queue = new SendQueue({
      bus,
      topic: topics.flowsRaw,
      clock,
      log,
      onSettled: (records, reason) => this.#settled(records, reason as DropReason | undefined),
    })
    this.#counters.register(metrics, () => this.#receiver.sockets, this.#queue.failures)
  }

  get ports(): readonly number[] {
    return this.#receiver.sockets.map(({ port }) => port)
  }

  counts(): CollectorCounts {
    return this.#counters.counts()
  }

  drops(): ReadonlyMap<DropReason, number> {
    return this.#counters.drops()
  }

  async start(): Promise<void> {
    await this.#receiver.start()
    this.#tellBuffers()
    this.#refreshPartitions()
    this.#decisions.start()
    await this.#readKernelDrops()
    this.#kernelDropsTimer = every(this.#options.clock, kernelDropsIntervalMs, () => this.#readKernelDrops())
  }

  async stop(): Promise<void> {
    this.#kernelDropsTimer?.cancel()
    await this.#readKernelDrops()
    await this.#receiver.stop()
    await this.#decisions.stop()
    await this.#reports
    this.#unknown.clear()
    await this.#queue.drain(stopPatienceMs)
  }

  readiness() {
    if (!this.#receiver.isRunning) return { ready: false, reason: 'the receiving thread is not running' }
    const { failingSinceMs, lastFailure } = this.#queue
    const failingMs = failingSinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - failingSinceMs
    if (failingMs > failingPatienceMs)
      return { ready: false, reason: `buffering ${this.counts().held} datagrams: ${lastFailure}` }
    return { ready: true }
  }

  #report(report: ReceiverReport): void {
    if (report.kind === 'batches') {
      for (const batch of report.batches) this.#counters.takenOver += batch.count
      this.#afterReports(() => this.#enqueue(report.batches))
    } else if (report.kind === 'heartbeat') this.#afterReports(() => this.#heartbeat(report.atMs))
    else if (report.kind === 'failed') this.#options.log.error({ reason: report.message }, 'a flow listener failed')
  }

  #afterReports(work: () => void | Promise<void>): void {
    this.#reports = this.#reports.then(work).catch(cause => {
      this.#options.log.error({ err: cause }, 'a report of the receiving thread was lost')
    })
  }

  async #enqueue(batches: readonly SourceBatch[]): Promise<void> {
    const records: QueuedRecord[] = []
    for (const batch of batches) {
      const origin = await this.#originOf(batch)
      if (origin) records.push({ record: this.#encode(batch, origin), datagrams: batch.count, heldBytes: batch.bytes })
      else this.#hold(batch)
    }
    this.#receiver.giveBack(batches.map(({ payload }) => payload))
    this.#queue.add(records)
  }

  #encode(batch: SourceBatch, origin: BatchOrigin): NewRecord {
    const kernelDrops = this.#untoldKernelDrops[batch.listener]!
    this.#untoldKernelDrops[batch.listener] = 0
    return this.#encoder.batch(batch, origin, this.ports[batch.listener]!, kernelDrops)
  }

  /** undefined for a source that is not to be stored. */
  async #originOf({ sourceAddress, listener }: SourceBatch): Promise<BatchOrigin | undefined> {
    const { collectorId } = this.#options.config
    const source = canonicalAddress(sourceAddress)
    const entry = await this.#table?.find(source)
    if (entry) return { ...entry, collectorId: entry.collectorId ?? collectorId, assumedSamplingRate: 0 }
    const { state, tenantId, assumedSamplingRate } = this.#admission.judge(source, listener)
    return state === 'known' ? { tenantId, collectorId, exporterAddress: source, assumedSamplingRate } : undefined
  }

  /** The receiving thread gets its room back: what is held here has bounds of its own. */
  #hold(batch: SourceBatch): void {
    const source = canonicalAddress(batch.sourceAddress)
    const { state, tenantId } = this.#admission.judge(source, batch.listener)
    this.#unknown.note({ ...batch, payload: batch.payload.slice() }, source, tenantId, state === 'rejected')
    this.#receiver.release(batch.bytes)
  }

  #decide(address: string, decision: ExporterDecision | undefined): void {
    this.#admission.decide(address, decision)
    this.#afterReports(() => this.#admitHeld())
  }

  applyKnown(known: Parameters<FlowCollector['applyKnown']>[0]): void {
    this.#admission.applyRules({ ...known, listeners: this.#options.config.listeners })
    this.#afterReports(() => this.#admitHeld())
  }

  /** What is held of sources that have become known goes into the log, with the times at which it arrived. */
  async #admitHeld(): Promise<void> {
    for (const { address, listener } of this.#unknown.list()) {
      const origin = await this.#originOf({ sourceAddress: address, listener } as SourceBatch)
      if (!origin) continue
      const records = this.#unknown.take(address, listener).map(batch => ({
        record: this.#encode(batch, origin),
        datagrams: batch.count,
        heldBytes: 0,
      }))
      const datagrams = records.reduce((sum, one) => sum + one.datagrams, 0)
      this.#counters.adoptedDatagrams += datagrams
      this.#options.log.info(
        { exporter: address, tenant: origin.tenantId, datagrams },
        'an exporter is known from here on',
      )
      if (records.length > 0) this.#queue.add(records)
    }
  }

  /** Each tenant learns who sends to its listeners and is not stored; once more when nobody does any longer. */
  #tellUnknown(atMs: number): void {
    this.#unknown.expire(atMs)
    const byTenant = new Map<string, UnknownSource[]>()
    for (const source of this.#unknown.list()) {
      const ofTenant = byTenant.get(source.tenantId)
      if (ofTenant) ofTenant.push(source)
      else byTenant.set(source.tenantId, [source])
    }
    const unnamed = BigInt(this.#unknown.unnamed)
    for (const tenantId of new Set([...byTenant.keys(), ...this.#toldUnknown])) {
      const sources = byTenant.get(tenantId) ?? []
      const list = { exporters: sources.map(source => this.#describe(source)), unnamed }
      this.#queue.add([{ record: this.#encoder.unknown(tenantId, list, atMs), datagrams: 0, heldBytes: 0 }])
      if (sources.length > 0) this.#toldUnknown.add(tenantId)
      else this.#toldUnknown.delete(tenantId)
    }
  }

  #describe(source: UnknownSource): UnknownExporter {
    return create(UnknownExporterSchema, {
      address: source.address,
      listeningPort: this.ports[source.listener]!,
      sourcePort: source.sourcePort,
      protocols: [...source.protocols].sort(),
      firstSeenMs: BigInt(Math.floor(source.firstSeenMs)),
      lastSeenMs: BigInt(Math.floor(source.lastSeenMs)),
      datagrams: BigInt(source.datagrams),
      bytes: BigInt(source.bytes),
      heldDatagrams: BigInt(source.heldDatagrams),
      heldSinceMs: BigInt(Math.floor((source.held[0]?.firstReceivedUs ?? 0) / 1_000)),
      rejected: source.rejected,
    })
  }

  /** Everything received before `atMs` is in the queue already, so the heartbeat lands behind it in each partition. */
  #heartbeat(atMs: number): void {
    this.#refreshPartitions()
    if (this.#heartbeatsQueued >= heartbeatsQueuedMax || this.#partitions === 0) return
    this.#heartbeatsQueued++
    const heartbeats = this.#encoder.heartbeats(this.#partitions, atMs)
    this.#queue.add(heartbeats.map(record => ({ record, datagrams: 0, heldBytes: 0 })))
    this.#tellUnknown(atMs)
  }

  /** In the background: a bus that is away must not hold up the batches. Partitions may be added while we run. */
  #refreshPartitions(): void {
    this.#options.bus.bounds(topics.flowsRaw).then(
      bounds => {
        this.#partitions = bounds.length
      },
      cause => this.#options.log.debug({ err: cause }, 'no partitions known while the bus does not answer'),
    )
  }

  #settled(records: readonly QueuedRecord[], reason: DropReason | undefined): void {
    let heldBytes = 0
    for (const { record, datagrams, heldBytes: held } of records) {
      heldBytes += held
      if (held === 0 && record.partition === 0) this.#heartbeatsQueued--
      if (reason) this.#counters.dropped.add(reason, datagrams)
      else {
        this.#counters.sentDatagrams += datagrams
        this.#counters.sentBytes += record.value?.length ?? 0
      }
    }
    if (!reason) this.#counters.sentRecords += records.length
    if (heldBytes > 0) this.#receiver.release(heldBytes)
  }

  async #readKernelDrops(): Promise<void> {
    const fresh = await this.#kernelDrops.take(this.ports)
    for (const [port, drops] of fresh) {
      this.#untoldKernelDrops[this.ports.indexOf(port)]! += drops
      this.#counters.dropped.add('kernel', drops)
    }
  }

  #tellBuffers(): void {
    const { config, log } = this.#options
    // Linux reports twice the bytes that were asked for and granted (socket(7)).
    const granted = Math.min(...this.#receiver.sockets.map(({ receiveBufferBytes }) => receiveBufferBytes / 2))
    log.info({ ports: this.ports, receiveBufferBytes: granted }, 'listening for flows')
    if (granted < config.receiveBufferBytes)
      log.warn(
        { askedBytes: config.receiveBufferBytes, grantedBytes: granted },
        `the kernel grants small receive buffers, bursts will be lost: sysctl -w net.core.rmem_max=${config.receiveBufferBytes}`,
      )
  }
}
