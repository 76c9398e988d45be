import { parseInterfaceDescription } from './interface-description.ts'
import type { Circuit, Inventory } from './inventory.ts'

export interface Capacity {
  inBitsPerSecond: number
  outBitsPerSecond: number
}

/** A circuit as one of its ends has it: of the inventory, or of what stands in the interface's description. */
export interface InterfaceCircuit {
  source: 'inventory' | 'description'
  /** Of the inventory; absent of a description. */
  id?: string
  /** What the description calls it: cust, transit, peering, core. */
  kind?: 'cust' | 'transit' | 'peering' | 'core'
  /** Provider, customer, peer, or what is at the far end; '' not known. */
  provider: string
  /** The provider's own name of it, which to say on the telephone; '' not known. */
  circuitId: string
  contact: string
  note: string
  /** As this end sees it; absent where the port's own speed is the limit. */
  committed?: Capacity
}

/** Circuits of the inventory by `tenant/device` and ifName. */
export type CircuitsByPort = Readonly<Record<string, Readonly<Record<string, InterfaceCircuit>>>>

/**
 * The circuits at each device's ports. `capacities` of a device are circuits of which nothing but the rate is known; where
 * both are given, the circuit stands.
 */
export function circuitsByPort({ devices, circuits }: Pick<Inventory, 'devices' | 'circuits'>): CircuitsByPort {
  const ports: Record<string, Record<string, InterfaceCircuit>> = {}
  const at = (tenant: string, device: string) => {
    const key = `${tenant}/${device}`
    ports[key] ??= {}
    return ports[key]
  }
  for (const { tenant, id, capacities } of devices) {
    for (const [ifName, committed] of Object.entries(capacities)) {
      at(tenant, id)[ifName] = { ...unnamed, committed: { ...committed } }
    }
  }
  for (const circuit of circuits) {
    at(circuit.tenant, circuit.a.device)[circuit.a.ifName] = atEnd(circuit, circuit.committed)
    const { b, committed } = circuit
    if (!b) continue
    const turned = committed && {
      inBitsPerSecond: committed.outBitsPerSecond,
      outBitsPerSecond: committed.inBitsPerSecond,
    }
    at(circuit.tenant, b.device)[b.ifName] = atEnd(circuit, turned)
  }
  return ports
}

const unnamed = { source: 'inventory', provider: '', circuitId: '', contact: '', note: '' } as const

function atEnd(circuit: Circuit, committed: Capacity | undefined): InterfaceCircuit {
  const { id, provider, circuitId, contact, note } = circuit
  return { ...{ source: 'inventory', id, provider, circuitId, contact, note }, ...(committed ? { committed } : {}) }
}

/**
 * The circuit at a port: the inventory's, else what its description says. A described speed counts where it is narrower
 * than the port, or the port's is not known: a circuit cannot be wider than what it comes out of.
 * @param speedBitsPerSecond of the port; 0 unknown
 */
export function circuitOf(
  known: Readonly<Record<string, InterfaceCircuit>> | undefined,
  ifName: string,
  ifAlias: string,
  speedBitsPerSecond: number,
): InterfaceCircuit | undefined {
  if (known && Object.hasOwn(known, ifName)) return known[ifName]
  const described = describedCircuit(ifAlias)
  const committed = described?.committed
  if (!committed || speedBitsPerSecond === 0) return described
  const isNarrower = committed.inBitsPerSecond < speedBitsPerSecond || committed.outBitsPerSecond < speedBitsPerSecond
  const fits = committed.inBitsPerSecond <= speedBitsPerSecond && committed.outBitsPerSecond <= speedBitsPerSecond
  if (isNarrower && fits) return described
  const { committed: _, ...rest } = described
  return rest
}

/** Descriptions read; the same ones come with every poll. */
const described = new Map<string, InterfaceCircuit | undefined>()
const describedMax = 50_000

function describedCircuit(ifAlias: string): InterfaceCircuit | undefined {
  // Most ports have another description, or none.
  if (!/^\s*[ctp]/i.test(ifAlias)) return undefined
  if (described.has(ifAlias)) return described.get(ifAlias)
  const found = parseInterfaceDescription(ifAlias)
  // A core link with nothing but its far end is a cable.
  const isCircuit = found && (found.kind !== 'core' || found.circuitId !== '' || found.speed !== undefined)
  const circuit: InterfaceCircuit | undefined = isCircuit
    ? {
        ...{ source: 'description', kind: found.kind, provider: found.name, circuitId: found.circuitId },
        ...{ contact: '', note: found.note },
        ...(found.speed ? { committed: found.speed } : {}),
      }
    : undefined
  if (described.size >= describedMax) described.clear()
  described.set(ifAlias, circuit)
  return circuit
}
