import type { FlowColumns } from './flow-columns.ts'

/** Ethernet's 14 octets, IPv4's 20 and as much of the transport as is read of TCP. */
const commonLength = 14 + 20 + 14

/**
 * The commonest sampled frame in one go: untagged Ethernet, IPv4 without options, TCP or UDP, no later fragment. It gives what
 * `readEthernetFrame` gives, without the seven calls that it takes to get there (test/common-frame.test.ts).
 *
 *     destination(6) source(6) type(2)=0x0800 version+length(1)=0x45 tos(1) length(2) id(2) fragment(2) ttl(1) protocol(1)
 *     checksum(2) source(4) destination(4) sourcePort(2) destinationPort(2) … flags of TCP at 12
 *
 * @returns false for any other frame, with nothing written
 */
export function readCommonFrame(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
): boolean {
  if (at + commonLength > end) return false
  const typeToTos = view.getUint32(at + 12)
  if (typeToTos >>> 8 !== 0x08_0045 || (view.getUint16(at + 20) & 0x1fff) !== 0) return false
  const protocol = view.getUint8(at + 23)
  // UDP may be a tunnel that is to be opened.
  if (protocol === 17 ? inner : protocol !== 6) return false
  const { destinationMacWords, sourceMacWords, sourceAddressWords, destinationAddressWords } = out
  const mac = 3 * row
  destinationMacWords[mac] = view.getUint16(at, true)
  destinationMacWords[mac + 1] = view.getUint16(at + 2, true)
  destinationMacWords[mac + 2] = view.getUint16(at + 4, true)
  sourceMacWords[mac] = view.getUint16(at + 6, true)
  sourceMacWords[mac + 1] = view.getUint16(at + 8, true)
  sourceMacWords[mac + 2] = view.getUint16(at + 10, true)
  const word = 4 * row
  sourceAddressWords[word + 2] = 0xffff_0000
  sourceAddressWords[word + 3] = view.getUint32(at + 26, true)
  destinationAddressWords[word + 2] = 0xffff_0000
  destinationAddressWords[word + 3] = view.getUint32(at + 30, true)
  out.tos[row] = typeToTos & 0xff
  out.protocol[row] = protocol
  const ports = view.getUint32(at + 34)
  out.sourcePort[row] = ports >>> 16
  out.destinationPort[row] = ports & 0xffff
  if (protocol === 6) out.tcpFlags[row] = view.getUint16(at + 46) & 0x0fff
  return true
}
