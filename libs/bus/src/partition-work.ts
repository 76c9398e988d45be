import type { Clock, Logger } from '../../kernel/src/index.ts'
import { type Assignment, BusError, type GroupOptions } from './bus.ts'
import type { BusCounters, GiveBackReason } from './bus-counters.ts'
import { handOverRecordsMax } from './limits.ts'
import type { PartitionReader } from './partition-reader.ts'
import { backoffMs, Pause, turn } from './pause.ts'

export interface PartitionWorkOptions {
  topic: string
  partition: number
  group: GroupOptions
  counters: BusCounters
  clock: Clock
  log: Logger
  /** Makes the assignment as of now; its commits are fenced as soon as `isHeld` says no. */
  assign(isHeld: () => boolean): Promise<Assignment>
  open(from: number): PartitionReader
  /** The end of the work that held the partition before. */
  after: Promise<void> | undefined
}

/**
 * One partition in the hands of one member for one generation, the same for every adapter. Calls of the handler follow
 * one another; after a failed one the partition is given back and assigned anew, with a longer pause each time.
 */
export class PartitionWork {
  /** Resolves when the last call has settled and the partition was given back. */
  readonly done: Promise<void>
  readonly topic: string
  readonly partition: number
  ended = false
  readonly #given: PartitionWorkOptions
  readonly #pause = new Pause()
  #reader: PartitionReader | undefined
  #lagBefore = 0
  #failures = 0

  constructor(options: PartitionWorkOptions) {
    this.#given = options
    this.topic = options.topic
    this.partition = options.partition
    this.done = this.#run()
  }

  /** No further calls; those that run settle, and may commit as long as the generation lasts. */
  end(): void {
    this.ended = true
    this.#reader?.close()
    this.#pause.cut()
  }

  lag(): { topic: string; partition: number; records: number } {
    const records = this.#reader ? Math.max(0, this.#reader.high - this.#reader.position) : this.#lagBefore
    return { topic: this.topic, partition: this.partition, records }
  }

  async #run(): Promise<void> {
    await this.#given.after
    while (!this.ended) {
      const reason = await this.#hold()
      if (!reason) continue
      this.#given.counters.givenBack.add(reason)
      if (reason === 'handler-failed' && !this.ended)
        await this.#pause.wait(this.#given.clock, backoffMs(this.#failures))
    }
  }

  /** From `assigned` to `revoked`; tells why, unless it was asked to end. */
  async #hold(): Promise<GiveBackReason | undefined> {
    let held = true
    let assignment: Assignment | undefined
    try {
      assignment = await this.#given.assign(() => held)
      if (this.ended) {
        assignment = undefined
        return undefined
      }
      this.#lagBefore = assignment.high - (assignment.committed?.offset ?? assignment.low)
      const wanted = await this.#given.group.handler.assigned(assignment)
      this.#reader = this.#given.open(startOf(wanted, assignment))
      return await this.#handOver(assignment, this.#reader)
    } catch (cause) {
      this.#failures++
      this.#given.counters.count(cause)
      this.#given.log.error({ err: cause, ...this.#place, failures: this.#failures }, 'a partition was given back')
      return 'handler-failed'
    } finally {
      held = false
      this.#reader?.close()
      this.#reader = undefined
      if (assignment) await this.#revoke(assignment)
    }
  }

  async #handOver(assignment: Assignment, reader: PartitionReader): Promise<GiveBackReason | undefined> {
    const { group, counters } = this.#given
    const counts = counters.topic(this.topic)
    const recordsMax = Math.min(group.recordsMax ?? handOverRecordsMax, handOverRecordsMax)
    while (!this.ended) {
      const records = await reader.next(recordsMax)
      // The handler must learn of the gap: a new assignment shows it.
      if (records === 'overtaken') return 'offset-out-of-range'
      if (records === 'closed') return undefined
      if (records.length === 0 || this.ended) continue
      await group.handler.records(assignment, records)
      this.#failures = 0
      counts.receivedRecords += records.length
      for (const record of records) counts.receivedBytes += record.value?.length ?? 0
      await turn()
    }
    return undefined
  }

  async #revoke(assignment: Assignment): Promise<void> {
    try {
      await this.#given.group.handler.revoked(assignment)
    } catch (cause) {
      this.#given.log.error({ err: cause, ...this.#place }, 'a handler failed to give up a partition')
    }
  }

  get #place(): { group: string; topic: string; partition: number } {
    return { group: this.#given.group.group, topic: this.topic, partition: this.partition }
  }
}

/** Below what is kept means the oldest kept: the handler has seen `low` and knows. */
function startOf(wanted: number, { topic, partition, low, high }: Assignment): number {
  if (Number.isSafeInteger(wanted) && wanted >= 0 && wanted <= high) return Math.max(wanted, low)
  throw new BusError('offset-out-of-range', `cannot read ${topic}/${partition} from ${wanted}: it ends at ${high}`)
}
