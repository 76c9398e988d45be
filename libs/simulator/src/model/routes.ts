import type { Demand } from './demands.ts'
import type { FailurePeriod, FailureTimeline } from './failure-timeline.ts'
import type { PacketSource } from './packet-source.ts'
import { type Failures, findPath, type Hop, type RouteEnd } from './routing.ts'
import type { Topology } from './topology.ts'
import { InsideWindows, mergeWindows, OutsideWindows, type Window } from './windows.ts'

/** A demand on one of the ways it takes: the unit that crosses interfaces and that exporters see. */
export interface Route {
  /** Its place in the model's list. */
  number: number
  demand: Demand
  hops: readonly Hop[]
  /** Packets of the main direction that went this way. */
  packets: PacketSource
}

/** Packets of the other direction: a fixed share, in whole packets, so both ends compute the same. */
export function reversePackets(demand: Demand, packets: number): number {
  return Math.floor(packets * demand.service.reverseRatio)
}

const nothingFailed: Failures = { links: new Set(), devices: new Set() }

/** The ways of one demand: the usual one, and those it takes while something on the usual one is out of order. */
export function routesOf(demand: Demand, topology: Topology, timeline: FailureTimeline, firstNumber: number): Route[] {
  const from: RouteEnd = { device: demand.client.device, port: demand.client.port }
  const to = serverEnd(demand, topology)
  const usual = findPath(topology, from, to, nothingFailed)
  if (!usual)
    throw new Error(`${demand.client.name} of ${demand.client.site.id} cannot reach its ${demand.service.name} server`)

  const blocked = timeline.periods.filter(period => touches(usual, period.failures))
  if (blocked.length === 0) return [{ number: firstNumber, demand, hops: usual, packets: demand.packets }]

  const detours = groupByPath(blocked, period => findPath(topology, from, to, period.failures))
  const usualPackets = new OutsideWindows(demand.packets, mergeWindows(blocked))
  return [
    { number: firstNumber, demand, hops: usual, packets: usualPackets },
    ...detours.map(({ hops, windows }, i) => ({
      number: firstNumber + 1 + i,
      demand,
      hops,
      packets: new InsideWindows(demand.packets, windows),
    })),
  ]
}

function serverEnd(demand: Demand, topology: Topology): RouteEnd {
  const { server, client } = demand
  if (server) return { device: server.device, port: server.port }
  const port = topology.ports[client.site.uplinkPort]!
  return { device: port.device, port }
}

function touches(hops: readonly Hop[], failures: Failures): boolean {
  return hops.some(
    ({ device, inPort }) =>
      failures.devices.has(device.number) || (inPort?.link !== undefined && failures.links.has(inPort.link.number)),
  )
}

/** The detours that exist, each with all the windows in which it is taken. */
function groupByPath(
  periods: readonly FailurePeriod[],
  pathDuring: (period: FailurePeriod) => Hop[] | undefined,
): { hops: Hop[]; windows: Window[] }[] {
  const pathByFailures = new Map<string, Hop[] | undefined>()
  const byPath = new Map<string, { hops: Hop[]; windows: Window[] }>()
  for (const period of periods) {
    if (!pathByFailures.has(period.key)) pathByFailures.set(period.key, pathDuring(period))
    const hops = pathByFailures.get(period.key)
    if (!hops) continue
    const key = hops.map(hop => `${hop.inPort?.number}-${hop.outPort?.number}`).join()
    const known = byPath.get(key) ?? { hops, windows: [] }
    known.windows.push(period)
    byPath.set(key, known)
  }
  return [...byPath.values()].map(({ hops, windows }) => ({ hops, windows: mergeWindows(windows) }))
}
