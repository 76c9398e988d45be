import type { BusRecord } from '../bus.ts'
import { handOverBytesMax } from '../limits.ts'
import type { NextRecords, PartitionReader } from '../partition-reader.ts'

/** So much is read ahead of the handler; fetching pauses above it. */
const readAheadBytesMax = 8 * 1024 * 1024

/** One partition's records between the fetcher, which fills, and a handler, which empties. */
export class KafkaReader implements PartitionReader {
  readonly topic: string
  readonly partition: number
  readonly compacted: boolean
  /** Offset to ask the broker for. */
  fetchFrom: number
  position: number
  high: number
  readonly #onWanted: () => void
  readonly #onClose: (reader: KafkaReader) => void
  #records: BusRecord[] = []
  #bytes = 0
  #isOvertaken = false
  #isClosed = false
  #wake: (() => void) | undefined

  constructor(options: {
    topic: string
    partition: number
    compacted: boolean
    from: number
    onWanted: () => void
    onClose: (reader: KafkaReader) => void
  }) {
    this.topic = options.topic
    this.partition = options.partition
    this.compacted = options.compacted
    this.fetchFrom = options.from
    this.position = options.from
    this.high = options.from
    this.#onWanted = options.onWanted
    this.#onClose = options.onClose
  }

  get wantsMore(): boolean {
    return !this.#isClosed && !this.#isOvertaken && this.#bytes < readAheadBytesMax
  }

  async next(recordsMax: number): Promise<NextRecords> {
    for (;;) {
      if (this.#isClosed) return 'closed'
      if (this.#records.length > 0) return this.#take(recordsMax)
      if (this.#isOvertaken) return 'overtaken'
      if (this.position < this.fetchFrom) {
        this.position = this.fetchFrom
        return []
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#records = []
    this.#onClose(this)
    this.#wake?.()
  }

  /** What the broker answered; `next` is the offset to ask for then. */
  fill(records: readonly BusRecord[], next: number, high: number): void {
    this.high = high
    this.fetchFrom = next
    if (this.#isClosed) return
    for (const record of records) {
      this.#bytes += sizeOf(record)
      this.#records.push(record)
    }
    this.#wake?.()
  }

  /** The broker does not have `fetchFrom`: too old, or beyond the end of a topic that was made anew. */
  overtake(): void {
    this.#isOvertaken = true
    this.#wake?.()
  }

  #take(recordsMax: number): BusRecord[] {
    const wanted = this.wantsMore
    let bytes = 0
    let count = 0
    for (const record of this.#records) {
      const size = sizeOf(record)
      if (count === recordsMax || (count > 0 && bytes + size > handOverBytesMax)) break
      bytes += size
      count++
    }
    const taken = this.#records.splice(0, count)
    this.#bytes -= bytes
    this.position = this.#records[0]?.offset ?? this.fetchFrom
    if (!wanted && this.wantsMore) this.#onWanted()
    return taken
  }
}

function sizeOf(record: BusRecord): number {
  return (record.value?.length ?? 0) + record.key.length + 64
}
