import type { Clock, Logger } from '../../../kernel/src/index.ts'
import { type Assignment, BusError, type GroupOptions, type Membership } from '../bus.ts'
import type { BusCounters } from '../bus-counters.ts'
import { checkCommitMetadata } from '../limits.ts'
import { PartitionWork } from '../partition-work.ts'
import type { Catalog } from './catalog.ts'
import { LocalReader } from './local-reader.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Storage } from './storage.ts'
import type { Writer } from './writer.ts'

export interface GroupContext {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly writer: Writer
  readonly counters: BusCounters
  readonly clock: Clock
  readonly log: Logger
}

interface Member {
  readonly options: GroupOptions
  readonly membership: Membership
  works: PartitionWork[]
}

interface CommitRow {
  offset: number
  metadata: string
}

/**
 * A consumer group in this process. Each change of membership starts a generation: commits of the earlier ones are
 * fenced at once, and a partition goes to its next holder when the last call of the one before has settled.
 */
export class Group {
  readonly name: string
  readonly #context: GroupContext
  #members: readonly Member[] = []
  /** The work that holds or held each partition; the next waits for its end. */
  readonly #holders = new Map<PartitionLog, PartitionWork>()
  #generation: number
  /** Membership changes one at a time. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(name: string, context: GroupContext) {
    this.name = name
    this.#context = context
    this.#generation = (context.storage.meta.get(this.#row()) as number | undefined) ?? 0
  }

  join(options: GroupOptions): Promise<Membership> {
    for (const topic of options.topics) this.#context.catalog.get(topic)
    return this.#change(async () => {
      await this.#beginGeneration()
      const member: Member = {
        options,
        works: [],
        membership: {
          leave: () => this.#leave([member]),
          lag: () => member.works.filter(work => !work.ended).map(work => work.lag()),
        },
      }
      this.#members = [...this.#members, member]
      this.#context.counters.joined(this.name, member.membership)
      this.#assign()
      return member.membership
    })
  }

  async leaveAll(): Promise<void> {
    await this.#leave([...this.#members])
  }

  /** The running calls may still commit; only then does the next generation begin. */
  async #leave(leaving: readonly Member[]): Promise<void> {
    const given = leaving.flatMap(member => member.works)
    for (const work of given) work.end()
    await Promise.all(given.map(work => work.done))
    await this.#change(async () => {
      if (!leaving.some(member => this.#members.includes(member))) return
      this.#members = this.#members.filter(member => !leaving.includes(member))
      for (const member of leaving) this.#context.counters.left(member.membership)
      try {
        await this.#beginGeneration()
      } catch (cause) {
        // A full log must not keep a member from leaving: nobody outside this process can hold the old generation.
        this.#context.log.warn({ err: cause, group: this.name }, 'could not store the generation of the group')
        this.#generation++
      }
      // A join in between may have given the leaving ones more.
      given.push(...leaving.flatMap(member => member.works))
      for (const work of given) work.end()
      this.#assign()
    })
    await Promise.all(given.map(work => work.done))
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change)
    this.#changes = done.catch(() => {})
    return done
  }

  async #beginGeneration(): Promise<void> {
    const generation = this.#generation + 1
    await this.#context.writer.write({
      bytes: 0,
      apply: writes => writes.put(this.#context.storage.meta, this.#row(), generation),
      committed: () => {
        this.#generation = generation
      },
    })
  }

  /** Partition p of each topic goes to the p-th of its subscribers, so that topics of like keys stay together. */
  #assign(): void {
    const generation = this.#generation
    const topics = new Set(this.#members.flatMap(member => member.options.topics))
    for (const member of this.#members) {
      for (const work of member.works) work.end()
      member.works = []
    }
    for (const topic of topics) {
      const subscribers = this.#members.filter(member => member.options.topics.includes(topic))
      for (const log of this.#context.catalog.get(topic).partitions) {
        const member = subscribers[log.partition % subscribers.length]!
        const { counters, clock, log: logger } = this.#context
        const work = new PartitionWork({
          ...{ topic, partition: log.partition, group: member.options, counters, clock, log: logger },
          assign: async isHeld => this.#assignment(log, generation, isHeld),
          open: from => new LocalReader(log, from),
          after: this.#holders.get(log)?.done,
        })
        this.#holders.set(log, work)
        member.works.push(work)
      }
    }
  }

  #assignment(log: PartitionLog, generation: number, isHeld: () => boolean): Assignment {
    const { topic, partition, low, high } = log
    const committed = this.#context.storage.meta.get(this.#commitRow(log)) as CommitRow | undefined
    return {
      topic,
      partition,
      generation,
      committed,
      low,
      high,
      commit: (offset, metadata) =>
        this.#commit(log, { offset, metadata }, () => isHeld() && generation === this.#generation),
    }
  }

  async #commit(log: PartitionLog, row: CommitRow, isOurs: () => boolean): Promise<'committed' | 'fenced'> {
    checkCommitMetadata(row.metadata)
    if (!Number.isSafeInteger(row.offset) || row.offset < 0 || row.offset > log.high)
      throw new BusError(
        'offset-out-of-range',
        `cannot commit ${row.offset}: ${log.topic}/${log.partition} ends at ${log.high}`,
      )
    // Generations begin through the same writer, so what holds when the transaction is filled holds when it commits.
    let ours = isOurs()
    if (!ours) return 'fenced'
    await this.#context.writer.write({
      bytes: 0,
      apply: writes => {
        ours = isOurs()
        if (ours) writes.put(this.#context.storage.meta, this.#commitRow(log), row)
      },
    })
    return ours ? 'committed' : 'fenced'
  }

  #row(): string {
    return `group/${this.name}`
  }

  #commitRow(log: PartitionLog): string {
    return `commit/${this.name}/${log.topic}/${log.partition}`
  }
}
