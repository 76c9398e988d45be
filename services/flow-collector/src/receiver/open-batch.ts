import type { SourceBatch } from './messages.ts'
import type { PayloadMemory } from './payload-memory.ts'

const payloadBytesMin = 2_048
const datagramsMin = 8

/**
 * Datagrams of one source as they come in. Copied at once, so that the socket's own buffers die young: kept alive to the
 * flush they would be promoted, and it is the collector's pauses that lose datagrams.
 */
export class OpenBatch {
  readonly listener: number
  readonly sourceAddress: string
  rateLimitDrops = 0
  bufferDrops = 0
  count = 0
  payloadBytes = 0
  readonly #memory: PayloadMemory
  #payload = new Uint8Array(0)
  /** As large as the last one was, made when the first datagram comes: idle sources hold no memory. */
  #payloadSize = payloadBytesMin
  /** Time offset, source port and length of each datagram, interleaved. */
  #rows: Uint32Array<ArrayBuffer>
  #firstReceivedUs = 0
  #lastReceivedUs = 0

  constructor(listener: number, sourceAddress: string, memory: PayloadMemory) {
    this.#memory = memory
    this.listener = listener
    this.sourceAddress = sourceAddress
    this.#rows = new Uint32Array(datagramsMin * 3)
  }

  add(datagram: Uint8Array, sourcePort: number, receivedUs: number): void {
    if (this.count === 0) this.#firstReceivedUs = this.#lastReceivedUs = receivedUs
    // A clock that steps back within a batch must not wrap the unsigned offset.
    else if (receivedUs > this.#lastReceivedUs) this.#lastReceivedUs = receivedUs
    this.#reserve(datagram.length)
    this.#payload.set(datagram, this.payloadBytes)
    const row = this.count * 3
    this.#rows[row] = this.#lastReceivedUs - this.#firstReceivedUs
    this.#rows[row + 1] = sourcePort
    this.#rows[row + 2] = datagram.length
    this.payloadBytes += datagram.length
    this.count++
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.rateLimitDrops === 0 && this.bufferDrops === 0
  }

  /** Takes what there is. */
  take(): Omit<SourceBatch, 'bytes'> {
    const { count, payloadBytes } = this
    const columns = new Uint32Array(count * 3)
    for (let i = 0; i < count; i++) {
      columns[i] = this.#rows[i * 3]!
      columns[count + i] = this.#rows[i * 3 + 1]!
      columns[count * 2 + i] = this.#rows[i * 3 + 2]!
    }
    const batch = {
      listener: this.listener,
      sourceAddress: this.sourceAddress,
      count,
      firstReceivedUs: this.#firstReceivedUs,
      lastReceivedUs: this.#lastReceivedUs,
      columns,
      payload: this.#payload.subarray(0, payloadBytes),
      rateLimitDrops: this.rateLimitDrops,
      bufferDrops: this.bufferDrops,
    }
    this.#payload = new Uint8Array(0)
    this.#payloadSize = Math.max(payloadBytesMin, powerOfTwo(payloadBytes))
    this.count = 0
    this.payloadBytes = 0
    this.rateLimitDrops = 0
    this.bufferDrops = 0
    return batch
  }

  #reserve(bytes: number): void {
    if (this.payloadBytes + bytes > this.#payload.length) {
      const larger = this.#memory.take(Math.max(this.#payloadSize, this.payloadBytes + bytes))
      larger.set(this.#payload.subarray(0, this.payloadBytes))
      this.#payload = larger
    }
    if ((this.count + 1) * 3 > this.#rows.length) {
      const longer = new Uint32Array(this.#rows.length * 2)
      longer.set(this.#rows)
      this.#rows = longer
    }
  }
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)))
}
