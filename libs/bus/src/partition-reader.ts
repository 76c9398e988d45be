import type { BusRecord } from './bus.ts'

/** `overtaken`: retention has removed the next record; `closed`: by `close`. */
export type NextRecords = readonly BusRecord[] | 'overtaken' | 'closed'

/** Reads one partition from an offset on: what an adapter gives to groups and tails. */
export interface PartitionReader {
  /** Offset of the next record to come. */
  readonly position: number
  /** End of the partition, as far as known. */
  readonly high: number
  /** Waits for records; an empty list means that `position` moved over what compaction had removed. */
  next(recordsMax: number): Promise<NextRecords>
  close(): void
}
