import { handOverBytesMax } from '../limits.ts'
import type { NextRecords, PartitionReader } from '../partition-reader.ts'
import type { PartitionLog } from './partition-log.ts'

/** Reads the log on disk; wakes with each commit, never polls. */
export class LocalReader implements PartitionReader {
  readonly #log: PartitionLog
  #closed = false
  position: number

  constructor(log: PartitionLog, from: number) {
    this.#log = log
    this.position = from
  }

  get high(): number {
    return this.#log.high
  }

  async next(recordsMax: number): Promise<NextRecords> {
    while (!this.#closed) {
      const { records, next } = this.#log.read(this.position, recordsMax, handOverBytesMax)
      if ((records[0]?.offset ?? next) > this.position && !this.#log.spec.compacted) return this.#overtaken()
      const hasMoved = next > this.position
      this.position = next
      if (hasMoved) return records
      await this.#log.changed()
    }
    return 'closed'
  }

  close(): void {
    this.#closed = true
    this.#log.wake()
  }

  /** The storage shows a removal a moment before the log does. */
  async #overtaken(): Promise<NextRecords> {
    while (this.#log.low <= this.position && !this.#closed) await this.#log.changed()
    return this.#closed ? 'closed' : 'overtaken'
  }
}
