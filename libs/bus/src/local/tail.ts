import type { Clock, Logger, Timer } from '../../../kernel/src/index.ts'
import { backoffMs } from '../backoff.ts'
import { BusError, type Tail, type TailOptions } from '../bus.ts'
import type { BusCounters } from '../bus-counters.ts'
import { handOverBytesMax, handOverRecordsMax } from '../limits.ts'
import type { TopicLog } from './catalog.ts'
import type { PartitionLog } from './partition-log.ts'

export interface TailContext {
  readonly counters: BusCounters
  readonly clock: Clock
  readonly log: Logger
}

/** Reads partitions of a topic side by side, each in order, until closed. */
export class LocalTail implements Tail {
  readonly caughtUp: Promise<void>
  readonly #options: TailOptions
  readonly #context: TailContext
  readonly #logs: readonly PartitionLog[]
  readonly #readers: Promise<void>
  #closed = false
  #pauses = new Map<Timer, () => void>()

  /** @throws BusError `offset-out-of-range` */
  constructor(topic: TopicLog, options: TailOptions, context: TailContext) {
    this.#options = options
    this.#context = context
    this.#logs = (options.partitions ?? topic.partitions.map(log => log.partition)).map(partition => {
      const log = topic.partitions[partition]
      if (!log) throw new BusError('offset-out-of-range', `${options.topic} has no partition ${partition}`)
      return log
    })
    const begun = this.#logs.map(log => this.#begin(log))
    this.caughtUp = Promise.all(begun.map(reader => reader.caughtUp)).then(() => {})
    // Whoever closes a tail early need not have asked.
    this.caughtUp.catch(() => {})
    this.#readers = Promise.all(begun.map(reader => reader.done)).then(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const log of this.#logs) log.wake()
    for (const [timer, resolve] of this.#pauses) {
      timer.cancel()
      resolve()
    }
    await this.#readers
  }

  #begin(log: PartitionLog): { caughtUp: Promise<void>; done: Promise<void> } {
    const from = startOf(log, this.#options.from)
    const end = log.high
    let reached = () => {}
    let missed: (cause: BusError) => void = () => {}
    const caughtUp = new Promise<void>((resolve, reject) => {
      reached = resolve
      missed = reject
    })
    const done = this.#read(log, from, position => {
      if (position >= end) reached()
    }).finally(() => missed(new BusError('bus-closed', 'the tail was closed before it had caught up')))
    return { caughtUp, done }
  }

  async #read(log: PartitionLog, from: number, at: (position: number) => void): Promise<void> {
    const counts = this.#context.counters.topic(log.topic)
    let position = from
    let failures = 0
    while (!this.#closed) {
      at(position)
      const { records, next } = log.read(position, handOverRecordsMax, handOverBytesMax)
      if (records.length === 0) {
        position = next
        at(position)
        if (log.high === position && !this.#closed) await log.changed()
        continue
      }
      try {
        await this.#options.records(records)
      } catch (cause) {
        failures++
        this.#context.log.error(
          { err: cause, topic: log.topic, partition: log.partition, failures },
          'a reader failed; the same records come again',
        )
        await this.#pause(failures)
        continue
      }
      failures = 0
      position = next
      counts.receivedRecords += records.length
      for (const record of records) counts.receivedBytes += record.value?.length ?? 0
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #pause(failures: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#context.clock.after(backoffMs(failures), () => {
        this.#pauses.delete(timer)
        resolve()
      })
      this.#pauses.set(timer, resolve)
    })
  }
}

function startOf(log: PartitionLog, from: TailOptions['from']): number {
  if (from === 'start') return log.low
  if (from === 'end') return log.high
  if ('sinceMs' in from) return log.offsetSince(from.sinceMs)
  const wanted = from.offsets.get(log.partition) ?? log.low
  if (wanted > log.high)
    throw new BusError(
      'offset-out-of-range',
      `cannot read ${log.topic}/${log.partition} from ${wanted}: it ends at ${log.high}`,
    )
  return Math.max(wanted, log.low)
}
