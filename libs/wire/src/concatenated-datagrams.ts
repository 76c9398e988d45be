import { joined } from './byte-view.ts'
import { fixedProtocols } from './netflow-fixed.ts'

/**
 * Splits a file of raw datagrams written one after the other, as `nc -ul > file` leaves them, or of IPFIX messages (RFC 5655).
 * A boundary is believed only where another header follows, of any version; what does not split is one datagram.
 */
export function* splitDatagrams(octets: Uint8Array): Generator<Uint8Array, void> {
  const splitter = new DatagramSplitter()
  yield* splitter.push(octets)
  yield* splitter.end()
}

/** The same piece by piece, for files of any length. */
export class DatagramSplitter {
  #rest: Uint8Array = new Uint8Array(0)
  /** The rest is not looked at again before it has this length: what never splits is not read over and over. */
  #lengthMin = 0
  #isEmpty = true

  /** Octets that are held until it is known where their datagram ends. */
  get heldOctets(): number {
    return this.#rest.length
  }

  /** The datagrams whose end is sure by now. */
  *push(piece: Uint8Array): Generator<Uint8Array, void> {
    this.#rest = this.#rest.length === 0 ? piece : joined(this.#rest, piece)
    if (this.#rest.length < this.#lengthMin) return
    const octets = this.#rest
    const view = viewFrom(octets)
    let at = 0
    for (;;) {
      const end = endOf(view, at)
      // Nearer than that, what comes next may decide otherwise.
      if (end + fillingMax + headerLengthMax > octets.length) break
      this.#isEmpty = false
      yield octets.subarray(at, end)
      at = end
    }
    this.#rest = octets.subarray(at)
    this.#lengthMin = 2 * this.#rest.length
  }

  /** What is left when no more octets come; of a file without any, an empty datagram. */
  *end(): Generator<Uint8Array, void> {
    const octets = this.#rest
    const view = viewFrom(octets)
    let at = 0
    while (at < octets.length) {
      const end = endOf(view, at)
      yield octets.subarray(at, end)
      at = end
    }
    if (this.#isEmpty && octets.length === 0) yield octets
  }
}

/** sFlow's, of an IPv6 agent. */
const headerLengthMax = 40

function viewFrom(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length)
}

function endOf(view: DataView, at: number): number {
  const end = view.byteLength
  if (end - at < 20) return end
  const version = view.getUint16(at)
  const fixed = fixedProtocols[version]
  if (fixed) {
    const next = at + fixed.headerLength + view.getUint16(at + 2) * fixed.template.recordLength
    return headerAfter(view, next) ?? end
  }
  if (version === 10) {
    const length = view.getUint16(at + 2)
    return length < 16 ? end : (headerAfter(view, at + length) ?? end)
  }
  if (version === 0) return endOfSflow(view, at)
  if (version !== 9) return end
  // Set ids from 2 to 255 are reserved in v9: a version where a set would begin is the next datagram's.
  let position = at + 20
  while (position + 4 <= end) {
    if (isHeader(view, position)) return position
    const length = view.getUint16(position + 2)
    if (length < 4) return headerAfter(view, position) ?? end
    position += length
  }
  return end
}

/** sFlow has no length of its own: its samples are counted off. */
function endOfSflow(view: DataView, at: number): number {
  const end = view.byteLength
  const samplesAt = at + (view.getUint32(at + 4) === 2 ? 40 : 28)
  if (samplesAt > end || view.getUint32(at) !== 5) return end
  let position = samplesAt
  for (let left = view.getUint32(samplesAt - 4); left > 0; left--) {
    if (position + 8 > end) return end
    position += 8 + view.getUint32(position + 4)
  }
  return headerAfter(view, position) ?? end
}

/** Where the next header begins: at once, or after the zeros that PAN-OS and others fill their datagrams up with. */
function headerAfter(view: DataView, at: number): number | undefined {
  if (isHeader(view, at)) return at
  let position = at
  while (position < view.byteLength && position - at < fillingMax && view.getUint8(position) === 0) position++
  // The header's own first octets are zeros too: one of NetFlow's, three of sFlow's.
  for (const zeros of [1, 3]) {
    if (position - zeros >= at && isHeader(view, position - zeros)) return position - zeros
  }
  return undefined
}

/** No datagram is longer. */
const fillingMax = 65_536

/** A header of any version, with a count, or a length of IPFIX, that a datagram can have. */
function isHeader(view: DataView, at: number): boolean {
  if (at + 16 > view.byteLength) return false
  const version = view.getUint16(at)
  const count = view.getUint16(at + 2)
  if (version === 10) return count >= 16
  if (version === 0) return at + 28 <= view.byteLength && count === 5 && view.getUint32(at + 4) - 1 <= 1
  if (at + 20 > view.byteLength || count > countMax) return false
  // Zeros before sFlow's version look like NetFlow v5 without records.
  return version === 9 || (version in fixedProtocols && count > 0)
}

/** Of records; exporters whose count is of octets or worse are not known to write files. */
const countMax = 1_024
