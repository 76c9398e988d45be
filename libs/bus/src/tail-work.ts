import type { Clock, Logger } from '../../kernel/src/index.ts'
import { BusError, type PartitionBounds, type Tail, type TailOptions } from './bus.ts'
import type { BusCounters } from './bus-counters.ts'
import { handOverRecordsMax } from './limits.ts'
import type { PartitionReader } from './partition-reader.ts'
import { backoffMs, Pause, turn } from './pause.ts'

export interface TailWorkOptions {
  tail: TailOptions
  /** Where each partition begins, and its end as of now. */
  starts: readonly { partition: number; from: number; end: number }[]
  open(partition: number, from: number): PartitionReader
  low(partition: number): Promise<number>
  counters: BusCounters
  clock: Clock
  log: Logger
}

/** Reads partitions of a topic side by side, each in order, until closed; the same for every adapter. */
export class TailWork implements Tail {
  readonly caughtUp: Promise<void>
  readonly #given: TailWorkOptions
  readonly #done: Promise<unknown>
  readonly #readers = new Map<number, PartitionReader>()
  readonly #pauses = new Set<Pause>()
  #closed = false

  constructor(options: TailWorkOptions) {
    this.#given = options
    const begun = options.starts.map(start => this.#begin(start))
    this.caughtUp = Promise.all(begun.map(({ caughtUp }) => caughtUp)).then(() => {})
    // Whoever closes a tail early need not have asked.
    this.caughtUp.catch(() => {})
    this.#done = Promise.all(begun.map(({ done }) => done))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const reader of this.#readers.values()) reader.close()
    for (const pause of this.#pauses) pause.cut()
    await this.#done
  }

  #begin(start: { partition: number; from: number; end: number }): { caughtUp: Promise<void>; done: Promise<void> } {
    let reached = () => {}
    let missed: (cause: BusError) => void = () => {}
    const caughtUp = new Promise<void>((resolve, reject) => {
      reached = resolve
      missed = reject
    })
    const done = this.#read(start.partition, start.from, position => {
      if (position >= start.end) reached()
    }).finally(() => missed(new BusError('bus-closed', 'the tail was closed before it had caught up')))
    return { caughtUp, done }
  }

  async #read(partition: number, from: number, at: (position: number) => void): Promise<void> {
    let reader = this.#open(partition, from)
    at(reader.position)
    while (!this.#closed) {
      const records = await reader.next(handOverRecordsMax)
      if (records === 'closed') break
      if (records === 'overtaken') {
        // A table or a view loses nothing that it could still have had; it goes on at the oldest record kept.
        reader.close()
        reader = this.#open(partition, await this.#given.low(partition))
      } else if (records.length > 0) await this.#deliver(partition, records)
      at(reader.position)
      await turn()
    }
    reader.close()
  }

  #open(partition: number, from: number): PartitionReader {
    const reader = this.#given.open(partition, from)
    this.#readers.set(partition, reader)
    return reader
  }

  async #deliver(partition: number, records: Parameters<TailOptions['records']>[0]): Promise<void> {
    const { tail, counters, clock, log } = this.#given
    const pause = new Pause()
    for (let failures = 0; !this.#closed; ) {
      try {
        await tail.records(records)
        const counts = counters.topic(tail.topic)
        counts.receivedRecords += records.length
        for (const record of records) counts.receivedBytes += record.value?.length ?? 0
        return
      } catch (cause) {
        failures++
        log.error(
          { err: cause, topic: tail.topic, partition, failures },
          'a reader failed; the same records come again',
        )
        this.#pauses.add(pause)
        await pause.wait(clock, backoffMs(failures))
        this.#pauses.delete(pause)
      }
    }
  }
}

/** @throws BusError `offset-out-of-range` for a partition that does not exist or an offset beyond the end */
export function startsOf(
  { topic, partitions, from }: TailOptions,
  bounds: readonly PartitionBounds[],
  since: ReadonlyMap<number, number>,
): TailWorkOptions['starts'] {
  return (partitions ?? bounds.map(({ partition }) => partition)).map(partition => {
    const place = bounds.find(one => one.partition === partition)
    if (!place) throw new BusError('offset-out-of-range', `${topic} has no partition ${partition}`)
    const { low, high: end } = place
    if (from === 'start') return { partition, from: low, end }
    if (from === 'end') return { partition, from: end, end }
    if ('sinceMs' in from) return { partition, from: Math.max(low, since.get(partition) ?? end), end }
    const wanted = from.offsets.get(partition) ?? low
    if (wanted > end)
      throw new BusError('offset-out-of-range', `cannot read ${topic}/${partition} from ${wanted}: it ends at ${end}`)
    return { partition, from: Math.max(wanted, low), end }
  })
}
