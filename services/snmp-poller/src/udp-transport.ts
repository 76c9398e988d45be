import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { decodeMessage, MessageScan } from '../../../libs/snmp/src/index.ts'
import { CommunitySession } from './community-session.ts'
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
import { withVersion1 } from './version1-session.ts'

export interface UdpTransportOptions {
  clock: Clock
  random: Random
  /** Sockets an address family, shared by all devices. */
  sockets?: number
  receiveBufferBytes?: number
}

/** One message and what comes back for it. */
export interface UdpExchange {
  /** The request id, by which its reply is known. */
  readonly id: number
  readonly message: Buffer
  readonly session: UdpSession
  readonly resolve: (reply: SnmpReply) => void
  attempts: number
  malformed: string | undefined
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
  #closed = false

  constructor(options: UdpTransportOptions) {
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
    if (target.auth.version === 'v3') throw new TypeError('the UDP transport speaks v1 and v2c')
    const session = new CommunitySession(this, target, target.auth)
    return target.auth.version === 'v1' ? withVersion1(session) : session
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
    code: 'snmp-timeout' | 'snmp-unreachable' | 'snmp-malformed-reply' | 'poll-deadline',
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
    } else if (exchange.malformed !== undefined) {
      this.fail(exchange, 'snmp-malformed-reply', exchange.malformed)
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
    if (!scan.message(bytes)) {
      this.#noteMalformed(bytes, from)
      return 'malformed'
    }
    const exchange = this.#exchanges.get(scan.requestId)
    if (exchange === undefined) return 'late-reply'
    if (!exchange.session.answersFrom(from)) return 'unexpected-source'
    const verdict = exchange.session.accept(exchange, bytes, scan)
    if (typeof verdict === 'string') return verdict
    this.#settle(exchange, verdict)
    return undefined
  }

  /** What cannot be decoded names no request: it is put down to what its sender was asked. */
  #noteMalformed(bytes: Buffer, from: string): void {
    const decoded = decodeMessage(bytes)
    if (decoded.ok) return
    const { code, offset, context } = decoded.error
    const detail = `${code} at octet ${offset}, ${context}`
    for (const exchange of this.#exchanges.values()) {
      if (exchange.session.answersFrom(from)) exchange.malformed = detail
    }
  }
}
