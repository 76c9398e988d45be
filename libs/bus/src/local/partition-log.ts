import type { BusRecord, NewRecord, TopicSpec } from '../bus.ts'
import { decodeRecord, encodeRecord } from './record-codec.ts'
import { decodeSegment, emptySegment, encodeSegment, type Segment } from './segment.ts'
import { offsetOfKey, recordKey, type Storage, type Writes } from './storage.ts'

const segmentBytesMax = 8 * 1024 * 1024
const segmentRecordsMax = 8_192

/** Records read, and where to go on: past the last one, or past offsets that compaction emptied. */
export interface ReadResult {
  records: BusRecord[]
  next: number
}

/** One partition: its segments in memory, its records in the storage. Only what is committed can be seen. */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly id: number
  spec: TopicSpec
  #segments: readonly Segment[] = []
  #bytes = 0
  readonly #storage: Storage
  /** The tail of `segments` as the running transaction leaves it. */
  #staged: Segment[] | undefined
  #waiting: (() => void)[] = []

  constructor(storage: Storage, spec: TopicSpec, partition: number, id: number, nowMs: number) {
    this.#storage = storage
    this.spec = spec
    this.topic = spec.name
    this.partition = partition
    this.id = id
    const rows = storage.segments.getRange({ start: recordKey(id, 0), end: recordKey(id + 1, 0) })
    const stored = Array.from(rows, ({ value }) => decodeSegment(value))
    this.segments = stored.length > 0 ? stored : [emptySegment(0, nowMs)]
  }

  get low(): number {
    return this.segments[0]!.base
  }

  get high(): number {
    return this.segments.at(-1)!.end
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  set segments(segments: readonly Segment[]) {
    this.#segments = segments
    this.#bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Records as they are stored, with their keys. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds to the running transaction and returns the offset; visible after `publish`. */
  append(writes: Writes, record: NewRecord, nowMs: number): number {
    this.#staged ??= [this.segments.at(-1)!]
    let active = this.#staged.at(-1)!
    if (this.#isFull(active, nowMs)) {
      active = emptySegment(active.end, nowMs)
      this.#staged.push(active)
    }
    const row = encodeRecord(record)
    const offset = active.end
    writes.put(this.#storage.records, recordKey(this.id, offset), row)
    this.#staged[this.#staged.length - 1] = {
      base: active.base,
      end: offset + 1,
      records: active.records + 1,
      bytes: active.bytes + row.length,
      stampMaxMs: Math.max(active.stampMaxMs, record.timestampMs),
      begunMs: active.begunMs,
    }
    return offset
  }

  /** Writes the rows of the segments that the running transaction appended to. */
  seal(writes: Writes): void {
    for (const segment of this.#staged ?? []) this.writeSegment(writes, segment)
  }

  publish(): void {
    if (!this.#staged) return
    this.segments = [...this.segments.slice(0, -1), ...this.#staged]
    this.#staged = undefined
    this.wake()
  }

  discard(): void {
    this.#staged = undefined
  }

  writeSegment(writes: Writes, segment: Segment): void {
    writes.put(this.#storage.segments, recordKey(this.id, segment.base), encodeSegment(segment))
  }

  removeSegment(writes: Writes, segment: Segment): void {
    writes.remove(this.#storage.segments, recordKey(this.id, segment.base))
  }

  /** Resolves when the log changes, or at `wake`. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Lets everybody who waits look again: for new records, and when readers are to end. */
  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Reads from `from` on, up to `recordsMax` and `bytesMax`, but at least one record where there is one. */
  read(from: number, recordsMax: number, bytesMax: number): ReadResult {
    const until = this.high
    const records: BusRecord[] = []
    if (from >= until) return { records, next: from }
    let bytes = 0
    let complete = true
    const range = { start: recordKey(this.id, from), end: recordKey(this.id, until) }
    for (const { key, value } of this.#storage.records.getRange(range)) {
      if (records.length === recordsMax || (records.length > 0 && bytes + value.length > bytesMax)) {
        complete = false
        break
      }
      bytes += value.length
      records.push(decodeRecord(this.topic, this.partition, offsetOfKey(key), value))
    }
    return { records, next: complete ? until : records.at(-1)!.offset + 1 }
  }

  /** Offset of the first record stamped at or after `sinceMs`, or the end. */
  offsetSince(sinceMs: number): number {
    for (const segment of this.segments) {
      if (segment.stampMaxMs < sinceMs) continue
      for (let from = segment.base; from < segment.end; ) {
        const { records, next } = this.read(from, 256, segmentBytesMax)
        const first = records.find(record => record.timestampMs >= sinceMs)
        if (first) return first.offset
        from = next
      }
    }
    return this.high
  }

  /** A segment also ends by age, so that retention by time removes in steps of a tenth of its span. */
  #isFull(segment: Segment, nowMs: number): boolean {
    if (segment.records === 0) return false
    return (
      segment.records >= segmentRecordsMax ||
      segment.bytes >= Math.min(segmentBytesMax, this.spec.retentionBytes / 10) ||
      (!this.spec.compacted && nowMs - segment.begunMs >= this.spec.retentionMs / 10)
    )
  }
}
