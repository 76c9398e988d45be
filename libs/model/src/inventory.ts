import { z } from 'zod'
import { idPattern } from './identity.ts'
import { probeSchema } from './probe.ts'

const id = z.string().regex(idPattern, 'an id has 1 to 128 letters, digits, ".", "_", ":" or "-", and no "/"')

export const tenantSchema = z.strictObject({
  id,
  name: z.string().optional(),
})
export type Tenant = z.infer<typeof tenantSchema>

export const siteSchema = z.strictObject({
  id,
  tenant: id,
  name: z.string().optional(),
})
export type Site = z.infer<typeof siteSchema>

/** A polled device. `id` is given once and stays for life, over new addresses and new serials. */
export const deviceSchema = z.strictObject({
  id,
  tenant: id,
  site: id,
  name: z.string().optional(),
  /** Address as its site knows it; other clients may use the same one. */
  address: z.string(),
  role: z.enum(['core', 'distribution', 'access', 'edge', 'firewall', 'server', 'wireless', 'other']).default('other'),
  snmp: z
    .strictObject({
      /** Where to send requests, when it is not `address` (a port forward, the demo's loopback address). */
      host: z.string().optional(),
      port: z.int().min(1).max(65_535).default(161),
      /** Name of an entry of `poller.auths`. */
      auth: z.string(),
      intervalMs: z.int().min(1_000).optional(),
      timeoutMs: z.int().min(100).optional(),
      /** Further addresses from which this device answers; a reply from anywhere else is dropped. */
      answersFrom: z.array(z.string()).optional(),
    })
    .optional(),
  /** false: its host answers no echo requests by policy, so none are sent. */
  echo: z.boolean().optional(),
  /** Capacity of interfaces whose circuit is narrower than their port, by ifName: a circuit of which no more is known. */
  capacities: z
    .record(
      z.string(),
      z.strictObject({ inBitsPerSecond: z.number().positive(), outBitsPerSecond: z.number().positive() }),
    )
    .default({}),
})
export type Device = z.infer<typeof deviceSchema>

const text = z.string().max(256).default('')
const circuitEnd = z.strictObject({ device: id, ifName: z.string().min(1).max(255) })

/** What is bought of a provider, or laid by oneself, between an interface and something else. */
export const circuitSchema = z.strictObject({
  id,
  tenant: id,
  provider: text,
  /** The provider's own name of it, which to say on the telephone. */
  circuitId: text,
  a: circuitEnd,
  /** Where the other end is in the inventory too. */
  b: circuitEnd.optional(),
  /** Rates as `a` sees them; the port's speed without. */
  committed: z
    .strictObject({ inBitsPerSecond: z.number().positive(), outBitsPerSecond: z.number().positive() })
    .optional(),
  /** Whom to call. */
  contact: text,
  note: text,
})
export type Circuit = z.infer<typeof circuitSchema>

export const inventorySchema = z.strictObject({
  tenants: z.array(tenantSchema).default([]),
  sites: z.array(siteSchema).default([]),
  devices: z.array(deviceSchema).default([]),
  circuits: z.array(circuitSchema).default([]),
  probes: z.array(probeSchema).optional(),
})
export type Inventory = z.infer<typeof inventorySchema>

/** What is inconsistent in an inventory, one sentence each; empty when it is sound. */
export function inventoryProblems(inventory: Inventory): string[] {
  const problems: string[] = []
  const tenants = new Set(inventory.tenants.map(tenant => tenant.id))
  const sites = new Map(inventory.sites.map(site => [site.id, site]))
  for (const [kind, ids] of [
    ['tenant', inventory.tenants.map(tenant => tenant.id)],
    ['site', inventory.sites.map(site => site.id)],
    ['device', inventory.devices.map(device => device.id)],
    ['circuit', inventory.circuits.map(circuit => circuit.id)],
    ['probe', (inventory.probes ?? []).map(probe => probe.id)],
  ] as const) {
    const seen = new Set<string>()
    for (const one of ids) {
      if (seen.has(one)) problems.push(`${kind} "${one}" is given twice; ids are unique`)
      seen.add(one)
    }
  }
  for (const site of inventory.sites) {
    if (!tenants.has(site.tenant)) problems.push(`site "${site.id}" names the unknown tenant "${site.tenant}"`)
  }
  for (const device of inventory.devices) {
    if (!tenants.has(device.tenant)) problems.push(`device "${device.id}" names the unknown tenant "${device.tenant}"`)
    const site = sites.get(device.site)
    if (!site) problems.push(`device "${device.id}" names the unknown site "${device.site}"`)
    else if (site.tenant !== device.tenant) {
      problems.push(
        `device "${device.id}" of tenant "${device.tenant}" names site "${site.id}" of tenant "${site.tenant}"`,
      )
    }
  }
  return [...problems, ...circuitProblems(inventory), ...probeProblems(inventory)]
}

function circuitProblems({ devices, circuits, tenants }: Inventory): string[] {
  const problems: string[] = []
  const known = new Map(devices.map(device => [device.id, device]))
  const taken = new Map<string, string>()
  for (const circuit of circuits) {
    const name = `circuit "${circuit.id}"`
    if (!tenants.some(tenant => tenant.id === circuit.tenant)) {
      problems.push(`${name} names the unknown tenant "${circuit.tenant}"`)
    }
    for (const end of [circuit.a, circuit.b]) {
      if (!end) continue
      const device = known.get(end.device)
      const port = `${end.device}/${end.ifName}`
      if (!device) problems.push(`${name} names the unknown device "${end.device}"`)
      else if (device.tenant !== circuit.tenant) {
        problems.push(`${name} of tenant "${circuit.tenant}" names device "${device.id}" of tenant "${device.tenant}"`)
      } else if (circuit.committed && Object.hasOwn(device.capacities, end.ifName)) {
        problems.push(`${name} and "capacities" of device "${device.id}" both give a rate for ${end.ifName}; keep one`)
      }
      const other = taken.get(port)
      if (other !== undefined) problems.push(`${name} and circuit "${other}" are both at ${port}`)
      taken.set(port, circuit.id)
    }
  }
  return problems
}

function probeProblems({ sites, devices, probes = [] }: Inventory): string[] {
  return probes.flatMap(probe => {
    const site = sites.find(one => one.id === probe.site)
    const device = devices.find(one => one.id === probe.device)
    if (!site) return [`probe "${probe.id}" names the unknown site "${probe.site}"`]
    if (site.tenant !== probe.tenant) {
      return [`probe "${probe.id}" of tenant "${probe.tenant}" names site "${site.id}" of tenant "${site.tenant}"`]
    }
    if (probe.device === undefined) return []
    if (!device) return [`probe "${probe.id}" names the unknown device "${probe.device}"`]
    if (device.tenant === probe.tenant) return []
    return [`probe "${probe.id}" of tenant "${probe.tenant}" names device "${device.id}" of tenant "${device.tenant}"`]
  })
}
