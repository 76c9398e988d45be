import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { isIPv6 } from 'node:net'
import snmp from 'net-snmp'
import {
  formatOid,
  type ObjectName,
  type Oid,
  oidOf,
  parseOid,
  type SnmpErrorCode,
  type SnmpValue,
  type Varbind,
  VarbindList,
} from '../../../libs/snmp/src/index.ts'
import { addressKey, type ResolvedHost, resolveTarget } from './host-address.ts'
import {
  emptyTransportCounters,
  type SnmpAuth,
  type SnmpReply,
  type SnmpSession,
  type SnmpTarget,
  type SnmpTransport,
  type TransportCounters,
} from './snmp-transport.ts'
import { withVersion1 } from './version1-session.ts'

/**
 * Requests by npm net-snmp: for devices whose credentials ask for it (`codec: net-snmp`), should one not get on with our
 * own codec, and to compare with. A session has a socket of its own; the library sees only datagrams from the device's
 * addresses, which it does not check itself (F49).
 */
export class NetSnmpTransport implements SnmpTransport {
  readonly counters: TransportCounters = emptyTransportCounters()
  readonly #sessions = new Set<NetSnmpSession>()

  open(target: SnmpTarget): SnmpSession {
    const session = new NetSnmpSession(target, this.counters, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    return target.auth.version === 'v1' ? withVersion1(session) : session
  }

  close(): void {
    for (const session of [...this.#sessions]) session.close()
  }
}

type Ask = (
  session: snmp.Session,
  done: (error: Error | null, varbinds?: (snmp.Varbind | snmp.Varbind[])[]) => void,
) => void

class NetSnmpSession implements SnmpSession {
  readonly #target: SnmpTarget
  readonly #counters: TransportCounters
  readonly #closed: () => void
  readonly #answersFrom = new Set<string>()
  #session: snmp.Session | undefined
  #cancelled = false
  #sent = 0
  #bytes = 0
  #malformed = ''

  constructor(target: SnmpTarget, counters: TransportCounters, closed: () => void) {
    this.#target = target
    this.#counters = counters
    this.#closed = closed
  }

  get(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#request((session, done) => session.get(dotted(names), done))
  }

  getNext(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#request((session, done) => session.getNext(dotted(names), done))
  }

  getBulk(names: readonly ObjectName[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply> {
    return this.#request((session, done) => session.getBulk(dotted(names), nonRepeaters, maxRepetitions, done))
  }

  cancel(): void {
    this.#cancelled = true
    this.#session?.cancelRequests(new Error('cancelled'))
  }

  close(): void {
    this.cancel()
    this.#drop()
    this.#closed()
  }

  #drop(): void {
    this.#session?.close()
    this.#session = undefined
  }

  async #request(ask: Ask): Promise<SnmpReply> {
    this.#cancelled = false
    const first = await this.#once(ask)
    if (first.ok || this.#target.auth.version !== 'v3') return first
    // The engine may have restarted, or moved its clock: learn it anew, once, and ask once more (F46).
    this.#drop()
    if (first.code !== 'snmp-not-in-time-window') return first
    const second = await this.#once(ask)
    return { ...second, attempts: first.attempts + second.attempts }
  }

  async #once(ask: Ask): Promise<SnmpReply> {
    this.#sent = 0
    this.#bytes = 0
    this.#malformed = ''
    if (this.#session === undefined) {
      const problem = await this.#open()
      if (problem !== undefined) return { ...problem, attempts: 0 }
    }
    if (this.#cancelled) return { ok: false, code: 'poll-deadline', detail: 'cut at the deadline', attempts: 0 }
    return new Promise(resolve => {
      ask(this.#session!, (error, varbinds) => {
        const attempts = this.#sent
        if (error) resolve(this.#failure(error, attempts))
        else {
          const list = VarbindList.of(flat(varbinds ?? []).map(varbindOf))
          resolve({ ok: true, varbinds: list, bytes: this.#bytes, attempts })
        }
      })
    })
  }

  async #open(): Promise<Extract<ResolvedHost, { ok: false }> | undefined> {
    const { port, auth, timeoutMs, retries, answersFrom } = this.#target
    const resolved = await resolveTarget(this.#target)
    if (!resolved.ok) return resolved
    this.#answersFrom.clear()
    for (const address of [resolved.address, ...(answersFrom ?? [])]) this.#answersFrom.add(addressKey(address))
    const options = {
      port,
      retries,
      timeout: timeoutMs,
      backoff: 1.5,
      transport: isIPv6(resolved.address) ? ('udp6' as const) : ('udp4' as const),
      idBitsSize: 32,
      dgramModule: { createSocket: (type: 'udp4' | 'udp6') => this.#filteredSocket(type) },
    }
    const session =
      auth.version === 'v3'
        ? snmp.createV3Session(resolved.address, userOf(auth), { ...options, context: auth.context ?? '' })
        : snmp.createSession(resolved.address, auth.community, {
            ...options,
            version: auth.version === 'v1' ? snmp.Version1 : snmp.Version2c,
          })
    // The library reports undecodable datagrams here and goes on waiting.
    ;(session as unknown as EventEmitter).on('error', (error: Error) => {
      this.#malformed = error.name
      this.#counters.dropped.malformed++
    })
    this.#session = session
    return undefined
  }

  /** What the library takes for a socket: the real one, behind a check of the source and with counters. */
  #filteredSocket(type: 'udp4' | 'udp6'): unknown {
    const socket: Socket = createSocket(type)
    const facade = new EventEmitter()
    socket.on('message', (bytes, from) => {
      this.#counters.datagramsReceived++
      if (!this.#answersFrom.has(addressKey(from.address))) {
        this.#counters.dropped['unexpected-source']++
        return
      }
      this.#bytes = bytes.length
      facade.emit('message', bytes, from)
    })
    socket.on('close', () => facade.emit('close'))
    socket.on('error', () => {})
    return Object.assign(facade, {
      send: (bytes: Buffer, offset: number, length: number, port: number, host: string, done: () => void) => {
        this.#sent++
        this.#counters.datagramsSent++
        if (this.#sent > 1) this.#counters.retries++
        socket.send(bytes, offset, length, port, host, done)
      },
      close: () => socket.close(),
      ref: () => socket.ref(),
      unref: () => socket.unref(),
    })
  }

  /** In our words: the library's texts hold digests, and its error objects the user with its keys. */
  #failure(error: Error & { status?: number; code?: unknown }, attempts: number): SnmpReply {
    const failed = (code: SnmpErrorCode, detail: string): SnmpReply => ({ ok: false, code, detail, attempts })
    if (this.#cancelled) return failed('poll-deadline', 'cut at the deadline')
    switch (error.name) {
      case 'RequestTimedOutError':
        if (this.#malformed) return failed('snmp-malformed-reply', this.#malformed)
        this.#counters.timeouts++
        return failed('snmp-timeout', `no answer to ${attempts} datagrams`)
      case 'RequestFailedError': {
        const tooBig = error.status === snmp.ErrorStatus.TooBig
        return {
          ok: false,
          code: tooBig ? 'snmp-too-big' : 'snmp-error-status',
          detail: error.message,
          ...(error.status === undefined ? {} : { errorStatus: error.status }),
          attempts,
        }
      }
      case 'ResponseInvalidError':
        return failed(invalidCode(error), securityDetail(error))
      default:
        return failed('snmp-unreachable', typeof error.code === 'string' ? error.code : error.name)
    }
  }
}

/** ENotInTimeWindow of the library; its published types lack it. */
const outsideTimeWindow = 14

function invalidCode(error: Error & { code?: unknown }): SnmpErrorCode {
  const codes = snmp.ResponseInvalidCode
  if (error.code === outsideTimeWindow || error.message === 'Not In Time Window') return 'snmp-not-in-time-window'
  if (error.message === 'Unknown Engine ID') return 'snmp-not-in-time-window'
  if (error.code === codes.EAuthFailure || error.code === codes.ECouldNotDecrypt) return 'snmp-auth-failed'
  return 'snmp-malformed-reply'
}

function securityDetail(error: Error): string {
  for (const known of [
    'Unsupported Security Level',
    'Not In Time Window',
    'Unknown User Name',
    'Unknown Engine ID',
    'Wrong Digest',
    'Decryption Error',
  ]) {
    if (error.message.startsWith(known)) return known.toLowerCase()
  }
  if (error.message.startsWith('Authentication digest')) return 'the reply is not authentic'
  if (error.message.startsWith('Failed to decrypt')) return 'the reply cannot be decrypted'
  return 'the reply does not fit the request'
}

function userOf(auth: Extract<SnmpAuth, { version: 'v3' }>): snmp.User {
  const { SecurityLevel, AuthProtocols, PrivProtocols } = snmp
  return {
    name: auth.user,
    level: auth.privProtocol
      ? SecurityLevel.authPriv
      : auth.authProtocol
        ? SecurityLevel.authNoPriv
        : SecurityLevel.noAuthNoPriv,
    ...(auth.authProtocol ? { authProtocol: AuthProtocols[auth.authProtocol], authKey: auth.authKey ?? '' } : {}),
    ...(auth.privProtocol
      ? { privProtocol: PrivProtocols[auth.privProtocol as keyof typeof PrivProtocols], privKey: auth.privKey ?? '' }
      : {}),
  }
}

function dotted(names: readonly ObjectName[]): string[] {
  return names.map(name => formatOid(oidOf(name)))
}

/** The library hands GetBulk's rows over by column; the agent sent them row by row. */
function flat(varbinds: readonly (snmp.Varbind | snmp.Varbind[])[]): snmp.Varbind[] {
  const result: snmp.Varbind[] = []
  const columns: snmp.Varbind[][] = []
  for (const one of varbinds) {
    if (Array.isArray(one)) columns.push(one)
    else result.push(one)
  }
  const rows = Math.max(0, ...columns.map(column => column.length))
  for (let row = 0; row < rows; row++) {
    for (const column of columns) {
      const varbind = column[row]
      if (varbind) result.push(varbind)
    }
  }
  return result
}

function varbindOf(varbind: snmp.Varbind): Varbind {
  return { oid: parseOid(varbind.oid) ?? ('' as Oid), value: smiValue(varbind) }
}

function smiValue({ type, value }: snmp.Varbind): SnmpValue {
  const types = snmp.ObjectType
  const octets = Buffer.isBuffer(value) ? value : Buffer.alloc(0)
  switch (type) {
    case types.Integer:
      return ranged('integer', value, -2_147_483_648, 2_147_483_647)
    case types.Counter:
      return ranged('counter32', value, 0, 4_294_967_295)
    case types.Gauge:
      return ranged('gauge32', value, 0, 4_294_967_295)
    case types.TimeTicks:
      return ranged('timeTicks', value, 0, 4_294_967_295)
    case types.OctetString:
      return { type: 'octets', value: octets }
    case types.Opaque:
      return { type: 'opaque', value: octets }
    case types.IpAddress:
      return { type: 'ipAddress', value: Uint8Array.from(String(value).split('.').map(Number)) }
    case types.OID: {
      const oid = parseOid(String(value))
      return oid === undefined
        ? { type: 'invalid', tag: 6, value: octets, reason: 'malformed-oid' }
        : { type: 'oid', value: oid }
    }
    case types.Counter64: {
      const wide = octets.length > 0 && octets.length <= 9 ? BigInt(`0x${octets.toString('hex')}`) : -1n
      if (wide < 0n || wide >= 1n << 64n) return { type: 'invalid', tag: 0x46, value: octets, reason: 'out-of-range' }
      return { type: 'counter64', value: wide }
    }
    case types.NoSuchObject:
      return { type: 'noSuchObject' }
    case types.NoSuchInstance:
      return { type: 'noSuchInstance' }
    case types.EndOfMibView:
      return { type: 'endOfMibView' }
    case types.Null:
      return { type: 'null' }
    default:
      return { type: 'invalid', tag: Number(type ?? 0), value: octets, reason: 'unknown-type' }
  }
}

function ranged(
  type: 'integer' | 'counter32' | 'gauge32' | 'timeTicks',
  value: unknown,
  low: number,
  high: number,
): SnmpValue {
  if (typeof value === 'number' && value >= low && value <= high) return { type, value }
  return { type: 'invalid', tag: 0, value: new Uint8Array(), reason: 'out-of-range' }
}
