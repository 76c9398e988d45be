import type { Oid } from './oid.ts'

/**
 * A variable's value (RFC 3416 §3). `invalid` is a value whose content breaks its type's rules inside a well-formed TLV:
 * the other cells of the message are still good.
 */
export type SnmpValue =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'octets'; readonly value: Uint8Array }
  | { readonly type: 'null' }
  | { readonly type: 'oid'; readonly value: Oid }
  | { readonly type: 'ipAddress'; readonly value: Uint8Array }
  | { readonly type: 'counter32'; readonly value: number }
  | { readonly type: 'gauge32'; readonly value: number }
  | { readonly type: 'timeTicks'; readonly value: number }
  | { readonly type: 'opaque'; readonly value: Uint8Array }
  | { readonly type: 'counter64'; readonly value: bigint }
  | { readonly type: 'noSuchObject' }
  | { readonly type: 'noSuchInstance' }
  | { readonly type: 'endOfMibView' }
  | { readonly type: 'invalid'; readonly tag: number; readonly value: Uint8Array; readonly reason: InvalidValueReason }

export type SnmpType = SnmpValue['type']

export type InvalidValueReason = 'wrong-length' | 'out-of-range' | 'unknown-type' | 'malformed-oid'

export interface Varbind {
  readonly oid: Oid
  readonly value: SnmpValue
}

export const nullValue: SnmpValue = { type: 'null' }

/** The three that say "there is none" (RFC 3416 §4.2.1, §4.2.2). */
export function isException(value: SnmpValue): boolean {
  return value.type === 'noSuchObject' || value.type === 'noSuchInstance' || value.type === 'endOfMibView'
}

/** RFC 2578 §7.1.6 forbids, but net-snmp sends, floats as Opaque (tags 9f78 and 9f79); undefined when it is neither. */
export function opaqueNumber(content: Uint8Array): number | undefined {
  if (content.length < 3 || content[0] !== 0x9f) return undefined
  const view = new DataView(content.buffer, content.byteOffset + 3, content.byteLength - 3)
  if (content[1] === 0x78 && content[2] === 4 && view.byteLength === 4) return view.getFloat32(0)
  if (content[1] === 0x79 && content[2] === 8 && view.byteLength === 8) return view.getFloat64(0)
  return undefined
}
