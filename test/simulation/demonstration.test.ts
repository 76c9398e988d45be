import { create } from '@bufbuild/protobuf'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  answersInPart,
  type DetectedCondition,
  type DeviceDetectState,
  detectDevice,
  detectHardware,
  detectPower,
  detectProbe,
  detectSite,
  type HardwareDetectState,
  noteSiteSignal,
  type PowerState,
  type ProbeDetectState,
  type SiteState,
} from '../../libs/detect/src/index.ts'
import { ReachSchema } from '../../libs/model/src/index.ts'
import { TrapSender } from '../../libs/simulator/src/agent/trap-sender.ts'
import { demonstrationIncidents, deviceById, EchoResponder, NetworkModel } from '../../libs/simulator/src/index.ts'
import { decodeMessage, notificationOf } from '../../libs/snmp/src/index.ts'
import { type DeviceTrackState, trackPoll } from '../../libs/stream/src/index.ts'
import { meaningOf } from '../../services/snmp-poller/src/events/notification-table.ts'
import { pollAt, pollerOf, SetClock } from './in-process-polling.ts'

/**
 * What the demonstration promises, held to poller, tracker and detectors: each expected condition comes in time, and
 * nothing else does. The network is asked over SNMP, encoded and decoded, at the times a poller would ask.
 */
const startMs = Date.UTC(2026, 9, 21, 9, 30)
const intervalMs = 5_000
/** What the poller's configuration says when nobody does. */
const hardwareIntervalMs = 60_000
const lastsMs = 21 * 60_000

/** Those that something happens to, their neighbours, and the wrapping one. */
const watched = [
  'nw-core-1',
  'nw-core-2',
  'nw-dist-1',
  'nw-acc-4',
  'nw-edge-1',
  'hb-core-1',
  'hb-dist-1',
  'hb-acc-3',
  'hb-old-1',
  'ac-edge-1',
  'ac-core-1',
  'ac-acc-2',
  'ac-acc-3',
  'ac-nas-1',
  'nw-edge-2',
  'nw-acc-7',
  'nw-ap-3',
  'nw-ups-1',
]

const conditions: DetectedCondition[] = []

beforeAll(async () => {
  const model = new NetworkModel({ seed: 1, startMs })
  const clock = new SetClock(startMs)
  const echo = new EchoResponder(model, clock)
  for (const [i, id] of watched.entries()) {
    const device = deviceById(model.topology, id)
    const poller = pollerOf(model, device, clock, intervalMs, hardwareIntervalMs)
    let track: DeviceTrackState | undefined
    let detect: DeviceDetectState | undefined
    let parts: HardwareDetectState | undefined
    // Each device has its place in the interval, and jitter as a busy host has it.
    const phaseMs = 137 + Math.floor((i * intervalMs) / watched.length)
    for (let n = 0; n * intervalMs < lastsMs; n++) {
      const poll = await pollAt(poller, clock, startMs + phaseMs + n * intervalMs + ((n * 7) % 13))
      // As the poller asks: below SNMP where that is silent.
      const trips = [0, 300, 600].map(afterMs => echo.answer(device.loopbackAddress, clock.nowMs() + afterMs))
      const rttUs = trips.filter(trip => trip !== null)
      poll.reach = create(ReachSchema, { method: 'icmp', sent: trips.length, received: rttUs.length, rttUs })
      const step = trackPoll(track, poll)
      track = step.state
      const found = detectDevice(detect, step.tracked, { role: device.role })
      detect = found.state
      conditions.push(...found.conditions)
      if (!poll.hardware || !step.tracked.reachable) continue
      const hardware = { ...poll.hardware, ...step.tracked, partial: answersInPart(step.tracked).length > 0 }
      const read = detectHardware(parts, hardware)
      parts = read.state
      conditions.push(...read.conditions)
    }
  }
  conditions.push(...probeConditions(echo))
  conditions.push(...powerConditions(model), ...siteConditions(conditions.concat(powerConditions(model))))
}, 180_000)

/** What Harbour's probe of the Internet finds, five packets each 10 s. */
function probeConditions(echo: EchoResponder): DetectedCondition[] {
  const found: DetectedCondition[] = []
  let probe: ProbeDetectState | undefined
  for (let atMs = startMs + 777; atMs < startMs + lastsMs; atMs += 10_000) {
    const rttUs = [0, 1, 2, 3, 4].map(i => echo.answer('198.51.100.1', atMs + 200 * i) ?? 0)
    const target = '198.51.100.1'
    const round = { probeId: 'hb-terminal-internet', siteId: 'hb-terminal', deviceId: '', kind: 'icmp', target, rttUs }
    const outcome = detectProbe(probe, { ...round, atMs, error: '' })
    probe = outcome.state
    found.push(...outcome.conditions)
  }
  return found
}

/** What the branch's UPS says by trap. */
function powerConditions(model: NetworkModel): DetectedCondition[] {
  const ups = deviceById(model.topology, 'nw-ups-1')
  const traps = new TrapSender(model, ups, 'public')
  const found: DetectedCondition[] = []
  let power: PowerState | undefined
  for (let atMs = startMs; atMs < startMs + lastsMs; atMs += 250) {
    for (const datagram of traps.between(atMs, atMs + 250)) {
      const decoded = decodeMessage(datagram)
      if (!decoded.ok) throw new Error('a trap that is none')
      const { kind, repeats } = meaningOf(notificationOf(decoded.message)!)
      if (kind !== 'power-on-battery' && kind !== 'power-restored') continue
      const event = { deviceId: ups.id, siteId: ups.site.id, atMs: atMs + 250, kind, repeats }
      const outcome = detectPower(power, event)
      power = outcome.state
      found.push(...outcome.conditions)
    }
  }
  return found
}

/** What the correlator makes of the branch, with the heartbeats' pace. */
function siteConditions(signals: readonly DetectedCondition[]): DetectedCondition[] {
  const context = { siteId: 'nw-branch', devices: new Set(['nw-edge-2', 'nw-acc-7', 'nw-ap-3', 'nw-ups-1']) }
  const ordered = signals.filter(one => one.siteId === 'nw-branch').sort((a, b) => a.eventTimeMs - b.eventTimeMs)
  const found: DetectedCondition[] = []
  let site: SiteState | undefined
  for (let atMs = startMs; atMs < startMs + lastsMs; atMs += 5_000) {
    while (ordered[0] && ordered[0].eventTimeMs <= atMs) site = noteSiteSignal(site, ordered.shift()!)
    if (!site) continue
    const outcome = detectSite(site, context, atMs)
    site = outcome.state
    found.push(...outcome.conditions)
  }
  return found
}

const begun = (resource: string, alarmType: string): DetectedCondition | undefined =>
  conditions.find(one => one.resource === resource && one.alarmType === alarmType && one.state === 'active')

describe('the demonstration', () => {
  for (const { id, startsAfterMs, expectedAlarms } of demonstrationIncidents) {
    for (const { alarmTypeId, resource, withinMs } of expectedAlarms) {
      it(`${id}: ${alarmTypeId} on ${resource} within ${withinMs / 1_000} s`, () => {
        const condition = begun(resource, alarmTypeId)
        expect(condition).toBeDefined()
        const afterMs = condition!.eventTimeMs - startMs - startsAfterMs
        expect(afterMs).toBeGreaterThanOrEqual(0)
        expect(afterMs).toBeLessThanOrEqual(withinMs)
      })
    }
  }

  it('raises nothing else: not for restarts, renumbering or a counter that wraps', () => {
    const expected = new Set(
      demonstrationIncidents.flatMap(({ expectedAlarms }) =>
        expectedAlarms.map(one => `${one.alarmTypeId} ${one.resource}`),
      ),
    )
    const isExplained = (one: DetectedCondition): boolean =>
      one.siteId === 'nw-branch' && one.alarmType === 'device-unreachable'
    const others = conditions.filter(
      one => one.state === 'active' && !expected.has(`${one.alarmType} ${one.resource}`) && !isExplained(one),
    )
    expect(others.map(one => `${one.alarmType} ${one.resource} at ${(one.eventTimeMs - startMs) / 1_000}`)).toEqual([])
  })

  it('ends what is repaired: the link, the device, the uplink', () => {
    for (const [alarmType, resource] of [
      ['link-down', 'interface/nw-core-1/Ethernet2'],
      ['link-down', 'interface/nw-dist-1/Te1/0/1'],
      ['device-unreachable', 'device/hb-acc-3'],
      ['link-down', 'interface/hb-dist-1/xe-0/0/3'],
      ['link-saturation', 'interface/ac-edge-1/sfp-sfpplus1'],
      ['snmp-failing', 'device/ac-acc-3'],
      ['power-on-battery', 'device/nw-ups-1'],
      ['site-dark', 'site/nw-branch'],
      ['probe-loss', 'probe/hb-terminal-internet'],
    ] as const) {
      const last = conditions.filter(one => one.alarmType === alarmType && one.resource === resource).at(-1)
      expect([alarmType, resource, last?.state]).toEqual([alarmType, resource, 'cleared'])
    }
  })

  it('becomes critical as the optic gets worse', () => {
    const severities = conditions
      .filter(one => one.alarmType === 'link-corruption' && one.state === 'active')
      .map(one => one.severity)
    expect(severities[0]).not.toBe('critical')
    expect(severities).toContain('critical')
  })
})
