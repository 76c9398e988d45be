import { z } from 'zod'
import { type Inventory, parseExporterId } from '../../../../libs/model/src/index.ts'
import {
  type ExporterNameKind,
  findAnnouncedNames,
  findPolledNames,
  type NumberName,
  numberKey,
  type Store,
  type TenantScope,
} from '../../../../libs/store/src/index.ts'

export const labelSchema = z
  .object({
    name: z.string(),
    description: z.string().describe("ifAlias, or the exporter's description; may be empty."),
    source: z.enum(['snmp', 'exporter']).describe('Polled, or announced by the exporter in options data.'),
  })
  .describe('What an interface or a VRF is called.')
export type Label = z.output<typeof labelSchema>

/** A number of one exporter: value of a flow dimension. */
export interface LabelledNumber {
  exporterId: string
  dimension: string
  number: number
}

export interface Labels {
  /** undefined where nobody named it, and of dimensions whose values have no names. */
  of(number: LabelledNumber): Label | undefined
}

export interface LabelSources {
  store: Store
  inventory: Inventory
  tenants: TenantScope
  timeoutMs: number
}

/** What a dimension's numbers are; undefined of those that are no names' numbers. */
export function kindOfDimension(dimension: string): ExporterNameKind | undefined {
  if (dimension === 'input-interface' || dimension === 'output-interface') return 'interface'
  if (dimension === 'ingress-vrf' || dimension === 'egress-vrf') return 'vrf'
  return undefined
}

/** Names of interfaces and VRFs: SNMP's where the device with the exporter's address is polled, else the exporter's own. */
export async function findLabels(sources: LabelSources, numbers: Iterable<LabelledNumber>): Promise<Labels> {
  const wanted = { interface: new Map<string, Pair>(), vrf: new Map<string, Pair>() }
  for (const { exporterId, dimension, number } of numbers) {
    const kind = kindOfDimension(dimension)
    // Interface 0 is "none" or "not known"; VRF 0 is the global table, which some exporters name.
    if ((kind !== 'interface' || number === 0) && kind !== 'vrf') continue
    wanted[kind].set(numberKey(exporterId, number), [exporterId, number])
  }
  const polled = await polledNames(sources, [...wanted.interface.values()])
  const unpolled = [...wanted.interface].filter(([key]) => !polled.has(key)).map(([, pair]) => pair)
  const announced = {
    interface: await announcedNames(sources, 'interface', unpolled),
    vrf: await announcedNames(sources, 'vrf', [...wanted.vrf.values()]),
  }
  return {
    of({ exporterId, dimension, number }) {
      const kind = kindOfDimension(dimension)
      if (kind !== 'interface' && kind !== 'vrf') return undefined
      const key = numberKey(exporterId, number)
      return (kind === 'interface' ? polled.get(key) : undefined) ?? announced[kind].get(key)
    },
  }
}

type Pair = readonly [exporterId: string, number: number]

async function polledNames(
  { store, inventory, tenants, timeoutMs }: LabelSources,
  wanted: readonly Pair[],
): Promise<Map<string, Label>> {
  if (wanted.length === 0) return new Map()
  const deviceAt = new Map(
    inventory.devices.map(({ tenant, address, id }) => [`${tenant} ${address}`, `${tenant}/${id}`]),
  )
  const devices = wanted.flatMap(([exporterId, number]) => {
    const { tenantId, address } = parseExporterId(exporterId)
    const device = deviceAt.get(`${tenantId} ${address}`)
    return device === undefined ? [] : [{ device, exporterId, number }]
  })
  const found = await findPolledNames(
    store,
    { tenants, wanted: devices.map(({ device, number }) => [device, number] as const) },
    { timeoutMs },
  )
  return labelled(
    devices.map(({ device, exporterId, number }) => [
      numberKey(exporterId, number),
      found.get(numberKey(device, number)),
    ]),
    'snmp',
  )
}

async function announcedNames(
  { store, tenants, timeoutMs }: LabelSources,
  kind: ExporterNameKind,
  wanted: readonly Pair[],
): Promise<Map<string, Label>> {
  return labelled(await findAnnouncedNames(store, { tenants, kind, wanted }, { timeoutMs }), 'exporter')
}

/** An interface without a name goes by its description. */
function labelled(
  found: Iterable<readonly [key: string, name: NumberName | undefined]>,
  source: Label['source'],
): Map<string, Label> {
  const labels = new Map<string, Label>()
  for (const [key, one] of found) {
    const name = one && (one.name || one.description)
    if (name) labels.set(key, { name, description: one.description, source })
  }
  return labels
}
