import type { FlowRecord } from './flow-record.ts'

/** What a field of a template needs beside the record itself. */
export interface FieldContext {
  /** When the exporter booted, milliseconds since the Unix epoch. */
  bootMs: number
  /** Which sampler chose the packets; 0 is none. */
  samplerId: number
}

/** One information element of a template (IANA IPFIX registry; the same numbers in NetFlow v9). */
export interface TemplateField {
  id: number
  octets: number
  write(target: Buffer, at: number, record: FlowRecord, context: FieldContext): void
}

export interface Template {
  id: number
  fields: readonly TemplateField[]
  recordOctets: number
}

export function template(id: number, fields: readonly TemplateField[]): Template {
  return { id, fields, recordOctets: fields.reduce((sum, field) => sum + field.octets, 0) }
}

export function writeRecord(
  target: Buffer,
  at: number,
  { fields }: Template,
  record: FlowRecord,
  context: FieldContext,
): number {
  let place = at
  for (const field of fields) {
    field.write(target, place, record, context)
    place += field.octets
  }
  return place
}

function unsigned(
  id: number,
  octets: 1 | 2 | 4,
  read: (record: FlowRecord, context: FieldContext) => number,
): TemplateField {
  return { id, octets, write: (target, at, record, context) => target.writeUIntBE(read(record, context), at, octets) }
}

function address(id: number, octets: 4 | 16, read: (record: FlowRecord) => Uint8Array): TemplateField {
  return { id, octets, write: (target, at, record) => target.set(read(record), at) }
}

const uptime = (timeMs: number, bootMs: number): number => ((timeMs - bootMs) % 4_294_967_296) >>> 0

/** Elements by their IANA names. */
export const elements = {
  octetDeltaCount: (octets: 4 | 8): TemplateField => counter(1, octets, record => record.octets),
  packetDeltaCount: (octets: 4 | 8): TemplateField => counter(2, octets, record => record.packets),
  protocolIdentifier: unsigned(4, 1, record => record.protocol),
  ipClassOfService: unsigned(5, 1, record => record.tos),
  tcpControlBits: unsigned(6, 1, record => record.tcpFlags & 0xff),
  sourceTransportPort: unsigned(7, 2, record => record.sourcePort),
  sourceIPv4Address: address(8, 4, record => record.sourceAddress),
  sourceIPv4PrefixLength: unsigned(9, 1, record => record.sourceMask),
  ingressInterface: unsigned(10, 4, record => record.inputInterface),
  destinationTransportPort: unsigned(11, 2, record => record.destinationPort),
  destinationIPv4Address: address(12, 4, record => record.destinationAddress),
  destinationIPv4PrefixLength: unsigned(13, 1, record => record.destinationMask),
  egressInterface: unsigned(14, 4, record => record.outputInterface),
  ipNextHopIPv4Address: address(15, 4, record => record.nextHop),
  bgpSourceAsNumber: unsigned(16, 4, record => record.sourceAs),
  bgpDestinationAsNumber: unsigned(17, 4, record => record.destinationAs),
  flowEndSysUpTime: unsigned(21, 4, (record, { bootMs }) => uptime(record.endMs, bootMs)),
  flowStartSysUpTime: unsigned(22, 4, (record, { bootMs }) => uptime(record.startMs, bootMs)),
  sourceIPv6Address: address(27, 16, record => record.sourceAddress),
  destinationIPv6Address: address(28, 16, record => record.destinationAddress),
  sourceIPv6PrefixLength: unsigned(29, 1, record => record.sourceMask),
  destinationIPv6PrefixLength: unsigned(30, 1, record => record.destinationMask),
  samplerId: unsigned(48, 2, (_, { samplerId }) => samplerId),
  flowDirection: unsigned(61, 1, () => 0),
  ipNextHopIPv6Address: address(62, 16, record => record.nextHop),
  flowStartMilliseconds: milliseconds(152, record => record.startMs),
  flowEndMilliseconds: milliseconds(153, record => record.endMs),
  // As they are after the device (IANA's definition of 225): what is not translated is told again.
  postNATSourceIPv4Address: address(225, 4, record => record.postNatSourceAddress ?? record.sourceAddress),
  postNATDestinationIPv4Address: address(226, 4, record => record.destinationAddress),
  postNAPTSourceTransportPort: unsigned(227, 2, record => record.postNatSourcePort ?? record.sourcePort),
  postNAPTDestinationTransportPort: unsigned(228, 2, record => record.destinationPort),
  selectorId: unsigned(302, 4, (_, { samplerId }) => samplerId),
} as const

function counter(id: number, octets: 4 | 8, read: (record: FlowRecord) => bigint): TemplateField {
  return {
    id,
    octets,
    write: (target, at, record) => {
      if (octets === 8) target.writeBigUInt64BE(read(record), at)
      else target.writeUInt32BE(Number(read(record)), at)
    },
  }
}

function milliseconds(id: number, read: (record: FlowRecord) => number): TemplateField {
  return { id, octets: 8, write: (target, at, record) => target.writeBigUInt64BE(BigInt(read(record)), at) }
}
