import type { Oid, SnmpValue } from '../../../snmp/src/index.ts'

const encoder = new TextEncoder()

export const text = (value: string): SnmpValue => ({ type: 'octets', value: encoder.encode(value) })
export const octets = (value: Uint8Array): SnmpValue => ({ type: 'octets', value })
export const integer = (value: number): SnmpValue => ({ type: 'integer', value })
export const gauge32 = (value: number): SnmpValue => ({ type: 'gauge32', value: Math.min(value, 4_294_967_295) })
/** The low 32 bits: what a Counter32 shows of a 64-bit count. */
export const counter32 = (value: bigint): SnmpValue => ({ type: 'counter32', value: Number(value & 0xffff_ffffn) })
export const counter64 = (value: bigint): SnmpValue => ({ type: 'counter64', value })
export const objectId = (value: Oid): SnmpValue => ({ type: 'oid', value })
/** Hundredths of a second; wraps after 497 days as TimeTicks do. */
export const timeTicks = (milliseconds: number): SnmpValue => ({
  type: 'timeTicks',
  value: Math.max(0, Math.floor(milliseconds / 10)) % 4_294_967_296,
})
/** RFC 2579 TruthValue. */
export const truth = (value: boolean): SnmpValue => integer(value ? 1 : 2)
