/**
 * Datagrams written by hand, octet by octet, for the tests: nothing here knows the decoder. Integers are big-endian.
 */
export function octets(...parts: (number[] | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}

export function u8(value: number): number[] {
  return [value & 0xff]
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff]
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)]
}

export function u64(value: bigint): number[] {
  return [...u32(Number(value >> 32n)), ...u32(Number(value & 0xffff_ffffn))]
}

/** `length` octets of an integer. */
export function uint(value: bigint | number, length: number): number[] {
  let rest = BigInt(value)
  const result: number[] = []
  for (let i = 0; i < length; i++) {
    result.unshift(Number(rest & 0xffn))
    rest >>= 8n
  }
  return result
}

export function ip4(text: string): number[] {
  return text.split('.').map(Number)
}

/** Full or "::" notation without embedded IPv4. */
export function ip6(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const first = groups(head)
  const last = groups(tail ?? '')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...middle, ...last].flatMap(group => u16(Number.parseInt(group, 16)))
}

export function mac(text: string): number[] {
  return text.split(':').map(part => Number.parseInt(part, 16))
}

export function text(value: string): number[] {
  return [...new TextEncoder().encode(value)]
}

export function set(id: number, ...parts: (number[] | Uint8Array)[]): number[] {
  const body = [...octets(...parts)]
  return [...u16(id), ...u16(body.length + 4), ...body]
}

/** element, length[, enterprise] */
export type Field = [element: number, length: number, enterprise?: number]

export function template(id: number, fields: Field[]): number[] {
  return [...u16(id), ...u16(fields.length), ...fields.flatMap(fieldOctets)]
}

export function ipfixOptionsTemplate(id: number, scopes: Field[], fields: Field[]): number[] {
  const all = [...scopes, ...fields]
  return [...u16(id), ...u16(all.length), ...u16(scopes.length), ...all.flatMap(fieldOctets)]
}

export function v9OptionsTemplate(id: number, scopes: Field[], fields: Field[]): number[] {
  const all = [...scopes, ...fields]
  return [...u16(id), ...u16(4 * scopes.length), ...u16(4 * fields.length), ...all.flatMap(fieldOctets)]
}

function fieldOctets([element, length, enterprise]: Field): number[] {
  if (enterprise === undefined) return [...u16(element), ...u16(length)]
  return [...u16(element | 0x8000), ...u16(length), ...u32(enterprise)]
}

export interface HeaderOptions {
  uptimeMs?: number
  seconds?: number
  sequence?: number
  domain?: number
  count?: number
}

/** Arrival time that goes with the headers' default export time. */
export const receivedMs = 1_700_000_000_500
const seconds = 1_700_000_000

export function v9(sets: number[][], header: HeaderOptions = {}): Uint8Array {
  return octets(
    u16(9),
    u16(header.count ?? sets.length),
    u32(header.uptimeMs ?? 10_000_000),
    u32(header.seconds ?? seconds),
    u32(header.sequence ?? 0),
    u32(header.domain ?? 0),
    ...sets,
  )
}

export function ipfix(sets: number[][], header: HeaderOptions & { length?: number } = {}): Uint8Array {
  const body = octets(...sets)
  return octets(
    u16(10),
    u16(header.length ?? body.length + 16),
    u32(header.seconds ?? seconds),
    u32(header.sequence ?? 0),
    u32(header.domain ?? 0),
    body,
  )
}

export interface V5Record {
  source?: string
  destination?: string
  nextHop?: string
  input?: number
  output?: number
  packets?: number
  octets?: number
  first?: number
  last?: number
  sourcePort?: number
  destinationPort?: number
  tcpFlags?: number
  protocol?: number
  tos?: number
  sourceAs?: number
  destinationAs?: number
  sourceMask?: number
  destinationMask?: number
}

export function v5Record(record: V5Record = {}): number[] {
  return [
    ...ip4(record.source ?? '192.0.2.1'),
    ...ip4(record.destination ?? '198.51.100.2'),
    ...ip4(record.nextHop ?? '0.0.0.0'),
    ...u16(record.input ?? 1),
    ...u16(record.output ?? 2),
    ...u32(record.packets ?? 10),
    ...u32(record.octets ?? 1_000),
    ...u32(record.first ?? 9_990_000),
    ...u32(record.last ?? 9_999_000),
    ...u16(record.sourcePort ?? 1_024),
    ...u16(record.destinationPort ?? 443),
    0,
    ...u8(record.tcpFlags ?? 0x1b),
    ...u8(record.protocol ?? 6),
    ...u8(record.tos ?? 0),
    ...u16(record.sourceAs ?? 64_512),
    ...u16(record.destinationAs ?? 64_513),
    ...u8(record.sourceMask ?? 24),
    ...u8(record.destinationMask ?? 25),
    0,
    0,
  ]
}

export function v5(
  records: number[][],
  header: HeaderOptions & { version?: number; engine?: number; sampling?: number } = {},
): Uint8Array {
  return octets(
    u16(header.version ?? 5),
    u16(header.count ?? records.length),
    u32(header.uptimeMs ?? 10_000_000),
    u32(header.seconds ?? seconds),
    u32(0),
    u32(header.sequence ?? 0),
    u16(header.engine ?? 0),
    u16(header.sampling ?? 0),
    ...records,
  )
}

/** An sFlow structure: format, length, body. */
export function struct(format: number, ...parts: (number[] | Uint8Array)[]): number[] {
  const body = [...octets(...parts)]
  return [...u32(format), ...u32(body.length), ...body]
}

export interface SampleOptions {
  sequence?: number
  source?: number
  rate?: number
  input?: number
  output?: number
  count?: number
}

export function flowSample(records: number[][], sample: SampleOptions = {}): number[] {
  return struct(
    1,
    u32(sample.sequence ?? 1),
    u32(sample.source ?? 3),
    u32(sample.rate ?? 1_000),
    u32(0),
    u32(0),
    u32(sample.input ?? 3),
    u32(sample.output ?? 4),
    u32(sample.count ?? records.length),
    ...records,
  )
}

export function expandedFlowSample(
  records: number[][],
  sample: SampleOptions & { inputFormat?: number; outputFormat?: number } = {},
): number[] {
  return struct(
    3,
    u32(sample.sequence ?? 1),
    u32(0),
    u32(sample.source ?? 3),
    u32(sample.rate ?? 1_000),
    u32(0),
    u32(0),
    u32(sample.inputFormat ?? 0),
    u32(sample.input ?? 3),
    u32(sample.outputFormat ?? 0),
    u32(sample.output ?? 4),
    u32(sample.count ?? records.length),
    ...records,
  )
}

/** protocol 1 is Ethernet, 11 IPv4, 12 IPv6 */
export function sampledHeader(frame: Uint8Array | number[], frameLength = 1_518, protocol = 1): number[] {
  const padding = Array.from({ length: (4 - (frame.length % 4)) % 4 }, () => 0)
  return struct(1, u32(protocol), u32(frameLength), u32(4), u32(frame.length), [...frame], padding)
}

export function sflow(
  samples: number[][],
  header: { sequence?: number; uptimeMs?: number; agent?: string; subAgent?: number; count?: number } = {},
): Uint8Array {
  return octets(
    u32(5),
    u32(1),
    ip4(header.agent ?? '192.0.2.9'),
    u32(header.subAgent ?? 0),
    u32(header.sequence ?? 1),
    u32(header.uptimeMs ?? 60_000),
    u32(header.count ?? samples.length),
    ...samples,
  )
}

export function ethernet(type: number, ...payload: number[][]): number[] {
  return [...mac('02:00:00:00:00:02'), ...mac('02:00:00:00:00:01'), ...u16(type), ...payload.flat()]
}

export function ipv4Packet(
  protocol: number,
  payload: number[],
  options: { source?: string; destination?: string; fragment?: number; tos?: number } = {},
): number[] {
  return [
    0x45,
    options.tos ?? 0,
    ...u16(20 + payload.length),
    ...u16(1),
    ...u16(options.fragment ?? 0),
    64,
    protocol,
    ...u16(0),
    ...ip4(options.source ?? '10.1.1.1'),
    ...ip4(options.destination ?? '10.2.2.2'),
    ...payload,
  ]
}

export function ipv6Packet(next: number, payload: number[]): number[] {
  return [
    ...u32(0x60b0_0000),
    ...u16(payload.length),
    next,
    64,
    ...ip6('2001:db8::1'),
    ...ip6('2001:db8::2'),
    ...payload,
  ]
}

export function tcpSegment(sourcePort = 40_000, destinationPort = 443, flags = 0x12): number[] {
  return [...u16(sourcePort), ...u16(destinationPort), ...u32(1), ...u32(2), 0x50, flags, ...u16(65_535), ...u32(0)]
}

export function udpDatagram(payload: number[], sourcePort = 5_000, destinationPort = 53): number[] {
  return [...u16(sourcePort), ...u16(destinationPort), ...u16(8 + payload.length), ...u16(0), ...payload]
}
