import type { CapturedFrame, CaptureFormat } from './pcap.ts'

/** Interfaces of one section. */
const interfacesMax = 65_536

interface CaptureInterface {
  linkType: number
  /** Timestamp units in a millisecond; below 1 for units longer than that. */
  unitsPerMs: number
  offsetMs: number
}

/**
 * pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, interface descriptions with their timestamp resolution
 * and offset, enhanced, simple and obsolete packet blocks; other blocks are skipped.
 *
 *     block  type(4) length(4) body length(4)
 */
export class PcapngFormat implements CaptureFormat {
  frame: CapturedFrame | undefined
  #littleEndian = true
  #interfaces: CaptureInterface[] = []

  step(octets: Uint8Array, view: DataView, at: number): number {
    this.frame = undefined
    if (at + 12 > octets.length) return 0
    const type = view.getUint32(at, this.#littleEndian)
    if (type === 0x0a0d_0d0a) {
      const order = view.getUint32(at + 8, true)
      if (order !== 0x1a2b_3c4d && order !== 0x4d3c_2b1a) return -1
      this.#littleEndian = order === 0x1a2b_3c4d
      this.#interfaces = []
    }
    const length = view.getUint32(at + 4, this.#littleEndian)
    if (length < 12 || length % 4 !== 0) return -1
    if (length > octets.length - at) return 0
    const body = at + 8
    const end = at + length - 4
    if (type !== 1) this.frame = readPacket(octets, view, type, body, end, this.#littleEndian, this.#interfaces)
    else if (end - body >= 8 && this.#interfaces.length < interfacesMax) {
      this.#interfaces.push(readInterface(view, body, end, this.#littleEndian))
    }
    return length
  }
}

/** linkType(2) reserved(2) snaplen(4) options */
function readInterface(view: DataView, at: number, end: number, littleEndian: boolean): CaptureInterface {
  const result: CaptureInterface = { linkType: view.getUint16(at, littleEndian), unitsPerMs: 1e3, offsetMs: 0 }
  let position = at + 8
  while (position + 4 <= end) {
    const code = view.getUint16(position, littleEndian)
    const length = view.getUint16(position + 2, littleEndian)
    const value = position + 4
    if (code === 0 || value + length > end) break
    if (code === 9 && length >= 1) {
      // if_tsresol: a power of ten, or with the high bit of two.
      const resolution = view.getUint8(value)
      result.unitsPerMs = (resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution) / 1000
    } else if (code === 14 && length >= 8) {
      const low = view.getUint32(value + (littleEndian ? 0 : 4), littleEndian)
      const high = view.getInt32(value + (littleEndian ? 4 : 0), littleEndian)
      result.offsetMs = (high * 4_294_967_296 + low) * 1000
    }
    position = value + ((length + 3) & ~3)
  }
  return result
}

function readPacket(
  octets: Uint8Array,
  view: DataView,
  type: number,
  at: number,
  end: number,
  littleEndian: boolean,
  interfaces: readonly CaptureInterface[],
): CapturedFrame | undefined {
  if (type === 3) {
    // Simple packet block: original length, octets of the first interface; no time.
    const first = interfaces[0]
    if (!first || at + 4 > end) return undefined
    const captured = Math.min(view.getUint32(at, littleEndian), end - at - 4)
    return { timestampMs: first.offsetMs, linkType: first.linkType, data: octets.subarray(at + 4, at + 4 + captured) }
  }
  if ((type !== 6 && type !== 2) || at + 20 > end) return undefined
  const index = type === 6 ? view.getUint32(at, littleEndian) : view.getUint16(at, littleEndian)
  const from = interfaces[index]
  const captured = view.getUint32(at + 12, littleEndian)
  if (!from || captured > end - at - 20) return undefined
  const units = view.getUint32(at + 4, littleEndian) * 4_294_967_296 + view.getUint32(at + 8, littleEndian)
  return {
    timestampMs: Math.floor(units / from.unitsPerMs) + from.offsetMs,
    linkType: from.linkType,
    data: octets.subarray(at + 20, at + 20 + captured),
  }
}
