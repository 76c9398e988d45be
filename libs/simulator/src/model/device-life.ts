import type { PlannedIncident } from './incidents.ts'
import type { SimulatedDevice, SimulatedPort } from './topology.ts'
import { mergeWindows, type Window, windowAt } from './windows.ts'

/** A device from boot to boot. */
interface Boot {
  atMs: number
  /** How often interfaces have been numbered anew by then. */
  renumberings: number
}

/** When a device boots and is silent, and how it numbers its interfaces, as functions of time. */
export class DeviceLife {
  readonly #device: SimulatedDevice
  readonly #boots: readonly Boot[]
  readonly #silences: readonly Window[]
  readonly #onBattery: readonly Window[]

  constructor(
    device: SimulatedDevice,
    startMs: number,
    incidents: readonly PlannedIncident[],
    dark: readonly Window[],
  ) {
    this.#device = device
    const restarts = incidents.flatMap(({ spec, windows }) => {
      const { effect } = spec
      if (effect.kind !== 'agent-restart' || effect.device !== device.id) return []
      return windows.map(window => ({ window, renumber: effect.renumber }))
    })
    const silent = incidents.flatMap(({ spec, windows }) =>
      spec.effect.kind === 'agent-silent' && spec.effect.device === device.id ? windows : [],
    )
    this.#silences = mergeWindows([...dark, ...silent, ...restarts.map(({ window }) => window)])
    this.#onBattery = incidents.flatMap(({ spec, windows }) =>
      spec.effect.kind === 'site-dark' && spec.effect.ups === device.id ? windows : [],
    )
    const bootTimes = [
      ...dark.map(({ endMs }) => ({ atMs: endMs, renumber: false })),
      ...restarts.map(({ window, renumber }) => ({ atMs: window.endMs, renumber })),
    ].sort((a, b) => a.atMs - b.atMs)
    let renumberings = 0
    this.#boots = [
      { atMs: startMs - device.uptimeAtStartMs, renumberings: 0 },
      ...bootTimes.map(({ atMs, renumber }) => {
        if (renumber) renumberings++
        return { atMs, renumberings }
      }),
    ]
  }

  /** Whether the agent answers nothing. */
  isSilent(timeMs: number): boolean {
    return windowAt(this.#silences, timeMs) !== undefined
  }

  /** From when to when, around a time, mains power of a UPS fails; of any other device never. */
  mainsFailure(timeMs: number): Window | undefined {
    return windowAt(this.#onBattery, timeMs)
  }

  /** Number of the boot that the device lives in; 0 is the one before the network's start. */
  bootNumber(timeMs: number): number {
    let low = 0
    let high = this.#boots.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#boots[middle]!.atMs <= timeMs) low = middle
      else high = middle
    }
    return low
  }

  bootMs(bootNumber: number): number {
    return this.#boots[bootNumber]!.atMs
  }

  /** Milliseconds since the last boot. */
  uptimeMs(timeMs: number): number {
    return timeMs - this.bootMs(this.bootNumber(timeMs))
  }

  ifIndex(port: SimulatedPort, timeMs: number): number {
    const { family, ports } = this.#device
    const { renumberings } = this.#boots[this.bootNumber(timeMs)]!
    return family.ifIndexFirst + ((port.position + 5 * renumberings) % ports.length)
  }

  /** The ports in the order of their ifIndex. */
  portsByIfIndex(timeMs: number): readonly SimulatedPort[] {
    const { ports } = this.#device
    const { renumberings } = this.#boots[this.bootNumber(timeMs)]!
    const shift = (5 * renumberings) % ports.length
    return shift === 0 ? ports : [...ports.slice(ports.length - shift), ...ports.slice(0, ports.length - shift)]
  }

  portAt(ifIndex: number, timeMs: number): SimulatedPort | undefined {
    return this.portsByIfIndex(timeMs)[ifIndex - this.#device.family.ifIndexFirst]
  }
}
