import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { decodeMessage, decodeUsmMessage, MessageScan, UsmKeys } from '../../../libs/snmp/src/index.ts'
import { CommunitySession } from './community-session.ts'
import { type UserAuth, usmUserOf } from './credentials.ts'
import { RequestTimers } from './request-timers.ts'
import {
  type DropReason,
  emptyTransportCounters,
  type SnmpReply,
  type SnmpSession,
  type SnmpTarget,
  type SnmpTransport,
  type TransportCounters,
  waitMs,
} from './snmp-transport.ts'
import type { UdpSession } from './udp-session.ts'
import { UdpSockets } from './udp-sockets.ts'
import { UsmSession } from './usm-session.ts'
import { withVersion1 } from './version1-session.ts'

export interface UdpTransportOptions {
  clock: Clock
  random: Random
  /** Sockets an address family, shared by all devices. */
  sockets?: number
  receiveBufferBytes?: number
  /** For what an operator should know. */
  warn?: (text: string) => void
}

const enginesMax = 100_000

/** One message and what comes back for it. */
export interface UdpExchange {
  /** The request id, by which its reply is known. */
  readonly id: number
  readonly message: Buffer
  readonly session: UdpSession
  readonly resolve: (reply: SnmpReply) => void
  attempts: number
  /** What came and could not be taken: why it failed, when nothing better comes. */
  doubt: { readonly code: 'snmp-malformed-reply' | 'snmp-auth-failed'; readonly detail: string } | undefined
  dueTick: number
}

/**
 * SNMP over a few shared UDP sockets with our own codec. One broken cell does not cost the message, a reply from
 * elsewhere, with other credentials or for a request nobody waits for is dropped and counted, and a device costs no file
 * descriptor.
 */
export class UdpTransport implements SnmpTransport {
  readonly counters: TransportCounters = emptyTransportCounters()
  readonly clock: Clock
  readonly #random: Random
  readonly #sockets: UdpSockets
  readonly #timers: RequestTimers<UdpExchange>
  readonly #exchanges = new Map<number, UdpExchange>()
  readonly #scan = new MessageScan()
  readonly #keys = new WeakMap<UserAuth, UsmKeys>()
  /** Where each engine id was found. */
  readonly #engines = new Map<string, string>()
  readonly #options: UdpTransportOptions
  #closed = false

  constructor(options: UdpTransportOptions) {
    this.#options = options
    this.clock = options.clock
    this.#random = options.random
    this.#timers = new RequestTimers(options.clock, exchange => this.#repeatOrFail(exchange))
    this.#sockets = new UdpSockets({
      sockets: options.sockets ?? 4,
      receiveBufferBytes: options.receiveBufferBytes ?? 4 * 1024 * 1024,
      received: (bytes, from) => this.#receive(bytes, from),
    })
  }

  open(target: SnmpTarget): SnmpSession {
    const { auth } = target
    if (auth.version === 'v3') return new UsmSession(this, target, this.#keysOf(auth), auth.context ?? '')
    const session = new CommunitySession(this, target, auth)
    return auth.version === 'v1' ? withVersion1(session) : session
  }

  /** An engine was found at an address. Ids are unique by RFC 3411 §5, and are not: configurations are cloned (F48). */
  noteEngine(id: string, place: string): void {
    const known = this.#engines.get(id)
    if (known === undefined) {
      if (this.#engines.size < enginesMax) this.#engines.set(id, place)
    } else if (known !== place) {
      this.counters.sharedEngineIds++
      this.#options.warn?.(`engine id ${id} is at ${known} and at ${place}: give each device its own`)
      this.#engines.set(id, place)
    }
  }

  /** Made once for all devices of the credentials: a password's key takes milliseconds. */
  #keysOf(auth: UserAuth): UsmKeys {
    let keys = this.#keys.get(auth)
    if (keys === undefined) {
      keys = new UsmKeys(usmUserOf(auth))
      this.#keys.set(auth, keys)
    }
    return keys
  }

  close(): void {
    this.#closed = true
    for (const exchange of [...this.#exchanges.values()]) this.fail(exchange, 'poll-deadline', 'the poller stops')
    this.#timers.close()
    this.#sockets.close()
  }

  /** Random, so that a reply cannot be forged from off the path; never two alike under way. */
  newId(): number {
    for (;;) {
      const id = 1 + Math.floor(this.#random() * 0x7fff_fffe)
      if (!this.#exchanges.has(id)) return id
    }
  }

  begin(exchange: UdpExchange): void {
    if (this.#closed) {
      exchange.resolve({ ok: false, code: 'poll-deadline', detail: 'the poller stops', attempts: 0 })
      return
    }
    this.#exchanges.set(exchange.id, exchange)
    this.#send(exchange)
  }

  fail(
    exchange: UdpExchange,
    code: 'snmp-timeout' | 'snmp-unreachable' | 'snmp-malformed-reply' | 'snmp-auth-failed' | 'poll-deadline',
    detail: string,
  ): void {
    this.#settle(exchange, { ok: false, code, detail, attempts: exchange.attempts })
  }

  #send(exchange: UdpExchange): void {
    const { session } = exchange
    exchange.attempts++
    this.counters.datagramsSent++
    if (exchange.attempts > 1) this.counters.retries++
    this.#timers.start(exchange, waitMs(session.target.timeoutMs, exchange.attempts))
    session.socket ??= this.#sockets.for(session.address)
    session.socket.send(exchange.message, session.target.port, session.address, error => {
      if (error && this.#exchanges.get(exchange.id) === exchange) {
        this.fail(exchange, 'snmp-unreachable', (error as NodeJS.ErrnoException).code ?? error.message)
      }
    })
  }

  #repeatOrFail(exchange: UdpExchange): void {
    if (exchange.attempts <= exchange.session.target.retries) {
      this.#send(exchange)
    } else if (exchange.doubt !== undefined) {
      this.fail(exchange, exchange.doubt.code, exchange.doubt.detail)
    } else {
      this.counters.timeouts++
      this.fail(exchange, 'snmp-timeout', `no answer to ${exchange.attempts} datagrams`)
    }
  }

  #settle(exchange: UdpExchange, reply: SnmpReply): void {
    this.#timers.cancel(exchange)
    this.#exchanges.delete(exchange.id)
    exchange.resolve(reply)
  }

  #receive(bytes: Buffer, from: string): void {
    this.counters.datagramsReceived++
    const dropped = this.#settleBy(bytes, from)
    if (dropped !== undefined) this.counters.dropped[dropped]++
  }

  #settleBy(bytes: Buffer, from: string): DropReason | undefined {
    const scan = this.#scan
    const isCommunity = scan.message(bytes)
    const usm = isCommunity ? undefined : decodeUsmMessage(bytes)
    if (!isCommunity && !usm) {
      this.#noteMalformed(bytes, from)
      return 'malformed'
    }
    const exchange = this.#exchanges.get(usm ? usm.id : scan.requestId)
    if (exchange === undefined) return 'late-reply'
    const { session } = exchange
    if (!session.answersFrom(from)) return 'unexpected-source'
    const verdict = usm ? session.acceptUsm(exchange, bytes, usm, scan) : session.accept(exchange, bytes, scan)
    if (typeof verdict === 'string') return verdict
    this.#settle(exchange, verdict)
    return undefined
  }

  /** What cannot be decoded names no request: it is put down to what its sender was asked. */
  #noteMalformed(bytes: Buffer, from: string): void {
    const decoded = decodeMessage(bytes)
    if (decoded.ok) return
    const { code, offset, context } = decoded.error
    const doubt = { code: 'snmp-malformed-reply', detail: `${code} at octet ${offset}, ${context}` } as const
    for (const exchange of this.#exchanges.values()) {
      if (exchange.session.answersFrom(from)) exchange.doubt = doubt
    }
  }
}
