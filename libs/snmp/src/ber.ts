import { arcMax, type Oid, oidArcsMax } from './oid.ts'

/** Tags of the types SNMP uses (RFC 3417 §8: definite lengths, primitive strings). */
export const tags = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  ipAddress: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeTicks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const

/** Closed; documented in docs/reference/snmp-poller.md. A code is never reused. */
export type BerErrorCode =
  | 'ber-truncated'
  | 'ber-indefinite-length'
  | 'ber-length-too-large'
  | 'ber-length-exceeds-container'
  | 'ber-unexpected-tag'
  | 'ber-integer-size'
  | 'ber-oid-malformed'
  | 'ber-oid-too-long'

export interface BerError<Code extends string = BerErrorCode> {
  readonly code: Code
  /** Byte offset in the message. */
  readonly offset: number
}

/**
 * Reads TLVs forward. It never throws and never recurses: the first error stays in `error`, and every later read returns
 * a zero or an empty value, so that a caller checks once. Nothing is read beyond `end`.
 */
export class BerReader {
  readonly bytes: Uint8Array
  offset: number
  end: number
  error: BerError | undefined
  /** Content length of the last header read. */
  length = 0

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get atEnd(): boolean {
    return this.offset >= this.end || this.error !== undefined
  }

  fail(code: BerErrorCode, offset: number): void {
    this.error ??= { code, offset }
  }

  peekTag(): number {
    if (this.atEnd) {
      this.fail('ber-truncated', this.offset)
      return 0
    }
    return this.bytes[this.offset]!
  }

  /** Reads tag and length; the content lies at `offset`, `length` bytes of it. Returns the tag. */
  header(): number {
    const start = this.offset
    const tag = this.peekTag()
    if (this.error) return 0
    let at = start + 1
    if (at >= this.end) return this.#failHeader('ber-truncated', at)
    let length = this.bytes[at++]!
    if (length === 0x80) return this.#failHeader('ber-indefinite-length', at - 1)
    if (length > 0x80) {
      const octets = length & 0x7f
      if (at + octets > this.end) return this.#failHeader('ber-truncated', at)
      length = 0
      for (let i = 0; i < octets; i++) {
        length = length * 256 + this.bytes[at++]!
        // A UDP datagram holds less than 2^16 bytes; leading zero octets are legal in BER and senders use them.
        if (length > 0xff_ffff) return this.#failHeader('ber-length-too-large', start + 1)
      }
    }
    if (at + length > this.end) return this.#failHeader('ber-length-exceeds-container', start + 1)
    this.offset = at
    this.length = length
    return tag
  }

  #failHeader(code: BerErrorCode, offset: number): number {
    this.fail(code, offset)
    this.length = 0
    return 0
  }

  /** Reads a header that must have `tag`; false after an error. */
  expect(tag: number): boolean {
    const start = this.offset
    if (this.header() !== tag && !this.error) this.fail('ber-unexpected-tag', start)
    return this.error === undefined
  }

  /** Enters a constructed value; give what it returns to `leave`. */
  enter(tag: number): number {
    const outerEnd = this.end
    if (this.expect(tag)) this.end = this.offset + this.length
    return outerEnd
  }

  /** Goes on behind the constructed value, whatever of it was read. */
  leave(outerEnd: number): void {
    if (!this.error) this.offset = this.end
    this.end = outerEnd
  }

  /** INTEGER of -2^31 to 2^31 - 1. */
  integer(): number {
    const start = this.offset
    if (!this.expect(tags.integer)) return 0
    const value = signedContent(this.bytes, this.offset, this.length)
    this.offset += this.length
    if (value === undefined) {
      this.fail('ber-integer-size', start)
      return 0
    }
    return value
  }

  /** The content of a value whose header was read; a view, not a copy. */
  content(): Uint8Array {
    const content = this.bytes.subarray(this.offset, this.offset + this.length)
    this.offset += this.length
    return content
  }

  octets(tag: number = tags.octets): Uint8Array {
    return this.expect(tag) ? this.content() : this.bytes.subarray(0, 0)
  }

  oid(): Oid {
    const start = this.offset
    if (!this.expect(tags.oid)) return '' as Oid
    const result = oidContent(this.bytes, this.offset, this.length)
    this.offset += this.length
    if (result.oid === undefined) {
      this.fail(result.code, start)
      return '' as Oid
    }
    return result.oid
  }
}

/** Two's complement of 1 to 4 octets, or more when the further ones only repeat the sign; undefined otherwise. */
export function signedContent(bytes: Uint8Array, offset: number, length: number): number | undefined {
  if (length === 0) return undefined
  const sign = bytes[offset]! & 0x80 ? 0xff : 0
  let at = offset
  const end = offset + length
  while (end - at > 4) if (bytes[at++] !== sign) return undefined
  let value = sign ? -1 : 0
  for (; at < end; at++) value = (value << 8) | bytes[at]!
  return value < 0 === (sign !== 0) ? value : undefined
}

/**
 * Unsigned of up to `octetsMax` octets and a leading zero. Some agents leave that zero out of full-width values, so
 * exactly `octetsMax` octets with the top bit set are read as unsigned; a shorter negative has no sensible reading and is
 * undefined, as is an empty one.
 */
export function unsigned32Content(bytes: Uint8Array, offset: number, length: number): number | undefined {
  const start = unsignedStart(bytes, offset, length, 4)
  if (start === undefined) return undefined
  let value = 0
  for (let at = start; at < offset + length; at++) value = value * 256 + bytes[at]!
  return value
}

/** As `unsigned32Content`, exact over all of 64 bits. */
export function unsigned64Content(bytes: Uint8Array, offset: number, length: number): bigint | undefined {
  const start = unsignedStart(bytes, offset, length, 8)
  if (start === undefined) return undefined
  const end = offset + length
  let high = 0
  let low = 0
  let at = start
  for (; end - at > 4; at++) high = high * 256 + bytes[at]!
  for (; at < end; at++) low = low * 256 + bytes[at]!
  // Below 2^53 one conversion is exact; above, the halves are joined as BigInt.
  return high < 0x20_0000 ? BigInt(high * 4_294_967_296 + low) : (BigInt(high) << 32n) | BigInt(low)
}

function unsignedStart(bytes: Uint8Array, offset: number, length: number, octetsMax: number): number | undefined {
  if (length === 0) return undefined
  if (bytes[offset]! & 0x80 && length !== octetsMax) return undefined
  let start = offset
  while (offset + length - start > octetsMax) if (bytes[start++] !== 0) return undefined
  return start
}

type OidContent = { oid: Oid } | { oid: undefined; code: 'ber-oid-malformed' | 'ber-oid-too-long' }

/**
 * Reused: an OID is decoded to its end before the next begins. As UTF-16LE octets, since a slice of a Buffer makes the
 * string in 100 ns for ten arcs, where `String.fromCharCode` of an array took 170 and of a typed array 400.
 */
const units = Buffer.alloc(4 * oidArcsMax)

/** X.690 §8.19: base 128, the first two arcs joined as 40 · a + b. */
export function oidContent(bytes: Uint8Array, offset: number, length: number): OidContent {
  let used = 0
  const end = offset + length
  let arc = 0
  let inside = false
  for (let at = offset; at < end; at++) {
    const octet = bytes[at]!
    arc = arc * 128 + (octet & 0x7f)
    // The joined first arc may exceed the bound by 80.
    if (arc > arcMax + 80) return { oid: undefined, code: 'ber-oid-malformed' }
    inside = (octet & 0x80) !== 0
    if (inside) continue
    if (used === 0) {
      const first = arc < 40 ? 0 : arc < 80 ? 1 : 2
      units.writeUInt32LE(first << 16, 0)
      used = 4
      arc -= 40 * first
    }
    if (arc > arcMax) return { oid: undefined, code: 'ber-oid-malformed' }
    if (used >= units.length) return { oid: undefined, code: 'ber-oid-too-long' }
    units[used] = arc >>> 16
    units[used + 1] = arc >>> 24
    units[used + 2] = arc
    units[used + 3] = arc >>> 8
    used += 4
    arc = 0
  }
  if (inside) return { oid: undefined, code: 'ber-oid-malformed' }
  return { oid: units.toString('utf16le', 0, used) as Oid }
}

/**
 * Negative, zero or positive as the name `a` comes before, is, or comes after `b`, both the content of an OID's TLV. Octets
 * do not compare as arcs do: an arc of more octets is the greater one.
 */
export function compareOidOctets(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  let i = aStart
  let j = bStart
  while (i < aEnd && j < bEnd && a[i] === b[j]) {
    i++
    j++
  }
  // Back to the beginning of the arc in which they part.
  while (i > aStart && a[i - 1]! >= 0x80) {
    i--
    j--
  }
  if (i >= aEnd || j >= bEnd) return aEnd - i - (bEnd - j)
  return arcAtOctet(a, i, aEnd) - arcAtOctet(b, j, bEnd)
}

function arcAtOctet(bytes: Uint8Array, at: number, end: number): number {
  let arc = 0
  for (let i = at; i < end; i++) {
    arc = arc * 128 + (bytes[i]! & 0x7f)
    if (bytes[i]! < 0x80) break
  }
  return arc
}
