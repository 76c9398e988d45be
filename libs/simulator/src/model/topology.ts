import type { DeviceFamily } from './device-families.ts'

export type DeviceRole = 'core' | 'distribution' | 'access' | 'edge' | 'firewall' | 'server' | 'wireless'

export interface SimulatedSite {
  id: string
  tenant: string
  name: string
  /** Where the site's traffic leaves: number of the edge router's port. */
  uplinkPort: number
  /** Average load of the uplink towards the site and of what stays inside, bits per second. */
  internetBitsPerSecond: number
  localBitsPerSecond: number
  /** First three octets of the clients' addresses; sites of different tenants may share it. */
  clientNetwork: readonly [number, number, number]
  serverNetwork: readonly [number, number, number]
  /** First eight octets of its IPv6 network; absent where the site has none. */
  network6?: Uint8Array
  /** Autonomous system of the site's provider. */
  providerAs: number
}

/** How a device exports flows. */
export interface ExporterSpec {
  protocol: 'netflow-v5' | 'netflow-v9' | 'ipfix' | 'sflow'
  /** One packet in so many; 1 is unsampled. */
  samplingRate: number
  observationDomain: number
  /** Address that flows leave from, as its site knows it, where the device is polled at another. */
  address?: string
  /** NetFlow v9 alone: the device translates private sources to four addresses from this one on. */
  natPool?: Uint8Array
  /** NetFlow v9 alone: names of interfaces, and these of VRFs, go out as options data. */
  announces?: { vrfs: readonly (readonly [id: number, name: string])[] }
}

export interface SimulatedDevice {
  /** Its place in Topology.devices. */
  number: number
  id: string
  site: SimulatedSite
  role: DeviceRole
  family: DeviceFamily
  location: string
  /** As its site knows it. */
  address: string
  /** Its own loopback address, where its agent listens and its exporter sends from. */
  loopbackAddress: string
  serial: string
  /** First boot, milliseconds before the network's start. */
  uptimeAtStartMs: number
  ports: SimulatedPort[]
  exporter?: ExporterSpec
}

export interface SimulatedPort {
  /** Its place in Topology.ports. */
  number: number
  device: SimulatedDevice
  /** Its place in its device. */
  position: number
  ifName: string
  ifDescr: string
  ifAlias: string
  ifType: number
  bitsPerSecond: number
  mac: Uint8Array
  /** Whether something is plugged in: a link, a host, a provider; software interfaces are always up. */
  connected: boolean
  adminUp: boolean
  /** The cable to another device of the network. */
  link?: SimulatedLink
  /** Capacity of the circuit where it is narrower than the port. */
  circuitBitsPerSecond?: number
}

export interface SimulatedLink {
  number: number
  a: SimulatedPort
  b: SimulatedPort
  /** For routing: the cheaper way is taken. */
  cost: number
}

/** What sends and receives: at a port of a switch or a radio, or the server device itself. */
export interface SimulatedHost {
  name: string
  site: SimulatedSite
  kind: 'desk' | 'phone' | 'camera' | 'wireless' | 'server'
  address: Uint8Array
  address6?: Uint8Array
  mac: Uint8Array
  /** The device where its traffic enters the network. */
  device: SimulatedDevice
  /** The port it is plugged into; absent where the host is the device itself. */
  port?: SimulatedPort
}

export interface Topology {
  sites: SimulatedSite[]
  devices: SimulatedDevice[]
  ports: SimulatedPort[]
  links: SimulatedLink[]
  hosts: SimulatedHost[]
}

/** The other end of a cable. */
export function peerOf(port: SimulatedPort): SimulatedPort | undefined {
  if (!port.link) return undefined
  return port.link.a === port ? port.link.b : port.link.a
}

export function deviceById(topology: Topology, id: string): SimulatedDevice {
  const device = topology.devices.find(one => one.id === id)
  if (!device) throw new Error(`the network has no device "${id}"`)
  return device
}

export function portByName(device: SimulatedDevice, ifName: string): SimulatedPort {
  const port = device.ports.find(one => one.ifName === ifName)
  if (!port) throw new Error(`${device.id} has no port "${ifName}"`)
  return port
}
