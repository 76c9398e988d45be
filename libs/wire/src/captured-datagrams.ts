import { addressText, columnAddressText } from './address-text.ts'
import { type IpPacket, IpReassembly } from './ip-reassembly.ts'
import { isLinkTypeKnown, networkLayerOf } from './link-layers.ts'
import { carriedPacketAt } from './mirrored-frames.ts'
import { CaptureParser } from './pcap.ts'
import { SctpAssociations } from './sctp-associations.ts'
import { type StreamedMessage, TcpStreams } from './tcp-streams.ts'

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

/** Packets in packets in packets that are looked into. */
const carriersMax = 4

/** The same piece by piece, for files of any length; on demand with IPFIX over TCP and SCTP. */
export class DatagramParser {
  /** Frames by link types that are not read. */
  readonly unknownLinkTypes = new Map<number, number>()
  readonly #frames = new CaptureParser()
  readonly #reassembly = new IpReassembly()
  readonly #tcp: TcpStreams | undefined
  readonly #sctp: SctpAssociations | undefined
  #timestampMs = 0

  /** @param withStreams messages over TCP and SCTP too: as datagrams, though they can be longer */
  constructor(withStreams = false) {
    this.#tcp = withStreams ? new TcpStreams() : undefined
    this.#sctp = withStreams ? new SctpAssociations() : undefined
  }

  /** Messages of streams that the capture has not whole. */
  get streamGaps(): number {
    return (this.#tcp?.gaps ?? 0) + (this.#sctp?.gaps ?? 0)
  }

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
      this.#timestampMs = timestampMs
      yield* this.#packet(data.subarray(at), 0)
    }
  }

  /** What streams have left when no more octets come. */
  *rest(): Generator<CapturedDatagram, void> {
    for (const message of this.#tcp?.end() ?? []) yield this.#streamed(message)
    this.#sctp?.end()
  }

  *#packet(octets: Uint8Array, carriers: number): Generator<CapturedDatagram, void> {
    const packet = this.#reassembly.add(octets, this.#timestampMs)
    if (!packet) return
    const { protocol, payload } = packet
    const inner = carriers < carriersMax ? carriedPacketAt(protocol, payload) : -1
    if (inner >= 0) yield* this.#packet(payload.subarray(inner), carriers + 1)
    else if (protocol === 17) yield* this.#udp(packet)
    else if (protocol === 6 && this.#tcp) for (const message of this.#tcp.add(packet)) yield this.#streamed(message)
    else if (protocol === 132 && this.#sctp) for (const message of this.#sctp.add(packet)) yield this.#streamed(message)
  }

  *#udp({ source, destination, payload }: IpPacket): Generator<CapturedDatagram, void> {
    if (payload.length < 8) return
    const length = (payload[4]! << 8) | payload[5]!
    // Length 0 is a jumbogram's (RFC 2675); one below the header's is wrong: then what was captured stands.
    const end = length >= 8 ? Math.min(length, payload.length) : payload.length
    yield {
      timestampMs: this.#timestampMs,
      source: hostText(source),
      sourcePort: (payload[0]! << 8) | payload[1]!,
      destination: hostText(destination),
      destinationPort: (payload[2]! << 8) | payload[3]!,
      payload: payload.subarray(8, end),
    }
  }

  #streamed({ source, destination, sourcePort, destinationPort, message }: StreamedMessage): CapturedDatagram {
    return {
      timestampMs: this.#timestampMs,
      source: hostText(source),
      sourcePort,
      destination: hostText(destination),
      destinationPort,
      payload: message,
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
