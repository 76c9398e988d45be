import type { PlannedIncident } from './incidents.ts'
import { darkSiteWindows, resolveDevice, resolvePort } from './incidents.ts'
import type { Failures } from './routing.ts'
import type { SimulatedDevice, SimulatedLink, SimulatedPort, Topology } from './topology.ts'
import { mergeWindows, type Window, windowAt } from './windows.ts'

/** A time in which the same links and devices are out of order. */
export interface FailurePeriod extends Window {
  failures: Failures
  /** Equal for equal failures. */
  key: string
}

/** Which links and devices are out of order when. */
export class FailureTimeline {
  readonly periods: readonly FailurePeriod[]
  readonly #linkDown: readonly (readonly Window[])[]
  readonly #deviceDark: readonly (readonly Window[])[]

  constructor(topology: Topology, incidents: readonly PlannedIncident[]) {
    const links: Window[][] = topology.links.map(() => [])
    const devices: Window[][] = topology.devices.map(() => [])
    for (const { spec, windows } of incidents) {
      if (spec.effect.kind === 'link-down') {
        const { link } = resolvePort(topology, spec.effect.port)
        if (!link) throw new Error(`incident "${spec.id}" cuts a port without a cable`)
        links[link.number]!.push(...windows)
      } else if (spec.effect.kind === 'device-dark') {
        devices[resolveDevice(topology, spec.effect.device).number]!.push(...windows)
      } else if (spec.effect.kind === 'site-dark') {
        const { site, batteryMs } = spec.effect
        const dark = darkSiteWindows(windows, batteryMs)
        const there = topology.devices.filter(device => device.site.id === site)
        if (there.length === 0) throw new Error(`incident "${spec.id}" darkens the unknown site "${site}"`)
        for (const device of there) devices[device.number]!.push(...dark)
      }
    }
    this.#deviceDark = devices.map(mergeWindows)
    this.periods = periodsOf(links.map(mergeWindows), this.#deviceDark)
    this.#linkDown = topology.links.map(link =>
      mergeWindows([...links[link.number]!, ...devices[link.a.device.number]!, ...devices[link.b.device.number]!]),
    )
  }

  /** When the link carries nothing: it is cut, or a device at one of its ends has no power. */
  downWindows(link: SimulatedLink): readonly Window[] {
    return this.#linkDown[link.number]!
  }

  darkWindows(device: SimulatedDevice): readonly Window[] {
    return this.#deviceDark[device.number]!
  }

  isDark(device: SimulatedDevice, timeMs: number): boolean {
    return windowAt(this.#deviceDark[device.number]!, timeMs) !== undefined
  }

  isUp(port: SimulatedPort, timeMs: number): boolean {
    return port.connected && !(port.link && windowAt(this.#linkDown[port.link.number]!, timeMs))
  }
}

function periodsOf(links: readonly (readonly Window[])[], devices: readonly (readonly Window[])[]): FailurePeriod[] {
  const times = [...new Set([...links, ...devices].flat().flatMap(window => [window.startMs, window.endMs]))].sort(
    (a, b) => a - b,
  )
  const failedAt = (windows: readonly (readonly Window[])[], timeMs: number): Set<number> =>
    new Set(windows.flatMap((own, number) => (windowAt(own, timeMs) ? [number] : [])))
  return times.slice(0, -1).flatMap((startMs, i) => {
    const failures = { links: failedAt(links, startMs), devices: failedAt(devices, startMs) }
    if (failures.links.size + failures.devices.size === 0) return []
    const key = `${[...failures.links].join()};${[...failures.devices].join()}`
    return [{ startMs, endMs: times[i + 1]!, failures, key }]
  })
}
