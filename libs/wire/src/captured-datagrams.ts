import { addressText, columnAddressText } from './address-text.ts'
import { IpReassembly } from './ip-reassembly.ts'
import { isLinkTypeKnown, networkLayerOf } from './link-layers.ts'
import { CaptureParser } from './pcap.ts'

/** A UDP datagram out of a capture. */
export interface CapturedDatagram {
  timestampMs: number
  /** IPv4 dotted, or IPv6 as RFC 5952 writes it. */
  source: string
  sourcePort: number
  destination: string
  destinationPort: number
  payload: Uint8Array
}

/**
 * The UDP datagrams of a pcap or pcapng file, in the file's order; IP fragments are put together within bounds. A payload
 * that the capture cut off is given as far as it goes. Returns false when the file breaks off.
 */
export function* readDatagrams(capture: Uint8Array): Generator<CapturedDatagram, boolean> {
  const parser = new DatagramParser()
  yield* parser.push(capture)
  return parser.end()
}

/** The same piece by piece, for files of any length. */
export class DatagramParser {
  /** Frames by link types that are not read. */
  readonly unknownLinkTypes = new Map<number, number>()
  readonly #frames = new CaptureParser()
  readonly #reassembly = new IpReassembly()

  /** @returns whether the file was whole */
  end(): boolean {
    return this.#frames.end()
  }

  /** The datagrams that these octets complete; payloads are valid as long as the octets are. */
  *push(piece: Uint8Array): Generator<CapturedDatagram, void> {
    for (const { timestampMs, linkType, data } of this.#frames.push(piece)) {
      const at = networkLayerOf(linkType, data)
      if (at < 0) {
        if (!isLinkTypeKnown(linkType)) this.#noteUnknown(linkType)
        continue
      }
      const packet = this.#reassembly.add(data.subarray(at), timestampMs)
      if (packet?.protocol !== 17 || packet.payload.length < 8) continue
      const { payload } = packet
      const length = (payload[4]! << 8) | payload[5]!
      // Length 0 is a jumbogram's (RFC 2675); one below the header's is wrong: then what was captured stands.
      const end = length >= 8 ? Math.min(length, payload.length) : payload.length
      yield {
        timestampMs,
        source: hostText(packet.source),
        sourcePort: (payload[0]! << 8) | payload[1]!,
        destination: hostText(packet.destination),
        destinationPort: (payload[2]! << 8) | payload[3]!,
        payload: payload.subarray(8, end),
      }
    }
  }

  #noteUnknown(linkType: number): void {
    const count = this.unknownLinkTypes.get(linkType)
    if (count !== undefined || this.unknownLinkTypes.size < linkTypesCounted) {
      this.unknownLinkTypes.set(linkType, (count ?? 0) + 1)
    }
  }
}

/** IPv4-mapped addresses are the IPv4 host's: one exporter, whichever socket its datagrams came from (F34). */
function hostText(address: Uint8Array): string {
  return address.length === 4 ? addressText(address) : columnAddressText(address, 0)
}

/** A hostile pcapng file has as many as it has interfaces. */
const linkTypesCounted = 64
