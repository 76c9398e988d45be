import { type Inventory, inventorySchema, parseInterfaceDescription } from '../../model/src/index.ts'
import type { NetworkModel } from './model/network-model.ts'
import type { SimulatedPort } from './model/topology.ts'

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

export function collectorAddressTable(model: NetworkModel): CollectorAddressTable {
  return Object.fromEntries(
    model.topology.devices.flatMap(({ exporter, loopbackAddress, address, site }) =>
      exporter ? [[loopbackAddress, { tenantId: site.tenant, exporterAddress: address }]] : [],
    ),
  )
}
