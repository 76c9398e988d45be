import { deviceById, portByName, type SimulatedDevice, type SimulatedPort, type Topology } from './topology.ts'
import { mergeWindows, type Window } from './windows.ts'

/** A port by its device's id and its ifName. */
export interface PortName {
  device: string
  port: string
}

export type IncidentEffect =
  /** The cable at this port is cut: both ends go down, traffic takes another way or stops. */
  | { kind: 'link-down'; port: PortName }
  /** Frames that leave this port arrive damaged, at a ratio that grows tenfold each `tenfoldMs` up to the end value. */
  | { kind: 'corruption'; from: PortName; startRatio: number; endRatio: number; tenfoldMs: number }
  /** A host fills what others leave of this port's outgoing capacity, up to `utilisation` on the wire. */
  | { kind: 'fill'; host: string; port: PortName; utilisation: number }
  /** Power is lost: agent and exporter fall silent, its cables go down; it boots when the window ends. */
  | { kind: 'device-dark'; device: string }
  /** The agent restarts: its uptime and its counters begin again, and with `renumber` so do its ifIndexes. */
  | { kind: 'agent-restart'; device: string; renumber: boolean }
  /** The agent answers nobody; the host it runs on does. */
  | { kind: 'agent-silent'; device: string }
  /** Of what is sent from a site to an address on the Internet, this share is lost. */
  | { kind: 'path-loss'; target: string; ratio: number }
  /** A whole site loses mains power: its UPS says so each minute, and `batteryMs` later everything is dark. */
  | { kind: 'site-dark'; site: string; ups: string; batteryMs: number }

export interface ExpectedAlarm {
  alarmTypeId: string
  /** As model's `resource` names it. */
  resource: string
  /** After the incident's start, with devices polled each 5 s. */
  withinMs: number
}

export interface IncidentSpec {
  id: string
  title: string
  /** For people: what Weir should say, or that it should say nothing. */
  expected: string
  expectedAlarms: readonly ExpectedAlarm[]
  effect: IncidentEffect
  /** After the network's start. */
  startsAfterMs: number
  lastsMs: number
  repeatEveryMs: number
  /** Bounds what the model keeps per incident. */
  timesMax: number
}

const second = 1_000
const minute = 60_000

/** How long a restarting agent does not answer. */
export const agentRestartMs = 2 * second

/** One every 30 minutes for a day and a half; then the network stays quiet. */
const timesMax = 72

/**
 * What happens in the demonstration. Each client has trouble of its own; restarts and renumbering are there to be left
 * alone. To write another, see docs/explanation/simulated-network.md.
 */
export const demonstrationIncidents: readonly IncidentSpec[] = [
  {
    id: 'link-down',
    title: 'Northwind: the fibre between nw-core-1 and nw-dist-1 is cut; traffic moves to the other core',
    expected: 'link-down on both ends within 3 s of the trap',
    expectedAlarms: [
      { alarmTypeId: 'link-down', resource: 'interface/nw-core-1/Ethernet2', withinMs: 10 * second },
      { alarmTypeId: 'link-down', resource: 'interface/nw-dist-1/Te1/0/1', withinMs: 10 * second },
    ],
    effect: { kind: 'link-down', port: { device: 'nw-core-1', port: 'Ethernet2' } },
    startsAfterMs: 20 * second,
    lastsMs: 460 * second,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'dying-optic',
    title: 'Harbour: the optic from hb-core-1 to hb-dist-1 is dying; frames arrive damaged, more and more of them',
    expected:
      'link-corruption on hb-dist-1 xe-0/0/0 within about a minute, worse as the ratio grows, and optic-rx-low as its light fades',
    expectedAlarms: [
      { alarmTypeId: 'link-corruption', resource: 'interface/hb-dist-1/xe-0/0/0', withinMs: 120 * second },
      // Light is read once a minute, and believed at the second reading.
      { alarmTypeId: 'optic-rx-low', resource: 'interface/hb-dist-1/xe-0/0/0', withinMs: 270 * second },
    ],
    effect: {
      kind: 'corruption',
      from: { device: 'hb-core-1', port: 'xe-0/0/1' },
      startRatio: 1e-7,
      // Twice what is critical, so that the lower bound of what is measured passes it.
      endRatio: 2e-3,
      tenfoldMs: 20 * second,
    },
    startsAfterMs: 30 * second,
    lastsMs: 690 * second,
    // The alarm clears after half an hour without errors: the next time comes well after that.
    repeatEveryMs: 90 * minute,
    timesMax: timesMax / 3,
  },
  {
    id: 'full-uplink',
    title: 'Acme: ac-nas-1 copies everything off site and fills the uplink',
    expected:
      'link-saturation on ac-edge-1 sfp-sfpplus1 (out) after 4 to 6 minutes; its flows show 10.20.10.11 on port 873',
    expectedAlarms: [
      { alarmTypeId: 'link-saturation', resource: 'interface/ac-edge-1/sfp-sfpplus1', withinMs: 6 * minute },
    ],
    effect: { kind: 'fill', host: 'ac-nas-1', port: { device: 'ac-edge-1', port: 'sfp-sfpplus1' }, utilisation: 0.97 },
    startsAfterMs: 40 * second,
    lastsMs: 500 * second,
    repeatEveryMs: 60 * minute,
    timesMax: timesMax / 2,
  },
  {
    id: 'dark-switch',
    title: 'Harbour: access switch hb-acc-3 loses power',
    expected: 'device-unreachable on hb-acc-3; the link-down of its uplink at hb-dist-1 belongs to it',
    expectedAlarms: [
      { alarmTypeId: 'device-unreachable', resource: 'device/hb-acc-3', withinMs: 60 * second },
      { alarmTypeId: 'link-down', resource: 'interface/hb-dist-1/xe-0/0/3', withinMs: 10 * second },
    ],
    effect: { kind: 'device-dark', device: 'hb-acc-3' },
    startsAfterMs: 60 * second,
    lastsMs: 540 * second,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'silent-agent',
    title: 'Acme: the access list of ac-acc-3 is changed; it answers echo requests and no SNMP',
    expected: 'snmp-failing on ac-acc-3 after three polls, and no device-unreachable',
    expectedAlarms: [{ alarmTypeId: 'snmp-failing', resource: 'device/ac-acc-3', withinMs: 30 * second }],
    effect: { kind: 'agent-silent', device: 'ac-acc-3' },
    startsAfterMs: 90 * second,
    lastsMs: 300 * second,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'dark-site',
    title: 'Northwind: the branch loses mains power; its UPS lasts 90 s, then all of it is dark',
    expected: 'power-on-battery at once; 90 s later one site-dark over all four devices, critical',
    expectedAlarms: [
      { alarmTypeId: 'power-on-battery', resource: 'device/nw-ups-1', withinMs: 5 * second },
      { alarmTypeId: 'site-dark', resource: 'site/nw-branch', withinMs: 150 * second },
    ],
    effect: { kind: 'site-dark', site: 'nw-branch', ups: 'nw-ups-1', batteryMs: 90 * second },
    startsAfterMs: 120 * second,
    lastsMs: 390 * second,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'lossy-path',
    title: 'Harbour: its provider loses 15 % of what is sent to 198.51.100.1',
    expected: 'probe-loss on hb-terminal-internet within two minutes',
    expectedAlarms: [{ alarmTypeId: 'probe-loss', resource: 'probe/hb-terminal-internet', withinMs: 120 * second }],
    effect: { kind: 'path-loss', target: '198.51.100.1', ratio: 0.15 },
    startsAfterMs: 180 * second,
    lastsMs: 360 * second,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'agent-restart',
    title: 'Northwind: the agent of nw-acc-4 restarts, its counters begin again',
    expected: 'no alarm: a gap of one poll',
    expectedAlarms: [],
    effect: { kind: 'agent-restart', device: 'nw-acc-4', renumber: false },
    startsAfterMs: 150 * second,
    lastsMs: agentRestartMs,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
  {
    id: 'renumbering',
    title: 'Acme: ac-acc-2 restarts and numbers its interfaces anew',
    expected: 'no alarm: interfaces keep their identity and history under new ifIndexes',
    expectedAlarms: [],
    effect: { kind: 'agent-restart', device: 'ac-acc-2', renumber: true },
    startsAfterMs: 200 * second,
    lastsMs: agentRestartMs,
    repeatEveryMs: 30 * minute,
    timesMax,
  },
]

/** When each of the specs happens. */
export interface PlannedIncident {
  spec: IncidentSpec
  windows: readonly Window[]
}

/**
 * The windows of each spec over several runs: each run begins the script anew and takes over from the one before. What
 * lay before a run's start stays as it was, so a run can be added without changing the past.
 * @param runsMs rising, milliseconds since the Unix epoch
 */
export function planIncidents(specs: readonly IncidentSpec[], runsMs: readonly number[]): PlannedIncident[] {
  return specs.map(spec => {
    if (spec.lastsMs >= spec.repeatEveryMs) throw new Error(`incident "${spec.id}" would begin again before it ends`)
    const windows = runsMs.flatMap((runMs, run) => {
      const takenOverMs = runsMs[run + 1] ?? Number.POSITIVE_INFINITY
      return Array.from({ length: spec.timesMax }, (_, i) => {
        const beginsMs = runMs + spec.startsAfterMs + i * spec.repeatEveryMs
        return { startMs: beginsMs, endMs: beginsMs + spec.lastsMs }
      }).filter(window => window.startMs < takenOverMs)
    })
    return { spec, windows: mergeWindows(windows) }
  })
}

export function resolvePort(topology: Topology, name: PortName): SimulatedPort {
  return portByName(deviceById(topology, name.device), name.port)
}

/** When the site of an incident has no power left: the end of its battery to the end of each window. */
export function darkSiteWindows(windows: readonly Window[], batteryMs: number): Window[] {
  return windows.map(({ startMs, endMs }) => ({ startMs: Math.min(endMs, startMs + batteryMs), endMs }))
}

export function resolveDevice(topology: Topology, id: string): SimulatedDevice {
  return deviceById(topology, id)
}
