import {
  type BerError,
  type BerErrorCode,
  BerReader,
  oidContent,
  signedContent,
  tags,
  unsigned32Content,
  unsigned64Content,
} from './ber.ts'
import { type Message, type Pdu, type PduKind, pduTags } from './pdu.ts'
import { type InvalidValueReason, nullValue, type SnmpValue, type Varbind } from './value.ts'

export type MessageErrorCode =
  | BerErrorCode
  | 'snmp-version-unsupported'
  | 'snmp-pdu-unknown'
  | 'snmp-too-many-varbinds'
  | 'snmp-message-too-large'

export interface MessageError extends BerError<MessageErrorCode> {
  /** Outermost first: `in message: in response: in varbind 3`. */
  readonly context: string
}

export type DecodedMessage =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly error: MessageError }

export type DecodedPdu = { readonly ok: true; readonly pdu: Pdu } | { readonly ok: false; readonly error: MessageError }

export interface DecodeLimits {
  /** Octets of a message; UDP carries no more than 65 507. */
  bytesMax: number
  varbindsMax: number
}

/** A varbind takes 9 octets at least, so 8 192 are more than a datagram can hold. */
export const defaultDecodeLimits: DecodeLimits = { bytesMax: 65_535, varbindsMax: 8_192 }

/**
 * Decodes one SNMP message of version 1 or 2c (RFC 1901, RFC 3416, RFC 3417 §8). Never throws; work and memory are
 * bounded by the datagram's length, since the grammar is walked without recursion and lengths are checked against their
 * container before anything is made. Octets behind the message are ignored, as other managers do. Octet values are views
 * of `bytes`.
 */
export function decodeMessage(bytes: Uint8Array, limits: DecodeLimits = defaultDecodeLimits): DecodedMessage {
  if (bytes.length > limits.bytesMax) {
    return { ok: false, error: { code: 'snmp-message-too-large', offset: limits.bytesMax, context: 'in message' } }
  }
  const reader = new BerReader(bytes)
  reader.enter(tags.sequence)
  const versionOffset = reader.offset
  const version = reader.integer()
  if (reader.error) return failed(reader.error, 'in message')
  if (version !== 0 && version !== 1) {
    return failed({ code: 'snmp-version-unsupported', offset: versionOffset }, 'in message')
  }
  const community = reader.octets()
  const decoded = readPdu(reader, limits)
  if (!decoded.ok) return decoded
  return { ok: true, message: { version: version === 0 ? 'v1' : 'v2c', community, pdu: decoded.pdu } }
}

/** As `decodeMessage`, one PDU alone: what a message of version 3 holds. */
export function decodePdu(bytes: Uint8Array, limits: DecodeLimits = defaultDecodeLimits): DecodedPdu {
  return readPdu(new BerReader(bytes), limits)
}

function readPdu(reader: BerReader, limits: DecodeLimits): DecodedPdu {
  const pduOffset = reader.offset
  const tag = reader.peekTag()
  if (reader.error) return failed(reader.error, 'in message')
  const kind = kindOfTag.get(tag)
  if (kind === undefined) return failed({ code: 'snmp-pdu-unknown', offset: pduOffset }, 'in message')

  reader.enter(tag)
  const head = readHead(reader, kind)
  if (reader.error) return failed(reader.error, `in message: in ${kind}`)
  const listEnd = reader.enter(tags.sequence)
  const varbinds: Varbind[] = []
  while (!reader.atEnd) {
    if (varbinds.length >= limits.varbindsMax) {
      return failed({ code: 'snmp-too-many-varbinds', offset: reader.offset }, `in message: in ${kind}`)
    }
    const outerEnd = reader.enter(tags.sequence)
    const oid = reader.oid()
    const value = readValue(reader)
    reader.leave(outerEnd)
    if (reader.error) return failed(reader.error, `in message: in ${kind}: in varbind ${varbinds.length + 1}`)
    varbinds.push({ oid, value })
  }
  reader.leave(listEnd)
  if (reader.error) return failed(reader.error, `in message: in ${kind}`)
  return { ok: true, pdu: { ...head, varbinds } as Pdu }
}

const kindOfTag = new Map<number, PduKind>(
  (Object.entries(pduTags) as [PduKind, number][]).map(([kind, tag]) => [tag, kind]),
)

function failed(error: BerError<MessageErrorCode>, context: string): { ok: false; error: MessageError } {
  return { ok: false, error: { code: error.code, offset: error.offset, context } }
}

type WithoutVarbinds<P> = P extends Pdu ? Omit<P, 'varbinds'> : never

function readHead(reader: BerReader, kind: PduKind): WithoutVarbinds<Pdu> {
  if (kind === 'trapV1') {
    return {
      kind,
      enterprise: reader.oid(),
      agentAddress: reader.octets(tags.ipAddress),
      genericTrap: reader.integer(),
      specificTrap: reader.integer(),
      timestampCs: readTimeTicks(reader),
    }
  }
  const requestId = reader.integer()
  const second = reader.integer()
  const third = reader.integer()
  switch (kind) {
    case 'getBulkRequest':
      return { kind, requestId, nonRepeaters: second, maxRepetitions: third }
    case 'response':
    case 'report':
      return { kind, requestId, errorStatus: second, errorIndex: third }
    default:
      return { kind, requestId }
  }
}

function readTimeTicks(reader: BerReader): number {
  const start = reader.offset
  if (!reader.expect(tags.timeTicks)) return 0
  const value = unsigned32Content(reader.bytes, reader.offset, reader.length)
  reader.offset += reader.length
  if (value === undefined) reader.fail('ber-integer-size', start)
  return value ?? 0
}

function readValue(reader: BerReader): SnmpValue {
  const start = reader.offset
  const tag = reader.header()
  if (reader.error) return nullValue
  const at = reader.offset
  // A constructed value in a value's place (nested sequences, say) belongs to no SNMP type (RFC 3417 §8).
  if (tag & 0x20) reader.fail('ber-unexpected-tag', start)
  reader.offset += reader.length
  return valueContent(reader.bytes, tag, at, reader.length)
}

/** The value whose content lies at `at`. */
export function valueContent(bytes: Uint8Array, tag: number, at: number, length: number): SnmpValue {
  // A view costs as much as the rest of the cell: made only where the value is octets.
  const content = (): Uint8Array => bytes.subarray(at, at + length)
  const invalid = (reason: InvalidValueReason): SnmpValue => ({ type: 'invalid', tag, value: content(), reason })
  switch (tag) {
    case tags.integer: {
      const value = signedContent(bytes, at, length)
      return value === undefined ? invalid('out-of-range') : { type: 'integer', value }
    }
    case tags.octets:
      return { type: 'octets', value: content() }
    case tags.null:
      return length === 0 ? nullValue : invalid('wrong-length')
    case tags.oid: {
      const { oid } = oidContent(bytes, at, length)
      return oid === undefined ? invalid('malformed-oid') : { type: 'oid', value: oid }
    }
    case tags.ipAddress:
      return length === 4 ? { type: 'ipAddress', value: content() } : invalid('wrong-length')
    case tags.counter32:
    case tags.gauge32:
    case tags.timeTicks: {
      const value = unsigned32Content(bytes, at, length)
      if (value === undefined) return invalid('out-of-range')
      const type = tag === tags.counter32 ? 'counter32' : tag === tags.gauge32 ? 'gauge32' : 'timeTicks'
      return { type, value }
    }
    case tags.opaque:
      return { type: 'opaque', value: content() }
    case tags.counter64: {
      const value = unsigned64Content(bytes, at, length)
      return value === undefined ? invalid('out-of-range') : { type: 'counter64', value }
    }
    case tags.noSuchObject:
      return { type: 'noSuchObject' }
    case tags.noSuchInstance:
      return { type: 'noSuchInstance' }
    case tags.endOfMibView:
      return { type: 'endOfMibView' }
    default:
      return invalid('unknown-type')
  }
}
