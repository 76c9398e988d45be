import { tags } from './ber.ts'
import { defaultDecodeLimits } from './decode-message.ts'
import { arcMax, oidArcsMax } from './oid.ts'
import { pduTags } from './pdu.ts'
import { VarbindList } from './varbind-list.ts'

/**
 * Finds the parts of a message of version 1 or 2c, or of a scoped PDU of version 3, without making anything of them. It
 * takes what `decodeMessage` takes and refuses what that refuses, and says nothing of why: ask `decodeMessage`. One is
 * reused for all messages.
 */
export class MessageScan {
  #bytes: Uint8Array = new Uint8Array()
  /** End of the last header read: its content begins there, and is `#length` long. */
  #at = 0
  #length = 0
  /** 0, 1 or 3. */
  version = 0
  communityAt = 0
  communityEnd = 0
  pduTag = 0
  requestId = 0
  errorStatus = 0
  errorIndex = 0
  #varbindsAt = 0
  #varbindsEnd = 0
  #varbinds = 0

  /** Version 1 or 2c, with a PDU that a manager may get: `response` or `report`. */
  message(bytes: Uint8Array): boolean {
    this.#bytes = bytes
    if (bytes.length > defaultDecodeLimits.bytesMax) return false
    if (!this.#header(0, bytes.length, tags.sequence)) return false
    const end = this.#at + this.#length
    if (!this.#integer(this.#at, end)) return false
    this.version = this.#number
    if (this.version > 1 || this.version < 0 || !this.#header(this.#at, end, tags.octets)) return false
    this.communityAt = this.#at
    this.communityEnd = this.#at + this.#length
    return this.#pdu(this.communityEnd, end)
  }

  /** The PDU that begins at `at`. */
  pdu(bytes: Uint8Array, at: number, end: number): boolean {
    this.#bytes = bytes
    return this.#pdu(at, end)
  }

  /** Of the message scanned last; stays good when the scan goes on to the next. */
  varbinds(): VarbindList {
    return new VarbindList(this.#bytes, this.#varbindsAt, this.#varbindsEnd, this.#varbinds)
  }

  #pdu(start: number, containerEnd: number): boolean {
    if (start >= containerEnd) return false
    this.pduTag = this.#bytes[start]!
    if (this.pduTag !== pduTags.response && this.pduTag !== pduTags.report) return false
    if (!this.#header(start, containerEnd, this.pduTag)) return false
    const end = this.#at + this.#length
    if (!this.#integer(this.#at, end)) return false
    this.requestId = this.#number
    if (!this.#integer(this.#at, end)) return false
    this.errorStatus = this.#number
    if (!this.#integer(this.#at, end)) return false
    this.errorIndex = this.#number
    if (!this.#header(this.#at, end, tags.sequence)) return false
    this.#varbindsAt = this.#at
    this.#varbindsEnd = this.#at + this.#length
    this.#varbinds = 0
    for (let at = this.#varbindsAt; at < this.#varbindsEnd; this.#varbinds++) {
      if (this.#varbinds >= defaultDecodeLimits.varbindsMax) return false
      if (!this.#header(at, this.#varbindsEnd, tags.sequence)) return false
      const varbindEnd = this.#at + this.#length
      if (!this.#header(this.#at, varbindEnd, tags.oid) || !this.#oidContent()) return false
      const valueAt = this.#at + this.#length
      if (valueAt >= varbindEnd || this.#bytes[valueAt]! & 0x20) return false
      if (!this.#header(valueAt, varbindEnd, this.#bytes[valueAt]!)) return false
      at = varbindEnd
    }
    return true
  }

  /** The header at `at`, which must have `tag` and lie with its content before `end`. */
  #header(at: number, end: number, tag: number): boolean {
    const bytes = this.#bytes
    if (at + 1 >= end || bytes[at] !== tag) return false
    let length = bytes[at + 1]!
    let contentAt = at + 2
    if (length >= 0x80) {
      const octets = length & 0x7f
      if (octets === 0 || contentAt + octets > end) return false
      length = 0
      for (let i = 0; i < octets; i++) {
        length = length * 256 + bytes[contentAt++]!
        if (length > 0xff_ffff) return false
      }
    }
    if (contentAt + length > end) return false
    this.#at = contentAt
    this.#length = length
    return true
  }

  #number = 0

  /** INTEGER of 32 bits into `#number`; `#at` then is behind it. */
  #integer(at: number, end: number): boolean {
    if (!this.#header(at, end, tags.integer) || this.#length === 0) return false
    const bytes = this.#bytes
    const contentEnd = this.#at + this.#length
    const sign = bytes[this.#at]! & 0x80 ? -1 : 0
    let from = this.#at
    while (contentEnd - from > 4) if (bytes[from++] !== (sign & 0xff)) return false
    let value = sign
    for (let i = from; i < contentEnd; i++) value = (value << 8) | bytes[i]!
    if (value < 0 !== sign < 0) return false
    this.#number = value
    this.#at = contentEnd
    return true
  }

  /** Whether the header's content is a name: as `oidContent` judges. */
  #oidContent(): boolean {
    const bytes = this.#bytes
    const end = this.#at + this.#length
    let arcs = 0
    for (let at = this.#at; at < end; ) {
      let octet = bytes[at++]!
      if (octet >= 0x80) {
        let arc = octet & 0x7f
        for (;;) {
          if (at >= end) return false
          octet = bytes[at++]!
          arc = arc * 128 + (octet & 0x7f)
          if (arc > arcMax + 80) return false
          if (octet < 0x80) break
        }
        if (arc > (arcs === 0 ? arcMax + 80 : arcMax)) return false
      }
      arcs += arcs === 0 ? 2 : 1
    }
    return arcs <= oidArcsMax
  }
}
