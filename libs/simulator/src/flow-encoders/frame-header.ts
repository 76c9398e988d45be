/*
 * The beginning of an Ethernet frame, as sFlow carries it: Ethernet II, IPv4 (RFC 791) or IPv6 (RFC 8200), then TCP
 * (RFC 9293) or UDP (RFC 768).
 */

export interface FrameOptions {
  sourceMac: Uint8Array
  destinationMac: Uint8Array
  sourceAddress: Uint8Array
  destinationAddress: Uint8Array
  protocol: number
  sourcePort: number
  destinationPort: number
  tcpFlags: number
  tos: number
  /** Of the whole packet, its IP header included. */
  ipOctets: number
}

/** sFlow's usual cut. */
const headerOctetsMax = 128
const ethernetOctets = 14
const tcp = 6

/** At most 128 octets of the frame; what lies behind the transport header is zero. */
export function frameHeader(options: FrameOptions): Buffer {
  const isVersion6 = options.sourceAddress.length === 16
  const frame = Buffer.alloc(Math.min(headerOctetsMax, ethernetOctets + options.ipOctets))
  frame.set(options.destinationMac, 0)
  frame.set(options.sourceMac, 6)
  frame.writeUInt16BE(isVersion6 ? 0x86dd : 0x0800, 12)
  const transport = isVersion6 ? writeVersion6(frame, options) : writeVersion4(frame, options)
  writeTransport(frame, transport, options)
  return frame
}

function writeVersion4(frame: Buffer, options: FrameOptions): number {
  const at = ethernetOctets
  frame.writeUInt8(0x45, at)
  frame.writeUInt8(options.tos, at + 1)
  frame.writeUInt16BE(options.ipOctets, at + 2)
  frame.writeUInt16BE(0x4000, at + 6)
  frame.writeUInt8(63, at + 8)
  frame.writeUInt8(options.protocol, at + 9)
  frame.set(options.sourceAddress, at + 12)
  frame.set(options.destinationAddress, at + 16)
  frame.writeUInt16BE(checksum(frame.subarray(at, at + 20)), at + 10)
  return at + 20
}

function writeVersion6(frame: Buffer, options: FrameOptions): number {
  const at = ethernetOctets
  frame.writeUInt32BE(((6 << 28) | (options.tos << 20)) >>> 0, at)
  frame.writeUInt16BE(options.ipOctets - 40, at + 4)
  frame.writeUInt8(options.protocol, at + 6)
  frame.writeUInt8(63, at + 7)
  frame.set(options.sourceAddress, at + 8)
  frame.set(options.destinationAddress, at + 24)
  return at + 40
}

function writeTransport(frame: Buffer, at: number, options: FrameOptions): void {
  frame.writeUInt16BE(options.sourcePort, at)
  frame.writeUInt16BE(options.destinationPort, at + 2)
  if (options.protocol === tcp) {
    frame.writeUInt8(0x50, at + 12)
    frame.writeUInt8(options.tcpFlags, at + 13)
  } else {
    frame.writeUInt16BE(options.ipOctets - (at - ethernetOctets), at + 4)
  }
}

/** RFC 1071. */
function checksum(header: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < header.length; i += 2) sum += (header[i]! << 8) | header[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
