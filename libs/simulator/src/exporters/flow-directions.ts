import type { FlowRecord } from '../flow-encoders/flow-record.ts'
import type { Demand } from '../model/demands.ts'
import { hash } from '../model/hash.ts'
import type { Crossing } from '../model/network-model.ts'
import { peerOf, type SimulatedPort } from '../model/topology.ts'

/** Number of the connection that a demand has open at a time. */
export function connectionAt(demand: Demand, timeMs: number): number {
  return Math.floor((timeMs - demand.connectionPhaseMs) / demand.connectionMs)
}

export function connectionEndMs(demand: Demand, connection: number): number {
  return demand.connectionPhaseMs + (connection + 1) * demand.connectionMs
}

/** The client's port of a connection, from the dynamic range (RFC 6335 §6). */
export function clientPort(demand: Demand, connection: number): number {
  return 49_152 + (hash(demand.seed, connection, 31) % 16_384)
}

export type EndsOfFlow = Pick<
  FlowRecord,
  | 'sourceAddress'
  | 'destinationAddress'
  | 'nextHop'
  | 'sourcePort'
  | 'destinationPort'
  | 'protocol'
  | 'tos'
  | 'sourceAs'
  | 'destinationAs'
  | 'sourceMask'
  | 'destinationMask'
>

/** Everything of a flow record that follows from who talks to whom, seen at one device. */
export function endsOfFlow(crossing: Crossing, direction: 'up' | 'down', connection: number): EndsOfFlow {
  const { demand } = crossing.route
  const { service } = demand
  const client = {
    address: clientAddress(demand),
    port: clientPort(demand, connection),
    as: 0,
    mask: clientMask(demand),
  }
  const server = {
    address: serverAddress(demand),
    port: service.serverPort,
    as: demand.remote?.as ?? 0,
    mask: demand.isVersion6 ? 48 : 24,
  }
  const [source, destination] = direction === 'up' ? [client, server] : [server, client]
  return {
    sourceAddress: source.address,
    destinationAddress: destination.address,
    nextHop: nextHop(direction === 'up' ? crossing.outPort : crossing.inPort, demand.isVersion6),
    sourcePort: source.port,
    destinationPort: destination.port,
    protocol: service.protocol,
    tos: service.tos,
    sourceAs: source.as,
    destinationAs: destination.as,
    sourceMask: source.mask,
    destinationMask: destination.mask,
  }
}

function clientAddress({ client, isVersion6 }: Demand): Uint8Array {
  return isVersion6 ? client.address6! : client.address
}

function clientMask({ isVersion6 }: Demand): number {
  return isVersion6 ? 64 : 24
}

function serverAddress({ server, remote, isVersion6 }: Demand): Uint8Array {
  if (server) return isVersion6 ? server.address6! : server.address
  return isVersion6 ? remote!.address6 : remote!.address
}

const noHop6 = new Uint8Array(16)
const noHop = new Uint8Array(4)
/** The provider's router, at the far end of every circuit (documentation space, RFC 5737). */
const providerGateway = Uint8Array.from([192, 0, 2, 254])

function nextHop(port: SimulatedPort | undefined, isVersion6: boolean): Uint8Array {
  if (isVersion6) return noHop6
  if (!port) return noHop
  const peer = peerOf(port)
  if (peer) return Uint8Array.from(peer.device.address.split('.').map(Number))
  return port.number === port.device.site.uplinkPort ? providerGateway : noHop
}
