import type { DeviceLive, InterfaceLive, SystemInfoLive } from '../../../../libs/model/src/index.ts'
import { MinuteRing } from './minute-ring.ts'

/** An interface that polls no longer bring is forgotten after this time. */
const keptUnseenMs = 3_600_000

/** One interface as last polled. */
export interface InterfaceState {
  interfaceId: string
  live: InterfaceLive
  /** Time of the last poll that brought it. */
  asOfMs: number
  utilisation: MinuteRing
}

/** One device as last polled. */
export interface DeviceState {
  tenantId: string
  deviceId: string
  siteId: string
  /** Since when polls of it are waited for. */
  expectedSinceMs: number
  /** Of the last poll, answered or not, and of the last answered one; 0 before the first. */
  polledAtMs: number
  answeredAtMs: number
  /** Of the last poll that asked for all interfaces. */
  wholeAtMs: number
  intervalMs: number
  reachable: boolean
  /** up, snmp-failing, down or unknown, in the detectors' judgement; '' until it is known. */
  reachState: string
  /** Of echo requests to its host since the poll before. */
  echoLoss: number | undefined
  echoRttMs: number | undefined
  system: SystemInfoLive | undefined
  uptimeSeconds: number | undefined
  pollDurationMs: number
  interfaces: Map<string, InterfaceState>
  /** Worked out once a poll, because screens are drawn every second: traffic of the ports, and the busiest interfaces. */
  inBitsPerSecond: number
  outBitsPerSecond: number
  busiest: readonly BusyInterface[]
}

export interface BusyInterface {
  state: InterfaceState
  /** Of the busier direction, 0..1. */
  utilisation: number
}

/** No screen lists more. */
const busiestMax = 200

export function newDeviceState(tenantId: string, deviceId: string, siteId: string, nowMs: number): DeviceState {
  return {
    tenantId,
    deviceId,
    siteId,
    expectedSinceMs: nowMs,
    polledAtMs: 0,
    answeredAtMs: 0,
    wholeAtMs: 0,
    intervalMs: 60_000,
    reachable: false,
    reachState: '',
    echoLoss: undefined,
    echoRttMs: undefined,
    system: undefined,
    uptimeSeconds: undefined,
    pollDurationMs: 0,
    interfaces: new Map(),
    inBitsPerSecond: 0,
    outBitsPerSecond: 0,
    busiest: [],
  }
}

/**
 * Folds a poll in. Interfaces of a device that did not answer keep their last values with their old time, so that
 * screens show them as stale.
 * @param roomFor how many more interfaces may be remembered
 * @returns how many interfaces found no room
 */
export function applyPoll(device: DeviceState, poll: DeviceLive, roomFor: number): number {
  const polledAtMs = Number(poll.polledAtMs)
  device.polledAtMs = polledAtMs
  device.intervalMs = poll.intervalMs || device.intervalMs
  device.siteId = poll.siteId || device.siteId
  device.reachable = poll.reachable
  device.reachState = poll.reachState
  if (poll.reachLoss !== undefined) {
    device.echoLoss = poll.reachLoss
    device.echoRttMs = poll.reachRttMs
  }
  device.pollDurationMs = poll.pollDurationMs
  if (!poll.reachable) return 0

  device.answeredAtMs = polledAtMs
  if (!poll.partial) device.wholeAtMs = polledAtMs
  device.system = poll.system ?? device.system
  device.uptimeSeconds = poll.uptimeS
  let refused = 0
  for (const live of poll.interfaces) {
    let state = device.interfaces.get(live.interfaceId)
    if (!state) {
      if (roomFor-- <= 0) {
        refused++
        continue
      }
      state = { interfaceId: live.interfaceId, live, asOfMs: 0, utilisation: new MinuteRing() }
      device.interfaces.set(live.interfaceId, state)
    }
    const utilisation = busierDirection(live)
    if (utilisation !== null) {
      state.utilisation.set(state.asOfMs || polledAtMs - device.intervalMs, polledAtMs, utilisation)
    }
    state.live = live
    state.asOfMs = polledAtMs
  }
  for (const state of device.interfaces.values()) {
    if (state.asOfMs < polledAtMs - keptUnseenMs) device.interfaces.delete(state.interfaceId)
  }
  summarise(device)
  return refused
}

function summarise(device: DeviceState): void {
  device.inBitsPerSecond = 0
  device.outBitsPerSecond = 0
  const busiest: BusyInterface[] = []
  for (const state of device.interfaces.values()) {
    const { live } = state
    if (isPort(live) && state.asOfMs >= device.wholeAtMs) {
      device.inBitsPerSecond += live.inBitsPerSecond ?? 0
      device.outBitsPerSecond += live.outBitsPerSecond ?? 0
    }
    const utilisation = busierDirection(live)
    if (utilisation !== null) busiest.push({ state, utilisation })
  }
  device.busiest = busiest.sort((a, b) => b.utilisation - a.utilisation).slice(0, busiestMax)
}

/** Its last poll is older than two intervals: whatever it said may no longer be so. */
export function isDeviceStale(device: DeviceState, nowMs: number): boolean {
  return nowMs - (device.polledAtMs || device.expectedSinceMs) > 2 * device.intervalMs
}

/** The larger of both directions' utilisation, 0..1; null where neither is known. */
function busierDirection(live: InterfaceLive): number | null {
  if (live.utilisationIn === undefined) return live.utilisationOut ?? null
  return Math.max(live.utilisationIn, live.utilisationOut ?? 0)
}

/** IF-MIB ifTypes of ports (RFC 7224's IANAifType-MIB): ethernetCsmacd and its older names, and optical and DSL ports. */
const portTypes = new Set([6, 26, 62, 69, 117, 39, 196, 94, 97, 238])

/** Whether traffic of this interface counts in a sum: not a LAG, VLAN, tunnel or loopback, which repeat a port's. */
function isPort(live: InterfaceLive): boolean {
  return portTypes.has(live.ifType)
}
