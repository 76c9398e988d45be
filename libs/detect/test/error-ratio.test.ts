import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { type ErrorRatioState, errorRatioStep } from '../src/error-ratio.ts'
import { detectDefaults, poissonLower95, poissonUpper95 } from '../src/index.ts'
import { framesIn, poisson } from './link-simulation.ts'

const pollMs = 30_000
const parameters = detectDefaults.linkCorruption

/** Seconds from the onset of a constant error ratio to the raise, median over seeds. */
function medianSecondsToRaise(speed: number, utilisation: number, ratio: number, trials = 41): number {
  const units = framesIn(speed, utilisation, pollMs, 800)
  const times = Array.from({ length: trials }, (_, seed) => {
    const random = seededRandom(seed + 1)
    let state: ErrorRatioState | undefined
    for (let poll = 1; poll <= 2_000; poll++) {
      const step = errorRatioStep(
        state,
        false,
        { errors: poisson(units * ratio, random), units, durationMs: pollMs, atMs: poll * pollMs },
        parameters,
      )
      if (step.raises) return (poll * pollMs) / 1_000
      state = step.state
    }
    return Number.POSITIVE_INFINITY
  })
  return times.sort((a, b) => a - b)[Math.floor(trials / 2)]!
}

describe('the CUSUM of damaged frames, 30 s polls, frames of 800 octets', () => {
  // Median seconds to raise by ratio of damaged frames, as an independent prototype measured them.
  const ratios = [3e-7, 1e-6, 3e-6, 1e-5, 1e-4, 1e-3]
  const table: [string, number, number, number[]][] = [
    ['1 Gbit/s at 5 %', 1e9, 0.05, [3_000, 570, 180, 90, 60, 60]],
    ['10 Gbit/s at 5 %', 1e10, 0.05, [390, 60, 60, 60, 60, 60]],
    ['10 Gbit/s at 30 %', 1e10, 0.3, [120, 60, 60, 60, 60, 60]],
    ['100 Gbit/s at 30 %', 1e11, 0.3, [60, 60, 60, 60, 60, 60]],
  ]
  it.each(table)('raises on %s as fast as designed', (_, speed, utilisation, expected) => {
    const measured = ratios.map(ratio => medianSecondsToRaise(speed, utilisation, ratio))
    measured.forEach((seconds, i) => {
      expect(seconds, `ratio ${ratios[i]}: ${measured}`).toBeLessThanOrEqual(
        Math.max(expected[i]! + 30, expected[i]! * 1.3),
      )
      expect(seconds, `ratio ${ratios[i]}: ${measured}`).toBeGreaterThanOrEqual(
        Math.min(expected[i]! - 30, expected[i]! * 0.6),
      )
    })
  })

  it.each([1e9, 1e10, 1e11])(
    'raises no false alarm in 200 link-days at the healthy ratio, %d bit/s at 30 %%',
    speed => {
      const units = framesIn(speed, 0.3, pollMs, 800)
      const random = seededRandom(7)
      let state: ErrorRatioState | undefined
      let raises = 0
      for (let poll = 1; poll <= 200 * 2_880; poll++) {
        const errors = poisson(units * parameters.inControl, random)
        const step = errorRatioStep(
          state,
          false,
          { errors, units, durationMs: pollMs, atMs: poll * pollMs },
          parameters,
        )
        if (step.raises) raises++
        state = step.state
      }
      expect(raises).toBe(0)
    },
  )

  it.each([1e9, 1e10, 1e11])('does not raise for one burst of 500 on a clean link, %d bit/s', speed => {
    const units = framesIn(speed, 0.3, pollMs, 800)
    let state: ErrorRatioState | undefined
    for (let poll = 1; poll <= 100; poll++) {
      const step = errorRatioStep(
        state,
        false,
        { errors: poll === 50 ? 500 : 0, units, durationMs: pollMs, atMs: poll * pollMs },
        parameters,
      )
      expect(step.raises).toBe(false)
      state = step.state
    }
    expect(state).toBeUndefined()
  })

  it('needs as long with polls every 5 s: steps hold half a minute', () => {
    const units = framesIn(1e10, 0.3, 5_000, 800)
    const random = seededRandom(3)
    let state: ErrorRatioState | undefined
    for (let poll = 1; ; poll++) {
      const step = errorRatioStep(
        state,
        false,
        { errors: poisson(units * 1e-5, random), units, durationMs: 5_000, atMs: poll * 5_000 },
        parameters,
      )
      state = step.state
      if (!step.raises) continue
      expect(poll * 5).toBe(60)
      break
    }
  })

  it('clears by the rule of three, not before half an hour', () => {
    const units = framesIn(1e10, 0.3, pollMs, 800)
    let state: ErrorRatioState | undefined
    let atMs = 0
    const nextMs = () => {
      atMs += pollMs
      return atMs
    }
    for (let poll = 0; poll < 4; poll++)
      state = errorRatioStep(
        state,
        poll > 1,
        { errors: 200, units, durationMs: pollMs, atMs: nextMs() },
        parameters,
      ).state
    let cleanPolls = 0
    for (;;) {
      cleanPolls++
      const step = errorRatioStep(state, true, { errors: 0, units, durationMs: pollMs, atMs: nextMs() }, parameters)
      state = step.state
      if (step.clears) break
    }
    // 13.7 million frames a poll: the bound passes 1e-7 after three; the half hour decides.
    expect(cleanPolls * 30).toBe(1_800)
    expect(state).toBeUndefined()
  })

  it('clears a nearly idle link by silence', () => {
    let state: ErrorRatioState | undefined
    for (let poll = 1; poll <= 5; poll++)
      state = errorRatioStep(
        state,
        poll > 2,
        { errors: 5, units: 100, durationMs: pollMs, atMs: poll * pollMs },
        parameters,
      ).state
    for (let poll = 6; ; poll++) {
      const step = errorRatioStep(
        state,
        true,
        { errors: 0, units: 100, durationMs: pollMs, atMs: poll * pollMs },
        parameters,
      )
      state = step.state
      if (!step.clears) continue
      expect((poll - 5) * pollMs).toBe(parameters.clearSilentMs)
      break
    }
  })
})

describe('Poisson bounds', () => {
  // Exact one-sided 95 % bounds (chi-square).
  it.each([
    [0, 0, 2.996],
    [1, 0.0513, 4.744],
    [2, 0.3554, 6.296],
    [5, 1.97, 10.513],
    [20, 13.255, 29.062],
    [100, 84.139, 118.079],
  ])('of %d events', (count, lower, upper) => {
    expect(poissonLower95(count)).toBeCloseTo(lower, 1)
    expect(Math.abs(poissonUpper95(count) - upper)).toBeLessThan(0.012 * upper)
  })
})
