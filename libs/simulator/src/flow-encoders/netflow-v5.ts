import type { FlowRecord } from './flow-record.ts'

/*
 * NetFlow version 5 (Cisco, "NetFlow Export Datagram Format", tables B-3 and B-4). Everything is big-endian.
 *
 *   datagram = header record{1..30}
 *   header   = version=5 u16, count u16, sysUptimeMs u32, unixSeconds u32, unixNanoseconds u32, flowSequence u32,
 *              engineType u8, engineId u8, sampling u16 (2 bits of mode, 14 bits of interval)
 *   record   = source u32, destination u32, nextHop u32, input u16, output u16, packets u32, octets u32, first u32,
 *              last u32, sourcePort u16, destinationPort u16, pad u8, tcpFlags u8, protocol u8, tos u8, sourceAs u16,
 *              destinationAs u16, sourceMask u8, destinationMask u8, pad u16
 */

export const netflowV5RecordsMax = 30
const headerOctets = 24
const recordOctets = 48

/** What 16 bits of an AS number say of a longer one (RFC 6793 §9). */
const asTransition = 23_456

export interface NetflowV5Header {
  /** Milliseconds since the Unix epoch. */
  exportMs: number
  bootMs: number
  /** Flows exported before this datagram; wraps at 2^32. */
  flowSequence: number
  engineType: number
  engineId: number
  /** One in so many; 1 is written as "not sampled". */
  samplingRate: number
}

/** @throws RangeError for more than 30 records, IPv6, and counters beyond 32 bits */
export function encodeNetflowV5(header: NetflowV5Header, records: readonly FlowRecord[]): Buffer {
  if (records.length > netflowV5RecordsMax) throw new RangeError(`NetFlow v5 holds ${netflowV5RecordsMax} records`)
  const datagram = Buffer.alloc(headerOctets + records.length * recordOctets)
  datagram.writeUInt16BE(5, 0)
  datagram.writeUInt16BE(records.length, 2)
  datagram.writeUInt32BE(uptime(header.exportMs, header.bootMs), 4)
  datagram.writeUInt32BE(Math.floor(header.exportMs / 1_000) >>> 0, 8)
  datagram.writeUInt32BE((header.exportMs % 1_000) * 1_000_000, 12)
  datagram.writeUInt32BE(header.flowSequence >>> 0, 16)
  datagram.writeUInt8(header.engineType, 20)
  datagram.writeUInt8(header.engineId, 21)
  datagram.writeUInt16BE(header.samplingRate > 1 ? 0x4000 | (header.samplingRate & 0x3fff) : 0, 22)
  for (const [i, record] of records.entries()) writeRecord(datagram, headerOctets + i * recordOctets, record, header)
  return datagram
}

function writeRecord(datagram: Buffer, at: number, record: FlowRecord, { bootMs }: NetflowV5Header): void {
  if (record.sourceAddress.length !== 4) throw new RangeError('NetFlow v5 has no IPv6')
  datagram.set(record.sourceAddress, at)
  datagram.set(record.destinationAddress, at + 4)
  datagram.set(record.nextHop.subarray(0, 4), at + 8)
  datagram.writeUInt16BE(record.inputInterface & 0xffff, at + 12)
  datagram.writeUInt16BE(record.outputInterface & 0xffff, at + 14)
  datagram.writeUInt32BE(Number(record.packets), at + 16)
  datagram.writeUInt32BE(Number(record.octets), at + 20)
  datagram.writeUInt32BE(uptime(record.startMs, bootMs), at + 24)
  datagram.writeUInt32BE(uptime(record.endMs, bootMs), at + 28)
  datagram.writeUInt16BE(record.sourcePort, at + 32)
  datagram.writeUInt16BE(record.destinationPort, at + 34)
  datagram.writeUInt8(record.tcpFlags & 0xff, at + 37)
  datagram.writeUInt8(record.protocol, at + 38)
  datagram.writeUInt8(record.tos, at + 39)
  datagram.writeUInt16BE(shortAs(record.sourceAs), at + 40)
  datagram.writeUInt16BE(shortAs(record.destinationAs), at + 42)
  datagram.writeUInt8(record.sourceMask, at + 44)
  datagram.writeUInt8(record.destinationMask, at + 45)
}

function uptime(timeMs: number, bootMs: number): number {
  return ((timeMs - bootMs) % 4_294_967_296) >>> 0
}

function shortAs(as: number): number {
  return as > 0xffff ? asTransition : as
}
