import { describe, expect, it } from 'vitest'
import { every, ManualClock, seededRandom, seedOf } from '../src/index.ts'

describe('manual clock', () => {
  it('runs what falls due, in order of time', async () => {
    const clock = new ManualClock(1_000)
    const journal: string[] = []
    clock.after(20, () => journal.push(`b at ${clock.nowMs()}`))
    clock.after(10, () => journal.push(`a at ${clock.nowMs()}`))
    clock.after(30, () => journal.push('never')).cancel()
    await clock.advance(100)
    expect(journal).toEqual(['a at 1010', 'b at 1020'])
    expect(clock.nowMs()).toBe(1_100)
  })

  it('repeats without overlapping, until cancelled', async () => {
    const clock = new ManualClock()
    let runs = 0
    const timer = every(clock, 10, () => {
      runs++
    })
    await clock.advance(35)
    expect(runs).toBe(3)
    timer.cancel()
    await clock.advance(100)
    expect(runs).toBe(3)
  })
})

describe('seeded random', () => {
  it('repeats by seed and stays in [0, 1)', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed)
      return Array.from({ length: 1_000 }, random)
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(7).every(value => value >= 0 && value < 1)).toBe(true)
    expect(seedOf('edge-1')).not.toBe(seedOf('edge-2'))
  })
})
