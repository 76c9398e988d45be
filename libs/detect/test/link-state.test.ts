import { describe, expect, it } from 'vitest'
import { Bench, link, pass } from './link-simulation.ts'

function polled(bench: Bench, polls: number): void {
  for (let i = 0; i < polls; i++) {
    for (const one of bench.links) if (one.operStatus === 1) pass(one, 0.2, bench.intervalMs)
    bench.poll()
  }
}

describe('link-down', () => {
  it('is said at the first poll that sees an up link down, and at the first that sees it up', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 3)
    one.operStatus = 2
    polled(bench, 1)
    expect(bench.said).toEqual(['link-down active'])
    expect(bench.conditions[0]).toMatchObject({
      resource: 'interface/sw1/eth0',
      severity: 'warning',
      eventTimeMs: bench.atMs,
      deviceId: 'sw1',
      siteId: 'hq',
    })
    polled(bench, 5)
    one.operStatus = 1
    polled(bench, 2)
    expect(bench.said).toEqual(['link-down active', 'link-down cleared'])
  })

  it('is not said of ports that were never up, are off, or wait for the layer below', () => {
    const bench = new Bench([link({ operStatus: 2 }), link({ ifName: 'eth1' }), link({ ifName: 'eth2' })])
    polled(bench, 3)
    bench.links[1]!.adminStatus = 2
    bench.links[1]!.operStatus = 2
    bench.links[2]!.operStatus = 7
    polled(bench, 3)
    expect(bench.said).toEqual([])
  })

  it('ends when the port is switched off', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 2)
    one.operStatus = 2
    polled(bench, 1)
    one.adminStatus = 2
    polled(bench, 1)
    expect(bench.said).toEqual(['link-down active', 'link-down cleared'])
  })

  it.each([
    ['core', '', 'critical'],
    ['distribution', '', 'major'],
    ['access', '', 'warning'],
    ['access', 'Uplink to core-1', 'critical'],
    ['other', 'desk 5', 'minor'],
  ])('on a device of role %s with alias "%s" is %s', (role, ifAlias, severity) => {
    const one = link({ ifAlias })
    const bench = new Bench([one], { role })
    polled(bench, 2)
    one.operStatus = 2
    polled(bench, 1)
    expect(bench.conditions[0]!.severity).toBe(severity)
  })
})

describe('link-flapping', () => {
  it('is said at the third down in five minutes, with polls that see each', () => {
    const one = link()
    const bench = new Bench([one], { role: 'distribution' })
    polled(bench, 2)
    for (let i = 0; i < 3; i++) {
      one.operStatus = 2
      polled(bench, 1)
      one.operStatus = 1
      polled(bench, 1)
    }
    expect(bench.conditions.find(c => c.alarmType === 'link-flapping')).toMatchObject({
      state: 'active',
      severity: 'major',
    })
  })

  it('is seen between polls by ifLastChange, and ends after ten steady minutes', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 2)
    for (let i = 0; i < 3; i++) {
      one.lastChangeCs = bench.upTimeCs + 1_500
      polled(bench, 2)
    }
    expect(bench.said).toEqual(['link-flapping active'])
    const fromMs = bench.atMs
    polled(bench, 60)
    expect(bench.said).toEqual(['link-flapping active', 'link-flapping cleared'])
    expect(bench.conditions[1]!.eventTimeMs - fromMs).toBeLessThanOrEqual(15 * 60_000)
  })

  it('is not said of two downs, a reboot, or a port switched off and on', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 2)
    for (let i = 0; i < 2; i++) {
      one.operStatus = 2
      polled(bench, 1)
      one.operStatus = 1
      polled(bench, 3)
    }
    for (let i = 0; i < 5; i++) {
      one.adminStatus = one.adminStatus === 1 ? 2 : 1
      one.operStatus = one.adminStatus
      polled(bench, 1)
    }
    bench.upTimeCs = 0
    one.lastChangeCs = 500
    polled(bench, 3)
    expect(bench.said.filter(said => said.startsWith('link-flapping'))).toEqual([])
  })
})

describe('speed-downgrade', () => {
  it('is said at the second slower poll and ends when the speed is back', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 2)
    one.speed = 100_000_000
    polled(bench, 1)
    expect(bench.said).toEqual([])
    polled(bench, 4)
    one.speed = 1_000_000_000
    polled(bench, 1)
    expect(bench.said).toEqual(['speed-downgrade active', 'speed-downgrade cleared'])
    expect(bench.conditions[0]!.evidence.summary).toBe('eth0 runs at 100 Mbit/s; it ran at 1 Gbit/s.')
  })

  it('is not said while a port is down and tells its slowest speed', () => {
    const one = link()
    const bench = new Bench([one])
    polled(bench, 2)
    one.operStatus = 2
    one.speed = 10_000_000
    polled(bench, 3)
    one.operStatus = 1
    one.speed = 1_000_000_000
    polled(bench, 3)
    expect(bench.said.filter(said => said.startsWith('speed'))).toEqual([])
  })
})

describe('an interface that is gone', () => {
  it('ends what was said of it after a quarter of an hour', () => {
    const one = link()
    const bench = new Bench([one, link({ ifName: 'eth1' })])
    polled(bench, 2)
    one.operStatus = 2
    polled(bench, 1)
    bench.links.shift()
    polled(bench, 29)
    expect(bench.said).toEqual(['link-down active'])
    polled(bench, 2)
    expect(bench.said).toEqual(['link-down active', 'link-down cleared'])
    expect(Object.keys(bench.detect!.interfaces)).toEqual(['sw1/eth1'])
  })
})
