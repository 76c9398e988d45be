import { seedOf } from '../../../kernel/src/index.ts'
import { type DeviceFamily, type DeviceFamilyName, deviceFamilies, ifTypes } from './device-families.ts'
import { hash, hashUnit } from './hash.ts'
import {
  type DeviceRole,
  type ExporterSpec,
  portByName,
  type SimulatedDevice,
  type SimulatedHost,
  type SimulatedLink,
  type SimulatedPort,
  type SimulatedSite,
  type Topology,
} from './topology.ts'

export interface DeviceOptions {
  location: string
  /** Last octet of its address in the site's client network. */
  host: number
  exporter?: ExporterSpec
}

/** Ends of a cable as `device id` and `ifName`, with the description each side shows. */
export interface CableEnd {
  device: SimulatedDevice
  port: string
  alias: string
}

/** Builds a topology site by site; numbers are given in the order of the calls, so the same calls make the same network. */
export class TopologyBuilder {
  readonly topology: Topology = { sites: [], devices: [], ports: [], links: [], hosts: [] }
  readonly #seed: number
  readonly #loopbackPrefix: string
  #hostsOfSite = 0

  /** @param loopbackPrefix first two octets of the devices' own addresses, such as `127.10` */
  constructor(seed: number, loopbackPrefix: string) {
    this.#seed = seed
    this.#loopbackPrefix = loopbackPrefix
  }

  site(site: Omit<SimulatedSite, 'uplinkPort'>): SimulatedSite {
    const made = { ...site, uplinkPort: -1 }
    this.topology.sites.push(made)
    this.#hostsOfSite = 0
    return made
  }

  device(
    site: SimulatedSite,
    id: string,
    family: DeviceFamilyName,
    role: DeviceRole,
    options: DeviceOptions,
  ): SimulatedDevice {
    const { devices, sites } = this.topology
    const own: DeviceFamily = deviceFamilies[family]
    const seed = this.#seedFor(id)
    const siteNumber = sites.indexOf(site) + 1
    const device: SimulatedDevice = {
      number: devices.length,
      id,
      site,
      role,
      family: own,
      location: options.location,
      address: `${(role === 'server' ? site.serverNetwork : site.clientNetwork).join('.')}.${options.host}`,
      loopbackAddress: `${this.#loopbackPrefix}.${siteNumber}.${devices.filter(other => other.site === site).length + 1}`,
      serial: serialNumber(seed),
      // Three days to five months, in hundredths of a second as agents count.
      uptimeAtStartMs: Math.floor(hashUnit(seed, 1) * 147 * 8_640_000) * 10 + 3 * 86_400_000,
      ports: [],
      ...(options.exporter && { exporter: options.exporter }),
    }
    devices.push(device)
    for (const group of own.ports) {
      for (let i = 0; i < group.count; i++) this.#addPort(device, group.first + i, group)
    }
    return device
  }

  cable(a: CableEnd, b: CableEnd, cost = 10): SimulatedLink {
    const link: SimulatedLink = {
      number: this.topology.links.length,
      a: this.#plug(a.device, a.port, a.alias),
      b: this.#plug(b.device, b.port, b.alias),
      cost,
    }
    link.a.link = link
    link.b.link = link
    // A cable runs at the slower end's speed.
    const bitsPerSecond = Math.min(link.a.bitsPerSecond, link.b.bitsPerSecond)
    link.a.bitsPerSecond = bitsPerSecond
    link.b.bitsPerSecond = bitsPerSecond
    this.topology.links.push(link)
    return link
  }

  /** A provider's circuit: the far end is not in the network. */
  circuit(device: SimulatedDevice, portName: string, alias: string, circuitBitsPerSecond?: number): SimulatedPort {
    const port = this.#plug(device, portName, alias)
    if (circuitBitsPerSecond) port.circuitBitsPerSecond = circuitBitsPerSecond
    return port
  }

  host(kind: SimulatedHost['kind'], device: SimulatedDevice, portName?: string): SimulatedHost {
    const { site } = device
    const isServer = kind === 'server'
    const number = isServer ? Number(device.address.split('.')[3]) : 50 + this.#hostsOfSite++
    if (number > 250) throw new Error(`${site.id} has more clients than its network has addresses`)
    const port = portName === undefined ? undefined : portByName(device, portName)
    if (port && !port.connected) this.#plug(device, port.ifName, port.ifAlias)
    const seed = this.#seedFor(`${site.id} ${kind} ${number}`)
    const network = isServer ? site.serverNetwork : site.clientNetwork
    const host: SimulatedHost = {
      name: isServer ? device.id : `${kind}-${number}`,
      site,
      kind,
      address: Uint8Array.from([...network, number]),
      mac: isServer ? device.ports[1]!.mac : macAddress([0x3c, 0xec, 0xef], seed),
      device,
      ...(port && { port }),
    }
    if (site.network6) host.address6 = Uint8Array.from([...site.network6, 0, 0, 0, 0, 0, 0, isServer ? 1 : 0, number])
    this.topology.hosts.push(host)
    return host
  }

  #plug(device: SimulatedDevice, portName: string, alias: string): SimulatedPort {
    const port = portByName(device, portName)
    if (port.connected && port.ifType === ifTypes.ethernet) throw new Error(`${device.id} ${portName} is taken`)
    port.connected = true
    port.ifAlias = alias
    return port
  }

  #addPort(device: SimulatedDevice, name: number, group: DeviceFamily['ports'][number]): void {
    const position = device.ports.length
    const port: SimulatedPort = {
      number: this.topology.ports.length,
      device,
      position,
      ifName: group.ifName.replace('#', String(name)),
      ifDescr: group.ifDescr.replace('#', String(name)),
      ifAlias: '',
      ifType: group.ifType,
      bitsPerSecond: group.bitsPerSecond,
      mac: macAddress(device.family.oui, (this.#seedFor(device.id) & 0xffff00) + position),
      connected: group.ifType !== ifTypes.ethernet,
      adminUp: true,
    }
    device.ports.push(port)
    this.topology.ports.push(port)
  }

  #seedFor(name: string): number {
    return hash(this.#seed, seedOf(name))
  }
}

function macAddress(oui: readonly number[], rest: number): Uint8Array {
  return Uint8Array.from([...oui, (rest >>> 16) & 0xff, (rest >>> 8) & 0xff, rest & 0xff])
}

function serialNumber(seed: number): string {
  const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'
  const letter = (i: number): string => letters[hash(seed, 2, i) % letters.length]!
  return `${letter(0)}${letter(1)}${letter(2)}${1_000 + (hash(seed, 3) % 9_000)}${letter(3)}${(hash(seed, 4) % 1_296).toString(36).toUpperCase().padStart(2, '0')}${letter(4)}`
}
