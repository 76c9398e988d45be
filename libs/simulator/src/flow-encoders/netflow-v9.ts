import { datagramOctetsMax, type FlowRecord, isVersion6 } from './flow-record.ts'
import { elements, type FieldContext, type Template, template, writeRecord } from './template-fields.ts'

/*
 * NetFlow version 9 (RFC 3954 §5). Everything is big-endian; a FlowSet's length includes its header and padding.
 *
 *   datagram        = header flowSet*
 *   header          = version=9 u16, count u16 (records of all kinds), sysUptimeMs u32, unixSeconds u32,
 *                     sequence u32 (datagrams before this one), sourceId u32
 *   templateSet     = id=0 u16, length u16, (templateId u16, fieldCount u16, (type u16, length u16)*)*, padding
 *   optionsTemplate = id=1 u16, length u16, (templateId u16, scopeOctets u16, optionOctets u16,
 *                     (type u16, length u16)*)*, padding
 *   dataSet         = id=templateId u16, length u16, record*, padding to 4
 */

const headerOctets = 20
const setHeaderOctets = 4

/** Counters of 32 bits, RFC 3954's default; the longer ones are an option of few platforms. */
export const netflowV9Templates: { version4: Template; version6: Template } = {
  version4: template(256, [
    elements.sourceIPv4Address,
    elements.destinationIPv4Address,
    elements.ipNextHopIPv4Address,
    elements.ingressInterface,
    elements.egressInterface,
    elements.packetDeltaCount(4),
    elements.octetDeltaCount(4),
    elements.flowStartSysUpTime,
    elements.flowEndSysUpTime,
    elements.sourceTransportPort,
    elements.destinationTransportPort,
    elements.protocolIdentifier,
    elements.tcpControlBits,
    elements.ipClassOfService,
    elements.bgpSourceAsNumber,
    elements.bgpDestinationAsNumber,
    elements.sourceIPv4PrefixLength,
    elements.destinationIPv4PrefixLength,
    elements.flowDirection,
    elements.samplerId,
  ]),
  version6: template(257, [
    elements.sourceIPv6Address,
    elements.destinationIPv6Address,
    elements.ipNextHopIPv6Address,
    elements.ingressInterface,
    elements.egressInterface,
    elements.packetDeltaCount(4),
    elements.octetDeltaCount(4),
    elements.flowStartSysUpTime,
    elements.flowEndSysUpTime,
    elements.sourceTransportPort,
    elements.destinationTransportPort,
    elements.protocolIdentifier,
    elements.tcpControlBits,
    elements.ipClassOfService,
    elements.bgpSourceAsNumber,
    elements.bgpDestinationAsNumber,
    elements.sourceIPv6PrefixLength,
    elements.destinationIPv6PrefixLength,
    elements.flowDirection,
    elements.samplerId,
  ]),
}

/** Of a device that translates addresses of version 4. */
export const netflowV9NatTemplates: typeof netflowV9Templates = {
  version4: template(261, [
    ...netflowV9Templates.version4.fields,
    elements.postNATSourceIPv4Address,
    elements.postNATDestinationIPv4Address,
    elements.postNAPTSourceTransportPort,
    elements.postNAPTDestinationTransportPort,
  ]),
  version6: netflowV9Templates.version6,
}

const samplerTemplateId = 258
/** Scope System (1), then FLOW_SAMPLER_ID, FLOW_SAMPLER_MODE, FLOW_SAMPLER_RANDOM_INTERVAL. */
const samplerScope = [[1, 4]] as const
const samplerOptions = [
  [48, 2],
  [49, 1],
  [50, 4],
] as const
const samplingRandom = 2

export interface NetflowV9Header {
  /** Milliseconds since the Unix epoch. */
  exportMs: number
  bootMs: number
  sequence: number
  sourceId: number
}

/** What one datagram carries, in this order. */
export interface NetflowV9Content {
  /** Templates first; where the exporter samples, also the sampler's rate as options data. */
  templates: boolean
  /** One in so many; absent where the exporter does not sample. Records then name sampler 1. */
  samplingRate?: number
  records: readonly FlowRecord[]
  /** The device translates addresses, and says to what. */
  translates?: boolean
}

/** @throws RangeError for counters beyond 32 bits */
export function encodeNetflowV9(header: NetflowV9Header, content: NetflowV9Content): Buffer {
  const { templates, samplingRate, records } = content
  const own = templatesOf(content.translates)
  const sets: Buffer[] = []
  let count = records.length
  if (templates) {
    sets.push(templateSet([own.version4, own.version6]))
    count += 2
    if (samplingRate !== undefined) {
      sets.push(samplerTemplateSet(), samplerSet(samplingRate))
      count += 2
    }
  }
  const context: FieldContext = { bootMs: header.bootMs, samplerId: samplingRate === undefined ? 0 : 1 }
  for (const set of dataSets(records, own, context)) sets.push(set)
  return netflowV9Datagram(header, count, sets)
}

/** @param count records of all kinds, templates among them */
export function netflowV9Datagram(header: NetflowV9Header, count: number, sets: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(headerOctets)
  head.writeUInt16BE(9, 0)
  head.writeUInt16BE(count, 2)
  head.writeUInt32BE(((header.exportMs - header.bootMs) % 4_294_967_296) >>> 0, 4)
  head.writeUInt32BE(Math.floor(header.exportMs / 1_000) >>> 0, 8)
  head.writeUInt32BE(header.sequence >>> 0, 12)
  head.writeUInt32BE(header.sourceId >>> 0, 16)
  return Buffer.concat([head, ...sets])
}

/** How many of the records, from `from` on, fit one datagram without templates. */
export function netflowV9RecordsThatFit(records: readonly FlowRecord[], from: number, translates = false): number {
  return recordsThatFit(records, from, headerOctets, templatesOf(translates))
}

function templatesOf(translates: boolean | undefined): typeof netflowV9Templates {
  return translates ? netflowV9NatTemplates : netflowV9Templates
}

export function recordsThatFit(
  records: readonly FlowRecord[],
  from: number,
  head: number,
  templates: { version4: Template; version6: Template },
): number {
  let octets = head + 2 * (setHeaderOctets + 3)
  for (let i = from; i < records.length; i++) {
    octets += (isVersion6(records[i]!) ? templates.version6 : templates.version4).recordOctets
    if (octets > datagramOctetsMax) return i - from
  }
  return records.length - from
}

/** One data set per address family, padded to 32 bits. */
export function dataSets(
  records: readonly FlowRecord[],
  templates: { version4: Template; version6: Template },
  context: FieldContext,
): Buffer[] {
  return [templates.version4, templates.version6].flatMap(own => {
    const those = records.filter(record => isVersion6(record) === (own === templates.version6))
    if (those.length === 0) return []
    const length = padded(setHeaderOctets + those.length * own.recordOctets)
    const set = Buffer.alloc(length)
    set.writeUInt16BE(own.id, 0)
    set.writeUInt16BE(length, 2)
    let at = setHeaderOctets
    for (const record of those) at = writeRecord(set, at, own, record, context)
    return [set]
  })
}

function templateSet(templates: readonly Template[]): Buffer {
  const words = templates.flatMap(({ id, fields }) => [
    id,
    fields.length,
    ...fields.flatMap(field => [field.id, field.octets]),
  ])
  return wordSet(0, words)
}

function samplerTemplateSet(): Buffer {
  return wordSet(1, [
    samplerTemplateId,
    samplerScope.length * 4,
    samplerOptions.length * 4,
    ...samplerScope.flat(),
    ...samplerOptions.flat(),
  ])
}

function samplerSet(samplingRate: number): Buffer {
  const set = Buffer.alloc(padded(setHeaderOctets + 11))
  set.writeUInt16BE(samplerTemplateId, 0)
  set.writeUInt16BE(set.length, 2)
  set.writeUInt16BE(1, 8)
  set.writeUInt8(samplingRandom, 10)
  set.writeUInt32BE(samplingRate, 11)
  return set
}

/** A set of 16-bit words, padded to 32 bits. */
export function wordSet(id: number, words: readonly number[]): Buffer {
  const set = Buffer.alloc(padded(setHeaderOctets + 2 * words.length))
  set.writeUInt16BE(id, 0)
  set.writeUInt16BE(set.length, 2)
  for (const [i, word] of words.entries()) set.writeUInt16BE(word, setHeaderOctets + 2 * i)
  return set
}

export function padded(octets: number): number {
  return Math.ceil(octets / 4) * 4
}
