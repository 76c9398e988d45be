import { addressText } from './address-text.ts'
import { IpReassembly } from './ip-reassembly.ts'
import { networkLayerOf } from './link-layers.ts'
import { readCapture } from './pcap.ts'

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
  const reassembly = new IpReassembly()
  const frames = readCapture(capture)
  for (let next = frames.next(); ; next = frames.next()) {
    if (next.done) return next.value
    const { timestampMs, linkType, data } = next.value
    const at = networkLayerOf(linkType, data)
    if (at < 0) continue
    const packet = reassembly.add(data.subarray(at), timestampMs)
    if (packet?.protocol !== 17 || packet.payload.length < 8) continue
    const { payload } = packet
    const length = (payload[4]! << 8) | payload[5]!
    // Length 0 is a jumbogram's (RFC 2675); one below the header's is wrong: then what was captured stands.
    const end = length >= 8 ? Math.min(length, payload.length) : payload.length
    yield {
      timestampMs,
      source: addressText(packet.source),
      sourcePort: (payload[0]! << 8) | payload[1]!,
      destination: addressText(packet.destination),
      destinationPort: (payload[2]! << 8) | payload[3]!,
      payload: payload.subarray(8, end),
    }
  }
}
