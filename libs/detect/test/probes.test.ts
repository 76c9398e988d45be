import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import {
  type DetectedCondition,
  detectConfigSchema,
  detectProbe,
  endProbe,
  type ProbeDetectState,
} from '../src/index.ts'

const startMs = Date.UTC(2026, 0, 5, 12)
const intervalMs = 30_000

class Bench {
  state: ProbeDetectState | undefined
  readonly said: string[] = []
  readonly conditions: DetectedCondition[] = []
  rounds = 0

  round(rttUs: number[], rest: { error?: string; sight?: object } = {}): void {
    const atMs = startMs + this.rounds++ * intervalMs
    const outcome = detectProbe(this.state, {
      ...{ probeId: 'p1', siteId: 'hq', deviceId: '', kind: 'icmp', target: '192.0.2.1', atMs, rttUs },
      error: rest.error ?? '',
      ...(rest.sight ? { sight: { devices: 9, sites: 3, heardMs: atMs - 1, silentDevices: 3, silentSites: 2 } } : {}),
    })
    this.state = JSON.parse(JSON.stringify(outcome.state)) as ProbeDetectState
    this.conditions.push(...outcome.conditions)
    this.said.push(...outcome.conditions.map(one => `${this.rounds}: ${one.alarmType} ${one.state} ${one.severity}`))
  }
}

/** Around 10 ms, with a tail as queues make it. */
const usual = (random: () => number, factor = 1, count = 5): number[] =>
  Array.from({ length: count }, () => Math.round(factor * 10_000 * (1 - 0.1 * Math.log(1 - random()))))

describe('probe-loss', () => {
  it('is said within a dozen rounds of a tenth lost, once, and ends ten clean rounds later', () => {
    const random = seededRandom(3)
    const bench = new Bench()
    for (let i = 0; i < 30; i++) bench.round(usual(random))
    for (let i = 0; i < 60; i++) bench.round(usual(random).map(us => (random() < 0.1 ? 0 : us)))
    const [first] = bench.said
    expect(Number(first!.split(':')[0]) - 30).toBeLessThanOrEqual(20)
    expect(bench.conditions[0]).toMatchObject({ alarmType: 'probe-loss', resource: 'probe/p1', siteId: 'hq' })
    const before = bench.rounds
    for (let i = 0; i < 12; i++) bench.round(usual(random))
    expect(bench.said.at(-1)).toContain('probe-loss cleared')
    expect(bench.said.filter(one => one.includes('cleared'))).toHaveLength(1)
    const cleanRounds = Number(bench.said.at(-1)!.split(':')[0]) - before
    expect(cleanRounds).toBeGreaterThanOrEqual(10)
  })

  it('is major after three rounds without any answer, and says the reason', () => {
    const bench = new Bench()
    const random = seededRandom(4)
    for (let i = 0; i < 5; i++) bench.round(usual(random))
    for (let i = 0; i < 5; i++) bench.round([0, 0, 0, 0, 0], { error: 'econnrefused' })
    expect(bench.said).toEqual(['7: probe-loss active minor', '8: probe-loss active major'])
    expect(bench.conditions[1]!.evidence.summary).toBe('192.0.2.1 has not answered since 12:02:30 UTC (econnrefused).')
  })

  it('is not said of one burst, nor of three in a thousand, nor by a poller that hears nobody', () => {
    const random = seededRandom(5)
    const bench = new Bench()
    for (let i = 0; i < 2_880; i++) {
      if (i === 700) bench.round([0, 0, 0, 0, 9_000])
      else if (i > 1_000 && i < 1_100) bench.round([0, 0, 0, 0, 0], { sight: {} })
      else bench.round(usual(random).map(us => (random() < 0.003 ? 0 : us)))
    }
    expect(bench.said).toEqual([])
  })
})

describe('probe-slow', () => {
  it('is said of a way that became three times as long, and is taken for usual in the end', () => {
    const random = seededRandom(6)
    const bench = new Bench()
    for (let i = 0; i < 200; i++) bench.round(usual(random))
    for (let i = 0; i < 20; i++) bench.round(usual(random, 3))
    expect(bench.said).toEqual(['203: probe-slow active warning'])
    expect(bench.conditions[0]!.evidence.summary).toMatch(/^192\.0\.2\.1 takes 3\d ms to answer; 1\d ms is usual\.$/)
    for (let i = 0; i < 10; i++) bench.round(usual(random))
    expect(bench.said.at(-1)).toContain('probe-slow cleared')
    for (let i = 0; i < 3_000; i++) bench.round(usual(random, 3))
    expect(bench.said.at(-1)).toContain('cleared')
  })

  it('is not said of connections that a busy process times late, while one of a round is timed well', () => {
    const random = seededRandom(9)
    let state: ProbeDetectState | undefined
    const said: DetectedCondition[] = []
    for (let i = 0; i < 200; i++) {
      const rttUs = usual(random, 0.05).map((us, packet) => (i > 100 && packet !== i % 5 ? us + 150_000 : us))
      const round = { probeId: 'p1', siteId: 'hq', deviceId: '', kind: 'tcp', target: 't', error: '', rttUs }
      const outcome = detectProbe(state, { ...round, atMs: startMs + i * intervalMs })
      state = outcome.state
      said.push(...outcome.conditions)
    }
    expect(said).toEqual([])
  })

  it('is said neither while it learns nor of spikes and slow drifts', () => {
    const random = seededRandom(7)
    const bench = new Bench()
    for (let i = 0; i < 19; i++) bench.round(usual(random, i < 10 ? 1 : 5))
    for (let i = 0; i < 500; i++) bench.round(usual(random, i % 40 === 0 ? 6 : 1 + i / 500))
    expect(bench.said).toEqual([])
  })
})

it('a probe that is taken away ends what was said of it; a switched-off detector too', () => {
  const bench = new Bench()
  for (let i = 0; i < 4; i++) bench.round([0, 0, 0])
  expect(endProbe('p1', bench.state!, startMs + 200_000)).toMatchObject([
    { alarmType: 'probe-loss', state: 'cleared', resource: 'probe/p1', siteId: 'hq' },
  ])
  const config = detectConfigSchema.parse({ probeLoss: { enabled: false } })
  const round = { probeId: 'p1', siteId: 'hq', deviceId: '', kind: 'icmp', target: 't', error: '', rttUs: [0] }
  expect(detectProbe(bench.state, { ...round, atMs: startMs + 999_000 }, config).conditions).toMatchObject([
    { state: 'cleared' },
  ])
})

it('a round that was seen before says nothing, and states stay small', () => {
  const bench = new Bench()
  const random = seededRandom(8)
  for (let i = 0; i < 500; i++) bench.round(usual(random).map(us => (random() < 0.2 ? 0 : us)))
  const before = bench.state!
  const round = { probeId: 'p1', siteId: 'hq', deviceId: '', kind: 'icmp', target: 't', error: '', rttUs: [0] }
  expect(detectProbe(before, { ...round, atMs: before.lastMs }).state).toBe(before)
  expect(JSON.stringify(before).length).toBeLessThan(1_000)
})
