import { type Inventory, inventorySchema } from '../../model/src/index.ts'
import type { NetworkModel } from './model/network-model.ts'

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
      capacities: Object.fromEntries(
        device.ports.flatMap(({ ifName, circuitBitsPerSecond: bitsPerSecond }) =>
          bitsPerSecond ? [[ifName, { inBitsPerSecond: bitsPerSecond, outBitsPerSecond: bitsPerSecond }]] : [],
        ),
      ),
    })),
  })
}

export function collectorAddressTable(model: NetworkModel): CollectorAddressTable {
  return Object.fromEntries(
    model.topology.devices.flatMap(({ exporter, loopbackAddress, address, site }) =>
      exporter ? [[loopbackAddress, { tenantId: site.tenant, exporterAddress: address }]] : [],
    ),
  )
}
