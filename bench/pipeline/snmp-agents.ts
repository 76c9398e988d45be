import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import {
  appendArcs,
  BerReader,
  BerWriter,
  compareOids,
  decodeUsmMessage,
  encodeUsmMessage,
  encodeVarbinds,
  errorStatusNumber,
  type Oid,
  oid,
  pduTags,
  type SnmpValue,
  scopedPdu,
  tags,
  UsmKeys,
  type UsmMessage,
  type UsmSecurity,
  type Varbind,
} from '../../libs/snmp/src/index.ts'

/** The user that agents know, SHA-1 and AES-128. */
export const benchUser = {
  name: Buffer.from('poller'),
  auth: { protocol: 'sha', password: Buffer.from('auth-passphrase') },
  priv: { protocol: 'aes', password: Buffer.from('priv-passphrase') },
} as const

/** A UDP payload in an Ethernet frame. */
const replyBytesMax = 1_472
const engineId = Buffer.from('80001f8804776569722d62656e6368', 'hex')
const unknownEngineIds = appendArcs(oid('1.3.6.1.6.3.15.1.1'), 4, 0)

/**
 * Agents that answer from what they have answered before: a reply is looked up by the octets of its question behind the
 * request id, and only the id is written anew. Replies are kept within an Ethernet frame, as most agents' are.
 */
export class BenchAgents {
  readonly #sorted: readonly Varbind[]
  readonly #known = new Map<string, Buffer>()
  readonly #security: UsmSecurity
  readonly #sockets: Socket[] = []
  readonly #writer = new BerWriter()
  readonly #salt = Buffer.alloc(8)
  /** Milliseconds that an address waits with its answers; Infinity: it never answers. */
  readonly delays = new Map<string, number>()

  constructor(values: ReadonlyMap<Oid, SnmpValue>) {
    this.#sorted = [...values].map(([name, value]) => ({ oid: name, value })).sort((a, b) => compareOids(a.oid, b.oid))
    this.#security = new UsmKeys(benchUser).at(engineId)
  }

  async listen(address: string, port: number): Promise<number> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) })
    socket.on('message', (bytes, from) => {
      const delayMs = this.delays.get(address) ?? 0
      const reply = delayMs === Number.POSITIVE_INFINITY ? undefined : this.answer(bytes)
      if (!reply) return
      if (delayMs > 0) setTimeout(() => socket.send(reply, from.port, from.address), delayMs)
      else socket.send(reply, from.port, from.address)
    })
    // Heard from now on: with a look-up that answers at once it listens before `bind` returns.
    const listening = once(socket, 'listening')
    socket.bind(port, address)
    await listening
    this.#sockets.push(socket)
    return socket.address().port
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }

  answer(bytes: Buffer): Buffer | undefined {
    const usm = decodeUsmMessage(bytes)
    if (usm) return this.#answerUsm(bytes, usm)
    const reader = new BerReader(bytes)
    reader.enter(tags.sequence)
    const version = reader.integer()
    const community = reader.octets()
    const pdu = this.#response(bytes, reader.offset, reader.end)
    if (!pdu) return undefined
    this.#writer.reset()
    this.#writer.raw(pdu)
    this.#writer.octets(tags.octets, community)
    this.#writer.integer(version)
    this.#writer.close(tags.sequence, 0)
    return this.#writer.finish()
  }

  #answerUsm(bytes: Buffer, message: UsmMessage): Buffer | undefined {
    const time = Math.floor(performance.now() / 1_000)
    const envelope = { engineId, boots: 1, time, userName: message.userName, contextName: Buffer.alloc(0) }
    if (message.engineId.length === 0) {
      const counter: Varbind = { oid: unknownEngineIds, value: { type: 'counter32', value: 1 } }
      const report = this.#reply(pduTags.report, message.id, encodeVarbinds([counter]))
      return encodeUsmMessage(
        message.id,
        report,
        envelope,
        new UsmKeys({ ...benchUser, auth: undefined, priv: undefined }).at(engineId),
        this.#salt,
      )
    }
    if (!this.#security.isAuthentic(bytes, message.macAt, message.macLength)) return undefined
    const scoped = this.#security.decrypt(message.data, message.salt, message.boots, message.time)
    const place = scoped && scopedPdu(scoped)
    const pdu = place && this.#response(scoped, place.at, place.end)
    if (!pdu) return undefined
    this.#salt.writeUInt32BE((this.#salt.readUInt32BE(4) + 1) >>> 0, 4)
    return encodeUsmMessage(message.id, pdu, envelope, this.#security, this.#salt)
  }

  /** The PDU that answers the one at `at`. */
  #response(bytes: Uint8Array, at: number, end: number): Buffer | undefined {
    const reader = new BerReader(bytes, at, end)
    const kind = reader.peekTag()
    reader.enter(kind)
    const requestId = reader.integer()
    if (reader.error) return undefined
    const key = `${kind} ${Buffer.from(bytes.buffer, bytes.byteOffset + reader.offset, reader.end - reader.offset).toString('latin1')}`
    let varbinds = this.#known.get(key)
    if (varbinds === undefined) {
      varbinds = encodeVarbinds(this.#varbinds(kind, reader))
      this.#known.set(key, varbinds)
    }
    return this.#reply(pduTags.response, requestId, varbinds)
  }

  #reply(tag: number, requestId: number, varbinds: Uint8Array): Buffer {
    this.#writer.reset()
    this.#writer.octets(tags.sequence, varbinds)
    this.#writer.integer(0)
    this.#writer.integer(errorStatusNumber('noError'))
    this.#writer.integer(requestId)
    this.#writer.close(tag, 0)
    return this.#writer.finish()
  }

  #varbinds(kind: number, reader: BerReader): Varbind[] {
    const nonRepeaters = reader.integer()
    const maxRepetitions = reader.integer()
    reader.enter(tags.sequence)
    const asked: Oid[] = []
    while (!reader.atEnd) {
      const outer = reader.enter(tags.sequence)
      asked.push(reader.oid())
      reader.leave(outer)
    }
    if (kind === pduTags.getRequest) return asked.map(name => this.#exactly(name))
    if (kind !== pduTags.getBulkRequest) return asked.map(name => this.#after(name))
    const found = asked.slice(0, nonRepeaters).map(name => this.#after(name))
    let row = asked.slice(nonRepeaters)
    let bytes = encodeVarbinds(found).length
    for (let i = 0; i < maxRepetitions && row.length > 0; i++) {
      const cells = row.map(name => this.#after(name))
      for (const cell of cells) {
        bytes += encodeVarbinds([cell]).length
        if (bytes > replyBytesMax - 60) return found
        found.push(cell)
      }
      row = cells.map(cell => cell.oid)
    }
    return found
  }

  #exactly(name: Oid): Varbind {
    const found = this.#sorted[this.#firstFrom(name, true)]
    return found?.oid === name ? found : { oid: name, value: { type: 'noSuchInstance' } }
  }

  #after(name: Oid): Varbind {
    return this.#sorted[this.#firstFrom(name, false)] ?? { oid: name, value: { type: 'endOfMibView' } }
  }

  #firstFrom(name: Oid, including: boolean): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compareOids(this.#sorted[middle]!.oid, name)
      if (order < 0 || (order === 0 && !including)) low = middle + 1
      else high = middle
    }
    return low
  }
}
