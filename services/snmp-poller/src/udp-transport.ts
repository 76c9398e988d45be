import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock, Random, Timer } from '../../../libs/kernel/src/index.ts'
import {
  decodeMessage,
  encodeMessage,
  errorStatusName,
  errorStatusNumber,
  formatOid,
  type Message,
  nullValue,
  type Oid,
  type Pdu,
  type ReplyPdu,
} from '../../../libs/snmp/src/index.ts'
import { addressKey, resolveHost } from './host-address.ts'
import {
  type DropReason,
  emptyTransportCounters,
  type SnmpAuth,
  type SnmpReply,
  type SnmpSession,
  type SnmpTarget,
  type SnmpTransport,
  type TransportCounters,
  waitMs,
} from './snmp-transport.ts'
import { withVersion1 } from './version1-session.ts'

export interface UdpTransportOptions {
  clock: Clock
  random: Random
  /** Sockets an address family, shared by all devices. */
  sockets?: number
  receiveBufferBytes?: number
}

type CommunityAuth = Extract<SnmpAuth, { community: string }>

interface Pending {
  readonly requestId: number
  readonly message: Buffer
  readonly session: UdpSession
  readonly resolve: (reply: SnmpReply) => void
  attempts: number
  timer: Timer | undefined
  malformed: string | undefined
}

/**
 * SNMP v1 and v2c over a few shared UDP sockets with our own codec. One broken cell does not cost the message, a reply
 * from elsewhere, for another community or for a request nobody waits for is dropped and counted, and a device costs no
 * file descriptor.
 */
export class UdpTransport implements SnmpTransport {
  readonly counters: TransportCounters = emptyTransportCounters()
  readonly clock: Clock
  readonly #random: Random
  readonly #options: Required<Pick<UdpTransportOptions, 'sockets' | 'receiveBufferBytes'>>
  readonly #sockets = { udp4: [] as Socket[], udp6: [] as Socket[] }
  readonly #pending = new Map<number, Pending>()
  #nextSocket = 0
  #closed = false

  constructor(options: UdpTransportOptions) {
    this.clock = options.clock
    this.#random = options.random
    this.#options = { sockets: options.sockets ?? 4, receiveBufferBytes: options.receiveBufferBytes ?? 4 * 1024 * 1024 }
  }

  open(target: SnmpTarget): SnmpSession {
    if (target.auth.version === 'v3') throw new TypeError('the UDP transport speaks v1 and v2c')
    const session = new UdpSession(this, target, target.auth)
    return target.auth.version === 'v1' ? withVersion1(session) : session
  }

  close(): void {
    this.#closed = true
    for (const pending of [...this.#pending.values()]) this.fail(pending, 'poll-deadline', 'the poller stops')
    for (const socket of [...this.#sockets.udp4, ...this.#sockets.udp6]) socket.close()
    this.#sockets.udp4 = []
    this.#sockets.udp6 = []
  }

  /** Random, so that a reply cannot be forged from off the path; never two alike under way. */
  newRequestId(): number {
    for (;;) {
      const id = 1 + Math.floor(this.#random() * 0x7fff_fffe)
      if (!this.#pending.has(id)) return id
    }
  }

  request(pending: Pending): void {
    if (this.#closed) {
      pending.resolve({ ok: false, code: 'poll-deadline', detail: 'the poller stops', attempts: 0 })
      return
    }
    this.#pending.set(pending.requestId, pending)
    this.#send(pending)
  }

  #send(pending: Pending): void {
    const { session } = pending
    pending.attempts++
    this.counters.datagramsSent++
    if (pending.attempts > 1) this.counters.retries++
    pending.timer?.cancel()
    pending.timer = this.clock.after(waitMs(session.target.timeoutMs, pending.attempts), () =>
      this.#repeatOrFail(pending),
    )
    session.socket ??= this.#socketFor(session.address)
    session.socket.send(pending.message, session.target.port, session.address, error => {
      if (error && this.#pending.get(pending.requestId) === pending) {
        this.fail(pending, 'snmp-unreachable', (error as NodeJS.ErrnoException).code ?? error.message)
      }
    })
  }

  #repeatOrFail(pending: Pending): void {
    if (pending.attempts <= pending.session.target.retries) {
      this.#send(pending)
    } else if (pending.malformed !== undefined) {
      this.fail(pending, 'snmp-malformed-reply', pending.malformed)
    } else {
      this.counters.timeouts++
      this.fail(pending, 'snmp-timeout', `no answer to ${pending.attempts} datagrams`)
    }
  }

  fail(
    pending: Pending,
    code: 'snmp-timeout' | 'snmp-unreachable' | 'snmp-malformed-reply' | 'poll-deadline',
    detail: string,
  ): void {
    this.#settle(pending, { ok: false, code, detail, attempts: pending.attempts })
  }

  #settle(pending: Pending, reply: SnmpReply): void {
    pending.timer?.cancel()
    this.#pending.delete(pending.requestId)
    pending.resolve(reply)
  }

  #socketFor(address: string): Socket {
    const family = isIPv6(address) ? 'udp6' : 'udp4'
    const pool = this.#sockets[family]
    if (pool.length < this.#options.sockets) {
      // Addresses are resolved by the session; the default look-up would cost a turn of the event loop a datagram.
      const socket = createSocket({
        type: family,
        lookup: (host, _, done) => done(null, host, family === 'udp6' ? 6 : 4),
      })
      socket.on('message', (bytes, from) => this.#receive(bytes, from))
      socket.on('error', () => {})
      socket.bind(0, () => {
        try {
          socket.setRecvBufferSize(this.#options.receiveBufferBytes)
        } catch {
          // The kernel's limit is smaller; what it dropped comes back by repetition.
        }
      })
      pool.push(socket)
      return socket
    }
    return pool[this.#nextSocket++ % pool.length]!
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    this.counters.datagramsReceived++
    const verdict = this.#settleBy(bytes, from)
    if (verdict !== 'settled') this.counters.dropped[verdict]++
  }

  #settleBy(bytes: Buffer, from: RemoteInfo): DropReason | 'settled' {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) {
      const { code, offset, context } = decoded.error
      this.#noteMalformed(from.address, `${code} at octet ${offset}, ${context}`)
      return 'malformed'
    }
    const { message } = decoded
    if (message.pdu.kind !== 'response') return 'malformed'
    const pending = this.#pending.get(message.pdu.requestId)
    if (pending === undefined) return 'late-reply'
    const { session } = pending
    if (!session.answersFrom.has(addressKey(from.address))) return 'unexpected-source'
    if (message.version !== session.auth.version || !session.community.equals(message.community)) {
      return 'wrong-credentials'
    }
    this.#settle(pending, replyOf(message.pdu, bytes.length, pending.attempts))
    return 'settled'
  }

  /** What cannot be decoded names no request: it is put down to what its sender was asked. */
  #noteMalformed(from: string, detail: string): void {
    const key = addressKey(from)
    for (const pending of this.#pending.values()) if (pending.session.answersFrom.has(key)) pending.malformed = detail
  }
}

class UdpSession implements SnmpSession {
  readonly #transport: UdpTransport
  readonly target: SnmpTarget
  readonly auth: CommunityAuth
  readonly community: Buffer
  address = ''
  readonly answersFrom = new Set<string>()
  socket: Socket | undefined
  #pending: Pending | undefined

  constructor(transport: UdpTransport, target: SnmpTarget, auth: CommunityAuth) {
    this.#transport = transport
    this.target = target
    this.auth = auth
    this.community = Buffer.from(auth.community, 'utf8')
  }

  get(oids: readonly Oid[]): Promise<SnmpReply> {
    return this.#request(requestId => ({ kind: 'getRequest', requestId, varbinds: asked(oids) }))
  }

  getNext(oids: readonly Oid[]): Promise<SnmpReply> {
    return this.#request(requestId => ({ kind: 'getNextRequest', requestId, varbinds: asked(oids) }))
  }

  getBulk(oids: readonly Oid[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply> {
    return this.#request(requestId => ({
      kind: 'getBulkRequest',
      requestId,
      nonRepeaters,
      maxRepetitions,
      varbinds: asked(oids),
    }))
  }

  cancel(): void {
    if (this.#pending) this.#transport.fail(this.#pending, 'poll-deadline', 'cut at the deadline')
  }

  close(): void {
    this.cancel()
  }

  async #request(pduOf: (requestId: number) => Pdu): Promise<SnmpReply> {
    const unresolved = this.address === '' ? await this.#resolve() : undefined
    if (unresolved) return unresolved
    const requestId = this.#transport.newRequestId()
    const message: Message = { version: this.auth.version, community: this.community, pdu: pduOf(requestId) }
    const reply = await new Promise<SnmpReply>(resolve => {
      this.#pending = {
        requestId,
        message: encodeMessage(message),
        session: this,
        resolve,
        attempts: 0,
        timer: undefined,
        malformed: undefined,
      }
      this.#transport.request(this.#pending)
    })
    this.#pending = undefined
    // A name may have moved on; an address stays itself.
    if (!reply.ok && this.address !== this.target.host) this.address = ''
    return reply
  }

  async #resolve(): Promise<SnmpReply | undefined> {
    const resolved = await resolveHost(this.target.host)
    if (!resolved.ok) return { ok: false, code: 'snmp-unreachable', detail: resolved.detail, attempts: 0 }
    this.address = resolved.address
    this.socket = undefined
    this.answersFrom.clear()
    for (const address of [resolved.address, ...(this.target.answersFrom ?? [])]) {
      this.answersFrom.add(addressKey(address))
    }
    return undefined
  }
}

function asked(oids: readonly Oid[]): { oid: Oid; value: typeof nullValue }[] {
  return oids.map(oid => ({ oid, value: nullValue }))
}

const tooBig = errorStatusNumber('tooBig')

function replyOf(pdu: ReplyPdu, bytes: number, attempts: number): SnmpReply {
  if (pdu.errorStatus === 0) return { ok: true, varbinds: pdu.varbinds, bytes, attempts }
  const blamed = pdu.varbinds[pdu.errorIndex - 1]
  const name = errorStatusName(pdu.errorStatus) ?? `status ${pdu.errorStatus}`
  return {
    ok: false,
    code: pdu.errorStatus === tooBig ? 'snmp-too-big' : 'snmp-error-status',
    detail: blamed ? `${name} for ${formatOid(blamed.oid)}` : name,
    errorStatus: pdu.errorStatus,
    errorIndex: pdu.errorIndex,
    attempts,
  }
}
