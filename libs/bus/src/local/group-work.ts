import { backoffMs } from '../backoff.ts'
import { type Assignment, BusError, type GroupOptions } from '../bus.ts'
import type { GiveBackReason } from '../bus-counters.ts'
import { handOverBytesMax, handOverRecordsMax } from '../limits.ts'
import type { GroupContext } from './group.ts'
import type { PartitionLog } from './partition-log.ts'

export interface GroupWorkOptions {
  group: string
  log: PartitionLog
  options: GroupOptions
  context: GroupContext
  /** Makes the assignment as of now; its commits are fenced as soon as `isHeld` says no. */
  assignment(isHeld: () => boolean): Assignment
  /** The end of the work that held the partition before. */
  after: Promise<void> | undefined
}

/**
 * One partition in the hands of one member for one generation. Calls of the handler follow one another; after a failed
 * one the partition is given back and assigned anew, with a longer pause each time.
 */
export class GroupWork {
  /** Resolves when the last call has settled and the partition was given back. */
  readonly done: Promise<void>
  ended = false
  readonly #given: GroupWorkOptions
  #position: number | undefined
  #failures = 0
  #cutPause: (() => void) | undefined

  constructor(options: GroupWorkOptions) {
    this.#given = options
    this.done = this.#run()
  }

  end(): void {
    this.ended = true
    this.#given.log.wake()
    this.#cutPause?.()
  }

  lag(): { topic: string; partition: number; records: number } {
    const { topic, partition, low, high } = this.#given.log
    return { topic, partition, records: Math.max(0, high - Math.max(low, this.#position ?? low)) }
  }

  async #run(): Promise<void> {
    await this.#given.after
    while (!this.ended) {
      const reason = await this.#hold()
      if (!reason) continue
      this.#given.context.counters.givenBack.add(reason)
      if (reason === 'handler-failed') await this.#pause()
    }
  }

  /** From `assigned` to `revoked`; tells why, unless it was asked to end. */
  async #hold(): Promise<GiveBackReason | undefined> {
    const { options, log, context, group } = this.#given
    let held = true
    const assignment = this.#given.assignment(() => held)
    try {
      const wanted = await options.handler.assigned(assignment)
      this.#position = this.#checked(wanted, assignment)
      return await this.#handOver(assignment)
    } catch (cause) {
      this.#failures++
      context.counters.count(cause)
      context.log.error(
        { err: cause, group, topic: log.topic, partition: log.partition, failures: this.#failures },
        'a partition was given back because its handler failed',
      )
      return 'handler-failed'
    } finally {
      held = false
      await this.#revoke(assignment)
    }
  }

  /** Below what is kept means the oldest kept: the handler has seen `low` and knows. */
  #checked(wanted: number, assignment: Assignment): number {
    if (Number.isSafeInteger(wanted) && wanted >= 0 && wanted <= this.#given.log.high)
      return Math.max(wanted, assignment.low)
    const { topic, partition } = assignment
    throw new BusError(
      'offset-out-of-range',
      `cannot read ${topic}/${partition} from ${wanted}: it ends at ${this.#given.log.high}`,
    )
  }

  async #handOver(assignment: Assignment): Promise<GiveBackReason | undefined> {
    const { options, log, context } = this.#given
    const counts = context.counters.topic(log.topic)
    const recordsMax = Math.min(options.recordsMax ?? handOverRecordsMax, handOverRecordsMax)
    while (!this.ended) {
      const { records, next } = log.read(this.#position!, recordsMax, handOverBytesMax)
      // Retention overtook the reader: the handler must learn of the gap through a new assignment. Compaction leaves none.
      if ((records[0]?.offset ?? next) > this.#position! && !log.spec.compacted) {
        // The storage shows a removal a moment before the log does.
        while (log.low <= this.#position! && !this.ended) await log.changed()
        return 'offset-out-of-range'
      }
      if (records.length > 0) {
        await options.handler.records(assignment, records)
        this.#failures = 0
        counts.receivedRecords += records.length
        for (const record of records) counts.receivedBytes += record.value?.length ?? 0
        // Handlers that never wait must not keep timers and sockets from their turn.
        await turn()
      }
      this.#position = next
      if (log.high === next && !this.ended) await log.changed()
    }
    return undefined
  }

  async #revoke(assignment: Assignment): Promise<void> {
    try {
      await this.#given.options.handler.revoked(assignment)
    } catch (cause) {
      const { topic, partition } = assignment
      this.#given.context.log.error(
        { err: cause, group: this.#given.group, topic, partition },
        'a handler failed to give up a partition',
      )
    }
  }

  #pause(): Promise<void> {
    if (this.ended) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.#given.context.clock.after(backoffMs(this.#failures), resolve)
      this.#cutPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
