import { hash } from './hash.ts'

/**
 * Packets sent since the model's origin, as a function of time alone: whole, never falling. Every counter and every flow
 * record of the simulation is a difference of two such values, which is why they agree to the byte.
 */
export interface PacketSource {
  at(timeMs: number): number
}

/** A block of the cascade: its ends follow the day's curve, everything inside is the block's total shared out. */
const blockSeconds = 8_192
const levels = 11
const leafSeconds = blockSeconds / 2 ** levels
const daySeconds = 86_400
const weekSeconds = 7 * daySeconds

/** Levels that follow the day's curve; below them (17 minutes) the curve is straight enough to halve by time. */
const curvedLevels = 3

/** The Monday (UTC) before `startMs`: time zero of a network's sources, so that days and weeks have their shape. */
export function originOf(startMs: number): number {
  const mondayMs = 4 * daySeconds * 1_000
  return Math.floor((startMs - mondayMs) / (weekSeconds * 1_000)) * weekSeconds * 1_000 + mondayMs
}

/**
 * Traffic with a daily and weekly curve and bursts on every scale from hours down to seconds: a multiplicative cascade
 * (Riedi et al., "A Multifractal Wavelet Model with Application to Network Traffic", IEEE Trans. IT 45(3), 1999). A
 * block's packets are known at its ends; each half gets a random share of its parent, in whole packets, so a total is
 * exactly the sum of its parts at every scale. One value costs eleven hashes, or none while time stays in one leaf.
 */
export class CascadeSource implements PacketSource {
  readonly #seed: number
  readonly #originMs: number
  readonly #packetsPerSecond: number
  readonly #burstiness: number
  #leafStart = Number.POSITIVE_INFINITY
  #leafBase = 0
  #leafPackets = 0

  /** @param burstiness 0..1: how unequal the halves of an interval may be */
  constructor(seed: number, originMs: number, packetsPerSecond: number, burstiness: number) {
    this.#seed = seed
    this.#originMs = originMs
    this.#packetsPerSecond = packetsPerSecond
    this.#burstiness = burstiness
  }

  at(timeMs: number): number {
    const seconds = (timeMs - this.#originMs) / 1_000
    if (!(seconds >= this.#leafStart && seconds < this.#leafStart + leafSeconds)) this.#descend(seconds)
    return this.#leafBase + Math.floor((this.#leafPackets * (seconds - this.#leafStart)) / leafSeconds)
  }

  #descend(seconds: number): void {
    const block = Math.floor(seconds / blockSeconds)
    let start = block * blockSeconds
    let length = blockSeconds
    let base = this.#expected(start)
    let packets = this.#expected(start + length) - base
    let node = 1
    for (let level = 0; level < levels; level++) {
      length /= 2
      const unit = hash(this.#seed, block, node) / 4_294_967_296
      const half = level < curvedLevels ? dayCurve(start, start + length) / dayCurve(start, start + 2 * length) : 0.5
      const left = Math.round(packets * half * (1 + this.#burstiness * (2 * unit - 1)))
      if (seconds < start + length) {
        packets = left
        node = 2 * node
      } else {
        base += left
        packets -= left
        start += length
        node = 2 * node + 1
      }
    }
    this.#leafStart = start
    this.#leafBase = base
    this.#leafPackets = packets
  }

  #expected(seconds: number): number {
    return Math.floor(this.#packetsPerSecond * dayCurve(0, seconds))
  }
}

/**
 * Seconds of average load between two times (seconds after a Monday 00:00 UTC): busiest near 14:00, 0.55 of the average
 * at night, weekends lighter. Its rate is a sum of cosines whose amplitudes stay below 1, so it never falls.
 */
export function dayCurve(fromSeconds: number, untilSeconds: number): number {
  return curveIntegral(untilSeconds) - curveIntegral(fromSeconds)
}

function curveIntegral(seconds: number): number {
  const wave = (amplitude: number, period: number, peak: number): number =>
    ((amplitude * period) / (2 * Math.PI)) * Math.sin((2 * Math.PI * (seconds - peak)) / period)
  return (
    seconds +
    wave(0.28, daySeconds, 14 * 3_600) +
    wave(0.08, daySeconds / 2, 10.5 * 3_600) +
    wave(0.12, weekSeconds, 2.5 * daySeconds)
  )
}
