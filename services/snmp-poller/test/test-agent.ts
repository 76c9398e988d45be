import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import {
  appendArcs,
  type Column,
  compareOids,
  decodeMessage,
  encodedVarbindLength,
  encodeMessage,
  errorStatusNumber,
  ifColumns,
  type Message,
  type Oid,
  type SnmpValue,
  scalarOids,
  type Varbind,
} from '../../../libs/snmp/src/index.ts'

export type Values = Map<Oid, SnmpValue>

/** What an agent does with a request: the datagrams it answers with. `honest` is what a good agent would say. */
export type Behaviour = (request: Message, honest: (request: Message) => Message) => (Message | Buffer)[]

export interface TestAgent {
  readonly port: number
  readonly address: string
  readonly values: Values
  readonly requests: Message[]
  /** Requests of version 3, which it does not answer. */
  undecodable: number
  behaviour: Behaviour
  /** Sends from another socket, as a device with several addresses does. */
  replySocket: Socket | undefined
  delayMs: number
  close(): void
}

/** A real UDP agent over a map of values; its behaviour may be anything a hostile agent could do. */
export async function startAgent(
  values: Values,
  behaviour?: Behaviour,
  address = '127.0.0.1',
  port = 0,
): Promise<TestAgent> {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  const agent: TestAgent = {
    port: (socket.address() as AddressInfo).port,
    address,
    values,
    requests: [],
    undecodable: 0,
    behaviour: behaviour ?? ((request, honest) => [honest(request)]),
    replySocket: undefined,
    delayMs: 0,
    close: () => socket.close(),
  }
  let closed = false
  socket.on('close', () => {
    closed = true
  })
  socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) {
      if (decoded.error.code !== 'snmp-version-unsupported') throw new Error(`undecodable: ${decoded.error.code}`)
      agent.undecodable++
      return
    }
    agent.requests.push(decoded.message)
    const replies = agent.behaviour(decoded.message, request => honestReply(request, values))
    const send = (): void => {
      if (closed) return
      for (const reply of replies) {
        ;(agent.replySocket ?? socket).send(
          Buffer.isBuffer(reply) ? reply : encodeMessage(reply),
          from.port,
          from.address,
        )
      }
    }
    if (agent.delayMs > 0) setTimeout(send, agent.delayMs)
    else send()
  })
  return agent
}

/** As RFC 3416 §4.2 has it; a reply is filled up to 1 400 octets or so. */
export function honestReply(request: Message, values: Values): Message {
  const sorted = [...values.keys()].sort(compareOids)
  const next = (oid: Oid): Varbind => {
    const found = sorted.find(candidate => candidate > oid)
    return found ? { oid: found, value: values.get(found)! } : { oid, value: { type: 'endOfMibView' } }
  }
  const { pdu } = request
  if (pdu.kind === 'getRequest') {
    return reply(
      request,
      pdu.varbinds.map(({ oid }) => ({ oid, value: values.get(oid) ?? { type: 'noSuchInstance' } })),
    )
  }
  if (pdu.kind === 'getNextRequest')
    return reply(
      request,
      pdu.varbinds.map(({ oid }) => next(oid)),
    )
  if (pdu.kind !== 'getBulkRequest') throw new Error(`a poller sends no ${pdu.kind}`)
  const result = pdu.varbinds.slice(0, pdu.nonRepeaters).map(({ oid }) => next(oid))
  let row = pdu.varbinds.slice(pdu.nonRepeaters).map(({ oid }) => oid)
  for (let i = 0; i < pdu.maxRepetitions; i++) {
    const cells = row.map(next)
    result.push(...cells)
    row = cells.map(({ oid }) => oid)
  }
  let bytes = 0
  const fitting = result.findIndex(varbind => {
    bytes += encodedVarbindLength(varbind)
    return bytes > 1_400
  })
  return reply(request, fitting < 0 ? result : result.slice(0, fitting))
}

export function reply(request: Message, varbinds: readonly Varbind[], errorStatus = 0, errorIndex = 0): Message {
  const requestId = 'requestId' in request.pdu ? request.pdu.requestId : 0
  return { ...request, pdu: { kind: 'response', requestId, errorStatus, errorIndex, varbinds } }
}

export function tooBig(request: Message): Message {
  return reply(request, [], errorStatusNumber('tooBig'), 0)
}

export const octets = (text: string): SnmpValue => ({ type: 'octets', value: Buffer.from(text) })
export const integer = (value: number): SnmpValue => ({ type: 'integer', value })
export const counter32 = (value: number): SnmpValue => ({ type: 'counter32', value })
export const counter64 = (value: bigint): SnmpValue => ({ type: 'counter64', value })
export const gauge32 = (value: number): SnmpValue => ({ type: 'gauge32', value })
export const timeTicks = (value: number): SnmpValue => ({ type: 'timeTicks', value })

export function cell(column: Column, ifIndex: number): Oid {
  return appendArcs(column.oid, ifIndex)
}

/** The values of a device with `ports` ports and everything that is polled of them. */
export function switchValues(ports: number): Values {
  const values: Values = new Map<Oid, SnmpValue>([
    [scalarOids.sysDescr, octets('Test switch')],
    [scalarOids.sysUpTime, timeTicks(360_000)],
    [scalarOids.sysName, octets('sw1')],
    [scalarOids.ifNumber, integer(ports)],
    [scalarOids.ifTableLastChange, timeTicks(100)],
  ])
  for (let port = 1; port <= ports; port++) addPort(values, port)
  return values
}

export function addPort(values: Values, port: number): void {
  const c = ifColumns
  const wide = 2n ** 53n + BigInt(port)
  const cells: [Column, SnmpValue][] = [
    [c.ifDescr, octets(`port ${port}`)],
    [c.ifType, integer(6)],
    [c.ifMtu, integer(1_500)],
    [c.ifSpeed, gauge32(1_000_000_000)],
    [c.ifPhysAddress, { type: 'octets', value: Uint8Array.of(2, 0, 0, 0, 0, port & 0xff) }],
    [c.ifAdminStatus, integer(1)],
    [c.ifOperStatus, integer(port % 2 === 1 ? 1 : 2)],
    [c.ifLastChange, timeTicks(500)],
    [c.ifInDiscards, counter32(port)],
    [c.ifInErrors, counter32(2 * port)],
    [c.ifOutDiscards, counter32(3 * port)],
    [c.ifOutErrors, counter32(4 * port)],
    [c.ifInUnknownProtos, counter32(0)],
    [c.ifName, octets(`ge-0/0/${port}`)],
    [c.ifHCInOctets, counter64(wide)],
    [c.ifHCOutOctets, counter64(2n * wide)],
    [c.ifHCInUcastPkts, counter64(1_000n)],
    [c.ifHCOutUcastPkts, counter64(2_000n)],
    [c.ifHCInMulticastPkts, counter64(10n)],
    [c.ifHCOutMulticastPkts, counter64(20n)],
    [c.ifHCInBroadcastPkts, counter64(1n)],
    [c.ifHCOutBroadcastPkts, counter64(2n)],
    [c.ifHighSpeed, gauge32(1_000)],
    [c.ifPromiscuousMode, integer(2)],
    [c.ifConnectorPresent, integer(1)],
    [c.ifAlias, octets(`Cust: c${port}`)],
    [c.ifCounterDiscontinuityTime, timeTicks(0)],
    [c.dot3StatsFCSErrors, counter32(5)],
  ]
  for (const [column, value] of cells) values.set(cell(column, port), value)
}
