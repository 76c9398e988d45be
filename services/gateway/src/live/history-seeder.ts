import type { Clock, Logger } from '../../../../libs/kernel/src/index.ts'
import type { Capacity, Inventory } from '../../../../libs/model/src/index.ts'
import { type InterfacePoint, readInterfaceSeries, type Store } from '../../../../libs/store/src/index.ts'
import { circuitAt } from './circuits.ts'
import type { DeviceState, InterfaceState } from './device-state.ts'
import { minutesKept } from './minute-ring.ts'

const minuteMs = 60_000
/** What one query of the store takes (its own bound), and how long to leave it alone after a failure. */
const interfacesAtOnce = 100
const pauseAfterFailureMs = 60_000

/** Octets that Ethernet adds to each frame on the wire: preamble, start of frame and inter-packet gap (IEEE 802.3). */
const ethernetOverheadBits = 160

export type Shown = readonly [device: DeviceState, state: InterfaceState]

/**
 * Fills the last hour of interfaces that screens show from history, once each: after a restart a sparkline would take
 * an hour to come back otherwise.
 */
export class HistorySeeder {
  readonly #store: Store
  readonly #inventory: () => Inventory
  readonly #clock: Clock
  readonly #log: Logger
  readonly #seeded = new WeakSet<InterfaceState>()
  #running = false
  #pausedUntilMs = 0

  constructor(options: { store: Store; inventory: () => Inventory; clock: Clock; log: Logger }) {
    this.#store = options.store
    this.#inventory = options.inventory
    this.#clock = options.clock
    this.#log = options.log
  }

  shown(interfaces: readonly Shown[]): void {
    if (this.#running || this.#clock.nowMs() < this.#pausedUntilMs) return
    const missing = interfaces.filter(([, state]) => !this.#seeded.has(state)).slice(0, interfacesAtOnce)
    if (missing.length === 0) return
    this.#running = true
    void this.#fill(missing).finally(() => {
      this.#running = false
    })
  }

  async #fill(interfaces: readonly Shown[]): Promise<void> {
    const nowMs = this.#clock.nowMs()
    const toMs = Math.floor(nowMs / minuteMs) * minuteMs
    const states = new Map(interfaces.map(shown => [shown[1].interfaceId, shown]))
    try {
      const series = await readInterfaceSeries(this.#store, {
        tenants: [...new Set(interfaces.map(([device]) => device.tenantId))],
        interfaceIds: [...states.keys()],
        fromMs: toMs - minutesKept * minuteMs,
        toMs,
        nowMs,
        stepSeconds: minuteMs / 1_000,
      })
      for (const { interfaceId, points } of series) {
        const [device, state] = states.get(interfaceId)!
        fillRing(state, points, circuitAt(this.#inventory(), device, state.live)?.committed)
      }
      for (const [, state] of states.values()) this.#seeded.add(state)
    } catch (cause) {
      this.#pausedUntilMs = nowMs + pauseAfterFailureMs
      this.#log.debug({ err: cause }, 'sparklines begin empty: the history cannot be read')
    }
  }
}

function fillRing(state: InterfaceState, points: readonly InterfacePoint[], committed: Capacity | undefined): void {
  const speed = Number(state.live.speedBitsPerSecond)
  if (speed === 0 && !committed) return
  for (const point of points) {
    const utilisation = committed
      ? Math.max(
          (point.inBitsPerSecond ?? 0) / committed.inBitsPerSecond,
          (point.outBitsPerSecond ?? 0) / committed.outBitsPerSecond,
        )
      : Math.max(
          wireBits(point.inBitsPerSecond, point.inPacketsPerSecond) / speed,
          wireBits(point.outBitsPerSecond, point.outPacketsPerSecond) / speed,
        )
    if (point.coverage === 0) continue
    const atMs = Date.parse(point.at)
    state.utilisation.set(atMs, atMs + minuteMs, utilisation)
  }
}

/** Layer 1, as the live utilisation has it. */
function wireBits(bitsPerSecond: number | null, packetsPerSecond: number | null): number {
  return (bitsPerSecond ?? 0) + ethernetOverheadBits * (packetsPerSecond ?? 0)
}
