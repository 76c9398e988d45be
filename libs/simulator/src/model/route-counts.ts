import type { Demand } from './demands.ts'
import { type Route, reversePackets } from './routes.ts'

/** Ethernet header and frame check sequence: ifOctets count them (RFC 2863 §3.1.6), flow records do not. */
export const frameOverheadOctets = 18
/** Preamble and inter-packet gap: on the wire, in no counter (IEEE 802.3 §4.4). */
export const wireOverheadOctets = 20

/** Packets and IP octets of a route, to the server and back. */
export interface RouteCounts {
  upPackets: number
  upOctets: number
  downPackets: number
  downOctets: number
}

/** The counts of a route by a time. The result is reused by the next call. */
export function countsOf(route: Route, timeMs: number): RouteCounts {
  return countsAfter(route.demand, route.packets.at(timeMs))
}

const counts: RouteCounts = { upPackets: 0, upOctets: 0, downPackets: 0, downOctets: 0 }

/** The counts after so many packets of the main direction. The result is reused by the next call. */
export function countsAfter(demand: Demand, main: number): RouteCounts {
  const reverse = reversePackets(demand, main)
  const mainOctets = demand.mainSizes.octets(main)
  const reverseOctets = demand.reverseSizes.octets(reverse)
  const isUp = demand.service.mainDirection === 'up'
  counts.upPackets = isUp ? main : reverse
  counts.upOctets = isUp ? mainOctets : reverseOctets
  counts.downPackets = isUp ? reverse : main
  counts.downOctets = isUp ? reverseOctets : mainOctets
  return counts
}
