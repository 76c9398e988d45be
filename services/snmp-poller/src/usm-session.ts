import { randomBytes } from 'node:crypto'
import {
  arcAt,
  encodeUsmRequest,
  type MessageScan,
  oid,
  pduTags,
  type Request,
  scopedPdu,
  suffixOf,
  type UsmKeys,
  type UsmMessage,
  type UsmReport,
  UsmSecurity,
  usmReports,
} from '../../../libs/snmp/src/index.ts'
import { type DropReason, refusal, type SnmpFailure, type SnmpReply, type SnmpTarget } from './snmp-transport.ts'
import { UdpSession } from './udp-session.ts'
import type { UdpExchange, UdpTransport } from './udp-transport.ts'

/** An agent's engine as it is known to one session: by its address too, since cloned configurations share ids (F48). */
interface Engine {
  readonly id: Uint8Array
  readonly security: UsmSecurity
  boots: number
  time: number
  /** When `time` was told, monotonic. */
  toldMs: number
}

const nothing = new Uint8Array()
const noSecurity = new UsmSecurity(undefined, undefined)
const usmStats = oid('1.3.6.1.6.3.15.1.1')

/** Requests of version 3 with the user security model (RFC 3412, RFC 3414). */
export class UsmSession extends UdpSession {
  readonly #keys: UsmKeys
  readonly #context: Buffer
  readonly #salt = randomBytes(8)
  #engine: Engine | undefined

  constructor(transport: UdpTransport, target: SnmpTarget, keys: UsmKeys, context: string) {
    super(transport, target)
    this.#keys = keys
    this.#context = Buffer.from(context, 'utf8')
  }

  /** Asks, and where the engine's clock or id has become another, learns it and asks once more (F46). */
  protected async ask(request: Request): Promise<SnmpReply> {
    const first = await this.#askOnce(request)
    if (first.ok || first.code !== 'snmp-not-in-time-window') return first
    const second = await this.#askOnce(request)
    return { ...second, attempts: first.attempts + second.attempts }
  }

  override acceptUsm(
    exchange: UdpExchange,
    bytes: Uint8Array,
    message: UsmMessage,
    scan: MessageScan,
  ): SnmpReply | DropReason {
    const security = this.#engine?.security ?? noSecurity
    if (message.hasAuth && !security.isAuthentic(bytes, message.macAt, message.macLength)) {
      exchange.doubt = { code: 'snmp-auth-failed', detail: 'the reply is not authentic' }
      return 'wrong-credentials'
    }
    const scoped = message.hasPriv
      ? security.decrypt(message.data, message.salt, message.boots, message.time)
      : message.data
    const pdu = scoped && scopedPdu(scoped)
    if (!pdu || !scan.pdu(scoped, pdu.at, pdu.end)) {
      if (!message.hasPriv) return 'malformed'
      exchange.doubt = { code: 'snmp-auth-failed', detail: 'the reply cannot be decrypted' }
      return 'wrong-credentials'
    }
    if (scan.pduTag === pduTags.report) return this.#report(exchange, bytes.length, message, scan)
    // What is accepted has the level that was asked for, and comes from the engine and for the user that were asked.
    const engine = this.#engine
    const isOurs =
      engine !== undefined &&
      scan.requestId === exchange.id &&
      message.hasAuth === security.hasAuth &&
      message.hasPriv === security.hasPriv &&
      sameOctets(message.engineId, engine.id) &&
      sameOctets(message.userName, this.#keys.user.name)
    if (!isOurs) return 'wrong-credentials'
    this.#setClock(engine, message)
    const varbinds = scan.varbinds()
    if (scan.errorStatus !== 0) return refusal(scan.errorStatus, scan.errorIndex, varbinds, exchange.attempts)
    return { ok: true, varbinds, bytes: bytes.length, attempts: exchange.attempts }
  }

  async #askOnce(request: Request): Promise<SnmpReply> {
    let attempts = 0
    if (this.#engine === undefined) {
      const discovery = await this.#discover()
      if (!discovery.ok) return discovery
      attempts = discovery.attempts
    }
    const reply = await this.#askEngine(request, this.#engine!)
    // A device that fell silent may come back as another engine.
    if (!reply.ok && reply.code === 'snmp-timeout') this.#engine = undefined
    return { ...reply, attempts: attempts + reply.attempts }
  }

  /** The answer to a request without engine tells its id and, unproven, its clock (RFC 3414 §4). */
  #discover(): Promise<SnmpReply> {
    const id = this.transport.newId()
    const request: Request = { kind: 'getRequest', names: [], nonRepeaters: 0, maxRepetitions: 0 }
    const envelope = { engineId: nothing, boots: 0, time: 0, userName: nothing, contextName: nothing }
    return this.exchange(id, encodeUsmRequest(id, request, envelope, noSecurity, nothing))
  }

  #askEngine(request: Request, engine: Engine): Promise<SnmpReply> {
    const id = this.transport.newId()
    const time = engine.time + Math.floor((this.transport.clock.monotonicMs() - engine.toldMs) / 1_000)
    const envelope = {
      engineId: engine.id,
      boots: engine.boots,
      time: Math.min(time, 0x7fff_ffff),
      userName: this.#keys.user.name,
      contextName: this.#context,
    }
    return this.exchange(id, encodeUsmRequest(id, request, envelope, engine.security, this.#nextSalt()))
  }

  #report(exchange: UdpExchange, bytes: number, message: UsmMessage, scan: MessageScan): SnmpReply | DropReason {
    const { attempts } = exchange
    const report = reportOf(scan)
    if (this.#engine === undefined) {
      // Keys are made for this id, so that a false one costs a discovery and no more.
      if (report !== 'unknown engine id' || message.engineId.length === 0) return 'wrong-credentials'
      this.#learn(message)
      return { ok: true, varbinds: scan.varbinds(), bytes, attempts }
    }
    switch (report) {
      case 'not in time window':
        // Proven, the message's own clock is the engine's, also where it went backwards. Else it is asked for anew.
        if (message.hasAuth) this.#setClock(this.#engine, message)
        else this.#engine = undefined
        return failure('snmp-not-in-time-window', report, attempts)
      case 'unknown engine id':
        this.#engine = undefined
        return failure('snmp-not-in-time-window', report, attempts)
      case undefined:
        return 'malformed'
      default:
        return failure('snmp-auth-failed', report, attempts)
    }
  }

  #learn(message: UsmMessage): void {
    const id = Uint8Array.from(message.engineId)
    this.#engine = { id, security: this.#keys.at(id), boots: 0, time: 0, toldMs: 0 }
    this.#setClock(this.#engine, message)
    this.transport.noteEngine(Buffer.from(id).toString('hex'), `${this.address} port ${this.target.port}`)
  }

  #setClock(engine: Engine, { boots, time }: UsmMessage): void {
    engine.boots = boots
    engine.time = time
    engine.toldMs = this.transport.clock.monotonicMs()
  }

  /** One further than the last: never the same twice under a key. */
  #nextSalt(): Uint8Array {
    for (let i = 7; i >= 0; i--) {
      this.#salt[i] = (this.#salt[i]! + 1) & 0xff
      if (this.#salt[i] !== 0) break
    }
    return this.#salt
  }
}

function failure(code: SnmpFailure['code'], detail: string, attempts: number): SnmpFailure {
  return { ok: false, code, detail, attempts }
}

function reportOf(scan: MessageScan): UsmReport | undefined {
  const counter = scan.varbinds().at(0)?.oid
  if (!counter?.startsWith(usmStats)) return undefined
  return usmReports[arcAt(suffixOf(counter, usmStats), 0) as keyof typeof usmReports]
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
