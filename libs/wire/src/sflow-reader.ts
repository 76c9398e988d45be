import { addressText, columnAddressText, macText } from './address-text.ts'
import { hexOf } from './byte-view.ts'
import type { JsonValue } from './element-values.ts'
import { FlowColumns, icmpNotGiven } from './flow-columns.ts'
import { addField, type RecordFields } from './record-fields.ts'
import { readHeader } from './sflow-flow-records.ts'
import { counterFormats, flowFormats, type SflowFormat } from './sflow-formats.ts'
import { address, listMax, sampledHeader, structFields } from './sflow-structs.ts'

export interface SflowSample {
  agent: string
  subAgentId: number
  /** `flow`, `expandedFlow`, `counters`, `expandedCounters`, `discardedPacket`, else `enterprise/format`. */
  sampleType: string
  samplingRate: number | null
  fields: RecordFields
}

const sampleTypes: Readonly<Record<number, string>> = {
  1: 'flow',
  2: 'counters',
  3: 'expandedFlow',
  4: 'expandedCounters',
  5: 'discardedPacket',
}

/**
 * Every sample of an sFlow v5 datagram with all its fields, once `decodeSflow` has put the flow samples into `out` from
 * `row` on: the sampled packet's own fields are read from there, under IANA's names.
 */
export function readSflow(view: DataView, at: number, end: number, out: FlowColumns, row: number): SflowSample[] {
  const header = at + (view.getUint32(at + 4) === 1 ? 12 : 24)
  if (header + 16 > end) return []
  const agent = addressText(new Uint8Array(view.buffer, at + 8, header - at - 8))
  const subAgentId = view.getUint32(header)
  const count = view.getUint32(header + 12)
  const samples: SflowSample[] = []
  let position = header + 16
  let flowRow = row
  for (let sample = 0; sample < count && position + 8 <= end; sample++) {
    const format = view.getUint32(position)
    const length = view.getUint32(position + 4)
    const body = position + 8
    const isCounter = format === 2 || format === 4
    if (length > end - body && !isCounter) break
    // As in `decodeSflow`: the last sample's own length can be too short.
    const isLast = sample === count - 1 && (format === 1 || format === 3 || format === 5) && length >= 32
    const read = readSample(view, format, body, isLast ? end : Math.min(body + length, end), out, flowRow)
    if (read) {
      if (format === 1 || format === 3) flowRow++
      samples.push({ agent, subAgentId, ...read })
    }
    position = body + length
  }
  return samples
}

type Sample = Pick<SflowSample, 'sampleType' | 'samplingRate' | 'fields'>

function readSample(
  view: DataView,
  format: number,
  at: number,
  end: number,
  out: FlowColumns,
  row: number,
): Sample | undefined {
  const sampleType = sampleTypes[format] ?? `${format >>> 12}/${format & 0xfff}`
  const expanded = format === 3 || format === 4
  if (format === 1 || format === 3) {
    if (end - at < (expanded ? 44 : 32)) return undefined
    return { sampleType, ...flowSample(view, at, end, expanded, out, row) }
  }
  if (format === 2 || format === 4) {
    if (end - at < (expanded ? 16 : 12)) return undefined
    const fields = sourceFields(view, at, expanded)
    readRecords(view, at + (expanded ? 12 : 8), end, counterFormats, fields)
    return { sampleType, samplingRate: null, fields }
  }
  if (format === 5 && end - at >= 32) {
    const fields: RecordFields = {
      ...sourceFields(view, at, true),
      drops: view.getUint32(at + 12),
      ingressInterface: view.getUint32(at + 16),
      egressInterface: view.getUint32(at + 20),
      reason: view.getUint32(at + 24),
    }
    readRecords(view, at + 28, end, flowFormats, fields)
    const header = firstHeader(view, at + 28, end)
    if (header >= 0) Object.assign(fields, headerFields(view, header, end, false))
    return { sampleType, samplingRate: null, fields }
  }
  return { sampleType, samplingRate: null, fields: { octets: hexOf(view, at, end) } }
}

function sourceFields(view: DataView, at: number, expanded: boolean): RecordFields {
  const source = view.getUint32(at + 4)
  return {
    sequenceNumber: view.getUint32(at),
    sourceIdType: expanded ? source : source >>> 24,
    sourceIdIndex: expanded ? view.getUint32(at + 8) : source & 0x00ff_ffff,
  }
}

function flowSample(
  view: DataView,
  at: number,
  end: number,
  expanded: boolean,
  out: FlowColumns,
  row: number,
): Pick<SflowSample, 'samplingRate' | 'fields'> {
  const from = at + (expanded ? 12 : 8)
  const input = view.getUint32(from + (expanded ? 16 : 12))
  const output = view.getUint32(from + (expanded ? 24 : 16))
  const fields: RecordFields = {
    ...sourceFields(view, at, expanded),
    samplingPool: view.getUint32(from + 4),
    drops: view.getUint32(from + 8),
    ...interfaceFields(
      'ingressInterface',
      'input',
      expanded ? view.getUint32(from + 12) : input >>> 30,
      input,
      expanded,
    ),
    ...interfaceFields(
      'egressInterface',
      'output',
      expanded ? view.getUint32(from + 20) : output >>> 30,
      output,
      expanded,
    ),
  }
  packetFields(out, row, fields)
  readRecords(view, from + (expanded ? 28 : 20), end, flowFormats, fields)
  return { samplingRate: view.getUint32(from), fields }
}

/** Format 0 is an ifIndex, 1 a reason for the discard, 2 a number of outputs (F25). */
function interfaceFields(
  name: string,
  short: string,
  format: number,
  raw: number,
  expanded: boolean,
): Record<string, number | string> {
  const value = expanded ? raw : raw & 0x3fff_ffff
  if (format === 0) return value === 0x3fff_ffff ? { [name]: 0, [`${short}Format`]: 'internal' } : { [name]: value }
  if (format === 1) return { [`${short}Format`]: 'discarded', [`${short}DiscardReason`]: value }
  return { [`${short}Format`]: 'multiple', [`${short}Count`]: value }
}

/** What the sampled packet's headers say. */
function packetFields(out: FlowColumns, row: number, fields: RecordFields): void {
  const source = columnAddressText(out.sourceAddress, row)
  if (source !== '::') {
    const family = source.includes(':') ? 'IPv6' : 'IPv4'
    fields[`source${family}Address`] = source
    fields[`destination${family}Address`] = columnAddressText(out.destinationAddress, row)
    fields.protocolIdentifier = out.protocol[row]!
    fields.ipClassOfService = out.tos[row]!
    const protocol = out.protocol[row]!
    if (out.icmpTypeCode[row] !== icmpNotGiven) fields.icmpTypeCode = out.icmpTypeCode[row]!
    if (out.sourcePort[row] !== 0 || out.destinationPort[row] !== 0) {
      fields.sourceTransportPort = out.sourcePort[row]!
      fields.destinationTransportPort = out.destinationPort[row]!
    }
    if (protocol === 6) fields.tcpControlBits = out.tcpFlags[row]!
  }
  const mac = (column: Uint8Array): string => macText(column.subarray(6 * row, 6 * row + 6))
  const [sourceMac, destinationMac] = [mac(out.sourceMac), mac(out.destinationMac)]
  if (sourceMac !== '00:00:00:00:00:00' || destinationMac !== '00:00:00:00:00:00') {
    fields.sourceMacAddress = sourceMac
    fields.destinationMacAddress = destinationMac
  }
  if (out.vlan[row] !== 0) fields.vlanId = out.vlan[row]!
  if (out.customerVlan[row] !== 0) fields.dot1qCustomerVlanId = out.customerVlan[row]!
  if (out.mplsTopLabel[row] !== 0) fields.mplsTopLabel = out.mplsTopLabel[row]!
  if (out.sourceAs[row] !== 0) fields.bgpSourceAsNumber = out.sourceAs[row]!
  if (out.destinationAs[row] !== 0) fields.bgpDestinationAsNumber = out.destinationAs[row]!
}

function readRecords(
  view: DataView,
  at: number,
  end: number,
  formats: ReadonlyMap<number, SflowFormat>,
  fields: RecordFields,
): void {
  if (at + 4 > end) return
  const count = view.getUint32(at)
  let position = at + 4
  for (let record = 0; record < count && position + 8 <= end; record++) {
    const format = view.getUint32(position)
    const length = view.getUint32(position + 4)
    const body = position + 8
    const bodyEnd = Math.min(body + length, end)
    if (length > end - body && formats !== counterFormats) return
    const known = formats.get(format)
    if (known) addField(fields, known.name, structFields(view, body, bodyEnd, known.fields))
    else if (formats === flowFormats && format === 1) {
      addField(fields, 'sampledHeader', sampledHeader(view, body, bodyEnd))
      addInnerPacket(view, body, bodyEnd, fields)
    } else if (formats === flowFormats && format === 1_003) {
      addField(fields, 'extendedGateway', gateway(view, body, bodyEnd))
    } else addField(fields, `${format >>> 12}/${format & 0xfff}`, hexOf(view, body, bodyEnd))
    // No bit operation: a length near 2^32 would turn negative.
    position = body + 4 * Math.ceil(length / 4)
  }
}

/** Where the body of the first sampled header among the records begins, or -1. */
function firstHeader(view: DataView, at: number, end: number): number {
  let position = at + 4
  for (let records = 0; position + 8 <= end && records < listMax; records++) {
    if (view.getUint32(position) === 1) return position + 8
    position += 8 + 4 * Math.ceil(view.getUint32(position + 4) / 4)
  }
  return -1
}

const scratch = new FlowColumns(1)

/** What a sampled header's packet says where no flow sample's row holds it. */
function headerFields(view: DataView, at: number, end: number, inner: boolean): RecordFields {
  const fields: RecordFields = {}
  if (end - at < 16) return fields
  const headerEnd = Math.min(at + 16 + view.getUint32(at + 12), end)
  scratch.reset()
  readHeader(view.getUint32(at), view, at + 16, headerEnd, scratch, 0, inner)
  packetFields(scratch, 0, fields)
  // One row that `append` was not told of: `reset` then clears all columns.
  scratch.length = 1
  return fields
}

/** The packet inside a tunnel's packet (GRE, IP in IP, VXLAN, Geneve), beside the outer one's fields. */
function addInnerPacket(view: DataView, at: number, end: number, fields: RecordFields): void {
  const outer = headerFields(view, at, end, false)
  if (!tunnelProtocols.has(outer.protocolIdentifier as number)) return
  const inner = headerFields(view, at, end, true)
  if (JSON.stringify(inner) !== JSON.stringify(outer)) addField(fields, 'innerPacket', inner)
}

/** IP in IP, UDP, IPv6 in IP, GRE. */
const tunnelProtocols = new Set([4, 17, 41, 47])

function gateway(view: DataView, at: number, end: number): JsonValue {
  const nextHop = address(view, at, end)
  if (!nextHop || nextHop.at + 16 > end) return hexOf(view, at, end)
  let position = nextHop.at
  const fields: RecordFields = {
    nextHop: nextHop.value,
    as: view.getUint32(position),
    sourceAs: view.getUint32(position + 4),
    sourcePeerAs: view.getUint32(position + 8),
  }
  const segments = view.getUint32(position + 12)
  position += 16
  const path: JsonValue[] = []
  for (let segment = 0; segment < segments && segment < listMax && position + 8 <= end; segment++) {
    const type = view.getUint32(position)
    const items = numbers(view, position + 4, end)
    if (!items) return fields
    path.push({ type: type === 1 ? 'set' : type === 2 ? 'sequence' : type, as: items })
    position += 8 + 4 * items.length
  }
  fields.destinationAsPath = path
  const communities = numbers(view, position, end)
  if (!communities) return fields
  fields.communities = communities
  position += 4 + 4 * communities.length
  if (position + 4 <= end) fields.localPreference = view.getUint32(position)
  return fields
}

/** count(4) values; nothing when the count is more than what is there. */
function numbers(view: DataView, at: number, end: number): number[] | undefined {
  if (at + 4 > end) return undefined
  const count = view.getUint32(at)
  if (count > (end - at - 4) / 4) return undefined
  return Array.from({ length: count }, (_, index) => view.getUint32(at + 4 + 4 * index))
}
