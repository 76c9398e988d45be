import type { BusRecord } from '../bus.ts'
import type { BusCounters } from '../bus-counters.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Segment } from './segment.ts'
import { offsetOfKey, recordKey, type Storage, type Writes } from './storage.ts'
import type { Writer } from './writer.ts'

/** So long a superseded record stays readable, for readers that want every step and are a little behind. */
const compactionLagMs = 60_000
/** A deletion is kept so long after it was cleaned, for readers that rebuild their table meanwhile (Kafka's default). */
const tombstoneRetentionMs = 86_400_000
const recordsPerRunMax = 8_192
const recordsPerStep = 1_024

/**
 * Keeps the newest record of each key. Cleans forward from where it stood: each record met supersedes the one that
 * `newest` names for its key, so the cost is by new records, not by the size of the log.
 */
export class Compactor {
  readonly #log: PartitionLog
  readonly #storage: Storage
  readonly #writer: Writer
  readonly #counters: BusCounters
  /** Ends of the log at earlier runs, oldest first: what lies below one is as old as that run. */
  #marks: { end: number; atMs: number }[] = []

  constructor(log: PartitionLog, storage: Storage, writer: Writer, counters: BusCounters) {
    this.#log = log
    this.#storage = storage
    this.#writer = writer
    this.#counters = counters
  }

  async run(nowMs: number): Promise<void> {
    const until = this.#cleanableEnd(nowMs)
    for (let done = 0; done < recordsPerRunMax; done += recordsPerStep) {
      const from = this.#cleanedTo()
      if (from >= until) break
      await this.#clean(from, until, nowMs)
    }
    await this.#dropTombstones(nowMs)
  }

  #cleanableEnd(nowMs: number): number {
    let until = 0
    while (this.#marks[0] && this.#marks[0].atMs <= nowMs - compactionLagMs) {
      until = this.#marks[0].end
      if (this.#marks.length === 1 || this.#marks[1]!.atMs > nowMs - compactionLagMs) break
      this.#marks.shift()
    }
    if (this.#marks.at(-1)?.end !== this.#log.high) this.#marks.push({ end: this.#log.high, atMs: nowMs })
    return until
  }

  #cleanedTo(): number {
    return (this.#storage.meta.get(`cleaned/${this.#log.id}`) as number | undefined) ?? 0
  }

  async #clean(from: number, until: number, nowMs: number): Promise<void> {
    const { records, next } = this.#log.read(from, recordsPerStep, Number.POSITIVE_INFINITY)
    const cleaned = records.filter(record => record.offset < until)
    const removed = new Map<number, number>()
    await this.#write((writes, changes) => {
      const newest = new Map<string, [offset: number, bytes: number]>()
      for (const record of cleaned) {
        const before = newest.get(record.key) ?? this.#storage.newest.get([this.#log.id, record.key])
        if (before) removed.set(before[0], before[1])
        newest.set(record.key, [record.offset, storedBytes(record)])
        if (record.value === null) writes.put(this.#storage.tombstones, recordKey(this.#log.id, record.offset), nowMs)
      }
      for (const [key, place] of newest) writes.put(this.#storage.newest, [this.#log.id, key], place)
      for (const offset of removed.keys()) this.#removeRecord(writes, offset)
      writes.put(this.#storage.meta, `cleaned/${this.#log.id}`, Math.min(next, until))
      changes(removed)
    })
    this.#counters.topic(this.#log.topic).removed.compaction += removed.size
  }

  async #dropTombstones(nowMs: number): Promise<void> {
    const range = { start: recordKey(this.#log.id, 0), end: recordKey(this.#log.id + 1, 0), limit: recordsPerStep }
    const old: number[] = []
    for (const { key, value } of this.#storage.tombstones.getRange(range))
      if (value + tombstoneRetentionMs < nowMs) old.push(offsetOfKey(key))
    if (old.length === 0) return
    const removed = new Map<number, number>()
    await this.#write((writes, changes) => {
      for (const offset of old) {
        const record = this.#log.read(offset, 1, Number.POSITIVE_INFINITY).records[0]
        if (record?.offset !== offset) continue
        this.#removeRecord(writes, offset)
        removed.set(offset, storedBytes(record))
        const newest = this.#storage.newest.get([this.#log.id, record.key])
        if (newest?.[0] === offset) writes.remove(this.#storage.newest, [this.#log.id, record.key])
      }
      changes(removed)
    })
    this.#counters.topic(this.#log.topic).removed.compaction += removed.size
  }

  #removeRecord(writes: Writes, offset: number): void {
    writes.remove(this.#storage.records, recordKey(this.#log.id, offset))
    writes.remove(this.#storage.tombstones, recordKey(this.#log.id, offset))
  }

  /** Runs one transaction of removals and keeps the segments' sums in step with it. */
  async #write(fill: (writes: Writes, changes: (removed: ReadonlyMap<number, number>) => void) => void): Promise<void> {
    let segments = this.#log.segments
    await this.#writer.write({
      bytes: 0,
      alone: true,
      apply: writes =>
        fill(writes, removed => {
          const before = this.#log.segments
          segments = before.map(segment => without(segment, removed))
          segments.forEach((segment, i) => {
            if (segment !== before[i]) this.#log.writeSegment(writes, segment)
          })
          const kept = segments.filter((segment, i) => segment.records > 0 || i === segments.length - 1)
          for (const segment of segments) if (!kept.includes(segment)) this.#log.removeSegment(writes, segment)
          segments = kept
        }),
      committed: () => {
        this.#log.segments = segments
        this.#log.wake()
      },
    })
  }
}

function without(segment: Segment, removed: ReadonlyMap<number, number>): Segment {
  let records = 0
  let bytes = 0
  for (const [offset, size] of removed) {
    if (offset < segment.base || offset >= segment.end) continue
    records++
    bytes += size
  }
  if (records === 0) return segment
  return { ...segment, records: segment.records - records, bytes: segment.bytes - bytes }
}

/** As `encodeRecord` lays it out. */
function storedBytes(record: BusRecord): number {
  return 11 + Buffer.byteLength(record.key) + (record.value?.length ?? 0)
}
