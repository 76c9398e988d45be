import { column, type FlowColumns, notGiven } from './flow-columns.ts'

/**
 * Reads a sampled packet from its IP header on into one row of the columns: IPv4, IPv6 with extension headers, TCP, UDP, SCTP,
 * ICMP. What the snapped header does not hold, or a fragment that is not the first one, leaves its columns at their defaults:
 * no value is guessed (goflow2#251, #252).
 *
 * The outermost IP packet is reported. With `inner`, GRE, IP in IP, VXLAN (UDP 4789, 8472) and Geneve (UDP 6081) are
 * opened and what they carry takes its place.
 *
 * @param at first octet of the packet; nothing at or past `end` is read
 * @returns the IP total length the packet gives (payload plus header for IPv6), 0 where there is no IP header
 */
export function readIpPacket(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner = false,
  depth = 0,
): number {
  if (at >= end) return 0
  const version = view.getUint8(at) >>> 4
  if (version === 4) return readIpv4(view, at, end, out, row, inner, depth)
  return version === 6 ? readIpv6(view, at, end, out, row, inner, depth) : 0
}

/** Opened tunnels in one packet: a bound against headers that nest for ever. */
const tunnelsMax = 4
const extensionHeadersMax = 8

export function isVlanType(type: number): boolean {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100 || type === 0x9200 || type === 0x9300
}

export function readIpv4(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
  depth: number,
): number {
  if (at + 20 > end || view.getUint8(at) >>> 4 !== 4) return 0
  const headerLength = (view.getUint8(at) & 15) * 4
  if (headerLength < 20) return 0
  const totalLength = view.getUint16(at + 2)
  out.tos[row] = view.getUint8(at + 1)
  const protocol = view.getUint8(at + 9)
  out.protocol[row] = protocol
  const { sourceAddressWords, destinationAddressWords } = out
  const word = 4 * row
  sourceAddressWords[word + 2] = 0xffff_0000
  sourceAddressWords[word + 3] = view.getUint32(at + 12, true)
  destinationAddressWords[word + 2] = 0xffff_0000
  destinationAddressWords[word + 3] = view.getUint32(at + 16, true)
  if ((view.getUint16(at + 6) & 0x1fff) === 0) {
    readTransport(view, protocol, at + headerLength, end, out, row, inner, depth)
  }
  return totalLength
}

export function readIpv6(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
  depth: number,
): number {
  if (at + 40 > end || view.getUint8(at) >>> 4 !== 6) return 0
  out.tos[row] = (view.getUint16(at) >>> 4) & 0xff
  const { sourceAddressWords, destinationAddressWords } = out
  for (let word = 0; word < 4; word++) {
    sourceAddressWords[4 * row + word] = view.getUint32(at + 8 + 4 * word, true)
    destinationAddressWords[4 * row + word] = view.getUint32(at + 24 + 4 * word, true)
  }
  let next = view.getUint8(at + 6)
  let position = at + 40
  let firstFragment = true
  for (let headers = 0; headers < extensionHeadersMax && isExtensionHeader(next) && position + 8 <= end; headers++) {
    const header = next
    next = view.getUint8(position)
    if (header === 44) {
      firstFragment = (view.getUint16(position + 2) & 0xfff8) === 0
      position += 8
    } else {
      // Authentication headers count 4-octet units less two (RFC 4302 §2.2), the others 8-octet units less one.
      position += header === 51 ? (view.getUint8(position + 1) + 2) * 4 : (view.getUint8(position + 1) + 1) * 8
    }
  }
  out.protocol[row] = next
  if (firstFragment && !isExtensionHeader(next)) readTransport(view, next, position, end, out, row, inner, depth)
  return view.getUint16(at + 4) + 40
}

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, shim6. */
function isExtensionHeader(next: number): boolean {
  return (
    next === 0 ||
    next === 43 ||
    next === 44 ||
    next === 51 ||
    next === 60 ||
    next === 135 ||
    next === 139 ||
    next === 140
  )
}

function readTransport(
  view: DataView,
  protocol: number,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
  depth: number,
): void {
  switch (protocol) {
    case 6:
      if (at + 14 <= end) out.tcpFlags[row] = view.getUint16(at + 12) & 0x0fff
      readPorts(view, at, end, out, row)
      break
    case 17:
      readPorts(view, at, end, out, row)
      if (inner && depth < tunnelsMax) openUdpTunnel(view, at, end, out, row, depth)
      break
    case 33:
    case 132:
    case 136:
      readPorts(view, at, end, out, row)
      break
    case 1:
    case 58:
      if (at + 2 <= end) out.icmpTypeCode[row] = view.getUint16(at)
      break
    case 4:
    case 41:
      if (inner && depth < tunnelsMax) readInner(view, at, end, out, row, depth)
      break
    case 47:
      if (inner && depth < tunnelsMax) openGre(view, at, end, out, row, depth)
      break
    default:
  }
}

function readPorts(view: DataView, at: number, end: number, out: FlowColumns, row: number): void {
  if (at + 4 > end) return
  out.sourcePort[row] = view.getUint16(at)
  out.destinationPort[row] = view.getUint16(at + 2)
}

function readInner(view: DataView, at: number, end: number, out: FlowColumns, row: number, depth: number): void {
  clearPacket(out, row)
  readIpPacket(view, at, end, out, row, true, depth + 1)
}

/** GRE with its optional checksum, key and sequence number (RFC 2784, RFC 2890); NVGRE carries Ethernet. */
function openGre(view: DataView, at: number, end: number, out: FlowColumns, row: number, depth: number): void {
  if (at + 4 > end) return
  const flags = view.getUint16(at)
  const type = view.getUint16(at + 2)
  const position = at + 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0)
  if (type === 0x6558) readInnerFrame(view, position, end, out, row, depth)
  // ERSPAN of type II has 8 octets of its own, of type III 12 (draft-foschiano-erspan).
  else if (type === 0x88be) readInnerFrame(view, position + (flags & 0x1000 ? 8 : 0), end, out, row, depth)
  else if (type === 0x22eb) readInnerFrame(view, position + 12, end, out, row, depth)
  else if (type === 0x0800 || type === 0x86dd) readInner(view, position, end, out, row, depth)
  else if (type === 0x8847) readInnerMpls(view, position, end, out, row, depth)
}

/** MPLS in GRE (RFC 4023): the labels are passed over. */
function readInnerMpls(view: DataView, at: number, end: number, out: FlowColumns, row: number, depth: number): void {
  for (let position = at; position + 4 <= end && position < at + 64; position += 4) {
    if ((view.getUint32(position) & 0x100) !== 0) {
      readInner(view, position + 4, end, out, row, depth)
      return
    }
  }
}

function openUdpTunnel(view: DataView, at: number, end: number, out: FlowColumns, row: number, depth: number): void {
  if (at + 16 > end) return
  const port = view.getUint16(at + 2)
  if (port === 4_789 || port === 8_472) {
    readInnerFrame(view, at + 16, end, out, row, depth)
  } else if (port === 6_081) {
    const position = at + 16 + (view.getUint8(at + 8) & 0x3f) * 4
    const type = view.getUint16(at + 10)
    if (type === 0x6558) readInnerFrame(view, position, end, out, row, depth)
    else if (type === 0x0800 || type === 0x86dd) readInner(view, position, end, out, row, depth)
  }
}

function readInnerFrame(view: DataView, at: number, end: number, out: FlowColumns, row: number, depth: number): void {
  if (at + 14 > end) return
  let type = view.getUint16(at + 12)
  let position = at + 14
  while (isVlanType(type) && position + 4 <= end) {
    type = view.getUint16(position + 2)
    position += 4
  }
  if (type === 0x0800 || type === 0x86dd) readInner(view, position, end, out, row, depth)
}

/** So that nothing of the outer packet stands beside the inner one. */
function clearPacket(out: FlowColumns, row: number): void {
  for (const index of packetColumns) {
    const view = out.views[index]!
    const width = view.length / out.capacity
    view.fill(notGiven[index] ?? 0, row * width, (row + 1) * width)
  }
}

const packetColumns = [
  column.sourceAddress,
  column.destinationAddress,
  column.sourcePort,
  column.destinationPort,
  column.protocol,
  column.tcpFlags,
  column.tos,
  column.icmpTypeCode,
] as const
