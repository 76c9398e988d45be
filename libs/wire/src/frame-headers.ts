import type { FlowColumns } from './flow-columns.ts'
import { isVlanType, readIpPacket, readIpv4, readIpv6 } from './ip-headers.ts'

/**
 * Reads a sampled frame's headers into one row of the columns: Ethernet with 802.1Q and QinQ tags, LLC and SNAP, 802.1ah, MPLS,
 * PPPoE; and from there on the packet (ip-headers.ts).
 *
 * @param at first octet of the frame; nothing at or past `end` is read
 * @returns the IP total length the packet gives (payload plus header for IPv6), 0 where there is no IP header
 */
export function readEthernetFrame(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner = false,
): number {
  if (at + 14 > end) return 0
  const { destinationMacWords, sourceMacWords } = out
  const word = 3 * row
  destinationMacWords[word] = view.getUint16(at, true)
  destinationMacWords[word + 1] = view.getUint16(at + 2, true)
  destinationMacWords[word + 2] = view.getUint16(at + 4, true)
  sourceMacWords[word] = view.getUint16(at + 6, true)
  sourceMacWords[word + 1] = view.getUint16(at + 8, true)
  sourceMacWords[word + 2] = view.getUint16(at + 10, true)
  let type = view.getUint16(at + 12)
  let position = at + 14
  for (let tags = 0; isVlanType(type) && position + 4 <= end; tags++) {
    const vlan = view.getUint16(position) & 0x0fff
    if (tags === 0) out.vlan[row] = vlan
    else if (tags === 1) out.customerVlan[row] = vlan
    type = view.getUint16(position + 2)
    position += 4
  }
  // 802.3 with LLC and SNAP: the type follows the OUI.
  if (type < 1_536 && position + 8 <= end && view.getUint32(position) === 0xaaaa_0300) {
    type = view.getUint16(position + 6)
    position += 8
  }
  return readByType(view, type, position, end, out, row, inner, 0)
}

/**
 * A data frame of 802.11: control(2) duration(2) three addresses(18) sequence(2), a fourth address between access points,
 * QoS(2), and HT control(4) by the order bit; then LLC and SNAP. Which address is whose depends on the direction
 * (IEEE 802.11 §9.3.2.1). The body of an encrypted frame cannot be read.
 */
export function read80211Frame(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner = false,
): number {
  if (at + 24 > end) return 0
  const control = view.getUint8(at)
  const flags = view.getUint8(at + 1)
  if ((control & 0x0c) !== 0x08) return 0
  const toSystem = (flags & 1) !== 0
  const fromSystem = (flags & 2) !== 0
  const hasFourth = toSystem && fromSystem
  setMac(view, at + (toSystem ? 16 : 4), end, out.destinationMacWords, row)
  setMac(view, at + (hasFourth ? 24 : fromSystem ? 16 : 10), end, out.sourceMacWords, row)
  if ((control & 0x40) !== 0 || (flags & 0x40) !== 0) return 0
  const quality = (control & 0x80) !== 0 ? 2 + ((flags & 0x80) !== 0 ? 4 : 0) : 0
  const llc = at + 24 + (hasFourth ? 6 : 0) + quality
  if (llc + 8 > end || view.getUint16(llc) !== 0xaaaa) return 0
  return readByType(view, view.getUint16(llc + 6), llc + 8, end, out, row, inner, 0)
}

/** Address and control octets may be left out, and so may a protocol's first octet (RFC 1661 §6). */
export function readPpp(
  view: DataView,
  start: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner = false,
  depth = 0,
): number {
  let at = start
  if (at + 4 <= end && (view.getUint16(at) === 0xff03 || view.getUint16(at) === 0x0f00)) at += 2
  if (at + 2 > end) return 0
  const compressed = (view.getUint8(at) & 1) !== 0
  const protocol = compressed ? view.getUint8(at) : view.getUint16(at)
  const next = at + (compressed ? 1 : 2)
  if (protocol === 0x0021 || protocol === 0x0057) return readIpPacket(view, next, end, out, row, inner, depth)
  // Cisco HDLC has EtherTypes there.
  if (protocol === 0x0800 || protocol === 0x86dd) return readIpPacket(view, next, end, out, row, inner, depth)
  return protocol === 0x0281 || protocol === 0x8847 ? readMpls(view, next, end, out, row, inner) : 0
}

function setMac(view: DataView, at: number, end: number, words: Uint16Array, row: number): void {
  if (at + 6 > end) return
  for (let word = 0; word < 3; word++) words[3 * row + word] = view.getUint16(at + 2 * word, true)
}

export function readMpls(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner = false,
): number {
  let position = at
  for (let depth = 0; depth < 16 && position + 4 <= end; depth++) {
    const entry = view.getUint32(position)
    if (depth === 0) out.mplsTopLabel[row] = entry >>> 12
    else if (depth === 1) out.mplsLabel2[row] = entry >>> 12
    else if (depth === 2) out.mplsLabel3[row] = entry >>> 12
    position += 4
    if ((entry & 0x100) !== 0) return readIpPacket(view, position, end, out, row, inner)
  }
  return 0
}

const tagsMax = 8

function readByType(
  view: DataView,
  type: number,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
  depth: number,
): number {
  switch (type) {
    case 0x0800:
      return readIpv4(view, at, end, out, row, inner, depth)
    case 0x86dd:
      return readIpv6(view, at, end, out, row, inner, depth)
    case 0x8847:
    case 0x8848:
      return readMpls(view, at, end, out, row, inner)
    case 0x8864:
      // PPPoE session: 6 octets, then PPP (RFC 2516).
      return at + 8 > end ? 0 : readPpp(view, at + 6, end, out, row, inner, depth)
    case 0x88e7:
      // Provider backbone bridging (802.1ah): I-TAG of 4 octets, then the customer's frame.
      return readCustomerFrame(view, at + 4, end, out, row, inner, depth)
    default:
      return 0
  }
}

/** The frame inside a backbone frame: its packet, beside the backbone's own addresses and tags. */
function readCustomerFrame(
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
  depth: number,
): number {
  let position = at + 14
  if (position > end) return 0
  let type = view.getUint16(at + 12)
  for (let tags = 0; tags < tagsMax && isVlanType(type) && position + 4 <= end; tags++) {
    type = view.getUint16(position + 2)
    position += 4
  }
  if (type === 0x88e7 || type === 0x8864) return 0
  return readByType(view, type, position, end, out, row, inner, depth)
}
