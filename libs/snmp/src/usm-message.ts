import { BerReader, tags } from './ber.ts'
import { BerWriter } from './ber-writer.ts'
import { type Request, writeRequestPdu } from './encode-request.ts'
import type { UsmSecurity } from './usm-security.ts'

/** RFC 3412 §6.4. */
const authFlag = 1
const privFlag = 2
const reportableFlag = 4
const userSecurityModel = 3
/** What we take: a datagram's most. */
const messageBytesMax = 65_507

/** What an engine is asked with; boots and time are its own, as far as known. */
export interface UsmEnvelope {
  readonly engineId: Uint8Array
  readonly boots: number
  readonly time: number
  readonly userName: Uint8Array
  readonly contextName: Uint8Array
  /** Whose objects it is about; the authoritative engine's unless given. */
  readonly contextEngineId?: Uint8Array
}

/** A request of version 3 (RFC 3412 §6), signed and sealed as far as `security` has keys. Its id is the message's too. */
export function encodeUsmRequest(
  id: number,
  request: Request,
  envelope: UsmEnvelope,
  security: UsmSecurity,
  salt: Uint8Array,
): Buffer {
  writer.reset()
  writeRequestPdu(writer, id, request)
  return enveloped(id, envelope, security, salt, reportableFlag)
}

/** A message of version 3 around an encoded PDU to which no report is due: a response, a report or a trap. */
export function encodeUsmMessage(
  id: number,
  pdu: Uint8Array,
  envelope: UsmEnvelope,
  security: UsmSecurity,
  salt: Uint8Array,
): Buffer {
  writer.reset()
  writer.raw(pdu)
  return enveloped(id, envelope, security, salt, 0)
}

/** Around the PDU that the writer holds. */
function enveloped(
  id: number,
  { engineId, boots, time, userName, contextName, contextEngineId = engineId }: UsmEnvelope,
  security: UsmSecurity,
  salt: Uint8Array,
  reportable: number,
): Buffer {
  writer.octets(tags.octets, contextName)
  writer.octets(tags.octets, contextEngineId)
  writer.close(tags.sequence, 0)
  if (security.hasPriv) {
    const sealed = security.encrypt(writer.finish(), salt, boots, time)
    writer.reset()
    writer.octets(tags.octets, sealed)
  }
  const parametersMark = writer.mark()
  writer.octets(tags.octets, security.hasPriv ? salt : nothing)
  writer.octets(tags.octets, zeros.subarray(0, security.macBytes))
  // Where the digest's octets begin, from the end: their header is two octets.
  const macFromEnd = writer.mark() - 2
  writer.octets(tags.octets, userName)
  writer.integer(time)
  writer.integer(boots)
  writer.octets(tags.octets, engineId)
  writer.close(tags.sequence, parametersMark)
  writer.close(tags.octets, parametersMark)
  const headerMark = writer.mark()
  writer.integer(userSecurityModel)
  flags[0] = reportable | (security.hasAuth ? authFlag : 0) | (security.hasPriv ? privFlag : 0)
  writer.octets(tags.octets, flags)
  writer.integer(messageBytesMax)
  writer.integer(id)
  writer.close(tags.sequence, headerMark)
  writer.integer(3)
  writer.close(tags.sequence, 0)
  const message = writer.finish()
  if (security.hasAuth) security.sign(message, message.length - macFromEnd)
  return message
}

const nothing = new Uint8Array()
const zeros = new Uint8Array(64)
const flags = new Uint8Array(1)
/** One for the process, as in `encodeMessage`. */
const writer = new BerWriter()

/** A message of version 3 with the user security model, before anything of it is believed. Octets are views. */
export interface UsmMessage {
  readonly id: number
  readonly hasAuth: boolean
  readonly hasPriv: boolean
  /** Whether the sender wants to be told what is wrong. */
  readonly isReportable: boolean
  readonly engineId: Uint8Array
  readonly boots: number
  readonly time: number
  readonly userName: Uint8Array
  readonly macAt: number
  readonly macLength: number
  readonly salt: Uint8Array
  /** The scoped PDU: its TLV, or what is to be decrypted. */
  readonly data: Uint8Array
}

/** Undefined where it is malformed, or of another version or security model. Never throws. */
export function decodeUsmMessage(bytes: Uint8Array): UsmMessage | undefined {
  const reader = new BerReader(bytes)
  reader.enter(tags.sequence)
  if (reader.integer() !== 3) return undefined
  const headerEnd = reader.enter(tags.sequence)
  const id = reader.integer()
  reader.integer()
  const flagOctets = reader.octets()
  const model = reader.integer()
  reader.leave(headerEnd)
  const parametersEnd = reader.enter(tags.octets)
  const innerEnd = reader.enter(tags.sequence)
  const engineId = reader.octets()
  const boots = reader.integer()
  const time = reader.integer()
  const userName = reader.octets()
  const mac = reader.octets()
  const macAt = reader.offset - mac.length
  const salt = reader.octets()
  reader.leave(innerEnd)
  reader.leave(parametersEnd)
  const level = flagOctets[0] ?? 0
  const hasAuth = (level & authFlag) !== 0
  const hasPriv = (level & privFlag) !== 0
  // Privacy without authentication is no security level (RFC 3412 §7.2).
  if (reader.error || model !== userSecurityModel || flagOctets.length !== 1 || (hasPriv && !hasAuth)) return undefined
  const dataAt = reader.offset
  const isSequence = reader.header() === tags.sequence
  if (reader.error || (!hasPriv && !isSequence)) return undefined
  const isReportable = (level & reportableFlag) !== 0
  const data = bytes.subarray(hasPriv ? reader.offset : dataAt, reader.offset + reader.length)
  const parameters = { engineId, boots, time, userName, macAt, macLength: mac.length, salt }
  return { id, hasAuth, hasPriv, isReportable, ...parameters, data }
}

export interface ScopedPdu {
  readonly contextEngineId: Uint8Array
  readonly contextName: Uint8Array
  readonly at: number
  readonly end: number
}

/** Where the PDU of a scoped PDU lies; undefined where there is none. Octets behind it are padding. */
export function scopedPdu(scoped: Uint8Array): ScopedPdu | undefined {
  const reader = new BerReader(scoped)
  reader.enter(tags.sequence)
  const contextEngineId = reader.octets()
  const contextName = reader.octets()
  return reader.error ? undefined : { contextEngineId, contextName, at: reader.offset, end: reader.end }
}

/** What an engine reports instead of an answer (RFC 3414 §5), by the last arc but one of its counter. */
export const usmReports = {
  1: 'unsupported security level',
  2: 'not in time window',
  3: 'unknown user name',
  4: 'unknown engine id',
  5: 'wrong digest',
  6: 'decryption error',
} as const

export type UsmReport = (typeof usmReports)[keyof typeof usmReports]
