import { tags } from './ber.ts'
import { arcAt, arcCount, type Oid } from './oid.ts'

/**
 * Writes TLVs from the last to the first, so that a length is known when its turn comes and nothing is moved. The order
 * of calls is therefore the reverse of the message: `const end = w.mark(); …content, last first…; w.close(tag, end)`.
 * The buffer grows by doubling and is reused after `reset`.
 */
export class BerWriter {
  #bytes: Buffer
  #start: number

  constructor(size = 2_048) {
    this.#bytes = Buffer.allocUnsafe(size)
    this.#start = size
  }

  reset(): void {
    this.#start = this.#bytes.length
  }

  /** Octets written so far; give it to `close`. */
  mark(): number {
    return this.#bytes.length - this.#start
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#start))
  }

  /** Puts the header before everything written since `mark`. */
  close(tag: number, mark: number): void {
    let length = this.mark() - mark
    if (length < 0x80) {
      this.#octet(length)
    } else {
      let octets = 0
      for (; length > 0; length = Math.floor(length / 256)) {
        this.#octet(length & 0xff)
        octets++
      }
      this.#octet(0x80 | octets)
    }
    this.#octet(tag)
  }

  octets(tag: number, content: Uint8Array): void {
    const mark = this.mark()
    this.raw(content)
    this.close(tag, mark)
  }

  /** What is encoded already. */
  raw(content: Uint8Array): void {
    this.#reserve(content.length)
    this.#start -= content.length
    this.#bytes.set(content, this.#start)
  }

  /** Two's complement in as few octets as it takes (X.690 §8.3). */
  integer(value: number): void {
    const mark = this.mark()
    let rest = value | 0
    for (;;) {
      const octet = rest & 0xff
      this.#octet(octet)
      rest >>= 8
      if ((rest === 0 && octet < 0x80) || (rest === -1 && octet >= 0x80)) break
    }
    this.close(tags.integer, mark)
  }

  unsigned32(tag: number, value: number): void {
    const mark = this.mark()
    let rest = value >>> 0
    for (;;) {
      const octet = rest & 0xff
      this.#octet(octet)
      rest >>>= 8
      if (rest === 0) {
        if (octet >= 0x80) this.#octet(0)
        break
      }
    }
    this.close(tag, mark)
  }

  unsigned64(tag: number, value: bigint): void {
    const mark = this.mark()
    let high = Number(BigInt.asUintN(32, value >> 32n))
    let low = Number(BigInt.asUintN(32, value))
    for (;;) {
      const octet = low & 0xff
      this.#octet(octet)
      low = (low >>> 8) | (high << 24)
      high >>>= 8
      if (low === 0 && high === 0) {
        if (octet >= 0x80) this.#octet(0)
        break
      }
    }
    this.close(tag, mark)
  }

  oid(value: Oid): void {
    const mark = this.mark()
    const count = arcCount(value)
    for (let i = count - 1; i >= 2; i--) this.#base128(arcAt(value, i))
    // Fewer than two arcs cannot be written; senders use 0.0 for "none" (zeroDotZero, RFC 2578).
    this.#base128(40 * Math.max(0, arcAt(value, 0)) + Math.max(0, arcAt(value, 1)))
    this.close(tags.oid, mark)
  }

  /** A varbind without a value: what a request asks for. The name is given as the content of its TLV. */
  nameAsked(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length + 6 >= 0x80) {
      const mark = this.mark()
      this.close(tags.null, mark)
      this.octets(tags.oid, bytes.subarray(start, end))
      this.close(tags.sequence, mark)
      return
    }
    this.#reserve(length + 6)
    const into = this.#bytes
    let at = this.#start
    into[--at] = 0
    into[--at] = tags.null
    // Ten octets or so: `set` would cost more than the loop.
    for (let from = end; from > start; ) into[--at] = bytes[--from]!
    into[--at] = length
    into[--at] = tags.oid
    into[--at] = length + 4
    into[--at] = tags.sequence
    this.#start = at
  }

  #base128(arc: number): void {
    this.#octet(arc % 128)
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) this.#octet(0x80 | (rest % 128))
  }

  #octet(value: number): void {
    if (this.#start === 0) this.#reserve(1)
    this.#bytes[--this.#start] = value
  }

  #reserve(size: number): void {
    if (this.#start >= size) return
    const written = this.mark()
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, written + size))
    this.#bytes.copy(grown, grown.length - written, this.#start)
    this.#start = grown.length - written
    this.#bytes = grown
  }
}
