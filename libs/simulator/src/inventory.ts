import { type Inventory, inventorySchema, parseInterfaceDescription } from '../../model/src/index.ts'
import type { NetworkModel } from './model/network-model.ts'
import { deviceById, type SimulatedPort } from './model/topology.ts'

/** Which exporter a datagram's source address belongs to: the flow collector's address table. */
export type CollectorAddressTable = Record<string, { tenantId: string; exporterAddress: string; collectorId?: string }>

const tenantNames: Record<string, string> = {
  northwind: 'Northwind Traders',
  harbour: 'Harbour Logistics',
  acme: 'Acme Tooling',
}

/** The network as a provider would have it in its inventory: site addresses, polled on loopback. */
export function inventoryOf(model: NetworkModel, agentPort: number): Inventory {
  const { sites, devices } = model.topology
  const tenants = [...new Set(sites.map(site => site.tenant))]
  return inventorySchema.parse({
    tenants: tenants.map(id => ({ id, name: tenantNames[id] ?? id })),
    sites: sites.map(({ id, tenant, name }) => ({ id, tenant, name })),
    devices: devices.map(device => ({
      id: device.id,
      tenant: device.site.tenant,
      site: device.site.id,
      name: device.id,
      address: device.address,
      role: device.role,
      snmp: { host: device.loopbackAddress, port: agentPort, auth: 'demo' },
    })),
    circuits: devices.flatMap(device =>
      device.ports.flatMap(port => (port.circuitBitsPerSecond ? [circuitOf(device.site.tenant, port)] : [])),
    ),
    probes: probesOf(model, agentPort),
  })
}

/** What the provider's contract says of a port whose circuit is narrower than it. */
function circuitOf(tenant: string, { device, ifName, ifAlias, circuitBitsPerSecond = 0 }: SimulatedPort): object {
  const described = parseInterfaceDescription(ifAlias)
  const provider = described?.name ?? ''
  return {
    id: `${device.id}:${ifName.replaceAll('/', '-')}`,
    tenant,
    provider,
    circuitId: described?.circuitId ?? '',
    a: { device: device.id, ifName },
    committed: { inBitsPerSecond: circuitBitsPerSecond, outBitsPerSecond: circuitBitsPerSecond },
    contact: 'noc@provider.example, +1 555 0100',
    note: described?.note ?? '',
  }
}

/** The server whose service, and the resolver that probes ask. */
export function probeServiceAddresses(model: NetworkModel): { service: string; resolver: string } {
  const service = deviceById(model.topology, 'nw-srv-1').loopbackAddress
  return { service, resolver: `${service.slice(0, service.lastIndexOf('.'))}.200` }
}

/** Every site's gateway, a way into the Internet, a service and a resolver. */
function probesOf(model: NetworkModel, agentPort: number): object[] {
  const often = { intervalMs: 10_000, count: 5, gapMs: 200 }
  const gateways = model.topology.devices
    .filter(device => device.role === 'edge')
    .map(({ id, site }) => ({
      ...{ id: `${site.id}-gateway`, tenant: site.tenant, site: site.id, device: id, kind: 'icmp', ...often },
      name: `Gateway ${id}`,
    }))
  const { service, resolver } = probeServiceAddresses(model)
  const headquarters = { tenant: 'northwind', site: 'nw-hq', port: agentPort, ...often }
  return [
    ...gateways,
    {
      ...{ id: 'hb-terminal-internet', tenant: 'harbour', site: 'hb-terminal', kind: 'icmp', ...often },
      ...{ target: '198.51.100.1', name: 'Internet, by ISP Oblique' },
    },
    { ...headquarters, id: 'nw-hq-web', kind: 'tcp', target: service, name: 'Web of nw-srv-1' },
    { ...headquarters, id: 'nw-hq-dns', kind: 'dns', target: resolver, query: 'www.example.com', name: 'Resolver' },
  ]
}

export function collectorAddressTable(model: NetworkModel): CollectorAddressTable {
  return Object.fromEntries(
    model.topology.devices.flatMap(({ exporter, loopbackAddress, address, site }) =>
      exporter ? [[loopbackAddress, { tenantId: site.tenant, exporterAddress: exporter.address ?? address }]] : [],
    ),
  )
}
