import { ifTypes } from './device-families.ts'
import { hashUnit } from './hash.ts'
import type { NetworkModel } from './network-model.ts'
import { countsOf, frameOverheadOctets } from './route-counts.ts'
import type { SimulatedDevice, SimulatedPort } from './topology.ts'
import { type Window, windowsBegun } from './windows.ts'

export const counterNames = [
  'inOctets',
  'inUnicast',
  'inMulticast',
  'inBroadcast',
  'inErrors',
  'outOctets',
  'outUnicast',
  'outMulticast',
  'outBroadcast',
] as const
export type CounterName = (typeof counterNames)[number]

const width = counterNames.length
const place = Object.fromEntries(counterNames.map((name, i) => [name, i])) as Record<CounterName, number>

/** Frames nobody asked for, per second, by who sends them into a cable; sizes with frame overhead. */
const chatter = {
  device: { multicast: 0.62, broadcast: 0.21 },
  switchToHost: { multicast: 0.85, broadcast: 1.13 },
  host: { multicast: 0.04, broadcast: 0.02 },
} as const
const multicastFrameOctets = 94
const broadcastFrameOctets = 68

/** A damaged frame's average length, in the octets of its sender; its receiver does not count them (RFC 2863 ifInOctets counts good frames on most hardware). */
const damagedFrameOctets = 1_000

/**
 * The counters of one device's interfaces at any time. Values since boot are sums of whole numbers below 2^53; what the
 * interface had counted before the network's start is added as a BigInt, so values are exact 64-bit ones.
 */
export class InterfaceCounters {
  readonly #model: NetworkModel
  readonly #device: SimulatedDevice
  /** By port position and counter, since the model's origin; valid for `#readMs`. */
  readonly #values: Float64Array
  #readMs = Number.NaN
  #bootNumber = -1
  /** The values at the boot that the device lives in. */
  #atBoot = new Float64Array(0)
  #before: readonly bigint[] | undefined

  constructor(model: NetworkModel, device: SimulatedDevice) {
    this.#model = model
    this.#device = device
    this.#values = new Float64Array(device.ports.length * width)
  }

  /** What the counter shows at a time, 64 bits; agents of 32-bit devices cut it. */
  value(port: SimulatedPort, counter: CounterName, timeMs: number): bigint {
    const bootNumber = this.#model.life(this.#device).bootNumber(timeMs)
    if (bootNumber !== this.#bootNumber) this.#enterBoot(bootNumber)
    if (timeMs !== this.#readMs) this.#read(timeMs)
    const index = port.position * width + place[counter]
    const sinceBoot = BigInt(this.#values[index]! - this.#atBoot[index]!)
    if (bootNumber > 0) return sinceBoot
    this.#before ??= this.#countedBefore()
    return BigInt.asUintN(64, this.#before[index]! + sinceBoot)
  }

  #enterBoot(bootNumber: number): void {
    const { startMs } = this.#model
    this.#read(bootNumber === 0 ? startMs : this.#model.life(this.#device).bootMs(bootNumber))
    this.#atBoot = this.#values.slice()
    this.#bootNumber = bootNumber
  }

  #read(timeMs: number): void {
    const values = this.#values
    values.fill(0)
    for (const { route, inPort, outPort } of this.#model.crossings(this.#device)) {
      const { upPackets, upOctets, downPackets, downOctets } = countsOf(route, timeMs)
      if (inPort) this.#add(inPort, upPackets, upOctets, downPackets, downOctets)
      if (outPort) this.#add(outPort, downPackets, downOctets, upPackets, upOctets)
    }
    for (const port of this.#device.ports) this.#addChatter(port, timeMs)
    for (const { from, to, frames } of this.#model.corruptions) {
      if (from.device === this.#device) {
        const damaged = frames.at(timeMs)
        values[from.position * width + place.outUnicast]! += damaged
        values[from.position * width + place.outOctets]! += damaged * damagedFrameOctets
      } else if (to.device === this.#device) values[to.position * width + place.inErrors]! += frames.at(timeMs)
    }
    this.#readMs = timeMs
  }

  #add(port: SimulatedPort, inPackets: number, inOctets: number, outPackets: number, outOctets: number): void {
    const values = this.#values
    const first = port.position * width
    values[first + place.inUnicast]! += inPackets
    values[first + place.inOctets]! += inOctets + inPackets * frameOverheadOctets
    values[first + place.outUnicast]! += outPackets
    values[first + place.outOctets]! += outOctets + outPackets * frameOverheadOctets
  }

  /** Multicast and broadcast, alike at both ends of a cable. Providers' circuits are clean: only flows cross them. */
  #addChatter(port: SimulatedPort, timeMs: number): void {
    if (!port.connected || port.ifType !== ifTypes.ethernet) return
    const { link, device } = port
    const isCircuit = !link && (device.role === 'edge' || device.role === 'firewall')
    if (isCircuit) return
    const down = link ? this.#model.timeline.downWindows(link) : this.#model.timeline.darkWindows(device)
    const upMs = timeMs - this.#model.originMs - elapsedInside(down, timeMs)
    const side = link?.a === port ? 1 : 2
    const number = link ? link.number : 10_000 + port.number
    this.#addFrames(port, 'out', upMs, link ? chatter.device : chatter.switchToHost, number, side)
    this.#addFrames(port, 'in', upMs, link ? chatter.device : chatter.host, number, 3 - side)
  }

  #addFrames(
    port: SimulatedPort,
    direction: 'in' | 'out',
    upMs: number,
    rates: { multicast: number; broadcast: number },
    cable: number,
    side: number,
  ): void {
    const { seed } = this.#model
    // Between 60 % and 140 % of the usual, by cable and direction, so that no two ports look alike.
    const factor = 0.6 + 0.8 * hashUnit(seed, cable, side)
    const multicast = Math.floor((upMs / 1_000) * rates.multicast * factor + hashUnit(seed, cable, side + 4))
    const broadcast = Math.floor((upMs / 1_000) * rates.broadcast * factor + hashUnit(seed, cable, side + 8))
    const first = port.position * width
    this.#values[first + place[`${direction}Multicast`]]! += multicast
    this.#values[first + place[`${direction}Broadcast`]]! += broadcast
    this.#values[first + place[`${direction}Octets`]]! +=
      multicast * multicastFrameOctets + broadcast * broadcastFrameOctets
  }

  /** What the counters showed at the network's start, as if the first seconds' load had lasted since boot. */
  #countedBefore(): bigint[] {
    const { startMs } = this.#model
    const sampleSeconds = 15
    this.#read(startMs + sampleSeconds * 1_000)
    const uptimeSeconds = this.#device.uptimeAtStartMs / 1_000
    const before = Array.from(this.#values, (value, i) => {
      const perSecond = (value - this.#atBoot[i]!) / sampleSeconds
      // An old agent's octets wrap some minutes after the start: a wrap is no reset and no spike.
      if (this.#device.family.counterBits === 32) return 2n ** 32n - BigInt(Math.floor(perSecond * 150))
      const counted = BigInt(Math.floor(perSecond * uptimeSeconds))
      // Edge routers show odd values past 2^53, so that a path through a double would be seen.
      return this.#device.role === 'edge' && perSecond > 0 ? counted + 2n ** 53n + 1n : counted
    })
    this.#readMs = Number.NaN
    return before
  }
}

function elapsedInside(windows: readonly Window[], timeMs: number): number {
  const begun = windowsBegun(windows, timeMs)
  let elapsed = 0
  for (let i = 0; i < begun; i++) elapsed += Math.min(timeMs, windows[i]!.endMs) - windows[i]!.startMs
  return elapsed
}
