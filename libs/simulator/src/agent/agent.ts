import {
  decodeMessage,
  encodedVarbindLength,
  encodeMessage,
  errorStatusNumber,
  type GetBulkPdu,
  type GetPdu,
  type Message,
  type Oid,
  type SnmpValue,
  type Varbind,
} from '../../../snmp/src/index.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice } from '../model/topology.ts'
import { interfaceCells } from './interface-mibs.ts'
import { lldpCells, neighbourOf } from './lldp-mib.ts'
import { type MibCell, MibView } from './mib-view.ts'
import { opticsCells } from './optics-mibs.ts'
import { stationCells } from './station-mibs.ts'
import { systemCells } from './system-mibs.ts'

/** Replies stay below one Ethernet frame, as real agents keep theirs. */
const replyOctetsMax = 1_400

/** Header of a message around its varbinds: lengths, version, PDU head, at their longest. */
const messageOverheadOctets = 48

export interface AgentCounters {
  requests: number
  replies: number
  /** Not SNMP, or a PDU that agents do not answer. */
  malformed: number
  wrongCommunity: number
  /** Came while the device was dark or restarting. */
  unanswered: number
}

/** SNMP agent of one device, versions 1 and 2c (RFC 3416, RFC 3584): what it answers is a function of time. */
export class SimulatedAgent {
  readonly device: SimulatedDevice
  readonly counters: AgentCounters = { requests: 0, replies: 0, malformed: 0, wrongCommunity: 0, unanswered: 0 }
  readonly #model: NetworkModel
  readonly #community: Uint8Array
  readonly #systemCells: readonly MibCell[]
  #view = new MibView([])
  #viewKey = ''

  constructor(model: NetworkModel, device: SimulatedDevice, community: string) {
    this.device = device
    this.#model = model
    this.#community = new TextEncoder().encode(community)
    this.#systemCells = systemCells(model, device)
  }

  /** The reply to a datagram, or nothing where an agent says nothing. */
  answer(datagram: Uint8Array, nowMs: number): Buffer | undefined {
    this.counters.requests++
    // Agents count time in hundredths of a second, so requests within one see the same counters.
    const timeMs = Math.floor(nowMs / 10) * 10
    if (this.#model.life(this.device).isSilent(timeMs)) {
      this.counters.unanswered++
      return undefined
    }
    const decoded = decodeMessage(datagram)
    if (!decoded.ok) {
      this.counters.malformed++
      return undefined
    }
    if (Buffer.compare(decoded.message.community, this.#community) !== 0) {
      this.counters.wrongCommunity++
      return undefined
    }
    const reply = this.#reply(decoded.message, timeMs)
    if (reply) this.counters.replies++
    else this.counters.malformed++
    return reply
  }

  #reply(message: Message, timeMs: number): Buffer | undefined {
    const { pdu } = message
    this.#refreshView(timeMs)
    switch (pdu.kind) {
      case 'getRequest':
        return this.#replyGet(message, pdu, oid => this.#get(oid, message.version, timeMs))
      case 'getNextRequest':
        return this.#replyGet(message, pdu, oid => this.#next(oid, message.version, timeMs))
      case 'getBulkRequest':
        // Version 1 has no such PDU.
        return message.version === 'v1' ? undefined : this.#replyBulk(message, pdu, timeMs)
      case 'setRequest':
        return failure(message, pdu, message.version === 'v1' ? 'noSuchName' : 'notWritable', 1)
      default:
        return undefined
    }
  }

  #replyGet(message: Message, pdu: GetPdu, look: (oid: Oid) => Varbind | undefined): Buffer {
    const varbinds: Varbind[] = []
    for (const [index, { oid }] of pdu.varbinds.entries()) {
      const found = look(oid)
      // Only in version 1, where there are no exceptions to say it with.
      if (!found) return failure(message, pdu, 'noSuchName', index + 1)
      varbinds.push(found)
    }
    const reply = success(message, pdu.requestId, varbinds)
    return reply.length <= replyOctetsMax ? reply : failure(message, pdu, 'tooBig', 0)
  }

  #get(oid: Oid, version: Message['version'], timeMs: number): Varbind | undefined {
    const cell = this.#view.cell(oid)
    const value: SnmpValue | undefined = cell?.read(timeMs)
    if (version === 'v1') return value && value.type !== 'counter64' ? { oid, value } : undefined
    if (value) return { oid, value }
    return { oid, value: { type: this.#view.hasObjectAbove(oid) ? 'noSuchInstance' : 'noSuchObject' } }
  }

  #next(oid: Oid, version: Message['version'], timeMs: number): Varbind | undefined {
    for (let place = this.#view.placeAfter(oid); ; place++) {
      const cell = this.#view.at(place)
      if (!cell) return version === 'v1' ? undefined : { oid, value: { type: 'endOfMibView' } }
      const value = cell.read(timeMs)
      // Version 1 cannot carry Counter64: such objects are passed over (RFC 3584 §4.2.2.1).
      if (version === 'v2c' || value.type !== 'counter64') return { oid: cell.oid, value }
    }
  }

  /** RFC 3416 §4.2.3: rows until the repetitions, the view or the reply's size ends. */
  #replyBulk(message: Message, pdu: GetBulkPdu, timeMs: number): Buffer {
    const nonRepeaters = Math.min(Math.max(0, pdu.nonRepeaters), pdu.varbinds.length)
    const varbinds: Varbind[] = []
    let octets = messageOverheadOctets + message.community.length
    const put = (varbind: Varbind): boolean => {
      octets += encodedVarbindLength(varbind)
      if (octets > replyOctetsMax) return false
      varbinds.push(varbind)
      return true
    }
    for (const { oid } of pdu.varbinds.slice(0, nonRepeaters)) {
      if (!put(this.#next(oid, 'v2c', timeMs)!)) return failure(message, pdu, 'tooBig', 0)
    }
    let row = pdu.varbinds.slice(nonRepeaters).map(({ oid }) => oid)
    for (let i = 0; i < pdu.maxRepetitions && row.length > 0; i++) {
      const found = row.map(oid => this.#next(oid, 'v2c', timeMs)!)
      for (const varbind of found) {
        if (put(varbind)) continue
        if (varbinds.length === 0) return failure(message, pdu, 'tooBig', 0)
        return success(message, pdu.requestId, varbinds)
      }
      if (found.every(({ value }) => value.type === 'endOfMibView')) break
      row = found.map(({ oid }) => oid)
    }
    return success(message, pdu.requestId, varbinds)
  }

  /** The instances change when interfaces are numbered anew and when neighbours come and go. */
  #refreshView(timeMs: number): void {
    const { device } = this
    const neighbours = device.ports.map(port => (neighbourOf(this.#model, port, timeMs) ? '1' : '0')).join('')
    const key = `${this.#model.life(device).bootNumber(timeMs)} ${neighbours}`
    if (key === this.#viewKey) return
    this.#viewKey = key
    this.#view = new MibView([
      ...this.#systemCells,
      ...interfaceCells(this.#model, device, timeMs),
      ...lldpCells(this.#model, device, timeMs),
      ...opticsCells(this.#model, device, timeMs),
      ...stationCells(this.#model, device, timeMs),
    ])
  }
}

function success(message: Message, requestId: number, varbinds: readonly Varbind[]): Buffer {
  return encodeMessage({
    ...message,
    pdu: { kind: 'response', requestId, errorStatus: 0, errorIndex: 0, varbinds },
  })
}

/** With the request's varbinds, except that tooBig in version 2c comes with none (RFC 3416 §4.2.1). */
function failure(
  message: Message,
  pdu: GetPdu | GetBulkPdu,
  status: Parameters<typeof errorStatusNumber>[0],
  errorIndex: number,
): Buffer {
  const varbinds = status === 'tooBig' && message.version === 'v2c' ? [] : pdu.varbinds
  return encodeMessage({
    ...message,
    pdu: { kind: 'response', requestId: pdu.requestId, errorStatus: errorStatusNumber(status), errorIndex, varbinds },
  })
}
