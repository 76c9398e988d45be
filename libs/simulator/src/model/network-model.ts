import { seedOf } from '../../../kernel/src/index.ts'
import { CorruptedFrames } from './corruption.ts'
import { buildDemands, type Demand } from './demands.ts'
import { DeviceLife } from './device-life.ts'
import { FailureTimeline } from './failure-timeline.ts'
import { FillerSource } from './filler-source.ts'
import { hash } from './hash.ts'
import {
  demonstrationIncidents,
  type IncidentEffect,
  type IncidentSpec,
  type PlannedIncident,
  planIncidents,
  resolvePort,
} from './incidents.ts'
import { InterfaceCounters } from './interface-counters.ts'
import { remoteHostFor } from './internet.ts'
import { originOf } from './packet-source.ts'
import { countsOf, frameOverheadOctets, wireOverheadOctets } from './route-counts.ts'
import { type Route, routesOf } from './routes.ts'
import { backupService } from './services.ts'
import { buildSites } from './sites.ts'
import { peerOf, type SimulatedDevice, type SimulatedPort, type Topology } from './topology.ts'
import { type Window, windowAt } from './windows.ts'

export interface NetworkModelOptions {
  seed: number
  /** Milliseconds since the Unix epoch: when the devices' stories begin. The same start continues the same network. */
  startMs: number
  /** First two octets of the devices' own loopback addresses. */
  loopbackPrefix?: string
  incidents?: readonly IncidentSpec[]
  /** When the script of incidents begins, each time anew; rising, the first not before `startMs`. Default: at the start. */
  runsMs?: readonly number[]
  /** Demands per client and service; the traffic stays the same, the number of flows grows. */
  demandsPerHost?: number
}

/** A frame ratio's course, on the link that a port sends into. */
export interface Corruption {
  from: SimulatedPort
  to: SimulatedPort
  frames: CorruptedFrames
}

/** A route's passage through one device. */
export interface Crossing {
  route: Route
  /** Where packets to the server come in and go out. */
  inPort: SimulatedPort | undefined
  outPort: SimulatedPort | undefined
}

/**
 * The network as a function of time: what every device knows at any moment follows from seed and start alone, in any
 * order of asking. Caches make asking cheap, they hold nothing that could not be computed again.
 */
export class NetworkModel {
  readonly seed: number
  readonly startMs: number
  readonly originMs: number
  readonly topology: Topology
  readonly incidents: readonly PlannedIncident[]
  readonly timeline: FailureTimeline
  readonly routes: readonly Route[]
  readonly corruptions: readonly Corruption[]
  readonly #crossings: readonly (readonly Crossing[])[]
  readonly #lives: readonly DeviceLife[]
  readonly #counters: readonly InterfaceCounters[]

  constructor(options: NetworkModelOptions) {
    const { seed, startMs } = options
    this.seed = seed
    this.startMs = startMs
    this.originMs = originOf(startMs)
    this.topology = buildSites(seed, options.loopbackPrefix ?? '127.10')
    this.incidents = planIncidents(options.incidents ?? demonstrationIncidents, options.runsMs ?? [startMs])
    this.timeline = new FailureTimeline(this.topology, this.incidents)
    const routes: Route[] = []
    for (const demand of buildDemands(this.topology, seed, this.originMs, options.demandsPerHost ?? 1)) {
      routes.push(...routesOf(demand, this.topology, this.timeline, routes.length))
    }
    for (const incident of this.incidents) {
      const { effect } = incident.spec
      if (effect.kind !== 'fill') continue
      const demand = this.#fillerDemand(effect, incident.windows, [...routes])
      routes.push(...routesOf(demand, this.topology, this.timeline, routes.length))
    }
    this.routes = routes
    this.#crossings = crossingsByDevice(this.topology, routes)
    this.corruptions = this.incidents.flatMap(incident => this.#corruptionOf(incident))
    this.#lives = this.topology.devices.map(
      device => new DeviceLife(device, startMs, this.incidents, this.timeline.darkWindows(device)),
    )
    this.#counters = this.topology.devices.map(device => new InterfaceCounters(this, device))
  }

  crossings(device: SimulatedDevice): readonly Crossing[] {
    return this.#crossings[device.number]!
  }

  /** Boots, silences and interface numbers of a device. */
  life(device: SimulatedDevice): DeviceLife {
    return this.#lives[device.number]!
  }

  /** Share of what is sent to an address on the Internet that is lost at a time. */
  pathLoss(target: string, timeMs: number): number {
    for (const { spec, windows } of this.incidents) {
      if (spec.effect.kind !== 'path-loss' || spec.effect.target !== target) continue
      if (windowAt(windows, timeMs)) return spec.effect.ratio
    }
    return 0
  }

  /** What the device's interfaces have counted. */
  counters(device: SimulatedDevice): InterfaceCounters {
    return this.#counters[device.number]!
  }

  #fillerDemand(
    effect: Extract<IncidentEffect, { kind: 'fill' }>,
    windows: readonly Window[],
    others: readonly Route[],
  ): Demand {
    const client = this.topology.hosts.find(host => host.name === effect.host)
    if (!client) throw new Error(`the network has no host "${effect.host}"`)
    const port = resolvePort(this.topology, effect.port)
    const through = others.flatMap(route => {
      const hop = route.hops.find(one => one.outPort === port || one.inPort === port)
      return hop ? [{ route, isUp: hop.outPort === port }] : []
    })
    const seed = hash(this.seed, seedOf(effect.host), seedOf(effect.port.port))
    const connectionMs = backupService.connectionSeconds * 1_000
    return {
      seed,
      service: backupService,
      client,
      remote: remoteHostFor(backupService.name, seed),
      isVersion6: false,
      packets: new FillerSource({
        windows,
        wireBitsPerSecond: (port.circuitBitsPerSecond ?? port.bitsPerSecond) * effect.utilisation,
        othersWireBits: timeMs => wireBits(through, timeMs),
        packetWireBits: 8 * (backupService.mainSizes.averageOctets + frameOverheadOctets + wireOverheadOctets),
      }),
      mainSizes: backupService.mainSizes,
      reverseSizes: backupService.reverseSizes,
      connectionMs,
      connectionPhaseMs: (windows[0]?.startMs ?? 0) % connectionMs,
    }
  }

  #corruptionOf({ spec, windows }: PlannedIncident): Corruption[] {
    const { effect } = spec
    if (effect.kind !== 'corruption') return []
    const from = resolvePort(this.topology, effect.from)
    const to = peerOf(from)
    if (!to) throw new Error(`incident "${spec.id}" damages frames on a port without a cable`)
    const crossings = this.crossings(from.device)
    const framesSent = (timeMs: number): number =>
      crossings.reduce((sum, { route, inPort, outPort }) => {
        if (inPort !== from && outPort !== from) return sum
        const counts = countsOf(route, timeMs)
        return sum + (outPort === from ? counts.upPackets : counts.downPackets)
      }, 0)
    const frames = new CorruptedFrames({
      seed: hash(this.seed, from.number, 21),
      windows,
      ratio: sinceMs => Math.min(effect.endRatio, effect.startRatio * 10 ** (sinceMs / effect.tenfoldMs)),
      framesSent,
    })
    return [{ from, to, frames }]
  }
}

function wireBits(through: readonly { route: Route; isUp: boolean }[], timeMs: number): number {
  let octets = 0
  let packets = 0
  for (const { route, isUp } of through) {
    const { upPackets, upOctets, downPackets, downOctets } = countsOf(route, timeMs)
    octets += isUp ? upOctets : downOctets
    packets += isUp ? upPackets : downPackets
  }
  return 8 * (octets + packets * (frameOverheadOctets + wireOverheadOctets))
}

function crossingsByDevice(topology: Topology, routes: readonly Route[]): Crossing[][] {
  const byDevice: Crossing[][] = topology.devices.map(() => [])
  for (const route of routes) {
    for (const { device, inPort, outPort } of route.hops) byDevice[device.number]!.push({ route, inPort, outPort })
  }
  return byDevice
}
