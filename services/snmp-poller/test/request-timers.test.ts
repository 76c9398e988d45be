import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../libs/kernel/src/index.ts'
import { RequestTimers } from '../src/request-timers.ts'

interface Named {
  name: string
  dueTick: number
}

function setUp() {
  const clock = new ManualClock(1_003)
  const expired: [string, number][] = []
  const timers = new RequestTimers<Named>(clock, ({ name }) => expired.push([name, clock.monotonicMs()]))
  const request = (name: string): Named => ({ name, dueTick: 0 })
  return { clock, expired, timers, request }
}

describe('time-outs of requests', () => {
  it('fall due no earlier than asked and one tick late at most, also beyond a turn of the wheel', async () => {
    const { clock, expired, timers, request } = setUp()
    timers.start(request('long'), 12_000)
    timers.start(request('short'), 95)
    timers.start(request('middle'), 5_120)
    await clock.advance(15_000)
    expect(expired.map(([name]) => name)).toEqual(['short', 'middle', 'long'])
    for (const [i, waitMs] of [95, 5_120, 12_000].entries()) {
      expect(expired[i]![1]).toBeGreaterThanOrEqual(1_003 + waitMs)
      expect(expired[i]![1]).toBeLessThanOrEqual(1_003 + waitMs + 20)
    }
  })

  it('do not fall due once taken back, and begin anew when started again', async () => {
    const { clock, expired, timers, request } = setUp()
    const [taken, again] = [request('taken'), request('again')]
    timers.start(taken, 100)
    timers.start(again, 100)
    await clock.advance(50)
    timers.cancel(taken)
    timers.start(again, 100)
    await clock.advance(80)
    expect(expired).toEqual([])
    await clock.advance(40)
    expect(expired.map(([name]) => name)).toEqual(['again'])
    timers.start(taken, 30)
    await clock.advance(60)
    expect(expired.map(([name]) => name)).toEqual(['again', 'taken'])
  })
})
