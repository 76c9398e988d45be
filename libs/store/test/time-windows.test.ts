import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultRetention } from '../src/index.ts'
import { chooseStepSeconds, levelForStep, levels, segmentsOf, talkerSegments } from '../src/queries/time-windows.ts'

const dayMs = 86_400_000
const nowMs = Date.UTC(2026, 10, 23, 18, 4, 30)
const context = { nowMs, retention: defaultRetention }

describe('time windows of queries', () => {
  it('fill a range without gap or overlap, each level with whole windows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 * 86_400 }),
        fc.integer({ min: 1, max: 800 * 86_400 }),
        (age, width) => {
          const range = { fromMs: nowMs - age * 1000, toMs: nowMs - age * 1000 + width * 1000 }
          const segments = segmentsOf(range, context)
          expect(segments.length).toBeLessThanOrEqual(7)
          expect(segments[0]!.fromSeconds * 1000).toBeLessThanOrEqual(range.fromMs)
          expect(segments.at(-1)!.toSeconds * 1000).toBeGreaterThanOrEqual(range.toMs)
          for (const [i, segment] of segments.entries()) {
            const { seconds } = levels.find(one => one.level === segment.level)!
            expect(segment.fromSeconds % seconds).toBe(0)
            expect(segment.toSeconds % seconds).toBe(0)
            expect(segment.toSeconds).toBeGreaterThan(segment.fromSeconds)
            if (i > 0) expect(segment.fromSeconds).toBe(segments[i - 1]!.toSeconds)
          }
        },
      ),
    )
  })

  it('read a recent range to the minute and an old one in windows that are still kept', () => {
    const recent = segmentsOf({ fromMs: nowMs - 3 * dayMs, toMs: nowMs }, context)
    // 18:04:30 three days ago to 18:05 now: minutes, hours, days, hours, one of five minutes.
    expect(recent.map(segment => segment.level)).toEqual(['1m', '5m', '1h', '1d', '1h', '5m'])
    expect(recent[0]!.fromSeconds).toBe(Math.floor((nowMs - 3 * dayMs) / 60_000) * 60)
    const old = segmentsOf({ fromMs: nowMs - 500 * dayMs, toMs: nowMs - 499 * dayMs }, context)
    expect(new Set(old.map(segment => segment.level))).toEqual(new Set(['1h']))
  })

  it('cut the talkers of a range into whole hours and raw ends, without gap or overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 * 86_400 }), fc.integer({ min: 1, max: 10 * 86_400 }), (age, width) => {
        const range = { fromMs: nowMs - age * 1000, toMs: nowMs - age * 1000 + width * 1000 }
        const { hours, raw } = talkerSegments(range, context)
        const parts = [...raw, ...(hours ? [{ fromMs: hours.fromSeconds * 1000, toMs: hours.toSeconds * 1000 }] : [])]
        parts.sort((a, b) => a.fromMs - b.fromMs)
        for (const [i, part] of parts.entries()) {
          expect(part.toMs).toBeGreaterThan(part.fromMs)
          if (i > 0) expect(part.fromMs).toBe(parts[i - 1]!.toMs)
        }
        if (hours) expect([hours.fromSeconds % 3_600, hours.toSeconds % 3_600]).toEqual([0, 0])
        const isKept = range.fromMs >= nowMs - 7 * dayMs
        if (isKept) expect([parts[0]!.fromMs, parts.at(-1)!.toMs]).toEqual([range.fromMs, range.toMs])
        else {
          expect(parts[0]!.fromMs).toBeLessThanOrEqual(range.fromMs)
          expect(parts.at(-1)!.toMs).toBeGreaterThanOrEqual(range.toMs)
          expect(raw.every(part => part.fromMs >= nowMs - 7 * dayMs)).toBe(true)
        }
      }),
    )
  })

  it('choose a step that people read, and a rollup that still holds the range', () => {
    const last = (ms: number) => ({ fromMs: nowMs - ms, toMs: nowMs })
    expect(chooseStepSeconds(last(3_600_000), 400, context)).toBe(60)
    expect(chooseStepSeconds(last(dayMs), 400, context)).toBe(300)
    expect(chooseStepSeconds(last(30 * dayMs), 400, context)).toBe(7_200)
    expect(chooseStepSeconds({ fromMs: nowMs - 30 * dayMs, toMs: nowMs - 30 * dayMs + 3_600_000 }, 400, context)).toBe(
      300,
    )
    expect(levelForStep(900, last(dayMs), context)).toBe('5m')
    expect(levelForStep(7_200, last(30 * dayMs), context)).toBe('1h')
    expect(levelForStep(60, last(3_600_000), context)).toBe('1m')
    expect(() => levelForStep(90, last(3_600_000), context)).toThrow(/multiple of 60/)
    expect(() => levelForStep(60, last(30 * dayMs), context)).toThrow(/more than/)
    expect(() => segmentsOf({ fromMs: 5, toMs: 5 })).toThrow(/ends after it begins/)
  })
})
