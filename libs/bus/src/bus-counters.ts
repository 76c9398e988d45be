import { CounterByCode, type Labels, type Metrics } from '../../kernel/src/index.ts'
import { BusError, type Membership } from './bus.ts'

export type RemovalReason = 'retention-time' | 'retention-bytes' | 'compaction'
export type GiveBackReason = 'handler-failed' | 'offset-out-of-range'

interface TopicCounts {
  sentRecords: number
  sentBytes: number
  receivedRecords: number
  receivedBytes: number
  removed: Record<RemovalReason, number>
}

/** What every adapter counts, in plain numbers. Topics are few and declared, so the maps are bounded. */
export class BusCounters {
  readonly errors = new CounterByCode()
  readonly givenBack = new CounterByCode()
  readonly #topics = new Map<string, TopicCounts>()
  readonly #memberships = new Map<Membership, string>()

  topic(name: string): TopicCounts {
    let counts = this.#topics.get(name)
    if (!counts) {
      counts = {
        sentRecords: 0,
        sentBytes: 0,
        receivedRecords: 0,
        receivedBytes: 0,
        removed: { 'retention-time': 0, 'retention-bytes': 0, compaction: 0 },
      }
      this.#topics.set(name, counts)
    }
    return counts
  }

  /** Counts the error by its code and hands it on, for `throw counters.counted(error)`. */
  counted(error: BusError): BusError {
    this.errors.add(error.code)
    return error
  }

  count(cause: unknown): void {
    if (cause instanceof BusError) this.errors.add(cause.code)
  }

  joined(group: string, membership: Membership): void {
    this.#memberships.set(membership, group)
  }

  left(membership: Membership): void {
    this.#memberships.delete(membership)
  }

  register(metrics: Metrics): void {
    const perTopic = (read: (counts: TopicCounts) => number) => () => this.#perTopic(read)
    const topic = ['topic']
    metrics.counters(
      'weir_bus_sent_records_total',
      'Records acknowledged by the bus.',
      topic,
      perTopic(c => c.sentRecords),
    )
    metrics.counters(
      'weir_bus_sent_bytes_total',
      'Bytes of values acknowledged by the bus.',
      topic,
      perTopic(c => c.sentBytes),
    )
    metrics.counters(
      'weir_bus_received_records_total',
      'Records handed to readers.',
      topic,
      perTopic(c => c.receivedRecords),
    )
    metrics.counters(
      'weir_bus_received_bytes_total',
      'Bytes of values handed to readers.',
      topic,
      perTopic(c => c.receivedBytes),
    )
    metrics.counters('weir_bus_errors_total', 'Errors of the bus by code.', ['code'], () => this.errors.samples('code'))
    metrics.counters(
      'weir_bus_partitions_given_back_total',
      'Partitions a member gave back before it was asked to.',
      ['reason'],
      () => this.givenBack.samples('reason'),
    )
    metrics.gauges(
      'weir_bus_lag_records',
      'Records not yet handed over to this process.',
      ['group', 'topic', 'partition'],
      () => this.#lag(),
    )
  }

  /** Removals are known where the log is ours; a broker does not tell. */
  registerRemovals(metrics: Metrics): void {
    metrics.counters(
      'weir_bus_removed_records_total',
      'Records removed by retention or compaction.',
      ['topic', 'reason'],
      () => this.#removals(),
    )
  }

  *#perTopic(read: (counts: TopicCounts) => number): Iterable<readonly [Labels, number]> {
    for (const [topic, counts] of this.#topics) yield [{ topic }, read(counts)]
  }

  *#removals(): Iterable<readonly [Labels, number]> {
    for (const [topic, counts] of this.#topics)
      for (const [reason, removed] of Object.entries(counts.removed)) yield [{ topic, reason }, removed]
  }

  *#lag(): Iterable<readonly [Labels, number]> {
    for (const [membership, group] of this.#memberships)
      for (const { topic, partition, records } of membership.lag())
        yield [{ group, topic, partition: String(partition) }, records]
  }
}
