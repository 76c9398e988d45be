import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketGrowth, lostBucket, probeFigures, probeRows, rttBucket } from '../src/index.ts'

const startedMs = Date.UTC(2026, 0, 5, 12, 0, 59, 900)
const rounds = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60_000_000 })), {
  minLength: 1,
  maxLength: 20,
})

describe('rows of a round', () => {
  it('add up to the round, packet by packet, in the minute in which it began', () => {
    fc.assert(
      fc.property(rounds, rttUs => {
        const rows = probeRows('p', 's', startedMs, rttUs)
        const sum = (read: (row: (typeof rows)[number]) => bigint): number =>
          Number(rows.reduce((total, row) => total + read(row), 0n))
        const figures = probeFigures(rttUs)
        expect(sum(row => row.packets)).toBe(rttUs.length)
        expect(sum(row => (row.bucket === lostBucket ? row.packets : 0n))).toBe(figures.lost)
        expect(sum(row => row.rtt_us_sum)).toBe(rttUs.reduce((total, us) => total + us, 0))
        const pairs = sum(row => row.jitter_pairs)
        if (pairs > 0) expect(sum(row => row.jitter_us_sum) / pairs).toBeCloseTo(figures.jitterUs!, 6)
        else expect(figures.jitterUs).toBeNull()
        const came = rows.filter(row => row.bucket !== lostBucket)
        if (came.length > 0) {
          expect(Math.min(...came.map(row => Number(row.rtt_us_min)))).toBe(figures.rttMinUs)
          expect(Math.max(...came.map(row => Number(row.rtt_us_max)))).toBe(figures.rttMaxUs)
        }
        for (const row of rows) expect(row.window_start).toBe(Date.UTC(2026, 0, 5, 12) / 1_000)
      }),
    )
  })

  it('hold each round trip in a bucket whose middle is within 5 % of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000_000 }), us => {
        const bucket = rttBucket(us)
        const middle = (2 * bucketGrowth ** bucket) / (1 + bucketGrowth)
        expect(Math.abs(middle - us) / us).toBeLessThan(0.05)
      }),
    )
    expect(rttBucket(1)).toBe(0)
    expect(rttBucket(1e15)).toBe(lostBucket - 1)
  })

  it('count no jitter over a gap, nor between packets that were not sent one after the other', () => {
    const jumps = (rttUs: number[], consecutive?: boolean): bigint =>
      probeRows('p', 's', startedMs, rttUs, consecutive).reduce((sum, row) => sum + row.jitter_us_sum, 0n)
    expect(jumps([1_000, 1_200, 0, 5_000, 4_000])).toBe(1_200n)
    expect(jumps([1_000, 1_200], false)).toBe(0n)
  })
})
