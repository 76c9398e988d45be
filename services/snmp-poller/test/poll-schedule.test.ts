import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../libs/kernel/src/index.ts'
import { PollSchedule } from '../src/poll-schedule.ts'

function setUp(tookMs = 100, answers: () => boolean = () => true) {
  const clock = new ManualClock()
  const schedule = new PollSchedule(clock, { inFlightMax: 4, expeditedGapMs: 2_000, observeLag: () => {} })
  const runs: { startedMs: number; expedited: boolean }[] = []
  let running = 0
  schedule.add({
    key: 'one',
    intervalMs: 30_000,
    firstAfterMs: 0,
    run: async expedited => {
      expect(++running).toBe(1)
      runs.push({ startedMs: clock.monotonicMs(), expedited })
      await new Promise<void>(resolve => clock.after(tookMs, resolve))
      running--
      return answers()
    },
  })
  const startMs = clock.monotonicMs()
  return { clock, schedule, runs, since: () => clock.monotonicMs() - startMs }
}

describe('expedited polls', () => {
  it('run within 200 ms, once for a burst, and leave the grid where it was', async () => {
    const { clock, schedule, runs } = setUp()
    await clock.advance(10_000)
    for (let i = 0; i < 48; i++) schedule.expedite('one')
    await clock.advance(200)
    expect(runs.map(run => run.expedited)).toEqual([false, true])
    await clock.advance(20_000)
    expect(runs.map(run => run.expedited)).toEqual([false, true, false])
    expect(runs[2]!.startedMs - runs[0]!.startedMs).toBe(30_000)
    expect(schedule.skipped).toBe(0)
  })

  it('keep their gap under a flood, and the last event is still followed by a poll', async () => {
    const { clock, schedule, runs } = setUp()
    await clock.advance(1_000)
    for (let i = 0; i < 100; i++) {
      schedule.expedite('one')
      await clock.advance(100)
    }
    const lastEventMs = clock.monotonicMs() - 100
    await clock.advance(2_500)
    const expedited = runs.filter(run => run.expedited)
    expect(expedited.length).toBeLessThanOrEqual(7)
    expect(expedited.at(-1)!.startedMs).toBeGreaterThanOrEqual(lastEventMs)
  })

  it('come after a poll under way, which may have read what was before', async () => {
    const { clock, schedule, runs } = setUp(5_000)
    await clock.advance(100)
    schedule.expedite('one')
    await clock.advance(6_000)
    expect(runs.map(run => run.expedited)).toEqual([false, true])
    expect(runs[1]!.startedMs - runs[0]!.startedMs).toBe(5_000)
  })

  it('do not cost the poll of the grid that falls into them', async () => {
    const { clock, schedule, runs } = setUp(3_000)
    await clock.advance(29_000)
    schedule.expedite('one')
    await clock.advance(6_000)
    expect(runs.map(run => run.expedited)).toEqual([false, true, false])
    expect(schedule.skipped).toBe(0)
  })

  it('are not run for a device that is gone', async () => {
    const { clock, schedule, runs } = setUp()
    await clock.advance(1_000)
    schedule.expedite('one')
    schedule.remove('one')
    schedule.expedite('two')
    await clock.advance(10_000)
    expect(runs).toHaveLength(1)
  })
})
