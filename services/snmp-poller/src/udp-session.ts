import type { Socket } from 'node:dgram'
import type { MessageScan, ObjectName, Request, UsmMessage } from '../../../libs/snmp/src/index.ts'
import { addressKey, resolveTarget } from './host-address.ts'
import type { DropReason, SnmpReply, SnmpSession, SnmpTarget } from './snmp-transport.ts'
import type { UdpExchange, UdpTransport } from './udp-transport.ts'

/** Requests to one agent over the transport's sockets; what a message looks like is left to those that extend it. */
export abstract class UdpSession implements SnmpSession {
  protected readonly transport: UdpTransport
  readonly target: SnmpTarget
  /** Resolved; '' while it is not. */
  address = ''
  socket: Socket | undefined
  readonly #answersFrom = new Set<string>()
  #exchange: UdpExchange | undefined
  #cancelled = false

  constructor(transport: UdpTransport, target: SnmpTarget) {
    this.transport = transport
    this.target = target
  }

  get(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#request({ kind: 'getRequest', names, nonRepeaters: 0, maxRepetitions: 0 })
  }

  getNext(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#request({ kind: 'getNextRequest', names, nonRepeaters: 0, maxRepetitions: 0 })
  }

  getBulk(names: readonly ObjectName[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply> {
    return this.#request({ kind: 'getBulkRequest', names, nonRepeaters, maxRepetitions })
  }

  cancel(): void {
    this.#cancelled = true
    if (this.#exchange) this.transport.fail(this.#exchange, 'poll-deadline', 'cut at the deadline')
  }

  close(): void {
    this.cancel()
  }

  answersFrom(address: string): boolean {
    return address === this.address || this.#answersFrom.has(addressKey(address))
  }

  /** What a message of version 1 or 2c, found well-formed, is to the request: its reply, or nothing. */
  accept(_exchange: UdpExchange, _bytes: Uint8Array, _scan: MessageScan): SnmpReply | DropReason {
    return 'wrong-credentials'
  }

  /** As `accept`, of version 3; `scan` is free to be used for its PDU. */
  acceptUsm(
    _exchange: UdpExchange,
    _bytes: Uint8Array,
    _message: UsmMessage,
    _scan: MessageScan,
  ): SnmpReply | DropReason {
    return 'wrong-credentials'
  }

  protected abstract ask(request: Request): Promise<SnmpReply>

  /** Sends the message until something is accepted for it or its attempts are spent. */
  protected async exchange(id: number, message: Buffer): Promise<SnmpReply> {
    if (this.#cancelled) return { ok: false, code: 'poll-deadline', detail: 'cut at the deadline', attempts: 0 }
    const reply = await new Promise<SnmpReply>(resolve => {
      this.#exchange = { id, message, session: this, resolve, attempts: 0, doubt: undefined, dueTick: 0 }
      this.transport.begin(this.#exchange)
    })
    this.#exchange = undefined
    return reply
  }

  async #request(request: Request): Promise<SnmpReply> {
    this.#cancelled = false
    const unresolved = this.address === '' ? await this.#resolve() : undefined
    if (unresolved) return unresolved
    const reply = await this.ask(request)
    // A name may have moved on; an address stays itself.
    if (!reply.ok && this.address !== this.target.host) this.address = ''
    return reply
  }

  async #resolve(): Promise<SnmpReply | undefined> {
    const resolved = await resolveTarget(this.target)
    if (!resolved.ok) return { ...resolved, attempts: 0 }
    this.address = resolved.address
    this.socket = undefined
    this.#answersFrom.clear()
    for (const address of [resolved.address, ...(this.target.answersFrom ?? [])]) {
      this.#answersFrom.add(addressKey(address))
    }
    return undefined
  }
}
