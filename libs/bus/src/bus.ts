import type { Component } from '../../kernel/src/index.ts'

/** A topic as declared: partitions, retention and compaction are part of it, not left to a broker's defaults. */
export interface TopicSpec {
  name: string
  partitions: number
  /** Records older than this may go (milliseconds); a compacted topic keeps the newest of each key for ever. */
  retentionMs: number
  /** A partition larger than this loses its oldest records. */
  retentionBytes: number
  compacted: boolean
}

export interface NewRecord {
  key: string
  /** null deletes the key of a compacted topic. */
  value: Uint8Array | null
  /** The producer's stamp, milliseconds since the Unix epoch: epochs are cut by it. */
  timestampMs: number
  /** Given for heartbeats, which go to every partition; otherwise `partitionOf(key)` decides. */
  partition?: number
}

export interface BusRecord {
  topic: string
  partition: number
  /** Position in the partition, from 0; grows, may skip. */
  offset: number
  key: string
  value: Uint8Array | null
  timestampMs: number
}

export interface RecordPosition {
  partition: number
  offset: number
}

export interface PartitionBounds {
  partition: number
  /** The oldest offset still kept. */
  low: number
  /** The offset the next record will get. */
  high: number
}

/**
 * The log between services: topics of partitions, at-least-once to readers, in order within a partition. Adapters:
 * `local/` (LMDB, embedded) and `kafka/` (kafkajs). One contract suite holds both to this text.
 */
export interface Bus extends Component {
  /** Makes the topics that do not exist yet; refuses one that exists with other partitions. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>
  /** UUID written when the topic was created; a recreated topic has another (epochs, rule 2). */
  logId(topic: string): Promise<string>
  bounds(topic: string): Promise<PartitionBounds[]>
  /**
   * Appends, and resolves when the records are durable against the death of any process. Records of one call that share
   * a partition stay in order. Rejects with `BusError` when nothing or not everything was written.
   */
  send(topic: string, records: readonly NewRecord[]): Promise<RecordPosition[]>
  /** Joins a consumer group. Each partition belongs to one member at a time. */
  join(options: GroupOptions): Promise<Membership>
  /** Reads partitions without a group: for tables made from compacted topics, for the live view and for tools. */
  tail(options: TailOptions): Promise<Tail>
}

export interface GroupOptions {
  group: string
  topics: readonly string[]
  handler: GroupHandler
  /** Upper bound of records handed over at once. */
  recordsMax?: number
}

/**
 * Calls for one partition never overlap; those of different partitions may. A rejection of `assigned` or `records` ends
 * the membership's work on that partition: it is given back and assigned anew after a pause. So is a partition whose
 * retention overtook its reader, at once, so that `assigned` sees the gap. Each `assigned` that was called, whether it
 * settled well or not, is followed by one `revoked`.
 */
export interface GroupHandler {
  /**
   * The partition is ours from here. All earlier state of it is void. Returns the offset to read from; one below
   * `assignment.low` means `low`.
   */
  assigned(assignment: Assignment): Promise<number>
  /** The next records in order. The promise is the back-pressure: no more come until it settles. */
  records(assignment: Assignment, records: readonly BusRecord[]): Promise<void>
  /** The partition is no longer ours; commits of this assignment are fenced from here. */
  revoked(assignment: Assignment): Promise<void>
}

/** A partition held in one generation of the group. */
export interface Assignment {
  readonly topic: string
  readonly partition: number
  readonly generation: number
  /** As committed by whoever held it before, read after the join; undefined when never committed. */
  readonly committed: { offset: number; metadata: string } | undefined
  readonly low: number
  readonly high: number
  /**
   * Commits in the generation of this assignment, never a later one. `fenced`: it was not ours any more, nothing was
   * committed, drop the epoch. An unconfirmed commit rejects.
   */
  commit(offset: number, metadata: string): Promise<'committed' | 'fenced'>
}

export interface Membership {
  /** Gives the partitions back after the running calls have settled. */
  leave(): Promise<void>
  /** Records not yet handed over, by partition. */
  lag(): { topic: string; partition: number; records: number }[]
}

export interface TailOptions {
  topic: string
  /** All partitions unless given. */
  partitions?: readonly number[]
  /**
   * `start`: the oldest record kept; `end`: only what comes from now on; `sinceMs`: the first record stamped then or later
   * and all after it; `offsets`: those, and the oldest kept of partitions not named.
   */
  from: 'start' | 'end' | { sinceMs: number } | { offsets: ReadonlyMap<number, number> }
  /** Records of one partition in order; partitions side by side. The promise is the back-pressure; rejected, they come again. */
  records(records: readonly BusRecord[]): void | Promise<void>
}

export interface Tail {
  /** Resolves when everything that was in the topic when the tail began has been handed over. */
  caughtUp: Promise<void>
  close(): Promise<void>
}

/** Codes are closed and documented in docs/reference/bus.md; a code is never reused. */
export type BusErrorCode =
  | 'bus-closed'
  | 'topic-unknown'
  | 'topic-mismatch'
  | 'record-too-large'
  | 'log-locked'
  | 'log-full'
  | 'log-damaged'
  | 'broker-unreachable'
  | 'not-authorised'
  | 'offset-out-of-range'
  | 'commit-unconfirmed'

export class BusError extends Error {
  readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BusError'
    this.code = code
  }
}
