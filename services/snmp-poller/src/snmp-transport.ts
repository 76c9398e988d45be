import {
  type AuthProtocol,
  errorStatusName,
  errorStatusNumber,
  formatOid,
  type ObjectName,
  type PrivProtocol,
  type SnmpErrorCode,
  type VarbindList,
} from '../../../libs/snmp/src/index.ts'

/** Sends requests to agents. Adapters: `udp-transport.ts` (our codec), `net-snmp-transport.ts` (npm net-snmp's). */
export interface SnmpTransport {
  /** Makes no contact yet. */
  open(target: SnmpTarget): SnmpSession
  close(): void
  readonly counters: TransportCounters
}

/**
 * Requests to one agent, one at a time. Nothing throws or rejects: what fails is a value. Varbinds come as the agent sent
 * them, in its order; a GetBulk reply is the non-repeaters, then row after row (RFC 3416 §4.2.3).
 */
export interface SnmpSession {
  get(names: readonly ObjectName[]): Promise<SnmpReply>
  getNext(names: readonly ObjectName[]): Promise<SnmpReply>
  getBulk(names: readonly ObjectName[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply>
  /** Ends the request under way, which then fails with `poll-deadline`. The session stays usable. */
  cancel(): void
  close(): void
}

export type SnmpReply = SnmpSuccess | SnmpFailure

export interface SnmpSuccess {
  readonly ok: true
  readonly varbinds: VarbindList
  /** Octets of the reply's datagram: what the next one may hold is judged by it. */
  readonly bytes: number
  /** Datagrams sent for it; 1 when nothing was lost. */
  readonly attempts: number
}

export interface SnmpFailure {
  readonly ok: false
  readonly code: SnmpErrorCode
  /** For people; no credential. */
  readonly detail: string
  /** Of `snmp-error-status` and `snmp-too-big`. */
  readonly errorStatus?: number
  /** Which varbind, from 1; absent or 0 is none. */
  readonly errorIndex?: number
  readonly attempts: number
}

const tooBig = errorStatusNumber('tooBig')

/** What a reply says when its error status is not 0. */
export function refusal(errorStatus: number, errorIndex: number, varbinds: VarbindList, attempts: number): SnmpFailure {
  const blamed = errorIndex > 0 ? varbinds.at(errorIndex - 1) : undefined
  const name = errorStatusName(errorStatus) ?? `status ${errorStatus}`
  return {
    ok: false,
    code: errorStatus === tooBig ? 'snmp-too-big' : 'snmp-error-status',
    detail: blamed ? `${name} for ${formatOid(blamed.oid)}` : name,
    errorStatus,
    errorIndex,
    attempts,
  }
}

export interface SnmpTarget {
  /** Address or name. */
  readonly host: string
  readonly port: number
  readonly auth: SnmpAuth
  /** Wait for the first reply; see `waitMs` for the others. */
  readonly timeoutMs: number
  readonly retries: number
  /** Addresses beside `host` from which a reply counts. */
  readonly answersFrom?: readonly string[]
}

export type SnmpAuth = CredentialBounds &
  (
    | { readonly version: 'v1' | 'v2c'; readonly community: string }
    | {
        readonly version: 'v3'
        readonly user: string
        readonly authProtocol?: AuthProtocol | undefined
        readonly authKey?: string | undefined
        readonly privProtocol?: PrivProtocol | undefined
        readonly privKey?: string | undefined
        readonly context?: string | undefined
      }
  )

export interface CredentialBounds {
  /** Only devices of these tenants are asked with them. */
  readonly tenants?: readonly string[] | undefined
  /** Only addresses within these (CIDR) are. */
  readonly networks?: readonly string[] | undefined
  readonly codec?: Codec | undefined
}

/** Whose implementation of SNMP asks. */
export const codecs = ['weir', 'net-snmp'] as const
export type Codec = (typeof codecs)[number]

/** received = replied + dropped. */
export interface TransportCounters {
  datagramsSent: number
  datagramsReceived: number
  retries: number
  timeouts: number
  /** Times that an SNMPv3 engine id was found at another address than before. */
  sharedEngineIds: number
  /** Received and not taken for a reply, by reason. */
  dropped: Record<DropReason, number>
}

/** `late-reply`: nobody waits for its request any more, which is also what a duplicate looks like. */
export type DropReason = 'late-reply' | 'unexpected-source' | 'malformed' | 'wrong-credentials'

export function emptyTransportCounters(): TransportCounters {
  return {
    datagramsSent: 0,
    datagramsReceived: 0,
    retries: 0,
    timeouts: 0,
    sharedEngineIds: 0,
    dropped: { 'late-reply': 0, 'unexpected-source': 0, malformed: 0, 'wrong-credentials': 0 },
  }
}

/** How long the attempt (from 1) waits: each half as long again as the one before (F35). */
export function waitMs(timeoutMs: number, attempt: number): number {
  return timeoutMs * 1.5 ** (attempt - 1)
}

/** How long a request without any reply takes. */
export function totalWaitMs(timeoutMs: number, retries: number): number {
  let totalMs = 0
  for (let attempt = 1; attempt <= retries + 1; attempt++) totalMs += waitMs(timeoutMs, attempt)
  return totalMs
}
