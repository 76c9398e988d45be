import { oidContent, tags } from './ber.ts'
import { valueContent } from './decode-message.ts'
import { encodeVarbinds } from './encode-message.ts'
import type { Oid } from './oid.ts'
import type { SnmpValue, Varbind } from './value.ts'

/**
 * The varbinds of a message as they lie in its octets, which were found well-formed. Nothing is made of a varbind until it
 * is asked for: a poll reads a thousand, and objects for them were half of its cost.
 */
export class VarbindList implements Iterable<Varbind> {
  readonly #bytes: Uint8Array
  readonly #at: number
  readonly #end: number
  readonly length: number

  constructor(bytes: Uint8Array, at: number, end: number, length: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.length = length
  }

  static of(varbinds: readonly Varbind[]): VarbindList {
    const bytes = encodeVarbinds(varbinds)
    return new VarbindList(bytes, 0, bytes.length, varbinds.length)
  }

  /** Octets that they take. */
  get bytes(): number {
    return this.#end - this.#at
  }

  cursor(): VarbindCursor {
    return new VarbindCursor(this.#bytes, this.#at, this.#end)
  }

  at(index: number): Varbind | undefined {
    let i = 0
    for (const cursor = this.cursor(); cursor.next(); i++) if (i === index) return cursor.varbind()
    return undefined
  }

  *[Symbol.iterator](): Generator<Varbind, void> {
    for (const cursor = this.cursor(); cursor.next(); ) yield cursor.varbind()
  }
}

/** Goes from varbind to varbind; its fields say where the present one lies. */
export class VarbindCursor {
  readonly bytes: Uint8Array
  #next: number
  readonly #end: number
  /** Content of the name's TLV. */
  oidAt = 0
  oidEnd = 0
  tag = 0
  /** Content of the value's TLV. */
  valueAt = 0
  valueLength = 0
  /** Octets of the varbind, with its header. */
  bytesTaken = 0

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.#next = at
    this.#end = end
  }

  /** False behind the last one. */
  next(): boolean {
    if (this.#next >= this.#end) return false
    const length = this.#header(this.#next)
    const end = this.#at + length
    this.bytesTaken = end - this.#next
    this.#next = end
    const oidLength = this.#header(this.#at)
    this.oidAt = this.#at
    this.oidEnd = this.#at + oidLength
    this.tag = this.bytes[this.oidEnd]!
    this.valueLength = this.#header(this.oidEnd)
    this.valueAt = this.#at
    return true
  }

  get oid(): Oid {
    return oidContent(this.bytes, this.oidAt, this.oidEnd - this.oidAt).oid ?? ('' as Oid)
  }

  get value(): SnmpValue {
    return valueContent(this.bytes, this.tag, this.valueAt, this.valueLength)
  }

  varbind(): Varbind {
    return { oid: this.oid, value: this.value }
  }

  /** Of the three exceptions, the one that ends a walk (RFC 3416 §4.2.3). */
  get isEndOfMibView(): boolean {
    return this.tag === tags.endOfMibView
  }

  /** Where the content of the TLV at `at` begins. */
  #at = 0

  /** The length of its content. */
  #header(at: number): number {
    const first = this.bytes[at + 1]!
    if (first < 0x80) {
      this.#at = at + 2
      return first
    }
    let length = 0
    const octets = first & 0x7f
    for (let i = 0; i < octets; i++) length = length * 256 + this.bytes[at + 2 + i]!
    this.#at = at + 2 + octets
    return length
  }
}
