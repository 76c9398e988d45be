import { viewOf } from './byte-view.ts'
import { readPcapng } from './pcapng.ts'

/** A captured frame, before its link layer is read. */
export interface CapturedFrame {
  timestampMs: number
  /** LINKTYPE_ value (tcpdump.org/linktypes.html). */
  linkType: number
  data: Uint8Array
}

/** Link types of `CapturedFrame` carry 28 bits at most; what a hostile header adds is cut off. */
const linkTypeMask = 0x0fff_ffff

/** True when the octets begin like a capture file of either format. */
export function isCapture(octets: Uint8Array): boolean {
  if (octets.length < 24) return false
  const view = viewOf(octets)
  const magic = view.getUint32(octets.byteOffset)
  return magic === 0x0a0d_0d0a || formatOf(magic) !== undefined
}

/**
 * The frames of a pcap or pcapng file. A file that breaks off, or whose lengths are impossible, ends there: what came
 * before is given, and the generator returns false.
 *
 *     pcap    magic(4) major(2) minor(2) zone(4) sigfigs(4) snaplen(4) linkType(4) records
 *     record  seconds(4) fraction(4) captured(4) original(4) octets
 */
export function* readCapture(octets: Uint8Array): Generator<CapturedFrame, boolean> {
  if (octets.length < 24) return false
  const magic = viewOf(octets).getUint32(octets.byteOffset)
  const format = formatOf(magic)
  if (magic === 0x0a0d_0d0a) return yield* readPcapng(octets)
  return format ? yield* readPcap(octets, format) : false
}

interface PcapFormat {
  littleEndian: boolean
  unitsPerMs: number
  /** Octets of a record's header: Kuznetzov's kernel patch of 1999 added 8. */
  recordHeader: number
}

function formatOf(magic: number): PcapFormat | undefined {
  switch (magic) {
    case 0xa1b2_c3d4:
      return { littleEndian: false, unitsPerMs: 1e3, recordHeader: 16 }
    case 0xd4c3_b2a1:
      return { littleEndian: true, unitsPerMs: 1e3, recordHeader: 16 }
    case 0xa1b2_3c4d:
      return { littleEndian: false, unitsPerMs: 1e6, recordHeader: 16 }
    case 0x4d3c_b2a1:
      return { littleEndian: true, unitsPerMs: 1e6, recordHeader: 16 }
    case 0xa1b2_cd34:
      return { littleEndian: false, unitsPerMs: 1e3, recordHeader: 24 }
    case 0x34cd_b2a1:
      return { littleEndian: true, unitsPerMs: 1e3, recordHeader: 24 }
    default:
      return undefined
  }
}

function* readPcap(octets: Uint8Array, format: PcapFormat): Generator<CapturedFrame, boolean> {
  const { littleEndian, unitsPerMs, recordHeader } = format
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const linkType = view.getUint32(20, littleEndian) & linkTypeMask
  let at = 24
  while (at + recordHeader <= octets.length) {
    const seconds = view.getUint32(at, littleEndian)
    const fraction = view.getUint32(at + 4, littleEndian)
    const captured = view.getUint32(at + 8, littleEndian)
    at += recordHeader
    if (captured > octets.length - at) return false
    yield {
      timestampMs: seconds * 1000 + Math.floor(fraction / unitsPerMs),
      linkType,
      data: octets.subarray(at, at + captured),
    }
    at += captured
  }
  return at === octets.length
}
