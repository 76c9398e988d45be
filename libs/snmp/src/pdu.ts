import type { Oid } from './oid.ts'
import type { Varbind } from './value.ts'

/** RFC 3416 §3 and, for the trap of version 1, RFC 1157 §4.1.6. */
export type Pdu = GetPdu | GetBulkPdu | ReplyPdu | NotificationPdu | TrapV1Pdu

export type PduKind = Pdu['kind']

export interface GetPdu {
  readonly kind: 'getRequest' | 'getNextRequest' | 'setRequest'
  readonly requestId: number
  readonly varbinds: readonly Varbind[]
}

export interface GetBulkPdu {
  readonly kind: 'getBulkRequest'
  readonly requestId: number
  readonly nonRepeaters: number
  readonly maxRepetitions: number
  readonly varbinds: readonly Varbind[]
}

export interface ReplyPdu {
  readonly kind: 'response' | 'report'
  readonly requestId: number
  /** See `errorStatuses`. */
  readonly errorStatus: number
  /** Which varbind, from 1; 0 is none. */
  readonly errorIndex: number
  readonly varbinds: readonly Varbind[]
}

/** The first two varbinds are sysUpTime.0 and snmpTrapOID.0. An inform is answered, a trap is not. */
export interface NotificationPdu {
  readonly kind: 'trap' | 'informRequest'
  readonly requestId: number
  readonly varbinds: readonly Varbind[]
}

export interface TrapV1Pdu {
  readonly kind: 'trapV1'
  readonly enterprise: Oid
  readonly agentAddress: Uint8Array
  readonly genericTrap: number
  readonly specificTrap: number
  /** sysUpTime, hundredths of a second. */
  readonly timestampCs: number
  readonly varbinds: readonly Varbind[]
}

export interface Message {
  readonly version: 'v1' | 'v2c'
  /** Octets, not text: nothing says it is UTF-8. A secret. */
  readonly community: Uint8Array
  readonly pdu: Pdu
}

export const pduTags = {
  getRequest: 0xa0,
  getNextRequest: 0xa1,
  response: 0xa2,
  setRequest: 0xa3,
  trapV1: 0xa4,
  getBulkRequest: 0xa5,
  informRequest: 0xa6,
  trap: 0xa7,
  report: 0xa8,
} as const satisfies Record<PduKind, number>

/** RFC 3416 §3, by number. */
export const errorStatuses = [
  'noError',
  'tooBig',
  'noSuchName',
  'badValue',
  'readOnly',
  'genErr',
  'noAccess',
  'wrongType',
  'wrongLength',
  'wrongEncoding',
  'wrongValue',
  'noCreation',
  'inconsistentValue',
  'resourceUnavailable',
  'commitFailed',
  'undoFailed',
  'authorizationError',
  'notWritable',
  'inconsistentName',
] as const

export type ErrorStatus = (typeof errorStatuses)[number]

export function errorStatusName(status: number): ErrorStatus | undefined {
  return errorStatuses[status]
}

export function errorStatusNumber(name: ErrorStatus): number {
  return errorStatuses.indexOf(name)
}
