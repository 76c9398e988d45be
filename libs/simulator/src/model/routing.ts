import type { SimulatedDevice, SimulatedPort, Topology } from './topology.ts'

/** One device that a route crosses, seen from the client: packets to the server enter at `inPort`. */
export interface Hop {
  device: SimulatedDevice
  /** Absent where the client is the device itself. */
  inPort: SimulatedPort | undefined
  /** Absent where the server is the device itself. */
  outPort: SimulatedPort | undefined
}

/** What a route may not use, by number. */
export interface Failures {
  links: ReadonlySet<number>
  devices: ReadonlySet<number>
}

/** Where a route begins or ends: a device, and the port by which the other side is reached from it. */
export interface RouteEnd {
  device: SimulatedDevice
  port: SimulatedPort | undefined
}

/** The cheapest way between two ends, or undefined when there is none. Equal costs go by link number. */
export function findPath(topology: Topology, from: RouteEnd, to: RouteEnd, failures: Failures): Hop[] | undefined {
  const arrival = cheapestArrivals(topology, from.device, failures)
  if (failures.devices.has(to.device.number) || !arrival.has(to.device.number)) return undefined
  const hops: Hop[] = []
  let outPort = to.port
  for (let device = to.device; ; ) {
    const inPort = device === from.device ? from.port : arrival.get(device.number)
    hops.unshift({ device, inPort, outPort })
    if (device === from.device) return hops
    const link = inPort!.link!
    outPort = link.a === inPort ? link.b : link.a
    device = outPort.device
  }
}

/** For every device that can be reached: the port by which its cheapest route from `from` arrives (Dijkstra). */
function cheapestArrivals(
  topology: Topology,
  from: SimulatedDevice,
  failures: Failures,
): Map<number, SimulatedPort | undefined> {
  const arrival = new Map<number, SimulatedPort | undefined>()
  if (failures.devices.has(from.number)) return arrival
  const open = new Map([[from.number, { cost: 0, port: undefined as SimulatedPort | undefined }]])
  while (open.size > 0) {
    const [number, best] = [...open].reduce((a, b) => (b[1].cost < a[1].cost ? b : a))
    open.delete(number)
    arrival.set(number, best.port)
    for (const port of topology.devices[number]!.ports) {
      const { link } = port
      if (!link || failures.links.has(link.number)) continue
      const peer = link.a === port ? link.b : link.a
      if (arrival.has(peer.device.number) || failures.devices.has(peer.device.number)) continue
      const cost = best.cost + link.cost
      const known = open.get(peer.device.number)
      if (!known || cost < known.cost) open.set(peer.device.number, { cost, port: peer })
    }
  }
  return arrival
}
