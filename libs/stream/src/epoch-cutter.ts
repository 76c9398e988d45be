import type { EpochBounds } from '../../model/src/index.ts'

export interface CuttableRecord {
  offset: number
  /** The producer's stamp in the record, milliseconds since the Unix epoch. */
  timestampMs: number
}

/**
 * `within`: the record belongs to the open epoch. `closes-before`: the open epoch ends before this record, which begins
 * the next one. `closes-after`: the record is the last of its epoch. `closes-both`: it ends the open epoch and is an
 * epoch of its own (only where recordsMax is 1).
 */
export type Cut = 'within' | 'closes-before' | 'closes-after' | 'closes-both'

/**
 * Cuts one partition's records into epochs `[from, to)` by their content alone, so that an owner, its successor and a
 * zombie choose the same bounds from any epoch's start and however the records are batched (docs/explanation/epochs.md,
 * rule 1). An epoch closes before the first record stamped more than `lengthMs` after its first record's stamp, and
 * after `recordsMax` records. A stamp that goes backwards never closes one.
 */
export class EpochCutter {
  readonly #bounds: EpochBounds
  #from = 0
  #to = 0
  #firstStampMs = 0
  #records = 0

  constructor(bounds: EpochBounds) {
    this.#bounds = bounds
  }

  /** Records of the open epoch so far; 0 when none is open. */
  get records(): number {
    return this.#records
  }

  /** The open epoch, or after `closes-after` the one just closed: from its first record to the one after its last. */
  get epoch(): { from: number; to: number } {
    return { from: this.#from, to: this.#to }
  }

  /**
   * The next record in order. After `closes-before` the closed epoch's bounds are those read from `epoch` before the
   * call; after `closes-after` those read after it.
   */
  offer(record: CuttableRecord): Cut {
    const closesBefore = this.#records > 0 && record.timestampMs - this.#firstStampMs > this.#bounds.lengthMs
    if (closesBefore) this.#records = 0
    if (this.#records === 0) {
      this.#from = record.offset
      this.#firstStampMs = record.timestampMs
    }
    this.#records++
    this.#to = record.offset + 1
    const closesAfter = this.#records >= this.#bounds.recordsMax
    if (closesAfter) this.#records = 0
    if (closesBefore) return closesAfter ? 'closes-both' : 'closes-before'
    return closesAfter ? 'closes-after' : 'within'
  }

  /** Forgets the open epoch: the partition was given up, or is read anew from an epoch's start. */
  reset(): void {
    this.#records = 0
  }
}
