import { describe, expect, it } from 'vitest'
import { changesPerHourMax } from '../src/changes/detect-changes.ts'
import { type ChangeState, detectChanges } from '../src/index.ts'

const startMs = Date.UTC(2026, 0, 1, 10)
const system = { os: 'junos', version: '21.4R3', hardware: 'EX4300', serial: 'A1' }
const noSystem = { os: '', version: '', hardware: '', serial: '' }

function port(ifIndex: number, wish: object = {}) {
  const ifName = `ge-0/0/${ifIndex}`
  return {
    ...{ interfaceId: `r1/${ifName}`, ifIndex, ifName, ifDescr: ifName, ifAlias: 'Core: x', ifType: 6 },
    ...{ adminStatus: 1, operStatus: 1, speedBitsPerSecond: 1e9, duplex: 3 },
    ...wish,
  }
}

function part(id: string, serial: string, wish: object = {}) {
  const words = { class: 'module', name: `FPC ${id}`, descr: '', model: 'FPC-X', firmwareRevision: '' }
  return { id, serial, ...words, softwareRevision: '1.0', ...wish }
}

type Poll = Partial<Parameters<typeof detectChanges>[1]>

/** Feeds polls a minute apart, and says what each found as `minute kind subject: from > to`. */
function watch(polls: readonly Poll[], before?: ChangeState): { said: string[]; state: ChangeState } {
  const said: string[] = []
  let state = before
  for (const [minute, poll] of polls.entries()) {
    const atMs = startMs + minute * 60_000
    const base = { rebootedSince: false as const, upTimeMs: 1e9, partial: false, system: undefined, interfaces: [] }
    const found = detectChanges(state, { atMs, ...base, ...poll })
    // Plain JSON: what is restored is what was kept.
    state = JSON.parse(JSON.stringify(found.state)) as ChangeState
    for (const { kind, subject, from, to, atMs: at } of found.changes) {
      said.push(`${(at - startMs) / 60_000} ${kind} ${subject}: ${from} > ${to}`)
    }
  }
  return { said, state: state! }
}

describe('changes of a device', () => {
  it('are none at the first poll, and none when a fact was not read', () => {
    const hardware = { sensors: [{ id: '1', name: 'x', highWarning: 60 }], entities: [part('0', 'S0')], peers: [] }
    const whole = { system, interfaces: [port(1)], hardware }
    const bare = { sensors: [{ id: '1', name: 'x' }], entities: [], peers: [] }
    const unread = [
      { system: noSystem, interfaces: [], hardware: bare },
      { system: undefined, interfaces: [port(1)] },
    ]
    expect(watch([whole, ...unread, whole, whole]).said).toEqual([])
  })

  it('give back the same state while nothing is another', () => {
    const poll = { ...{ rebootedSince: false as const, upTimeMs: 1, partial: false, system, atMs: startMs } }
    const hardware = {
      sensors: [{ id: '1', name: 'x', highWarning: 60 }],
      entities: [part('0', 'S0')],
      peers: [{ protocol: 'bgp', address: '192.0.2.1', remoteAs: 64500 }],
    }
    const first = detectChanges(undefined, { ...poll, interfaces: [port(1)], hardware })
    const second = detectChanges(first.state, { ...poll, atMs: startMs + 60_000, interfaces: [port(1)], hardware })
    expect(second.state).toBe(first.state)
  })

  it('are versions, models, serial numbers and reboots with the time it was away', () => {
    const rebootedSince = { atMs: startMs - 300_000, upTimeMs: 90 * 86_400_000 }
    const upgraded = { ...system, version: '22.1R1', serial: 'B2', hardware: 'EX4400' }
    const { state, changes } = detectChanges(watch([{ system }]).state, {
      ...{ atMs: startMs, rebootedSince, upTimeMs: 45_000, partial: false, system: upgraded, interfaces: [] },
    })
    expect(changes).toMatchObject([
      { kind: 'reboot', from: 'up 90 d 0 h', to: 'up 45 s' },
      { kind: 'version', from: '21.4R3', to: '22.1R1' },
      { kind: 'hardware', from: 'EX4300', to: 'EX4400' },
      { kind: 'serial', from: 'A1', to: 'B2' },
    ])
    expect(changes[0]?.detail).toBe(
      'sysUpTime began anew at 09:59:15 UTC; no answer from 09:55:00 UTC to 10:00:00 UTC (5 min).',
    )
    expect(state.system).toEqual(upgraded)
  })
})

describe('changes of interfaces', () => {
  it('are names, numbers, descriptions, speed, duplex and administrative state', () => {
    const before = [port(1), port(2)]
    const after = [
      port(1, { ifName: 'uplink', ifAlias: 'Transit: y', adminStatus: 2, operStatus: 2 }),
      port(2, { ifIndex: 7, speedBitsPerSecond: 1e8, duplex: 2 }),
    ]
    expect(watch([{ interfaces: before }, { interfaces: after }, { interfaces: after }]).said).toEqual([
      '1 interface-renamed r1/ge-0/0/1: ge-0/0/1 > uplink',
      '1 if-alias r1/ge-0/0/1: Core: x > Transit: y',
      '1 admin-status r1/ge-0/0/1: up > down',
      '1 interface-renumbered r1/ge-0/0/2: ifIndex 2 > ifIndex 7',
      '1 speed r1/ge-0/0/2: 1 Gbit/s > 100 Mbit/s',
      '1 duplex r1/ge-0/0/2: full > half',
    ])
  })

  it('tell many interfaces that are numbered anew as one change', () => {
    const numbered = (by: number) => Array.from({ length: 24 }, (_, i) => port(i, { ifIndex: i + by }))
    const { said } = watch([{ interfaces: numbered(0) }, { interfaces: numbered(50) }, { interfaces: numbered(50) }])
    expect(said).toEqual(['1 interface-renumbered :  > 24 interfaces'])
  })

  it('compare the speed over a time without a link: a dead port says anything', () => {
    const down = port(1, { operStatus: 2, speedBitsPerSecond: 1e7, duplex: 2 })
    const polls = [port(1), down, port(1), down, port(1, { speedBitsPerSecond: 1e8 })]
    expect(watch(polls.map(one => ({ interfaces: [one] }))).said).toEqual([
      '4 speed r1/ge-0/0/1: 1 Gbit/s > 100 Mbit/s',
    ])
  })

  it('F45: tell an interface gone after three whole polls without it, since the first of them', () => {
    const both = { interfaces: [port(1), port(2)] }
    const one = { interfaces: [port(1)] }
    expect(watch([both, one, both, one, one, both]).said).toEqual([])
    expect(watch([both, one, { ...one, partial: true }, one, one, one, both]).said).toEqual([
      '1 interface-removed r1/ge-0/0/2: ge-0/0/2 > ',
      '6 interface-added r1/ge-0/0/2:  > ge-0/0/2',
    ])
  })

  it('take a description that was not read yet for none, and an empty one for one', () => {
    const undescribed = { ifDescr: '', ifType: 0, ifAlias: '' }
    expect(watch([port(1), port(1, undescribed), port(1)].map(one => ({ interfaces: [one] }))).said).toEqual([])
    expect(watch([port(1), port(1, { ifAlias: '' })].map(one => ({ interfaces: [one] }))).said).toEqual([
      '1 if-alias r1/ge-0/0/1: Core: x > ',
    ])
  })

  it('leave out dial-in sessions, which come and go by the thousand', () => {
    const session = port(9, { ifType: 23 })
    expect(watch([{ interfaces: [port(1)] }, { interfaces: [port(1), session] }]).said).toEqual([])
  })

  it('are bounded by the hour, and say so once', () => {
    const many = (alias: string) => Array.from({ length: 300 }, (_, i) => port(i, { ifAlias: alias }))
    const { said } = watch(['a', 'b', 'c', 'd'].map(alias => ({ interfaces: many(alias) })))
    expect(said).toHaveLength(changesPerHourMax + 1)
    expect(said.at(-1)).toBe('2 changes-omitted :  > more than 500 changes within the hour')
  })
})

describe('changes of parts', () => {
  const reading = (...entities: object[]) => ({
    hardware: { sensors: [], peers: [], entities: entities as ReturnType<typeof part>[] },
  })

  it('are parts put in, taken out, replaced and upgraded, by serial number', () => {
    const [a, b, c] = [part('1', 'S1'), part('2', 'S2'), part('2', 'S3')]
    const upgraded = part('1', 'S1', { softwareRevision: '2.0' })
    expect(watch([reading(a), reading(a, b), reading(a, c), reading(upgraded, c)]).said).toEqual([
      '1 module-inserted FPC 2:  > FPC-X, serial S2',
      '2 module-replaced FPC 2: FPC-X, serial S2 > FPC-X, serial S3',
      '3 module-version FPC 1: 1.0 > 2.0',
    ])
    expect(watch([reading(a, b), reading(a), reading(a), reading(a)]).said).toEqual([
      '1 module-removed FPC 2: FPC-X, serial S2 > ',
    ])
  })

  it('are not made by row numbers and names that change with a reboot', () => {
    const before = reading(part('1', 'S1'), part('2', 'S2'))
    const after = reading(part('1001', 'S2', { name: 'b' }), part('1002', 'S1', { name: 'a' }))
    expect(watch([before, after, after]).said).toEqual([])
  })

  it('are not made by what agents write where there is no serial number', () => {
    const before = reading(part('1', 'S1'), part('2', 'N/A'), part('3', '0'))
    expect(watch([before, reading(part('1', 'S1'), part('4', 'constructor')), before]).said).toEqual([
      '1 module-inserted FPC 4:  > FPC-X, serial constructor',
    ])
  })

  it('are limits of sensors and routing peers', () => {
    const hardware = (highWarning: number, ...addresses: string[]) => ({
      hardware: {
        sensors: [{ id: '1.2', name: 'Inlet', highWarning, highCritical: 70 }],
        entities: [],
        peers: addresses.map(address => ({ protocol: 'bgp', address, remoteAs: 64500 })),
      },
    })
    const [both, one] = [hardware(60, '192.0.2.1', '192.0.2.2'), hardware(65, '192.0.2.1')]
    expect(watch([both, one, one, { interfaces: [] }, one, both]).said).toEqual([
      '1 sensor-limits 1.2: high warning 60, high critical 70 > high warning 65, high critical 70',
      '1 peer-removed bgp/192.0.2.2: BGP 192.0.2.2, AS 64500 > ',
      '5 peer-added bgp/192.0.2.2:  > BGP 192.0.2.2, AS 64500',
      '5 sensor-limits 1.2: high warning 65, high critical 70 > high warning 60, high critical 70',
    ])
  })
})

describe('changes of a spanning tree', () => {
  const tree = (topologyChanges: number, mac = 3) => ({
    hardware: {
      ...{ sensors: [], entities: [], peers: [] },
      spanningTree: { root: Uint8Array.from([128, 0, 0, 30, 246, 1, 2, mac]), topologyChanges },
    },
  })

  it('are another root, and the topology, at most each ten minutes and with how often', () => {
    const polls = [
      tree(5),
      tree(5),
      tree(6),
      tree(7),
      tree(9),
      ...Array.from({ length: 10 }, () => tree(9)),
      tree(9, 4),
    ]
    expect(watch(polls).said).toEqual([
      '2 stp-topology : 5 > 6',
      '12 stp-topology : 6 > 9',
      '15 stp-root : 32768 / 00:1e:f6:01:02:03 > 32768 / 00:1e:f6:01:02:04',
    ])
  })

  it('are none when the count begins anew, or when it was not read', () => {
    const { spanningTree: _, ...bare } = tree(0).hardware
    expect(watch([tree(5), { hardware: bare }, tree(0), tree(0)]).said).toEqual([])
  })
})
