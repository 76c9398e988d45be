import { datagramOctetsMax } from '../flow-encoders/flow-record.ts'
import { frameHeader } from '../flow-encoders/frame-header.ts'
import {
  encodeSflow,
  type SflowCountersSample,
  type SflowFlowSample,
  type SflowSample,
  sflowDatagramHeaderOctets,
  sflowSampleOctets,
} from '../flow-encoders/sflow-v5.ts'
import { ifTypes } from '../model/device-families.ts'
import { hash } from '../model/hash.ts'
import type { Crossing } from '../model/network-model.ts'
import { frameOverheadOctets } from '../model/route-counts.ts'
import { reversePackets } from '../model/routes.ts'
import type { SimulatedPort } from '../model/topology.ts'
import type { ExportContext, ExportProcess } from './exporter.ts'
import { connectionAt, endsOfFlow } from './flow-directions.ts'
import { forEachSampledPacket } from './packet-sampling.ts'

const tcpAcknowledge = 0x10

/** sFlow v5: packets sampled where they enter, and interface counters by turns. */
export class SflowExporter implements ExportProcess {
  readonly #context: ExportContext
  readonly #crossings: readonly Crossing[]
  /** By crossing: packets of the main direction seen so far. */
  readonly #seen: Float64Array
  readonly #sampleSequences: Uint32Array
  readonly #countersSequences: Uint32Array
  #nowMs: number
  #datagramSequence = 0

  constructor(context: ExportContext) {
    this.#context = context
    const { model, device, startMs } = context
    this.#crossings = model.crossings(device).filter(({ inPort, outPort }) => inPort && outPort)
    this.#seen = Float64Array.from(this.#crossings, ({ route }) => route.packets.at(startMs))
    this.#sampleSequences = new Uint32Array(device.ports.length)
    this.#countersSequences = new Uint32Array(device.ports.length)
    this.#nowMs = startMs
  }

  advance(toMs: number): Buffer[] {
    const samples: SflowSample[] = [...this.#flowSamples(toMs), ...this.#countersSamples(toMs)]
    this.#nowMs = toMs
    return this.#pack(samples, toMs)
  }

  /** An sFlow agent holds nothing back. */
  flush(): Buffer[] {
    return []
  }

  #flowSamples(toMs: number): SflowFlowSample[] {
    const samples: SflowFlowSample[] = []
    for (const [i, crossing] of this.#crossings.entries()) {
      const { demand, packets } = crossing.route
      const from = this.#seen[i]!
      const until = packets.at(toMs)
      this.#seen[i] = until
      if (until === from) continue
      const main = demand.service.mainDirection
      this.#sample(crossing, main, true, from, until, toMs, samples)
      const reverse = main === 'up' ? 'down' : 'up'
      this.#sample(crossing, reverse, false, reversePackets(demand, from), reversePackets(demand, until), toMs, samples)
    }
    return samples
  }

  #sample(
    crossing: Crossing,
    direction: 'up' | 'down',
    isMain: boolean,
    from: number,
    until: number,
    timeMs: number,
    samples: SflowFlowSample[],
  ): void {
    const { model, device, spec } = this.#context
    const { demand } = crossing.route
    const [input, output] =
      direction === 'up' ? [crossing.inPort!, crossing.outPort!] : [crossing.outPort!, crossing.inPort!]
    const sizes = isMain ? demand.mainSizes : demand.reverseSizes
    const life = model.life(device)
    forEachSampledPacket(hash(demand.seed, device.number, isMain ? 1 : 2), spec.samplingRate, from, until, packet => {
      const ipOctets = sizes.sizeOf(packet)
      const ends = endsOfFlow(crossing, direction, connectionAt(demand, timeMs))
      const source = life.ifIndex(input, timeMs)
      this.#sampleSequences[input.position]!++
      samples.push({
        kind: 'flow',
        sequence: this.#sampleSequences[input.position]!,
        source,
        samplingRate: spec.samplingRate,
        pool: Number(BigInt.asUintN(32, model.counters(device).value(input, 'inUnicast', timeMs))),
        input: source,
        output: life.ifIndex(output, timeMs),
        frameOctets: ipOctets + frameOverheadOctets,
        header: frameHeader({
          ...ends,
          sourceMac: direction === 'up' ? demand.client.mac : output.mac,
          destinationMac: direction === 'up' ? input.mac : demand.client.mac,
          tcpFlags: tcpAcknowledge,
          ipOctets,
        }),
      })
    })
  }

  /** Each interface has its turn once per interval, so that counters do not come in one burst. */
  #countersSamples(toMs: number): SflowCountersSample[] {
    const { device, options } = this.#context
    const ports = device.ports.filter(port => port.ifType === ifTypes.ethernet && port.connected)
    return ports.flatMap((port, i) => {
      const phaseMs = Math.floor((i * options.counterIntervalMs) / ports.length)
      const turn = (timeMs: number): number => Math.floor((timeMs - phaseMs) / options.counterIntervalMs)
      return turn(toMs) > turn(this.#nowMs) ? [this.#countersSample(port, toMs)] : []
    })
  }

  #countersSample(port: SimulatedPort, timeMs: number): SflowCountersSample {
    const { model, device } = this.#context
    const counters = model.counters(device)
    this.#countersSequences[port.position]!++
    return {
      kind: 'counters',
      sequence: this.#countersSequences[port.position]!,
      ifIndex: model.life(device).ifIndex(port, timeMs),
      ifType: port.ifType,
      bitsPerSecond: port.bitsPerSecond,
      isUp: model.timeline.isUp(port, timeMs),
      inOctets: counters.value(port, 'inOctets', timeMs),
      inUnicast: counters.value(port, 'inUnicast', timeMs),
      inMulticast: counters.value(port, 'inMulticast', timeMs),
      inBroadcast: counters.value(port, 'inBroadcast', timeMs),
      inErrors: counters.value(port, 'inErrors', timeMs),
      outOctets: counters.value(port, 'outOctets', timeMs),
      outUnicast: counters.value(port, 'outUnicast', timeMs),
      outMulticast: counters.value(port, 'outMulticast', timeMs),
      outBroadcast: counters.value(port, 'outBroadcast', timeMs),
    }
  }

  #pack(samples: readonly SflowSample[], timeMs: number): Buffer[] {
    const datagrams: Buffer[] = []
    let batch: SflowSample[] = []
    let octets = sflowDatagramHeaderOctets
    const flush = (): void => {
      if (batch.length > 0) datagrams.push(this.#encode(batch, timeMs))
      batch = []
      octets = sflowDatagramHeaderOctets
    }
    for (const sample of samples) {
      if (octets + sflowSampleOctets(sample) > datagramOctetsMax) flush()
      batch.push(sample)
      octets += sflowSampleOctets(sample)
    }
    flush()
    return datagrams
  }

  #encode(samples: readonly SflowSample[], timeMs: number): Buffer {
    const { device, bootMs } = this.#context
    this.#datagramSequence++
    return encodeSflow(
      {
        agentAddress: Uint8Array.from(device.address.split('.').map(Number)),
        subAgent: 0,
        sequence: this.#datagramSequence,
        uptimeMs: timeMs - bootMs,
      },
      samples,
    )
  }
}
