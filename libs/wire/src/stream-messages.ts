import { joined } from './byte-view.ts'

/** The message header's octets and those of its first set. */
const setHeaderEnd = 20
const headerLength = 16
/** Out of order octets and segments that a stream may hold; what is beyond is taken for lost. */
const earlyOctetsMax = 262_144
const earlySegmentsMax = 128
const lengthMax = 65_535

/**
 * IPFIX messages out of one direction of a TCP connection (RFC 7011 §10.4): octets in order, cut by the lengths of the
 * messages' own headers. Where octets are missing, reading goes on at the next segment that begins with a header.
 */
export class StreamMessages {
  /** Stretches of octets that never came, or that no message headed. */
  gaps = 0
  messages = 0
  #next: number
  #pending: Uint8Array = new Uint8Array(0)
  #inStep: boolean
  #early = new Map<number, Uint8Array>()
  #earlyOctets = 0

  /** @param next number of the first octet */
  constructor(next: number) {
    this.#next = next
    this.#inStep = true
  }

  /** @returns the messages that a segment completes; valid as long as its octets are */
  add(sequence: number, octets: Uint8Array): Uint8Array[] {
    const found: Uint8Array[] = []
    const distance = (sequence - this.#next) | 0
    if (distance > 0) {
      this.#keep(sequence, octets)
      if (this.#earlyOctets > earlyOctetsMax || this.#early.size > earlySegmentsMax) this.#skipGaps(found)
      return found
    }
    // What was sent again is left out.
    if (octets.length > -distance) this.#take(octets.subarray(-distance), found)
    this.#takeEarly(found)
    return found
  }

  /** Goes on behind octets that will not come any more. */
  #skipGaps(found: Uint8Array[]): void {
    while (this.#early.size > 0) {
      let nearest = Number.POSITIVE_INFINITY
      for (const sequence of this.#early.keys()) nearest = Math.min(nearest, (sequence - this.#next) | 0)
      this.#next = (this.#next + nearest) >>> 0
      this.#lose()
      this.#takeEarly(found)
    }
  }

  /** The stream ends: a message that is not whole is one that was lost. */
  end(): Uint8Array[] {
    const found: Uint8Array[] = []
    this.#skipGaps(found)
    if (this.#pending.length > 0) this.#lose()
    return found
  }

  #keep(sequence: number, octets: Uint8Array): void {
    const known = this.#early.get(sequence)
    if (known && known.length >= octets.length) return
    this.#earlyOctets += octets.length - (known?.length ?? 0)
    this.#early.set(sequence, octets.slice())
  }

  #takeEarly(found: Uint8Array[]): void {
    for (let more = true; more && this.#early.size > 0; ) {
      more = false
      for (const [sequence, octets] of this.#early) {
        const distance = (sequence - this.#next) | 0
        if (distance > 0) continue
        this.#early.delete(sequence)
        this.#earlyOctets -= octets.length
        more = true
        if (octets.length > -distance) this.#take(octets.subarray(-distance), found)
      }
    }
  }

  #take(octets: Uint8Array, found: Uint8Array[]): void {
    this.#next = (this.#next + octets.length) >>> 0
    if (!this.#inStep && !beginsMessage(octets)) return
    this.#inStep = true
    const all = this.#pending.length === 0 ? octets : joined(this.#pending, octets)
    let at = 0
    while (all.length - at >= 4) {
      if (!beginsMessage(all.subarray(at))) {
        this.#lose()
        return
      }
      const length = (all[at + 2]! << 8) | all[at + 3]!
      if (all.length - at < length) break
      found.push(all.subarray(at, at + length))
      this.messages++
      at += length
    }
    this.#pending = at === all.length ? none : all.slice(at)
  }

  #lose(): void {
    this.gaps++
    this.#pending = none
    this.#inStep = false
  }
}

const none = new Uint8Array(0)

/**
 * Whether octets are a message's, as far as they go: version 10, a length, and a first set within it with an id that sets
 * can have. Nothing else on TCP begins with a zero, ten and such a set.
 */
export function beginsMessage(octets: Uint8Array): boolean {
  if (octets.length < 4 || octets[0] !== 0 || octets[1] !== 10) return false
  const length = (octets[2]! << 8) | octets[3]!
  if (length < headerLength || length > lengthMax) return false
  if (length < setHeaderEnd || octets.length < setHeaderEnd) return true
  const set = (octets[16]! << 8) | octets[17]!
  const setLength = (octets[18]! << 8) | octets[19]!
  return (set < 4 || set > 255) && setLength >= 4 && setLength <= length - headerLength
}
