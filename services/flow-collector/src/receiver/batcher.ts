import { cellsPerListener, counterCells, type ReceiverOptions, type SourceBatch } from './messages.ts'
import { OpenBatch } from './open-batch.ts'
import { PayloadMemory } from './payload-memory.ts'
import { TokenBucket } from './token-bucket.ts'

/** A source that was silent for so long gives its place up. */
const idleMs = 60_000
/** So many sources are flushed in one `batchAgeMs`; more wait longer, up to `batchAgeMsMax`. */
const sourcesPerFlush = 1_000
const batchAgeMsMax = 2_000
/** What a datagram's row and a batch's own objects weigh in the buffer, so that small ones cannot pass its bound. */
const rowBytes = 12
const batchBytes = 256
/**
 * Full batches are handed over when they are so many bytes, or with the next flush: a request to the bus costs its
 * overhead once for all that is in it.
 */
const handOverBytes = 512 * 1024

interface Source {
  readonly open: OpenBatch
  readonly limit: TokenBucket
  lastSeenMs: number
}

/** Sorts datagrams by source address and listener into batches, within a bound on what is held. */
export class Batcher {
  readonly #options: ReceiverOptions
  readonly #handOver: (batches: SourceBatch[]) => void
  readonly #cells: Float64Array
  /** By listener. */
  readonly #sources: Map<string, Source>[]
  readonly #memory = new PayloadMemory()
  #sourceCount = 0
  #heldBytes = 0
  #full: SourceBatch[] = []
  #fullBytes = 0

  constructor(options: ReceiverOptions, handOver: (batches: SourceBatch[]) => void) {
    this.#options = options
    this.#handOver = handOver
    this.#cells = new Float64Array(options.counters)
    this.#sources = options.listeners.map(() => new Map())
  }

  add(listener: number, datagram: Uint8Array, sourceAddress: string, sourcePort: number, receivedUs: number): void {
    const cell = listener * cellsPerListener
    this.#cells[cell + counterCells.receivedDatagrams]!++
    this.#cells[cell + counterCells.receivedBytes]! += datagram.length
    const nowMs = receivedUs / 1_000
    const source = this.#sources[listener]!.get(sourceAddress) ?? this.#newSource(listener, sourceAddress, nowMs)
    if (!source) {
      this.#cells[cell + counterCells.tooManyExporters]!++
      return
    }
    source.lastSeenMs = nowMs
    if (!source.limit.take(nowMs)) {
      this.#cells[cell + counterCells.rateLimited]!++
      source.open.rateLimitDrops++
      return
    }
    if (this.#heldBytes + datagram.length + rowBytes + batchBytes > this.#options.bufferBytesMax) {
      this.#cells[cell + counterCells.bufferFull]!++
      source.open.bufferDrops++
      return
    }
    if (source.open.count > 0 && source.open.payloadBytes + datagram.length > this.#options.batchBytesMax) {
      this.#full.push(this.#take(source))
      if (this.#fullBytes >= handOverBytes) this.#post()
    }
    this.#heldBytes += datagram.length + rowBytes
    source.open.add(datagram, sourcePort, receivedUs)
  }

  /** Bytes of a thread that died before may come back too. */
  released(bytes: number): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - bytes)
  }

  /** Memory of payloads that were handed over. */
  givenBack(memory: readonly ArrayBuffer[]): void {
    for (const one of memory) this.#memory.giveBack(one)
  }

  /** Hands over every open batch. */
  flush(nowMs: number): void {
    for (const sources of this.#sources) {
      for (const [address, source] of sources) {
        if (this.#isWorthTaking(source.open)) this.#full.push(this.#take(source))
        else if (source.open.isEmpty && nowMs - source.lastSeenMs > idleMs) {
          sources.delete(address)
          this.#sourceCount--
        }
      }
    }
    this.#post()
  }

  /** When to flush next: small batches of very many sources would cost the bus more than their delay is worth. */
  get batchAgeMs(): number {
    const stretched = this.#options.batchAgeMs * Math.max(1, Math.ceil(this.#sourceCount / sourcesPerFlush))
    return Math.min(stretched, Math.max(batchAgeMsMax, this.#options.batchAgeMs))
  }

  #newSource(listener: number, address: string, nowMs: number): Source | undefined {
    if (this.#sourceCount >= this.#options.exportersMax) return undefined
    const source: Source = {
      open: new OpenBatch(listener, address, this.#memory),
      limit: new TokenBucket(this.#options.exporterDatagramsPerSecondMax, nowMs),
      lastSeenMs: nowMs,
    }
    this.#sources[listener]!.set(address, source)
    this.#sourceCount++
    return source
  }

  /** Drops alone wait until there is room. */
  #isWorthTaking(open: OpenBatch): boolean {
    return open.count > 0 || (!open.isEmpty && this.#heldBytes + batchBytes <= this.#options.bufferBytesMax)
  }

  #take(source: Source): SourceBatch {
    const taken = source.open.take()
    const batch = { ...taken, bytes: taken.payload.length + taken.count * rowBytes + batchBytes }
    this.#heldBytes += batchBytes
    this.#fullBytes += batch.bytes
    this.#cells[batch.listener * cellsPerListener + counterCells.handedOver]! += batch.count
    return batch
  }

  #post(): void {
    if (this.#full.length === 0) return
    this.#handOver(this.#full)
    this.#full = []
    this.#fullBytes = 0
  }
}
