import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { type DevicePoll, evidenceSchema, PollerSightSchema, ReachSchema } from '../../model/src/index.ts'
import { detectConfigSchema } from '../src/index.ts'
import { Bench, link, pass, poisson } from './link-simulation.ts'

describe('device-unreachable', () => {
  it('is said at the third poll without an answer and ends with the first answer', () => {
    const bench = new Bench([link()], { role: 'core' })
    bench.poll(0)
    bench.poll(30_000, { reachable: false })
    bench.poll(30_000, { reachable: false })
    expect(bench.said).toEqual([])
    for (let i = 0; i < 5; i++) bench.poll(30_000, { reachable: false })
    bench.poll()
    expect(bench.said).toEqual(['device-unreachable active', 'device-unreachable cleared'])
    expect(bench.conditions[0]).toMatchObject({ resource: 'device/sw1', severity: 'critical' })
    expect(bench.conditions[0]!.evidence.summary).toBe('Has not answered 3 polls in a row, since 12:00:30 UTC.')
  })
})

/** What its host answered below SNMP: `received` of three echo requests. */
const echoes =
  (received: number, method = 'icmp') =>
  (poll: DevicePoll) => {
    poll.reach = create(ReachSchema, { method, sent: 3, received, rttUs: new Array(received).fill(900) })
  }

describe('a device that is down, and one whose SNMP is broken', () => {
  it('device-unreachable at the first poll without an answer, when its host is silent too', () => {
    const bench = new Bench([link()])
    bench.poll(0, { change: echoes(3) })
    bench.poll(30_000, { reachable: false, errors: ['snmp-timeout'], change: echoes(0) })
    expect(bench.said).toEqual(['device-unreachable active'])
    expect(bench.conditions[0]!.evidence).toMatchObject({
      summary: 'Has not answered its poll, nor 3 echo requests, since 12:00:30 UTC.',
      measured: { failedPolls: 1, code: 'snmp-timeout', method: 'icmp', answers: 0 },
    })
  })

  it('silence of a host that never answers echo requests is no evidence', () => {
    const bench = new Bench([link()])
    bench.poll(0, { change: echoes(0) })
    for (let i = 0; i < 2; i++) bench.poll(30_000, { reachable: false, change: echoes(0) })
    expect(bench.said).toEqual([])
    bench.poll(30_000, { reachable: false, change: echoes(0) })
    expect(bench.said).toEqual(['device-unreachable active'])
  })

  it('snmp-failing when its host answers, and never device-unreachable', () => {
    const bench = new Bench([link()])
    bench.poll(0, { change: echoes(3) })
    for (let i = 0; i < 6; i++)
      bench.poll(30_000, { reachable: false, errors: ['snmp-timeout'], change: echoes(i % 3 === 0 ? 2 : 3) })
    expect(bench.said).toEqual(['snmp-failing active'])
    expect(bench.conditions[0]).toMatchObject({ severity: 'minor', resource: 'device/sw1' })
    expect(bench.conditions[0]!.evidence.summary).toBe(
      'Its host answers (echo), but it does not answer SNMP since 12:00:30 UTC.',
    )
    bench.poll()
    expect(bench.said).toEqual(['snmp-failing active', 'snmp-failing cleared'])
  })

  it.each([
    ['snmp-auth-failed', 'It refuses our SNMP credentials since 12:00:30 UTC.'],
    ['snmp-auth-paused', 'It refuses our SNMP credentials and is asked no more for a while, since 12:00:30 UTC.'],
    ['snmp-auth-refused', 'It is not asked: its credentials are not for its tenant or address, since 12:00:30 UTC.'],
    ['snmp-auth-unknown', 'It is not asked: its credentials are not configured, since 12:00:30 UTC.'],
  ])('names what is wrong: %s', (code, summary) => {
    const bench = new Bench([link()])
    bench.poll(0)
    for (let i = 0; i < 3; i++) bench.poll(30_000, { reachable: false, errors: [code] })
    expect(bench.said).toEqual(['snmp-failing active'])
    expect(bench.conditions[0]!.evidence.summary).toContain(summary)
  })

  it('what was down and then answers echoes only is no longer down', () => {
    const bench = new Bench([link()])
    bench.poll(0, { change: echoes(3) })
    bench.poll(30_000, { reachable: false, change: echoes(0) })
    for (let i = 0; i < 3; i++) bench.poll(30_000, { reachable: false, change: echoes(3) })
    expect(bench.said).toEqual(['device-unreachable active', 'device-unreachable cleared', 'snmp-failing active'])
  })

  it('a poll of a poller that hears nobody says nothing, however many there are', () => {
    const bench = new Bench([link()])
    bench.poll(0, { change: echoes(3) })
    for (let i = 0; i < 50; i++) {
      bench.poll(30_000, {
        reachable: false,
        change(poll) {
          echoes(0)(poll)
          poll.sight = create(PollerSightSchema, {
            devices: 500,
            sites: 20,
            heardMs: BigInt(bench.atMs - 12_000),
            silentDevices: 3,
            silentSites: 2,
          })
        },
      })
      expect(bench.silence(40_000)).toEqual([])
    }
    expect(bench.said).toEqual([])
    expect(bench.detect).not.toHaveProperty('failed')
    // Somebody else answered for most of the time in which this one did not: it is this one.
    bench.poll(30_000, {
      reachable: false,
      change(poll) {
        echoes(0)(poll)
        poll.sight = create(PollerSightSchema, {
          devices: 500,
          sites: 20,
          heardMs: BigInt(bench.atMs + 40),
          silentDevices: 3,
          silentSites: 2,
        })
      },
    })
    expect(bench.said).toEqual(['device-unreachable active'])
  })
})

describe('snmp-failing', () => {
  it('is said when walks break poll after poll, and not for a cell', () => {
    const bench = new Bench([link()])
    for (let i = 0; i < 10; i++) bench.poll(30_000, { errors: ['cell-wrong-type'] })
    expect(bench.said).toEqual([])
    for (let i = 0; i < 5; i++) bench.poll(30_000, { errors: ['walk-not-increasing'] })
    bench.poll()
    expect(bench.said).toEqual(['snmp-failing active', 'snmp-failing cleared'])
  })
})

describe('polls of some interfaces', () => {
  it('say nothing of whole polls that fail in part', () => {
    const bench = new Bench([link()])
    for (let i = 0; i < 8; i++) {
      bench.poll(20_000, { errors: ['walk-not-increasing'] })
      bench.poll(10_000, { change: poll => (poll.partial = true) })
    }
    expect(bench.said).toEqual(['snmp-failing active'])
  })
})

describe('telemetry-stale', () => {
  it('is said after three intervals without a poll and ends after two', () => {
    const bench = new Bench([link()])
    bench.poll()
    expect(bench.silence(90_000)).toEqual([])
    expect(bench.silence(91_000)).toMatchObject([
      { alarmType: 'telemetry-stale', state: 'active', resource: 'device/sw1', severity: 'warning' },
    ])
    expect(bench.silence(3_600_000)).toEqual([])
    bench.poll(3_600_000)
    expect(bench.said).toEqual(['telemetry-stale active'])
    bench.poll(30_000, { reachable: false })
    expect(bench.said).toEqual(['telemetry-stale active', 'telemetry-stale cleared'])
  })

  it('waits half a minute at least for devices that are polled often', () => {
    const bench = new Bench([link()], { intervalMs: 5_000 })
    bench.poll()
    expect(bench.silence(29_000)).toEqual([])
    expect(bench.silence(31_000)).toHaveLength(1)
  })
})

/** A day of a busy link that ends in nothing but what is done to it. */
function day(disturb: (bench: Bench, poll: number) => void, polls = 2_880): Bench {
  const random = seededRandom(5)
  const links = [
    link({ counters: { inOctets: 0n, outOctets: 0n, inPkts: 0n, outPkts: 0n, fcs: 0n, drops: 0n } }),
    link({ ifName: 'eth1' }),
  ]
  const bench = new Bench(links)
  for (let poll = 0; poll < polls; poll++) {
    for (const one of links) {
      const utilisation = 0.35 + 0.3 * Math.sin((poll / 2_880) * 2 * Math.PI) + 0.1 * random()
      const frames = pass(one, utilisation, 30_000)
      one.counters.fcs += BigInt(poisson(frames * 1e-9, random))
      one.counters.drops += BigInt(poisson(frames * 1e-7, random))
    }
    disturb(bench, poll)
    bench.poll(30_000, random() < 0.01 ? { reachable: false } : {})
  }
  return bench
}

describe('hard negatives, a day each', () => {
  const every = (n: number, act: (bench: Bench) => void) => (bench: Bench, poll: number) => {
    if (poll % n === n - 1) act(bench)
  }
  const resetCounters = (bench: Bench) => {
    for (const one of bench.links)
      one.counters = { inOctets: 77n, outOctets: 5n, inPkts: 1n, outPkts: 2n, fcs: 0n, drops: 0n }
  }
  it.each<[string, (bench: Bench, poll: number) => void]>([
    ['nothing at all', () => undefined],
    [
      'reboots',
      every(200, bench => {
        resetCounters(bench)
        bench.upTimeCs = 1_000
        for (const one of bench.links) one.lastChangeCs = 900
      }),
    ],
    ['counter resets without a reboot', every(150, resetCounters)],
    [
      'sysUpTime wraps',
      every(400, bench => {
        bench.upTimeCs = 4_294_967_296 - 1_500
      }),
    ],
    [
      'renumbering',
      every(180, bench => {
        bench.links.reverse()
      }),
    ],
    [
      'a cable swapped, with its burst of errors',
      every(700, bench => {
        bench.links[0]!.lastChangeCs = bench.upTimeCs + 1_000
        bench.links[0]!.counters.fcs += 500n
      }),
    ],
  ])('%s', (_, disturb) => {
    expect(day(disturb).said).toEqual([])
  })

  it('32-bit counters that wrap', () => {
    const one = link({ speed: 100_000_000 })
    const bench = new Bench([one])
    for (let i = 0; i < 600; i++) {
      pass(one, 0.5, 30_000)
      bench.poll(30_000, {
        change(poll) {
          const row = poll.interfaces[0]!
          row.octetCounterBits = 32
          row.packetCounterBits = 32
          for (const name of ['inOctets', 'outOctets', 'inUcastPkts', 'outUcastPkts'] as const)
            row[name] = row[name]! % 4_294_967_296n
        },
      })
    }
    expect(bench.said).toEqual([])
  })
})

describe('link-corruption', () => {
  it('finds three in a million on a busy gigabit link within minutes, tells how bad, and says it once', () => {
    const random = seededRandom(9)
    const one = link()
    const bench = new Bench([one])
    bench.poll(0)
    for (let i = 0; i < 240; i++) {
      const frames = pass(one, 0.3, 30_000)
      one.counters.fcs += BigInt(poisson(frames * (i < 100 ? 0 : 3e-6), random))
      bench.poll()
    }
    const [first, ...more] = bench.conditions
    expect(first).toMatchObject({ alarmType: 'link-corruption', qualifier: 'in', state: 'active' })
    expect((first!.eventTimeMs - bench.atMs) / 30_000 + 140).toBeLessThanOrEqual(4)
    expect(first!.evidence.measured.counter).toBe('dot3StatsFCSErrors')
    expect(more.every(c => c.alarmType === 'link-corruption' && c.state === 'active')).toBe(true)
    // One in 300,000 frames: surely more than one in a million once enough of them came.
    expect(bench.conditions.at(-1)).toMatchObject({ severity: 'minor' })
    expect(more.length).toBeLessThanOrEqual(4)
  })

  it('raises severity with the ratio', () => {
    const severityAt = (ratio: number) => {
      const one = link({ speed: 10_000_000_000 })
      const bench = new Bench([one])
      bench.poll(0)
      for (let i = 0; i < 60; i++) {
        const frames = pass(one, 0.3, 30_000)
        one.counters.fcs += BigInt(Math.round(frames * ratio))
        bench.poll()
      }
      return bench.conditions.at(-1)?.severity
    }
    expect([5e-7, 3e-6, 3e-5, 3e-3].map(severityAt)).toEqual(['warning', 'minor', 'major', 'critical'])
  })

  it('falls back to ifInErrors where the device has no FCS counter', () => {
    const one = link()
    const bench = new Bench([one])
    for (let i = 0; i < 10; i++) {
      pass(one, 0.3, 30_000, 80)
      bench.poll(30_000, { change: poll => delete poll.interfaces[0]!.fcsErrors })
    }
    expect(bench.conditions[0]!.evidence.measured.counter).toBe('ifInErrors')
  })
})

describe('the facade', () => {
  it('gives evidence that fits the schema, and states that stay small', () => {
    const random = seededRandom(4)
    const one = link()
    const bench = new Bench([one], { intervalMs: 5_000 })
    let largest = 0
    for (let i = 0; i < 900; i++) {
      const frames = pass(one, 0.97, 5_000)
      one.counters.fcs += BigInt(poisson(frames * 1e-4, random))
      one.counters.drops += BigInt(poisson(frames * 1e-2, random))
      if (i % 50 === 49) one.lastChangeCs = bench.upTimeCs + 100
      if (i % 20 === 5) one.operStatus = 3 - one.operStatus
      bench.poll()
      largest = Math.max(largest, JSON.stringify(bench.detect!.interfaces['sw1/eth0']).length)
    }
    expect(new Set(bench.conditions.map(c => c.alarmType)).size).toBeGreaterThanOrEqual(4)
    for (const condition of bench.conditions) {
      expect(evidenceSchema.parse(condition.evidence)).toEqual(condition.evidence)
      expect(condition.evidence.summary).not.toMatch(/undefined|NaN|Infinity/)
    }
    expect(largest).toBeLessThan(2_560)
  })

  it('gives the same conditions and states for the same polls', () => {
    const run = () => {
      const bench = day((one, poll) => {
        if (poll === 300) one.links[0]!.operStatus = 2
        if (poll > 350) one.links[1]!.counters.fcs += 7n
      }, 600)
      return JSON.stringify([bench.conditions, bench.detect])
    }
    expect(run()).toBe(run())
  })

  it('says nothing for a detector that is switched off, and ends what it said', () => {
    const one = link()
    const bench = new Bench([one])
    bench.poll(0)
    one.operStatus = 2
    bench.poll()
    Object.assign(bench.config, detectConfigSchema.parse({ linkDown: { enabled: false } }))
    bench.poll()
    bench.poll()
    expect(bench.said).toEqual(['link-down active', 'link-down cleared'])
    expect(() => detectConfigSchema.parse({ linkDwn: {} })).toThrow()
  })
})
