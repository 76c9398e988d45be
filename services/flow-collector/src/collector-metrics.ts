import { CounterByCode, type Metrics, type Samples } from '../../../libs/kernel/src/index.ts'
import { type BoundSocket, cellsPerListener, counterCells } from './receiver/messages.ts'

/** Why datagrams did not reach the bus; a closed set. */
export type DropReason =
  | 'kernel'
  | 'rate-limit'
  | 'buffer-full'
  | 'too-many-exporters'
  | 'unknown-exporter'
  | 'rejected-exporter'
  | 'record-too-large'
  | 'stopped'
  | 'receiver-died'

export interface CollectorCounts {
  /** Datagrams that came out of the sockets; of these, sent + dropped + held are the rest. */
  received: number
  sent: number
  /** Without `kernel`, which never came out of a socket. */
  dropped: number
  held: number
  kernelDrops: number
}

/** Counts of one collector: the receiving thread's own from shared memory, the others beside them. */
export class CollectorCounters {
  readonly #shared: Float64Array
  readonly #listeners: number
  readonly dropped = new CounterByCode()
  sentDatagrams = 0
  sentRecords = 0
  sentBytes = 0
  /** Datagrams that the main thread was handed, by the thread's reports. */
  takenOver = 0
  /** Datagrams of unknown exporters that entered the log when those became known. */
  adoptedDatagrams = 0

  constructor(shared: SharedArrayBuffer, listeners: number) {
    this.#shared = new Float64Array(shared)
    this.#listeners = listeners
  }

  /** Of all listeners. */
  sum(cell: keyof typeof counterCells): number {
    let sum = 0
    for (let listener = 0; listener < this.#listeners; listener++) sum += this.at(listener, cell)
    return sum
  }

  at(listener: number, cell: keyof typeof counterCells): number {
    return this.#shared[listener * cellsPerListener + counterCells[cell]]!
  }

  drops(): Map<DropReason, number> {
    const own = (reason: DropReason) => [reason, this.dropped.get(reason)] as const
    return new Map<DropReason, number>([
      own('kernel'),
      ['rate-limit', this.sum('rateLimited')],
      ['buffer-full', this.sum('bufferFull')],
      ['too-many-exporters', this.sum('tooManyExporters')],
      own('unknown-exporter'),
      own('rejected-exporter'),
      own('record-too-large'),
      own('stopped'),
      own('receiver-died'),
    ])
  }

  counts(): CollectorCounts {
    const received = this.sum('receivedDatagrams')
    const drops = this.drops()
    const kernelDrops = drops.get('kernel')!
    const dropped = [...drops.values()].reduce((sum, count) => sum + count, 0) - kernelDrops
    return { received, sent: this.sentDatagrams, dropped, kernelDrops, held: received - this.sentDatagrams - dropped }
  }

  /** The receiving thread died: what it had received and not handed over is lost. */
  receiverDied(): void {
    const early = this.sum('rateLimited') + this.sum('bufferFull') + this.sum('tooManyExporters')
    const missing = this.sum('receivedDatagrams') - early - this.takenOver - this.dropped.get('receiver-died')
    if (missing > 0) this.dropped.add('receiver-died', missing)
  }

  register(metrics: Metrics, sockets: () => readonly BoundSocket[], failures: CounterByCode): void {
    const perPort = (cell: keyof typeof counterCells) => (): Samples =>
      sockets().map(({ port }, listener) => [{ port: String(port) }, this.at(listener, cell)] as const)
    const port = ['port']
    metrics.counters(
      'weir_collector_received_datagrams_total',
      'Datagrams received.',
      port,
      perPort('receivedDatagrams'),
    )
    metrics.counters(
      'weir_collector_received_bytes_total',
      'Bytes of datagrams received.',
      port,
      perPort('receivedBytes'),
    )
    metrics.counters('weir_collector_dropped_datagrams_total', 'Datagrams lost, by reason.', ['reason'], () =>
      Array.from(this.drops(), ([reason, count]) => [{ reason }, count] as const),
    )
    const single = (read: () => number) => (): Samples => [[{}, read()]]
    metrics.counters(
      'weir_collector_sent_datagrams_total',
      'Datagrams acknowledged by the bus.',
      [],
      single(() => this.sentDatagrams),
    )
    metrics.counters(
      'weir_collector_sent_records_total',
      'Records acknowledged by the bus.',
      [],
      single(() => this.sentRecords),
    )
    metrics.counters(
      'weir_collector_sent_bytes_total',
      'Bytes of records acknowledged by the bus.',
      [],
      single(() => this.sentBytes),
    )
    metrics.gauges(
      'weir_collector_held_datagrams',
      'Datagrams received and not yet sent.',
      [],
      single(() => this.counts().held),
    )
    metrics.counters(
      'weir_collector_adopted_datagrams_total',
      'Datagrams that were held for an unknown exporter and sent when it became known.',
      [],
      single(() => this.adoptedDatagrams),
    )
    metrics.counters('weir_collector_errors_total', 'Failed sends by code.', ['code'], () => failures.samples('code'))
    metrics.gauges('weir_collector_receive_buffer_bytes', 'Socket buffer as the kernel granted it.', port, () =>
      sockets().map(({ port, receiveBufferBytes }) => [{ port: String(port) }, receiveBufferBytes] as const),
    )
  }
}
