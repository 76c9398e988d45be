import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { advance, applySignal, emptyAlarms } from '../../alarms/src/index.ts'
import { seededRandom } from '../../kernel/src/index.ts'
import { SignalRecordSchema } from '../../model/src/index.ts'
import { Bench, link, pass, startMs } from './link-simulation.ts'

function filled(
  intervalMs: number,
  before: number,
  during: number,
  rest: { phaseMs?: number; jitter?: number; lost?: number } = {},
) {
  const one = link()
  const bench = new Bench([one], { intervalMs })
  bench.atMs = startMs + (rest.phaseMs ?? 0)
  const random = seededRandom(11 + (rest.phaseMs ?? 0))
  const state = emptyAlarms('acme')
  bench.poll(0)
  const run = (utilisation: number, ms: number): number | undefined => {
    const endMs = bench.atMs + ms
    let raisedMs: number | undefined
    while (bench.atMs < endMs) {
      pass(one, utilisation * (1 + (rest.jitter ?? 0) * (random() - 0.5)), intervalMs)
      const conditions = bench.poll(intervalMs, random() < (rest.lost ?? 0) ? { reachable: false } : {})
      const events = conditions.flatMap((condition, ordinal) => {
        const value = {
          ...condition,
          eventTimeMs: BigInt(condition.eventTimeMs),
          windowStartMs: BigInt(condition.windowStartMs),
          evidenceJson: JSON.stringify(condition.evidence),
        }
        const { evidence: _, ...body } = value
        const source = { topic: 't', partition: 0, offset: BigInt(bench.atMs), ordinal, logId: 'l' }
        return applySignal(
          state,
          create(SignalRecordSchema, { tenantId: 'acme', source, body: { case: 'condition', value: body } }),
          bench.atMs,
        ).events
      })
      events.push(...advance(state, bench.atMs).events)
      if (events.some(event => event.alarmTypeId === 'link-saturation' && event.to === 'active'))
        raisedMs ??= bench.atMs
    }
    return raisedMs
  }
  run(before, 20 * 60_000)
  const fromMs = bench.atMs
  const raisedMs = run(during, 12 * 60_000)
  return { bench, run, minutesToRaise: raisedMs === undefined ? undefined : (raisedMs - fromMs) / 60_000 }
}

describe('link-saturation', () => {
  it.each([
    [5_000, 0.3, 1, 0],
    [5_000, 0.3, 0.97, 20_000],
    [5_000, 0.5, 0.93, 35_000],
    [5_000, 0.05, 0.99, 55_000],
    [30_000, 0.4, 0.98, 13_000],
    [60_000, 0.4, 0.98, 31_000],
  ])(
    'is an alarm 4 to 6 minutes after the fill began (polls every %d ms, from %d to %d, phase %d ms)',
    (intervalMs, before, during, phaseMs) => {
      const { minutesToRaise } = filled(intervalMs, before, during, { phaseMs, jitter: 0.01 })
      expect(minutesToRaise).toBeGreaterThanOrEqual(4)
      expect(minutesToRaise).toBeLessThanOrEqual(6)
    },
  )

  it('does so when every tenth poll is lost', () => {
    expect(filled(5_000, 0.3, 0.99, { lost: 0.1, jitter: 0.01 }).minutesToRaise).toBeLessThanOrEqual(6.1)
  })

  it('does not for two full minutes', () => {
    const one = link()
    const bench = new Bench([one], { intervalMs: 5_000 })
    bench.poll(0)
    for (let i = 0; i < 600; i++) {
      pass(one, i % 240 < 26 ? 1 : 0.4, 5_000)
      bench.poll()
    }
    expect(bench.conditions).toEqual([])
  })

  it('clears after ten minutes below 85 %', () => {
    const { bench, run } = filled(30_000, 0.3, 0.99)
    run(0.88, 20 * 60_000)
    expect(bench.said.filter(said => said.includes('saturation') && said.endsWith('cleared'))).toEqual([])
    const fromMs = bench.atMs
    run(0.5, 15 * 60_000)
    const cleared = bench.conditions.filter(one => one.alarmType === 'link-saturation' && one.state === 'cleared')
    expect(cleared.map(one => one.qualifier).sort()).toEqual(['in', 'out'])
    for (const one of cleared) {
      expect((one.eventTimeMs - fromMs) / 60_000).toBeGreaterThanOrEqual(10)
      expect((one.eventTimeMs - fromMs) / 60_000).toBeLessThanOrEqual(11)
    }
  })

  it('takes minutes without data for neither full nor free', () => {
    const one = link()
    const bench = new Bench([one], { intervalMs: 30_000 })
    bench.poll(0)
    for (let i = 0; i < 20; i++) {
      pass(one, 0.99, 30_000)
      bench.poll()
    }
    expect(bench.said).toContain('link-saturation/in active')
    // Two hours without an answer, and a reboot so that nothing of it can be known.
    for (let i = 0; i < 240; i++) bench.poll(30_000, { reachable: false })
    bench.upTimeCs = 0
    bench.poll()
    expect(bench.said.filter(said => said.includes('saturation') && said.endsWith('cleared'))).toEqual([])
  })

  it('sees small frames fill the wire where octets do not', () => {
    const one = link({ frameOctets: 64 })
    const bench = new Bench([one])
    bench.poll(0)
    for (let i = 0; i < 12; i++) {
      pass(one, 1, 30_000)
      bench.poll()
    }
    expect(bench.said).toContain('link-saturation/out active')
    expect(bench.conditions.find(c => c.alarmType === 'link-saturation')!.evidence.measured.bitsPerSecond).toBeLessThan(
      770e6,
    )
  })

  it('is critical when the full link drops packets', () => {
    const one = link()
    const bench = new Bench([one])
    bench.poll(0)
    for (let i = 0; i < 20; i++) {
      pass(one, 1, 30_000, 0, 2_000)
      bench.poll()
    }
    const out = bench.conditions.filter(c => c.alarmType === 'link-saturation' && c.qualifier === 'out')
    expect(out.at(-1)!.severity).toBe('critical')
    expect(bench.conditions.find(c => c.alarmType === 'link-saturation' && c.qualifier === 'in')!.severity).toBe(
      'major',
    )
    expect(bench.conditions.find(c => c.alarmType === 'congestion-drops')).toMatchObject({
      qualifier: 'out',
      severity: 'minor',
    })
  })
})

describe('link-utilisation-high', () => {
  it('warns at a quarter of an hour above 80 % and ends below 75 %', () => {
    const one = link()
    const bench = new Bench([one], { intervalMs: 60_000 })
    bench.poll(0)
    const run = (utilisation: number, minutes: number) => {
      for (let i = 0; i < minutes; i++) {
        pass(one, utilisation, 60_000)
        bench.poll()
      }
    }
    run(0.82, 11)
    expect(bench.said).toEqual([])
    run(0.82, 9)
    run(0.77, 30)
    expect(bench.said).toEqual(['link-utilisation-high/in active', 'link-utilisation-high/out active'])
    run(0.6, 10)
    expect(bench.said.slice(2)).toEqual(['link-utilisation-high/in cleared', 'link-utilisation-high/out cleared'])
  })
})

describe('congestion-drops', () => {
  it('ends when almost nothing is dropped for a quarter of an hour', () => {
    const one = link()
    const bench = new Bench([one])
    bench.poll(0)
    for (let i = 0; i < 6; i++) {
      const frames = pass(one, 0.6, 30_000)
      one.counters.drops += BigInt(Math.round(frames * 0.02))
      bench.poll()
    }
    expect(bench.conditions).toMatchObject([{ alarmType: 'congestion-drops', state: 'active', severity: 'critical' }])
    expect(bench.conditions[0]!.evidence.summary).toContain('1 in')
    const fromMs = bench.atMs
    while (!bench.said.at(-1)!.endsWith('cleared') && bench.atMs - fromMs < 3_600_000) {
      pass(one, 0.6, 30_000)
      bench.poll()
    }
    expect(bench.said.at(-1)).toBe('congestion-drops/out cleared')
    expect(bench.atMs - fromMs).toBe(15 * 60_000)
  })

  it('does not care for a drop in a million', () => {
    const one = link()
    const bench = new Bench([one])
    bench.poll(0)
    for (let i = 0; i < 500; i++) {
      pass(one, 0.6, 30_000, 0, i % 2)
      bench.poll()
    }
    expect(bench.conditions).toEqual([])
  })
})

describe('microbursts', () => {
  const run = (bench: Bench, polls: number, utilisation: number, drops: (poll: number) => number) => {
    for (let i = 0; i < polls; i++) {
      pass(bench.links[0]!, utilisation, bench.intervalMs, 0, drops(i))
      bench.poll()
    }
  }

  it('are drops in three of ten minutes on a link that is far from full, until twenty without', () => {
    const bench = new Bench([link({ speed: 100_000_000_000 })])
    bench.poll(0)
    run(bench, 20, 0.3, i => (i % 6 === 0 ? 8 : 0))
    expect(bench.conditions).toMatchObject([
      { alarmType: 'microbursts', qualifier: 'out', state: 'active', severity: 'minor' },
    ])
    const fromMs = bench.atMs
    run(bench, 45, 0.3, () => 0)
    expect(bench.said).toEqual(['microbursts/out active', 'microbursts/out cleared'])
    expect(bench.conditions[1]!.eventTimeMs - fromMs).toBeLessThanOrEqual(21 * 60_000)
  })

  it('are not the drops of a full link, nor one packet now and then, nor what congestion-drops has said', () => {
    const full = new Bench([link({ speed: 100_000_000_000 })])
    full.poll(0)
    run(full, 40, 0.7, () => 20)
    const rare = new Bench([link({ speed: 100_000_000_000 })])
    rare.poll(0)
    run(rare, 100, 0.3, () => 1)
    const congested = new Bench([link()])
    congested.poll(0)
    run(congested, 40, 0.3, () => 500)
    expect([full.said, rare.said]).toEqual([[], []])
    expect(new Set(congested.conditions.map(one => one.alarmType))).toEqual(new Set(['congestion-drops']))
  })
})
