import { joined, viewOf } from './byte-view.ts'
import { PcapngFormat } from './pcapng.ts'

/** A captured frame, before its link layer is read. */
export interface CapturedFrame {
  timestampMs: number
  /** LINKTYPE_ value (tcpdump.org/linktypes.html). */
  linkType: number
  data: Uint8Array
}

/** What knows one file format: takes one record or block after the other. */
export interface CaptureFormat {
  /** The frame of the last step; undefined where it was none. */
  frame: CapturedFrame | undefined
  /** @returns octets taken, 0 when more have to come first, -1 when no file can go on like this */
  step(octets: Uint8Array, view: DataView, at: number): number
}

/** Link types of `CapturedFrame` carry 28 bits at most; what a hostile header adds is cut off. */
const linkTypeMask = 0x0fff_ffff
/** No record or block is longer: libpcap's own bound is 256 KiB, and secrets or names of pcapng stay far below this. */
const unitLengthMax = 64 * 1_048_576
const pcapngMagic = 0x0a0d_0d0a

/** True when the octets begin like a capture file of either format. */
export function isCapture(octets: Uint8Array): boolean {
  if (octets.length < 4) return false
  const magic = viewOf(octets).getUint32(octets.byteOffset)
  return magic === pcapngMagic || formatOf(magic) !== undefined
}

/**
 * The frames of a pcap or pcapng file. A file that breaks off, or whose lengths are impossible, ends there: what came
 * before is given, and the generator returns false.
 */
export function* readCapture(octets: Uint8Array): Generator<CapturedFrame, boolean> {
  const parser = new CaptureParser()
  yield* parser.push(octets)
  return parser.end()
}

/** Reads a capture piece by piece, so that a file of any length takes no more memory than its longest frame. */
export class CaptureParser {
  #rest: Uint8Array = new Uint8Array(0)
  #format: CaptureFormat | undefined
  #broken = false

  /** @returns whether the file was whole */
  end(): boolean {
    return this.#format !== undefined && !this.#broken && this.#rest.length === 0
  }

  /** The frames that these octets complete; their data is valid as long as the octets are. */
  *push(piece: Uint8Array): Generator<CapturedFrame, void> {
    if (this.#broken) return
    const octets = this.#rest.length === 0 ? piece : joined(this.#rest, piece)
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
    let at = 0
    if (!this.#format) {
      if (octets.length >= 4 && view.getUint32(0) === pcapngMagic) this.#format = new PcapngFormat()
      else if (octets.length >= fileHeaderLength) {
        this.#format = pcapFormat(view)
        at = fileHeaderLength
      }
      if (!this.#format) {
        this.#broken = octets.length >= fileHeaderLength
        this.#rest = octets
        return
      }
    }
    const format = this.#format
    for (;;) {
      const taken = format.step(octets, view, at)
      if (taken < 0 || (taken === 0 && octets.length - at > unitLengthMax)) {
        this.#broken = true
        return
      }
      if (taken === 0) break
      at += taken
      if (format.frame) yield format.frame
    }
    this.#rest = octets.subarray(at)
  }
}

interface PcapLayout {
  littleEndian: boolean
  unitsPerMs: number
  /** Octets of a record's header: Kuznetzov's kernel patch of 1999 added 8. */
  recordHeader: number
}

/** magic(4) major(2) minor(2) zone(4) sigfigs(4) snaplen(4) linkType(4) */
const fileHeaderLength = 24

function formatOf(magic: number): PcapLayout | undefined {
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

function pcapFormat(view: DataView): CaptureFormat | undefined {
  const layout = formatOf(view.getUint32(0))
  return layout && new PcapFormat(layout, view.getUint32(20, layout.littleEndian) & linkTypeMask)
}

/** seconds(4) fraction(4) captured(4) original(4) octets */
class PcapFormat implements CaptureFormat {
  frame: CapturedFrame | undefined
  readonly #layout: PcapLayout
  readonly #linkType: number

  constructor(layout: PcapLayout, linkType: number) {
    this.#layout = layout
    this.#linkType = linkType
  }

  step(octets: Uint8Array, view: DataView, at: number): number {
    const { littleEndian, unitsPerMs, recordHeader } = this.#layout
    if (at + recordHeader > octets.length) return 0
    const captured = view.getUint32(at + 8, littleEndian)
    if (captured > unitLengthMax) return -1
    const data = at + recordHeader
    if (captured > octets.length - data) return 0
    const fraction = view.getUint32(at + 4, littleEndian)
    this.frame = {
      timestampMs: view.getUint32(at, littleEndian) * 1000 + Math.floor(fraction / unitsPerMs),
      linkType: this.#linkType,
      data: octets.subarray(data, data + captured),
    }
    return recordHeader + captured
  }
}
