import type { FlowRecord } from '../flow-encoders/flow-record.ts'
import { hash } from '../model/hash.ts'
import type { Crossing, NetworkModel } from '../model/network-model.ts'
import { reversePackets } from '../model/routes.ts'
import type { SimulatedDevice } from '../model/topology.ts'
import { connectionAt, connectionEndMs, endsOfFlow } from './flow-directions.ts'
import { forEachSampledPacket } from './packet-sampling.ts'

export interface FlowCacheOptions {
  samplingRate: number
  /** A flow that lasts is exported this often. */
  activeTimeoutMs: number
  /** A flow that says nothing more is exported after this. */
  inactiveTimeoutMs: number
  /** A counter of the export format holds no more: the flow is exported before it would overflow. */
  octetsMax: number
}

const tcp = 6
const flags = { fin: 0x01, syn: 0x02, pushAcknowledge: 0x18 } as const

/** One connection as the cache holds it, both directions; packets are counted in the service's main direction. */
interface Entry {
  crossing: Crossing
  connection: number
  /** Exported, and seen, by now. */
  exportedPackets: number
  seenPackets: number
  /** Of the packets seen and not exported; meaningless where there are none. */
  firstMs: number
  lastMs: number
  /** Whether a record of this connection has gone out. */
  isContinued: boolean
}

/** Records of a connection that ended silently, waiting for the inactive timeout. */
interface Lingering {
  dueMs: number
  records: FlowRecord[]
}

/**
 * The flow cache of a router that accounts packets where they enter: each direction of a connection is one flow. What
 * it exports over a flow's life sums up to exactly what its interfaces counted.
 */
export class FlowCache {
  readonly #model: NetworkModel
  readonly #device: SimulatedDevice
  readonly #options: FlowCacheOptions
  readonly #entries: Entry[]
  readonly #lingering: Lingering[] = []
  #nowMs: number

  constructor(model: NetworkModel, device: SimulatedDevice, options: FlowCacheOptions, startMs: number) {
    this.#model = model
    this.#device = device
    this.#options = options
    this.#nowMs = startMs
    this.#entries = model.crossings(device).flatMap(crossing => {
      // What begins or ends in the device itself is not forwarded traffic.
      if (!crossing.inPort || !crossing.outPort) return []
      const packets = crossing.route.packets.at(startMs)
      return {
        crossing,
        connection: connectionAt(crossing.route.demand, startMs),
        exportedPackets: packets,
        seenPackets: packets,
        firstMs: startMs,
        lastMs: startMs,
        isContinued: true,
      }
    })
  }

  /** Sees the traffic up to a time and returns what is to be exported then. */
  advance(toMs: number): FlowRecord[] {
    const records: FlowRecord[] = []
    for (const entry of this.#entries) this.#advanceEntry(entry, toMs, records)
    while (this.#lingering[0] && this.#lingering[0].dueMs <= toMs) records.push(...this.#lingering.shift()!.records)
    this.#nowMs = toMs
    return records
  }

  /** Exports all that is held, as an operator's `clear ip flow` does. */
  flush(): FlowRecord[] {
    const records = this.#lingering.splice(0).flatMap(lingering => lingering.records)
    for (const entry of this.#entries) {
      if (entry.seenPackets > entry.exportedPackets) this.#export(entry, false, records)
    }
    return records
  }

  #advanceEntry(entry: Entry, toMs: number, records: FlowRecord[]): void {
    const { demand, packets } = entry.crossing.route
    let fromMs = this.#nowMs
    for (let endMs = connectionEndMs(demand, entry.connection); endMs <= toMs; endMs += demand.connectionMs) {
      see(entry, packets.at(endMs), fromMs, endMs)
      this.#endConnection(entry, endMs, records)
      fromMs = Math.max(fromMs, endMs)
    }
    see(entry, packets.at(toMs), fromMs, toMs)
    if (entry.seenPackets === entry.exportedPackets) return
    const { activeTimeoutMs, inactiveTimeoutMs, octetsMax } = this.#options
    const pendingOctets = (entry.seenPackets - entry.exportedPackets) * demand.mainSizes.averageOctets
    if (
      toMs - entry.firstMs >= activeTimeoutMs ||
      toMs - entry.lastMs >= inactiveTimeoutMs ||
      // A second more of the same must still fit.
      pendingOctets * 1.5 > octetsMax
    ) {
      this.#export(entry, false, records)
    }
  }

  #endConnection(entry: Entry, endMs: number, records: FlowRecord[]): void {
    const isTcp = entry.crossing.route.demand.service.protocol === tcp
    if (entry.seenPackets > entry.exportedPackets) {
      if (isTcp) this.#export(entry, true, records)
      else {
        // Nothing tells the end of a UDP flow but silence.
        const last: FlowRecord[] = []
        this.#export(entry, true, last)
        this.#lingering.push({ dueMs: endMs + this.#options.inactiveTimeoutMs, records: last })
      }
    }
    entry.connection++
    entry.isContinued = false
  }

  #export(entry: Entry, isEnd: boolean, records: FlowRecord[]): void {
    const { crossing, exportedPackets, seenPackets } = entry
    const { demand } = crossing.route
    const life = this.#model.life(this.#device)
    for (const direction of ['up', 'down'] as const) {
      const { packets, octets } = this.#taken(crossing, direction, exportedPackets, seenPackets)
      if (packets === 0) continue
      const [input, output] =
        direction === 'up' ? [crossing.inPort!, crossing.outPort!] : [crossing.outPort!, crossing.inPort!]
      records.push({
        ...endsOfFlow(crossing, direction, entry.connection),
        tcpFlags:
          demand.service.protocol === tcp
            ? flags.pushAcknowledge | (entry.isContinued ? 0 : flags.syn) | (isEnd ? flags.fin : 0)
            : 0,
        inputInterface: life.ifIndex(input, entry.lastMs),
        outputInterface: life.ifIndex(output, entry.lastMs),
        packets: BigInt(packets),
        octets: BigInt(octets),
        startMs: entry.firstMs,
        endMs: entry.lastMs,
      })
    }
    entry.exportedPackets = seenPackets
    entry.isContinued = true
  }

  /** Packets and octets of one direction, as the exporter's sampler saw them. */
  #taken(
    { route }: Crossing,
    direction: 'up' | 'down',
    fromMain: number,
    untilMain: number,
  ): { packets: number; octets: number } {
    const { demand } = route
    const isMain = direction === demand.service.mainDirection
    const from = isMain ? fromMain : reversePackets(demand, fromMain)
    const until = isMain ? untilMain : reversePackets(demand, untilMain)
    const sizes = isMain ? demand.mainSizes : demand.reverseSizes
    const { samplingRate } = this.#options
    if (samplingRate === 1) return { packets: until - from, octets: sizes.octets(until) - sizes.octets(from) }
    let packets = 0
    let octets = 0
    const seed = hash(demand.seed, this.#device.number, isMain ? 1 : 2)
    forEachSampledPacket(seed, samplingRate, from, until, packet => {
      packets++
      octets += sizes.sizeOf(packet)
    })
    return { packets, octets }
  }
}

function see(entry: Entry, packets: number, fromMs: number, toMs: number): void {
  if (packets === entry.seenPackets) return
  if (entry.seenPackets === entry.exportedPackets) entry.firstMs = fromMs
  entry.seenPackets = packets
  entry.lastMs = toMs
}
