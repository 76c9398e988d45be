import { isIP } from 'node:net'
import { type Clock, seedOf } from '../../../kernel/src/index.ts'
import { hashUnit } from '../model/hash.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice } from '../model/topology.ts'

/**
 * Answers the echo requests that the network's devices are sent. On loopback the kernel of this host would answer in
 * their name, dark or not: so this stands where the poller's fping would, with its shape.
 */
export class EchoResponder {
  readonly name = 'simulated network'
  readonly addressesMax = 20_000
  readonly #model: NetworkModel
  readonly #clock: Clock
  readonly #devices: ReadonlyMap<string, SimulatedDevice>

  constructor(model: NetworkModel, clock: Clock) {
    this.#model = model
    this.#clock = clock
    this.#devices = new Map(model.topology.devices.map(device => [device.loopbackAddress, device]))
  }

  /** Takes as long as the requests and the wait for the last answer. */
  async round(
    addresses: readonly string[],
    { count, gapMs, timeoutMs }: { count: number; gapMs: number; timeoutMs: number },
  ): Promise<Map<string, (number | null)[]>> {
    const startMs = this.#clock.nowMs()
    const answers = new Map<string, (number | null)[]>()
    for (const address of addresses.filter(isIP)) {
      const trips = Array.from({ length: count }, (_, i) => this.answer(address, startMs + i * gapMs))
      answers.set(address, trips)
    }
    const lost = [...answers.values()].some(trips => trips.at(-1) === null)
    const tookMs = Math.max(0, count - 1) * gapMs + (lost ? timeoutMs : 1)
    await new Promise<void>(resolve => this.#clock.after(tookMs, resolve))
    return answers
  }

  close(): void {}

  /** Round trip of a request sent at a time, microseconds; null when none comes back. */
  answer(address: string, timeMs: number): number | null {
    const { seed, timeline } = this.#model
    const device = this.#devices.get(address)
    if (device) return timeline.isDark(device, timeMs) ? null : Math.round(roundTripUs(seed, device, timeMs))
    if (!probedAddresses.includes(address)) return null
    const place = seedOf(address)
    const isLost = hashUnit(seed ^ place, 53, Math.floor(timeMs)) < this.#model.pathLoss(address, timeMs)
    return isLost ? null : Math.round(9_000 + 4_000 * hashUnit(seed, place, 54) + queueUs(seed, place, timeMs, 9_000))
  }
}

/** Addresses on the Internet that the network's probes ask (RFC 5737). */
export const probedAddresses: readonly string[] = ['198.51.100.1']

/** Each device is so far away; queues on the way add a little, seldom more. */
function roundTripUs(seed: number, device: SimulatedDevice, timeMs: number): number {
  const baseUs = 400 + 6_000 * hashUnit(seed, seedOf(device.site.id), 51) + 300 * hashUnit(seed, seedOf(device.id), 52)
  return baseUs + queueUs(seed, device.number, timeMs, baseUs)
}

function queueUs(seed: number, place: number, timeMs: number, baseUs: number): number {
  return baseUs * 0.08 * -Math.log(1 - hashUnit(seed, place, Math.floor(timeMs)))
}
