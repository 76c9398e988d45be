import { readCommonFrame } from './common-frame.ts'
import type { ExporterState } from './exporter-state.ts'
import type { FlowColumns } from './flow-columns.ts'
import { read80211Frame, readEthernetFrame, readMpls, readPpp } from './frame-headers.ts'
import { readIpPacket } from './ip-headers.ts'

/** sFlow's header_protocol of Ethernet. */
const ethernet = 1

/** More segments than any path has; a hostile count must not keep us busy. */
const pathSegmentsMax = 64

/** Reads a flow sample's records into its row; what is too short for its format is skipped and counted. */
export function readFlowRecords(
  state: ExporterState,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
): void {
  const count = view.getUint32(at)
  let position = at + 4
  for (let record = 0; record < count; record++) {
    const body = position + 8
    const length = body <= end ? view.getUint32(position + 4) : 0
    if (body > end || length > end - body) {
      state.errors.add('sample-truncated', position - state.base, `in sflow5: in flow record ${record}`)
      return
    }
    const format = view.getUint32(position)
    if (!flowRecord(state, view, format, body, body + length, out, row)) {
      const context = `in sflow5: in flow record ${record} of format ${format}`
      state.errors.add('flow-record-invalid', position - state.base, context)
    }
    position = Math.min(body + ((length + 3) & ~3), end)
  }
}

/** @returns false when the record is too short for its format or holds an impossible count */
function flowRecord(
  state: ExporterState,
  view: DataView,
  format: number,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
): boolean {
  const length = end - at
  switch (format) {
    case 1:
      return sampledHeader(state, view, at, end, out, row)
    case 2:
      // Its length is none to count: agents write 16 there, and no collector takes it.
      if (length < 24) return false
      for (let word = 0; word < 3; word++) {
        out.sourceMacWords[3 * row + word] = view.getUint16(at + 4 + 2 * word, true)
        out.destinationMacWords[3 * row + word] = view.getUint16(at + 12 + 2 * word, true)
      }
      return true
    case 3:
      if (length < 32) return false
      setOctets(out, row, view.getUint32(at))
      setIpv4(view, at + 8, out.sourceAddressWords, row)
      setIpv4(view, at + 12, out.destinationAddressWords, row)
      sampledTransport(view, at + 4, at + 16, out, row)
      return true
    case 4:
      if (length < 56) return false
      setOctets(out, row, view.getUint32(at))
      setIpv6(view, at + 8, out.sourceAddressWords, row)
      setIpv6(view, at + 24, out.destinationAddressWords, row)
      sampledTransport(view, at + 4, at + 40, out, row)
      return true
    case 1_001:
      if (length < 16) return false
      out.vlan[row] = view.getUint32(at)
      out.postVlan[row] = view.getUint32(at + 8)
      return true
    case 1_002:
      return extendedRouter(view, at, end, out, row)
    case 1_003:
      return extendedGateway(state, view, at, end, out, row)
    case 1_007: {
      const next = setAddress(view, at, end, out.postNatSourceAddressWords, row)
      return next >= 0 && setAddress(view, next, end, out.postNatDestinationAddressWords, row) >= 0
    }
    case 1_020:
      if (length < 8) return false
      out.postNatSourcePort[row] = view.getUint32(at)
      out.postNatDestinationPort[row] = view.getUint32(at + 4)
      return true
    default:
      return true
  }
}

/** protocol(4) frameLength(4) stripped(4) headerLength(4) header */
function sampledHeader(
  state: ExporterState,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
): boolean {
  if (end - at < 16) return false
  const headerLength = view.getUint32(at + 12)
  out.octetsWords[2 * row] = view.getUint32(at + 4)
  const header = at + 16
  if (headerLength > end - header) return false
  const protocol = view.getUint32(at)
  const inner = state.options.innerPackets
  if (protocol === ethernet && readCommonFrame(view, header, header + headerLength, out, row, inner)) return true
  readHeader(protocol, view, header, header + headerLength, out, row, inner)
  return true
}

/** A sampled packet's headers by sFlow's header_protocol; those of other link layers leave the row as it is. */
export function readHeader(
  protocol: number,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
): void {
  switch (protocol) {
    case ethernet:
      readEthernetFrame(view, at, end, out, row, inner)
      break
    case 7: // PPP
    case 14: // packet over SONET
      readPpp(view, at, end, out, row, inner)
      break
    case 11: // IPv4
    case 12: // IPv6
      readIpPacket(view, at, end, out, row, inner)
      break
    case 13: // MPLS
      readMpls(view, at, end, out, row, inner)
      break
    case 15: // 802.11
      read80211Frame(view, at, end, out, row, inner)
      break
    default:
  }
}

/** A sampled header's frame length stands over the length that a parsed record repeats. */
function setOctets(out: FlowColumns, row: number, length: number): void {
  if (out.octetsWords[2 * row] === 0) out.octetsWords[2 * row] = length
}

/** Protocol at `protocolAt`; ports, TCP flags and ToS from `at`. */
function sampledTransport(view: DataView, protocolAt: number, at: number, out: FlowColumns, row: number): void {
  out.protocol[row] = view.getUint32(protocolAt)
  out.sourcePort[row] = view.getUint32(at)
  out.destinationPort[row] = view.getUint32(at + 4)
  out.tcpFlags[row] = view.getUint32(at + 8)
  out.tos[row] = view.getUint32(at + 12)
}

function setIpv4(view: DataView, at: number, words: Uint32Array, row: number): void {
  words[4 * row] = 0
  words[4 * row + 1] = 0
  words[4 * row + 2] = 0xffff_0000
  words[4 * row + 3] = view.getUint32(at, true)
}

function setIpv6(view: DataView, at: number, words: Uint32Array, row: number): void {
  for (let word = 0; word < 4; word++) words[4 * row + word] = view.getUint32(at + 4 * word, true)
}

/** type(4) address(4|16|0). @returns the position after it, or -1 */
function setAddress(view: DataView, at: number, end: number, words: Uint32Array, row: number): number {
  if (at + 4 > end) return -1
  const type = view.getUint32(at)
  if (type === 0) return at + 4
  if (type === 1 && at + 8 <= end) {
    setIpv4(view, at + 4, words, row)
    return at + 8
  }
  if (type === 2 && at + 20 <= end) {
    setIpv6(view, at + 4, words, row)
    return at + 20
  }
  return -1
}

/** nextHop sourceMask(4) destinationMask(4) */
function extendedRouter(view: DataView, at: number, end: number, out: FlowColumns, row: number): boolean {
  const position = setAddress(view, at, end, out.nextHopWords, row)
  if (position < 0 || position + 8 > end) return false
  out.sourceMask[row] = view.getUint32(position)
  out.destinationMask[row] = view.getUint32(position + 4)
  return true
}

/**
 * nextHop as(4) sourceAs(4) sourcePeerAs(4) path(count(4) segments(type(4) count(4) as…)) communities(count(4) …)
 * localPreference(4). Counts are checked against what is there before anything is walked (F24).
 */
function extendedGateway(
  state: ExporterState,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
): boolean {
  let position = setAddress(view, at, end, out.bgpNextHopWords, row)
  if (position < 0 || position + 16 > end) return false
  const own = view.getUint32(position)
  const sourceAs = view.getUint32(position + 4)
  const sourcePeerAs = view.getUint32(position + 8)
  const segments = view.getUint32(position + 12)
  if (segments > pathSegmentsMax) return false
  position += 16
  const pathAt = position
  let destinationAs = 0
  for (let segment = 0; segment < segments; segment++) {
    if (position + 8 > end) return false
    const count = view.getUint32(position + 4)
    if (count > (end - position - 8) / 4) return false
    position += 8 + 4 * count
    if (count > 0) destinationAs = view.getUint32(position - 4)
  }
  // The agent's own network is written as no AS at all.
  out.sourceAs[row] = sourceAs === 0 ? own : sourceAs
  out.destinationAs[row] = destinationAs === 0 ? own : destinationAs
  out.previousAs[row] = sourcePeerAs
  takePath(state, view, pathAt, segments, out, row)
  if (position + 4 > end) return false
  return view.getUint32(position) <= (end - position - 4) / 4
}

/** Networks of a path that are kept: the longest in the global table are near 50 with all their prepending. */
const pathNetworksMax = 64

/** Networks in the order of the path, sets as they stand; the segments' counts have been checked. */
function takePath(
  state: ExporterState,
  view: DataView,
  at: number,
  segments: number,
  out: FlowColumns,
  row: number,
): void {
  let networks = 0
  let list = 0
  let position = at
  for (let segment = 0; segment < segments; segment++) {
    const count = view.getUint32(position + 4)
    position += 8
    for (let i = 0; i < count && networks < pathNetworksMax; i++, networks++) {
      if (networks === 0) list = out.openList()
      out.pushToList(list, view.getUint32(position + 4 * i))
    }
    position += 4 * count
  }
  if (list === 0) return
  // Each segment is two words beside its networks.
  if ((position - at) / 4 - 2 * segments > networks) {
    state.errors.add('as-path-shortened', at - state.base, 'in sflow5: in extended gateway')
  }
  out.asPath[row] = list
  out.nextAs[row] = out.lists[list + 1]!
}
