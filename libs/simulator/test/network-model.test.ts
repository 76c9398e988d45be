import { describe, expect, it } from 'vitest'
import {
  counterNames,
  deviceById,
  type IncidentSpec,
  NetworkModel,
  peerOf,
  portByName,
  type SimulatedPort,
} from '../src/index.ts'

const startMs = Date.UTC(2026, 9, 21, 9, 30)
const second = 1_000
const minute = 60 * second

function read(model: NetworkModel, port: SimulatedPort, atMs: number): Record<(typeof counterNames)[number], bigint> {
  const counters = model.counters(port.device)
  return Object.fromEntries(counterNames.map(name => [name, counters.value(port, name, atMs)])) as never
}

/** By port number; device by device, which is how devices are cheap to read. */
function readAll(model: NetworkModel, atMs: number) {
  return model.topology.ports.map(port => read(model, port, atMs))
}

function difference(model: NetworkModel, port: SimulatedPort, fromMs: number, untilMs: number) {
  const before = read(model, port, fromMs)
  const after = read(model, port, untilMs)
  return Object.fromEntries(counterNames.map(name => [name, after[name] - before[name]])) as typeof before
}

type Values = ReturnType<typeof read>

/** Utilisation on the wire: preamble and gap included (20 octets a frame). */
function utilisation(
  model: NetworkModel,
  port: SimulatedPort,
  side: 'in' | 'out',
  fromMs: number,
  untilMs: number,
): number {
  return loadOf(port, side, read(model, port, fromMs), read(model, port, untilMs), untilMs - fromMs)
}

function loadOf(port: SimulatedPort, side: 'in' | 'out', before: Values, after: Values, durationMs: number): number {
  const grown = (name: 'Octets' | 'Unicast' | 'Multicast' | 'Broadcast'): bigint =>
    after[`${side}${name}`] - before[`${side}${name}`]
  const packets = grown('Unicast') + grown('Multicast') + grown('Broadcast')
  return Number(8n * (grown('Octets') + 20n * packets)) / (durationMs / 1_000) / port.bitsPerSecond
}

describe('the network model', () => {
  const quiet = new NetworkModel({ seed: 7, startMs, incidents: [] })

  it('has 44 devices on four sites, two of which use the same addresses', () => {
    const { devices, sites } = quiet.topology
    expect(devices).toHaveLength(44)
    expect(sites.map(site => site.tenant)).toEqual(['northwind', 'harbour', 'acme', 'northwind'])
    const addressesOf = (tenant: string): string[] =>
      devices.filter(device => device.site.tenant === tenant).map(device => device.address)
    expect(addressesOf('northwind').filter(address => addressesOf('harbour').includes(address)).length).toBeGreaterThan(
      8,
    )
    expect(new Set(devices.map(device => device.loopbackAddress)).size).toBe(devices.length)
  })

  it('says the same for the same seed, in whatever order it is asked', () => {
    const again = new NetworkModel({ seed: 7, startMs, incidents: [] })
    const times = [3, 700, 5, 1_804, 61, 12].map(seconds => startMs + seconds * second)
    const all = (model: NetworkModel, order: readonly number[]): Map<string, string> =>
      new Map(
        order.flatMap(timeMs =>
          model.topology.ports.map(port => [
            `${port.number} ${timeMs}`,
            Object.values(read(model, port, timeMs)).join(),
          ]),
        ),
      )
    const forwards = all(quiet, [...times].sort())
    const shuffled = all(again, times)
    for (const [key, value] of forwards) expect(shuffled.get(key)).toBe(value)
    const other = new NetworkModel({ seed: 8, startMs, incidents: [] })
    expect(all(other, times.slice(0, 1))).not.toEqual(all(quiet, times.slice(0, 1)))
  })

  it('counts the same at both ends of every cable, and never backwards', () => {
    for (const { a, b } of quiet.topology.links) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const sent = difference(quiet, from, startMs + 5 * second, startMs + 130 * second)
        const received = difference(quiet, to, startMs + 5 * second, startMs + 130 * second)
        expect([received.inOctets, received.inUnicast, received.inMulticast, received.inBroadcast]).toEqual([
          sent.outOctets,
          sent.outUnicast,
          sent.outMulticast,
          sent.outBroadcast,
        ])
        expect(sent.outOctets).toBeGreaterThan(0n)
      }
    }
    let before = readAll(quiet, startMs)
    for (let seconds = 0.7; seconds < 40; seconds += 2.37) {
      const now = readAll(quiet, startMs + seconds * second)
      for (const [i, values] of now.entries()) {
        for (const name of counterNames) expect(values[name] >= before[i]![name]).toBe(true)
      }
      before = now
    }
  })

  it('keeps every link far from full at any hour of the week', () => {
    for (let hour = 0; hour < 168; hour += 13) {
      const atMs = startMs + hour * 60 * minute
      const before = readAll(quiet, atMs)
      const after = readAll(quiet, atMs + minute)
      for (const port of quiet.topology.ports.filter(one => one.connected && one.bitsPerSecond > 0)) {
        for (const side of ['in', 'out'] as const) {
          const load = loadOf(port, side, before[port.number]!, after[port.number]!, minute)
          expect(load, `${port.device.id} ${port.ifName} ${side} at hour ${hour}`).toBeLessThan(0.7)
        }
      }
    }
  })

  it('is busier by day than by night', () => {
    const uplink = portByName(deviceById(quiet.topology, 'hb-edge-1'), 'xe-0/1/0')
    const mean = (hour: number): number => {
      const atMs = Date.UTC(2026, 9, 22, hour)
      return utilisation(quiet, uplink, 'in', atMs, atMs + 60 * minute)
    }
    expect(mean(14)).toBeGreaterThan(1.5 * mean(2))
  })

  it('shows counters past 2^53 exactly, and a 32-bit agent that wraps', () => {
    const edge = portByName(deviceById(quiet.topology, 'nw-edge-1'), 'Gi0/0/0')
    const shown = read(quiet, edge, startMs).inOctets
    expect(shown > 2n ** 53n && shown % 2n === 1n).toBe(true)
    const old = portByName(deviceById(quiet.topology, 'hb-old-1'), '25')
    const octets = (seconds: number): bigint => read(quiet, old, startMs + seconds * second).inOctets % 2n ** 32n
    expect(octets(5)).toBeGreaterThan(2n ** 31n)
    expect(octets(240)).toBeLessThan(octets(5))
  })
})

describe('incidents', () => {
  const model = new NetworkModel({ seed: 7, startMs })
  const port = (device: string, name: string): SimulatedPort => portByName(deviceById(model.topology, device), name)
  const at = (seconds: number): number => startMs + seconds * second

  it('cuts a link: both ends go down, traffic takes the other core, and comes back', () => {
    const link = port('nw-core-1', 'Ethernet2')
    const detour = port('nw-dist-1', 'Te1/0/2')
    expect([at(10), at(30), at(500)].map(timeMs => model.timeline.isUp(link, timeMs))).toEqual([true, false, true])
    expect(model.timeline.isUp(peerOf(link)!, at(30))).toBe(false)
    expect(difference(model, link, at(21), at(479)).outOctets).toBe(0n)
    expect(difference(model, detour, at(5), at(15)).inUnicast).toBe(0n)
    expect(difference(model, detour, at(30), at(40)).inUnicast).toBeGreaterThan(1_000n)
    expect(difference(model, link, at(490), at(500)).outUnicast).toBeGreaterThan(1_000n)
    // What reaches the clients does not depend on the way.
    const client = port('nw-acc-1', 'Gi1/0/1')
    const undisturbed = new NetworkModel({ seed: 7, startMs, incidents: [] })
    const same = portByName(deviceById(undisturbed.topology, 'nw-acc-1'), 'Gi1/0/1')
    const [disturbed, usual] = [
      difference(model, client, at(5), at(200)),
      difference(undisturbed, same, at(5), at(200)),
    ]
    // Each way rounds the acknowledgements to whole packets on its own.
    expect(Math.abs(Number(disturbed.outUnicast - usual.outUnicast))).toBeLessThan(20)
    expect(usual.outUnicast).toBeGreaterThan(100_000n)
  })

  it('damages frames of one direction at a growing ratio', () => {
    const from = port('hb-core-1', 'xe-0/0/1')
    const to = port('hb-dist-1', 'xe-0/0/0')
    expect(difference(model, to, startMs, at(30)).inErrors).toBe(0n)
    const ratio = (fromS: number, untilS: number): number => {
      const { inErrors, inUnicast } = difference(model, to, at(fromS), at(untilS))
      return Number(inErrors) / Number(inUnicast + inErrors)
    }
    expect(ratio(60, 70)).toBeGreaterThan(1e-6)
    expect(ratio(60, 70)).toBeLessThan(1e-4)
    expect(ratio(150, 210)).toBeGreaterThan(1.8e-3)
    expect(ratio(150, 210)).toBeLessThan(2.2e-3)
    expect(ratio(730, 800)).toBe(0)
    // Sent frames arrive whole or damaged, none is lost without a trace.
    const sent = difference(model, from, at(30), at(300))
    const received = difference(model, to, at(30), at(300))
    expect(received.inUnicast + received.inErrors).toBe(sent.outUnicast)
    expect(difference(model, from, at(30), at(300)).inErrors).toBe(0n)
  })

  it('fills the uplink to 97 % of the wire and no further', () => {
    const uplink = port('ac-edge-1', 'sfp-sfpplus1')
    expect(utilisation(model, uplink, 'out', startMs, at(40))).toBeLessThan(0.3)
    for (let seconds = 50; seconds < 530; seconds += 30) {
      expect(utilisation(model, uplink, 'out', at(seconds), at(seconds + 5))).toBeCloseTo(0.97, 2)
    }
    expect(utilisation(model, uplink, 'out', at(545), at(600))).toBeLessThan(0.3)
    expect(utilisation(model, port('ac-nas-1', 'eth0'), 'out', at(100), at(160))).toBeGreaterThan(0.05)
  })

  it('takes a device off the network and boots it', () => {
    const device = deviceById(model.topology, 'hb-acc-3')
    const life = model.life(device)
    const uplink = port('hb-dist-1', 'xe-0/0/3')
    expect([at(50), at(70), at(599), at(601)].map(timeMs => life.isSilent(timeMs))).toEqual([false, true, true, false])
    expect(model.timeline.isUp(uplink, at(70))).toBe(false)
    expect(difference(model, uplink, at(61), at(599)).outOctets).toBe(0n)
    expect(life.uptimeMs(at(605))).toBe(5 * second)
    expect(read(model, port('hb-acc-3', '25'), at(600)).inOctets).toBe(0n)
    expect(read(model, port('hb-acc-3', '25'), at(605)).inOctets).toBeGreaterThan(0n)
  })

  it('restarts agents: counters begin again, interfaces may be numbered anew', () => {
    const plain = deviceById(model.topology, 'nw-acc-4')
    expect(model.life(plain).isSilent(at(151))).toBe(true)
    expect(read(model, port('nw-acc-4', 'Gi1/0/1'), at(152)).inOctets).toBe(0n)
    expect(model.life(plain).ifIndex(plain.ports[0]!, at(160))).toBe(
      model.life(plain).ifIndex(plain.ports[0]!, at(140)),
    )
    const renumbered = deviceById(model.topology, 'ac-acc-2')
    const life = model.life(renumbered)
    const numbers = (timeMs: number): number[] => renumbered.ports.map(one => life.ifIndex(one, timeMs))
    expect(numbers(at(210))).not.toEqual(numbers(at(190)))
    expect([...numbers(at(210))].sort()).toEqual([...numbers(at(190))].sort())
    for (const one of renumbered.ports) expect(life.portAt(life.ifIndex(one, at(210)), at(210))).toBe(one)
    // Its neighbours see no link change: the agent restarted, not the switch.
    expect(model.timeline.isUp(port('ac-core-1', 'sfp-sfpplus3'), at(201))).toBe(true)
  })

  it('repeats them, each in its own rhythm, and ends', () => {
    const link = port('nw-core-1', 'Ethernet2')
    expect(model.timeline.isUp(link, at(30 * 60 + 30))).toBe(false)
    const uplink = port('ac-edge-1', 'sfp-sfpplus1')
    expect(utilisation(model, uplink, 'out', at(30 * 60 + 100), at(30 * 60 + 160))).toBeLessThan(0.4)
    expect(utilisation(model, uplink, 'out', at(60 * 60 + 100), at(60 * 60 + 160))).toBeGreaterThan(0.9)
    expect(model.timeline.isUp(link, at(40 * 3_600 + 30))).toBe(true)
  })

  it('refuses a script that overlaps itself', () => {
    const spec: IncidentSpec = {
      id: 'twice',
      title: '',
      expected: '',
      expectedAlarms: [],
      effect: { kind: 'device-dark', device: 'nw-acc-1' },
      startsAfterMs: 0,
      lastsMs: 2 * minute,
      repeatEveryMs: minute,
      timesMax: 2,
    }
    expect(() => new NetworkModel({ seed: 1, startMs, incidents: [spec] })).toThrow('"twice" would begin again')
  })
})
