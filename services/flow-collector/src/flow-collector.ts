import { randomUUID } from 'node:crypto'
import type { Bus } from '../../../libs/bus/src/index.ts'
import {
  type Clock,
  type Component,
  every,
  type Logger,
  type Metrics,
  type Timer,
} from '../../../libs/kernel/src/index.ts'
import { heartbeatIntervalMs, topics } from '../../../libs/model/src/index.ts'
import { AddressTable } from './address-table.ts'
import { canonicalAddress } from './addresses.ts'
import { CollectorCounters, type CollectorCounts, type DropReason } from './collector-metrics.ts'
import type { FlowCollectorConfig } from './config.ts'
import { KernelDropCounter } from './kernel-drops.ts'
import { countersFor, type ReceiverReport, type SourceBatch } from './receiver/messages.ts'
import { ReceiverThread } from './receiver-thread.ts'
import { type BatchOrigin, RecordEncoder } from './record-encoder.ts'
import { type QueuedRecord, SendQueue } from './send-queue.ts'

const kernelDropsIntervalMs = 1_000
/** A bus that refuses for longer makes the collector unready. */
const failingPatienceMs = 3_000
const stopPatienceMs = 10_000
/** Heartbeats that wait for the bus; more would only repeat them. */
const heartbeatsQueuedMax = 4

export interface FlowCollectorOptions {
  config: FlowCollectorConfig
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
    await this.#readKernelDrops()
    this.#kernelDropsTimer = every(this.#options.clock, kernelDropsIntervalMs, () => this.#readKernelDrops())
  }

  async stop(): Promise<void> {
    this.#kernelDropsTimer?.cancel()
    await this.#readKernelDrops()
    await this.#receiver.stop()
    await this.#reports
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
      const kernelDrops = this.#untoldKernelDrops[batch.listener]!
      this.#untoldKernelDrops[batch.listener] = 0
      const record = this.#encoder.batch(batch, origin, this.ports[batch.listener]!, kernelDrops)
      records.push({ record, datagrams: batch.count, heldBytes: batch.bytes })
    }
    this.#receiver.giveBack(batches.map(({ payload }) => payload))
    this.#queue.add(records)
  }

  async #originOf({ sourceAddress, listener }: SourceBatch): Promise<BatchOrigin> {
    const { config } = this.#options
    const source = canonicalAddress(sourceAddress)
    const entry = await this.#table?.find(source)
    return {
      tenantId: entry?.tenantId ?? config.listeners[listener]!.tenantId,
      collectorId: entry?.collectorId ?? config.collectorId,
      exporterAddress: entry?.exporterAddress ?? source,
    }
  }

  /** Everything received before `atMs` is in the queue already, so the heartbeat lands behind it in each partition. */
  #heartbeat(atMs: number): void {
    this.#refreshPartitions()
    if (this.#heartbeatsQueued >= heartbeatsQueuedMax || this.#partitions === 0) return
    this.#heartbeatsQueued++
    const heartbeats = this.#encoder.heartbeats(this.#partitions, atMs)
    this.#queue.add(heartbeats.map(record => ({ record, datagrams: 0, heldBytes: 0 })))
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
