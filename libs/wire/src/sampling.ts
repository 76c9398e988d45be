/** Bounds of what one observation domain can teach; the eldest entry makes room. */
const samplersMax = 1_024
const interfacesMax = 8_192

/**
 * Sampling rates that options data announced for one observation domain. Rates are "one in n"; 0 is "sampled, at a
 * rate nobody told".
 *
 * A record's rate is, in this order: its own fields; that of the sampler it names (unknown when no table told it: never
 * silently unsampled); that of its interface; that of the whole device; the one rate that all known samplers share;
 * unknown when samplers with different rates exist and none is named; else 1.
 */
export class SamplingTable {
  readonly samplers = new Map<number, number>()
  readonly interfaces = new Map<number, number>()
  device: number | undefined
  #fallback = 1

  /** For records that name no sampler and whose interface has no rate of its own. */
  get fallback(): number {
    return this.#fallback
  }

  announceSampler(id: number, rate: number): void {
    bounded(this.samplers, id, rate, samplersMax)
    this.#settle()
  }

  announceInterface(ifIndex: number, rate: number): void {
    bounded(this.interfaces, ifIndex, rate, interfacesMax)
  }

  announceDevice(rate: number): void {
    this.device = rate
    this.#settle()
  }

  ofSampler(id: number): number {
    const rate = this.samplers.get(id)
    if (rate !== undefined) return rate
    // Id 0 is "no sampler" (Cisco FNF); any other names one whose table has not come.
    return id === 0 ? this.#fallback : 0
  }

  restore(samplers: readonly (readonly [number, number])[], interfaces: typeof samplers, device: number | null): void {
    for (const [id, rate] of samplers) this.samplers.set(id, rate)
    for (const [id, rate] of interfaces) this.interfaces.set(id, rate)
    this.device = device ?? undefined
    this.#settle()
  }

  #settle(): void {
    if (this.device !== undefined) {
      this.#fallback = this.device
      return
    }
    const rates = new Set(this.samplers.values())
    this.#fallback = rates.size === 0 ? 1 : rates.size === 1 ? ([...rates][0] as number) : 0
  }
}

function bounded(map: Map<number, number>, key: number, rate: number, max: number): void {
  map.delete(key)
  map.set(key, rate)
  if (map.size > max) map.delete(map.keys().next().value as number)
}

/** What elements of one record, flow or options, say about sampling. */
export interface SamplingClaim {
  /** IE 34 or 50: one in so many. */
  interval: number | undefined
  /** IE 35, 49 or 304; 0 means that nothing is sampled. */
  algorithm: number | undefined
  /** IE 305 and 306: packets taken in a run, and skipped after it (RFC 5477 §8.2). */
  run: number | undefined
  space: number | undefined
  /** IE 309 and 310: n taken out of N. */
  size: number | undefined
  population: number | undefined
}

/** The claim as "one in n"; 0 where it names sampling without a usable rate. */
export function samplingRateOf({ interval, algorithm, run, space, size, population }: SamplingClaim): number {
  if (interval !== undefined) return interval === 0 && algorithm === 0 ? 1 : Math.min(interval, 0xffff_ffff)
  if (size !== undefined && population !== undefined) return size > 0 ? rounded(population / size) : 0
  if (run === undefined) return 0
  if (space !== undefined) return run > 0 ? rounded((run + space) / run) : 0
  // A run without its gap: some exporters mean the interval; a run of 1 says nothing.
  return run > 1 ? Math.min(run, 0xffff_ffff) : 0
}

function rounded(rate: number): number {
  return Math.min(Math.max(Math.round(rate), 1), 0xffff_ffff)
}
