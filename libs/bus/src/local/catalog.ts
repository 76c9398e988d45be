import { randomUUID } from 'node:crypto'
import { BusError, type TopicSpec } from '../bus.ts'
import { PartitionLog } from './partition-log.ts'
import { partitionIdMax, type Storage } from './storage.ts'
import type { Writer } from './writer.ts'

export interface TopicLog {
  spec: TopicSpec
  readonly logId: string
  readonly partitions: readonly PartitionLog[]
}

interface TopicRow {
  spec: TopicSpec
  logId: string
  /** Ids of its partitions are this and the following. */
  firstPartitionId: number
}

/** The topics of the log, as declared. */
export class Catalog {
  readonly #storage: Storage
  readonly #writer: Writer
  readonly #nowMs: () => number
  readonly #topics = new Map<string, TopicLog>()
  #nextPartitionId = 0

  constructor(storage: Storage, writer: Writer, nowMs: () => number) {
    this.#storage = storage
    this.#writer = writer
    this.#nowMs = nowMs
    for (const { value } of storage.meta.getRange({ start: 'topic/', end: 'topic0' })) this.#add(value as TopicRow)
  }

  /** @throws BusError `topic-unknown` */
  get(name: string): TopicLog {
    const topic = this.#topics.get(name)
    if (!topic) throw new BusError('topic-unknown', `there is no topic ${name}: create it first`)
    return topic
  }

  all(): Iterable<TopicLog> {
    return this.#topics.values()
  }

  /** @throws BusError `topic-mismatch`, `log-full` */
  async create(spec: TopicSpec): Promise<void> {
    const existing = this.#topics.get(spec.name)
    if (existing) return this.#redeclare(existing, spec)
    if (this.#nextPartitionId + spec.partitions > partitionIdMax + 1)
      throw new BusError('log-full', `one log has at most ${partitionIdMax + 1} partitions`)
    const row: TopicRow = { spec, logId: randomUUID(), firstPartitionId: this.#nextPartitionId }
    // Taken before the write, so that two creations at once do not share ids.
    this.#nextPartitionId += spec.partitions
    await this.#put(row)
    this.#add(row)
  }

  /** Retention may change under a live topic; partitions and compaction decide what the records mean. */
  async #redeclare(topic: TopicLog, spec: TopicSpec): Promise<void> {
    const { spec: before, logId, partitions } = topic
    if (before.partitions !== spec.partitions || before.compacted !== spec.compacted) {
      const describe = (one: TopicSpec) => `${one.partitions} partitions${one.compacted ? ', compacted' : ''}`
      throw new BusError(
        'topic-mismatch',
        `${spec.name} has ${describe(before)}, not ${describe(spec)}: declare it as it is, or give the topic another version`,
      )
    }
    if (before.retentionMs === spec.retentionMs && before.retentionBytes === spec.retentionBytes) return
    await this.#put({ spec, logId, firstPartitionId: partitions[0]!.id })
    topic.spec = spec
    for (const log of partitions) log.spec = spec
  }

  #put(row: TopicRow): Promise<void> {
    return this.#writer.write({
      bytes: 0,
      apply: writes => writes.put(this.#storage.meta, `topic/${row.spec.name}`, row),
    })
  }

  #add({ spec, logId, firstPartitionId }: TopicRow): void {
    const partitions = Array.from(
      { length: spec.partitions },
      (_, partition) => new PartitionLog(this.#storage, spec, partition, firstPartitionId + partition, this.#nowMs()),
    )
    this.#topics.set(spec.name, { spec, logId, partitions })
    this.#nextPartitionId = Math.max(this.#nextPartitionId, firstPartitionId + spec.partitions)
  }
}
