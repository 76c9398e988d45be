import type { FlowRecord } from './flow-record.ts'
import { dataSets, padded, recordsThatFit, wordSet } from './netflow-v9.ts'
import { elements, type Template, template } from './template-fields.ts'

/*
 * IPFIX (RFC 7011 §3). Everything is big-endian; a set's length includes its header and padding.
 *
 *   message         = header set*
 *   header          = version=10 u16, length u16, exportSeconds u32, sequence u32 (data records before this message),
 *                     observationDomain u32
 *   templateSet     = id=2 u16, length u16, (templateId u16, fieldCount u16, (element u16, length u16)*)*, padding
 *   optionsTemplate = id=3 u16, length u16, (templateId u16, fieldCount u16, scopeCount u16,
 *                     (element u16, length u16)*)*, padding
 *   dataSet         = id=templateId u16, length u16, record*, padding
 */

const headerOctets = 16
const setHeaderOctets = 4

/** Counters of 64 bits and times of milliseconds. */
export const ipfixTemplates: { version4: Template; version6: Template } = {
  version4: template(300, [
    elements.sourceIPv4Address,
    elements.destinationIPv4Address,
    elements.ipClassOfService,
    elements.protocolIdentifier,
    elements.sourceTransportPort,
    elements.destinationTransportPort,
    elements.ingressInterface,
    elements.egressInterface,
    elements.sourceIPv4PrefixLength,
    elements.destinationIPv4PrefixLength,
    elements.bgpSourceAsNumber,
    elements.bgpDestinationAsNumber,
    elements.ipNextHopIPv4Address,
    elements.tcpControlBits,
    elements.octetDeltaCount(8),
    elements.packetDeltaCount(8),
    elements.flowStartMilliseconds,
    elements.flowEndMilliseconds,
    elements.selectorId,
  ]),
  version6: template(301, [
    elements.sourceIPv6Address,
    elements.destinationIPv6Address,
    elements.ipClassOfService,
    elements.protocolIdentifier,
    elements.sourceTransportPort,
    elements.destinationTransportPort,
    elements.ingressInterface,
    elements.egressInterface,
    elements.sourceIPv6PrefixLength,
    elements.destinationIPv6PrefixLength,
    elements.bgpSourceAsNumber,
    elements.bgpDestinationAsNumber,
    elements.ipNextHopIPv6Address,
    elements.tcpControlBits,
    elements.octetDeltaCount(8),
    elements.packetDeltaCount(8),
    elements.flowStartMilliseconds,
    elements.flowEndMilliseconds,
    elements.selectorId,
  ]),
}

const selectorTemplateId = 302
/** Scope selectorId; selectorAlgorithm, samplingPacketInterval, samplingPacketSpace (RFC 5477 §6.5.2). */
const selectorFields = [
  [302, 4],
  [304, 2],
  [305, 4],
  [306, 4],
] as const
const systematicCountBased = 1

/** The selector that records name; unsampled records name none (0). */
const selectorNumber = 1

export interface IpfixHeader {
  /** Milliseconds since the Unix epoch. */
  exportMs: number
  /** Data records (options data included) sent before in this domain. */
  sequence: number
  observationDomain: number
}

export interface IpfixContent {
  /** Templates first; where the exporter samples, also the selector's rate as options data (one data record). */
  templates: boolean
  /** One in so many; absent where the exporter does not sample. */
  samplingRate?: number
  records: readonly FlowRecord[]
}

export function encodeIpfix(header: IpfixHeader, { templates, samplingRate, records }: IpfixContent): Buffer {
  const sets: Buffer[] = []
  if (templates) {
    const own = [ipfixTemplates.version4, ipfixTemplates.version6]
    sets.push(
      wordSet(
        2,
        own.flatMap(({ id, fields }) => [id, fields.length, ...fields.flatMap(field => [field.id, field.octets])]),
      ),
    )
    if (samplingRate !== undefined) {
      sets.push(wordSet(3, [selectorTemplateId, selectorFields.length, 1, ...selectorFields.flat()]))
      sets.push(selectorSet(samplingRate))
    }
  }
  sets.push(
    ...dataSets(records, ipfixTemplates, { bootMs: 0, samplerId: samplingRate === undefined ? 0 : selectorNumber }),
  )
  const head = Buffer.alloc(headerOctets)
  const message = Buffer.concat([head, ...sets])
  message.writeUInt16BE(10, 0)
  message.writeUInt16BE(message.length, 2)
  message.writeUInt32BE(Math.floor(header.exportMs / 1_000) >>> 0, 4)
  message.writeUInt32BE(header.sequence >>> 0, 8)
  message.writeUInt32BE(header.observationDomain >>> 0, 12)
  return message
}

/** How many of the records, from `from` on, fit one message without templates. */
export function ipfixRecordsThatFit(records: readonly FlowRecord[], from: number): number {
  return recordsThatFit(records, from, headerOctets, ipfixTemplates)
}

/** One in n: one packet is taken, n - 1 are passed over. */
function selectorSet(samplingRate: number): Buffer {
  const set = Buffer.alloc(padded(setHeaderOctets + 14))
  set.writeUInt16BE(selectorTemplateId, 0)
  set.writeUInt16BE(set.length, 2)
  set.writeUInt32BE(selectorNumber, 4)
  set.writeUInt16BE(systematicCountBased, 8)
  set.writeUInt32BE(1, 10)
  set.writeUInt32BE(samplingRate - 1, 14)
  return set
}
