import type { SimulatedDevice, SimulatedHost, SimulatedSite, Topology } from './topology.ts'
import { TopologyBuilder } from './topology-builder.ts'

/** Autonomous systems of the documentation range (RFC 5398): none of them is anybody's. */
const providers = { meridian: 64_497, oblique: 64_498, tessera: 64_499 } as const

const gigabit = 1_000_000_000

/**
 * Three clients of a managed service provider, 44 devices on four sites. Northwind and Harbour both number their offices
 * from 192.168.1.0/24, as clients do. A picture is in docs/explanation/simulated-network.md.
 */
export function buildSites(seed: number, loopbackPrefix: string): Topology {
  const builder = new TopologyBuilder(seed, loopbackPrefix)
  buildNorthwind(builder)
  buildHarbour(builder)
  buildAcme(builder)
  buildNorthwindBranch(builder)
  return builder.topology
}

function buildNorthwind(builder: TopologyBuilder): void {
  const site = builder.site({
    id: 'nw-hq',
    tenant: 'northwind',
    name: 'Northwind Traders, headquarters',
    internetBitsPerSecond: 0.26 * gigabit,
    localBitsPerSecond: 0.55 * gigabit,
    clientNetwork: [192, 168, 1],
    serverNetwork: [192, 168, 10],
    network6: Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, 0x0a, 0x01, 0, 1]),
    providerAs: providers.meridian,
  })
  const edge = builder.device(site, 'nw-edge-1', 'asr1001x', 'edge', {
    location: 'Rack A1',
    host: 1,
    exporter: {
      protocol: 'netflow-v9',
      samplingRate: 1,
      observationDomain: 256,
      natPool: Uint8Array.of(198, 51, 100, 64),
    },
  })
  const firewall = builder.device(site, 'nw-fw-1', 'fortigate200f', 'firewall', {
    location: 'Rack A1',
    host: 2,
    // Nobody polls this address: what its interfaces are called, only its own options data says.
    exporter: {
      protocol: 'netflow-v9',
      samplingRate: 200,
      observationDomain: 1,
      address: '10.255.0.2',
      announces: {
        vrfs: [
          [0, 'root'],
          [1, 'guest'],
        ],
      },
    },
  })
  const core1 = builder.device(site, 'nw-core-1', 'arista7020', 'core', {
    location: 'Rack A2',
    host: 3,
    exporter: { protocol: 'sflow', samplingRate: 1_024, observationDomain: 0 },
  })
  const core2 = builder.device(site, 'nw-core-2', 'arista7020', 'core', { location: 'Rack B2', host: 4 })
  const dist1 = builder.device(site, 'nw-dist-1', 'catalyst9500', 'distribution', { location: 'Floor 1', host: 5 })
  const dist2 = builder.device(site, 'nw-dist-2', 'catalyst9500', 'distribution', { location: 'Floor 2', host: 6 })

  site.uplinkPort = builder.circuit(edge, 'Gi0/0/0', 'Transit: ISP Meridian [1G] (Circuit NW-7741) {CID-4471}').number
  builder.circuit(edge, 'Gi0/0/1', 'Transit: ISP Oblique backup [100M] (Circuit NW-7742) {CID-4472}', 100_000_000)
  cable(builder, [edge, 'Te0/0/0', 'Core: nw-fw-1 x1'], [firewall, 'x1', 'Outside: nw-edge-1'])
  cable(builder, [firewall, 'x2', 'Inside: nw-core-1'], [core1, 'Ethernet1', 'Core: nw-fw-1 x2'])
  cable(builder, [firewall, 'x3', 'Inside: nw-core-2'], [core2, 'Ethernet1', 'Core: nw-fw-1 x3'], 12)
  cable(builder, [core1, 'Ethernet24', 'Core: nw-core-2'], [core2, 'Ethernet24', 'Core: nw-core-1'])
  cable(builder, [core1, 'Ethernet2', 'Core: nw-dist-1 {DWDM-11}'], [dist1, 'Te1/0/1', 'Core: nw-core-1 {DWDM-11}'])
  cable(builder, [core2, 'Ethernet3', 'Core: nw-dist-2 {DWDM-22}'], [dist2, 'Te1/0/1', 'Core: nw-core-2 {DWDM-22}'])
  cable(builder, [core1, 'Ethernet3', 'Core: nw-dist-2 {DWDM-12}'], [dist2, 'Te1/0/2', 'Core: nw-core-1 {DWDM-12}'])
  cable(builder, [core2, 'Ethernet2', 'Core: nw-dist-1 {DWDM-21}'], [dist1, 'Te1/0/2', 'Core: nw-core-2 {DWDM-21}'], 12)
  for (let i = 1; i <= 6; i++) {
    const access = builder.device(site, `nw-acc-${i}`, 'catalyst9200', 'access', {
      location: `Floor ${1 + (i % 2)} cabinet ${i}`,
      host: 10 + i,
    })
    const [near, far] = i % 2 === 1 ? [dist1, dist2] : [dist2, dist1]
    cable(builder, [access, 'Te1/1/1', `Uplink: ${near.id}`], [near, `Te1/0/${2 + i}`, `Access: ${access.id}`])
    cable(builder, [access, 'Te1/1/2', `Uplink: ${far.id}`], [far, `Te1/0/${8 + i}`, `Access: ${access.id}`], 15)
    populate(builder, access, port => `Gi1/0/${port}`, 12)
  }
  for (let i = 1; i <= 2; i++)
    addAccessPoint(
      builder,
      site,
      `nw-ap-${i}`,
      20 + i,
      builder.topology.devices.find(one => one.id === `nw-acc-${2 * i}`)!,
      'Gi1/0/24',
    )
  addServer(builder, site, 'nw-nas-1', 'nas', 'eth0', 11, core1, 'Ethernet10')
  addServer(builder, site, 'nw-srv-1', 'linuxServer', 'ens1f0', 12, core1, 'Ethernet11')
}

function buildHarbour(builder: TopologyBuilder): void {
  const site = builder.site({
    id: 'hb-terminal',
    tenant: 'harbour',
    name: 'Harbour Logistics, terminal',
    internetBitsPerSecond: 1.1 * gigabit,
    localBitsPerSecond: 0.7 * gigabit,
    clientNetwork: [192, 168, 1],
    serverNetwork: [192, 168, 10],
    network6: Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, 0x0b, 0x02, 0, 1]),
    providerAs: providers.oblique,
  })
  const edge = builder.device(site, 'hb-edge-1', 'mx204', 'edge', {
    location: 'Gate house',
    host: 1,
    exporter: { protocol: 'ipfix', samplingRate: 100, observationDomain: 524_288 },
  })
  const firewall = builder.device(site, 'hb-fw-1', 'pa3220', 'firewall', { location: 'Gate house', host: 2 })
  const core = builder.device(site, 'hb-core-1', 'ex4600', 'core', { location: 'Machine room', host: 3 })
  const distribution = builder.device(site, 'hb-dist-1', 'ex4600', 'distribution', { location: 'Quay 4', host: 5 })

  site.uplinkPort = builder.circuit(edge, 'xe-0/1/0', 'Transit: ISP Oblique [10G] (Circuit HB-0192) {CID-9920}').number
  cable(builder, [edge, 'xe-0/1/1', 'Core: hb-fw-1 ethernet1/13'], [firewall, 'ethernet1/13', 'Outside: hb-edge-1'])
  cable(builder, [firewall, 'ethernet1/14', 'Inside: hb-core-1'], [core, 'xe-0/0/0', 'Core: hb-fw-1'])
  cable(
    builder,
    [core, 'xe-0/0/1', 'Core: hb-dist-1 {FIBRE-Q4-07}'],
    [distribution, 'xe-0/0/0', 'Core: hb-core-1 {FIBRE-Q4-07}'],
  )
  for (let i = 1; i <= 5; i++) {
    const access = builder.device(site, `hb-acc-${i}`, 'aruba2930f', 'access', {
      location: `Quay ${i}`,
      host: 10 + i,
      ...(i === 3 && { exporter: { protocol: 'sflow', samplingRate: 512, observationDomain: 0 } as const }),
    })
    cable(builder, [access, '25', 'Uplink: hb-dist-1'], [distribution, `xe-0/0/${i}`, `Access: ${access.id}`])
    populate(builder, access, port => String(port), 12)
  }
  const old = builder.device(site, 'hb-old-1', 'procurve2524', 'access', { location: 'Weighbridge', host: 18 })
  cable(builder, [old, '25', 'Uplink: hb-dist-1'], [distribution, 'xe-0/0/8', 'Access: hb-old-1'])
  populate(builder, old, port => String(port), 6)
  for (let i = 1; i <= 2; i++)
    addAccessPoint(
      builder,
      site,
      `hb-ap-${i}`,
      20 + i,
      builder.topology.devices.find(one => one.id === `hb-acc-${i}`)!,
      '24',
    )
  addServer(builder, site, 'hb-srv-1', 'linuxServer', 'ens1f0', 11, core, 'xe-0/0/10')
  addServer(builder, site, 'hb-nas-1', 'nas', 'eth0', 12, core, 'xe-0/0/11')
}

function buildAcme(builder: TopologyBuilder): void {
  const site = builder.site({
    id: 'ac-plant',
    tenant: 'acme',
    name: 'Acme Tooling, plant',
    internetBitsPerSecond: 0.16 * gigabit,
    localBitsPerSecond: 0.3 * gigabit,
    clientNetwork: [10, 20, 1],
    serverNetwork: [10, 20, 10],
    providerAs: providers.tessera,
  })
  const edge = builder.device(site, 'ac-edge-1', 'ccr2004', 'edge', {
    location: 'Office',
    host: 1,
    exporter: { protocol: 'netflow-v5', samplingRate: 1, observationDomain: 0 },
  })
  const core = builder.device(site, 'ac-core-1', 'crs317', 'core', { location: 'Office', host: 3 })
  const uplink = builder.circuit(edge, 'sfp-sfpplus1', 'Transit: ISP Tessera [1G] (Circuit AC-33) {CID-1033}')
  uplink.bitsPerSecond = gigabit
  site.uplinkPort = uplink.number
  cable(builder, [edge, 'sfp-sfpplus2', 'Core: ac-core-1'], [core, 'sfp-sfpplus1', 'Core: ac-edge-1'])
  for (let i = 1; i <= 4; i++) {
    const access = builder.device(site, `ac-acc-${i}`, 'cbs350', 'access', { location: `Hall ${i}`, host: 10 + i })
    cable(builder, [access, 'te1', 'Uplink: ac-core-1'], [core, `sfp-sfpplus${1 + i}`, `Access: ${access.id}`])
    populate(builder, access, port => `gi${port}`, 11)
  }
  for (let i = 1; i <= 2; i++)
    addAccessPoint(
      builder,
      site,
      `ac-ap-${i}`,
      20 + i,
      builder.topology.devices.find(one => one.id === `ac-acc-${i}`)!,
      'gi24',
    )
  addServer(builder, site, 'ac-nas-1', 'nas', 'eth0', 11, core, 'sfp-sfpplus10')
  addServer(builder, site, 'ac-srv-1', 'linuxServer', 'ens1f0', 12, core, 'sfp-sfpplus11')
}

/** A small office: one router, one switch, one access point, and a UPS that tells of its power. */
function buildNorthwindBranch(builder: TopologyBuilder): void {
  const site = builder.site({
    id: 'nw-branch',
    tenant: 'northwind',
    name: 'Northwind Traders, branch',
    internetBitsPerSecond: 0.04 * gigabit,
    localBitsPerSecond: 0.02 * gigabit,
    clientNetwork: [192, 168, 2],
    serverNetwork: [192, 168, 12],
    providerAs: providers.meridian,
  })
  const edge = builder.device(site, 'nw-edge-2', 'ccr2004', 'edge', { location: 'Back office', host: 1 })
  const access = builder.device(site, 'nw-acc-7', 'cbs350', 'access', { location: 'Back office', host: 11 })
  site.uplinkPort = builder.circuit(
    edge,
    'sfp-sfpplus1',
    'Transit: ISP Meridian [1G] (Circuit NW-7790) {CID-4490}',
  ).number
  cable(builder, [edge, 'sfp-sfpplus2', 'Core: nw-acc-7'], [access, 'te1', 'Uplink: nw-edge-2'])
  populate(builder, access, port => `gi${port}`, 8)
  addAccessPoint(builder, site, 'nw-ap-3', 21, access, 'gi24')
  const ups = builder.device(site, 'nw-ups-1', 'smartUps', 'server', { location: 'Back office', host: 31 })
  cable(builder, [ups, 'eth0', ''], [access, 'gi23', 'UPS: nw-ups-1'])
}

function cable(
  builder: TopologyBuilder,
  a: readonly [SimulatedDevice, string, string],
  b: readonly [SimulatedDevice, string, string],
  cost?: number,
): void {
  builder.cable({ device: a[0], port: a[1], alias: a[2] }, { device: b[0], port: b[1], alias: b[2] }, cost)
}

/** Desks on the first ports, then a phone and a camera. */
function populate(
  builder: TopologyBuilder,
  access: SimulatedDevice,
  portName: (port: number) => string,
  hosts: number,
): void {
  for (let port = 1; port <= hosts; port++) {
    const kind: SimulatedHost['kind'] = port === hosts ? 'camera' : port >= hosts - 2 ? 'phone' : 'desk'
    builder.host(kind, access, portName(port))
  }
}

function addAccessPoint(
  builder: TopologyBuilder,
  site: SimulatedSite,
  id: string,
  host: number,
  access: SimulatedDevice,
  port: string,
): void {
  const point = builder.device(site, id, 'accessPoint', 'wireless', { location: access.location, host })
  cable(builder, [point, 'eth0', ''], [access, port, `AP: ${id}`])
  for (let i = 0; i < 5; i++) builder.host('wireless', point, `wifi${i % 2}`)
}

function addServer(
  builder: TopologyBuilder,
  site: SimulatedSite,
  id: string,
  family: 'nas' | 'linuxServer',
  port: string,
  host: number,
  core: SimulatedDevice,
  corePort: string,
): void {
  const server = builder.device(site, id, family, 'server', { location: core.location, host })
  cable(builder, [server, port, ''], [core, corePort, `Server: ${id}`])
  builder.host('server', server)
}
