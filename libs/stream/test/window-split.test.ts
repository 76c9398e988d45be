import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WindowShares, windowStartMs } from '../src/index.ts'

const ranges = fc
  .tuple(
    fc.integer({ min: 0, max: 2_000_000_000_000 }),
    fc.oneof(fc.integer({ min: 0, max: 400_000 }), fc.integer({ min: 0, max: 170_000_000 })),
  )
  .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }))

function parts(shares: WindowShares, amount: bigint): bigint[] {
  return Array.from({ length: shares.count }, (_, i) => shares.portionBig(amount, i))
}

describe('WindowShares', () => {
  it('splits in proportion to time', () => {
    const shares = new WindowShares()
    expect(shares.cut(30_000, 150_000)).toBe(3)
    expect([0, 1, 2].map(i => [shares.windowStartMs(i), shares.overlapMs(i), shares.portion(1_000, i)])).toEqual([
      [0, 30_000, 250],
      [60_000, 60_000, 500],
      [120_000, 30_000, 250],
    ])
  })

  it('makes no spike of a record that holds half an hour', () => {
    const shares = new WindowShares()
    shares.cut(600_000, 2_400_000)
    expect(shares.count).toBe(30)
    expect(parts(shares, 3_000_000n)).toEqual(Array.from({ length: 30 }, () => 100_000n))
  })

  it('puts a range without length, and one that ends before it starts, into the window of its start', () => {
    const shares = new WindowShares()
    expect(shares.cut(60_000, 60_000)).toBe(1)
    expect([shares.windowStartMs(0), shares.overlapMs(0), shares.portion(77, 0)]).toEqual([60_000, 0, 77])
    expect(shares.cut(60_000, 59_000)).toBe(1)
    expect(shares.windowStartMs(0)).toBe(60_000)
  })

  it('does not touch the window that begins where the range ends', () => {
    const shares = new WindowShares()
    expect(shares.cut(0, 60_000)).toBe(1)
    expect(shares.cut(0, 60_001)).toBe(2)
  })

  it('keeps amounts whole when a range spans more windows than allowed, and counts it', () => {
    const shares = new WindowShares(60_000, 10)
    expect(shares.cut(0, 3_600_000)).toBe(10)
    expect(shares.firstWindowMs).toBe(3_000_000)
    expect(parts(shares, 12_345n).reduce((a, b) => a + b)).toBe(12_345n)
    expect(shares.clamped).toBe(1)
  })

  it('sums to the amount exactly, in words, numbers and bigints alike, beyond 2^53', () => {
    const shares = new WindowShares()
    fc.assert(
      fc.property(ranges, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), ({ startMs, endMs }, amount) => {
        shares.cut(startMs, endMs)
        const durationMs = BigInt(endMs - startMs)
        let sum = 0n
        let fromWords = 0n
        for (let i = 0; i < shares.count; i++) {
          const part = shares.portionBig(amount, i)
          expect(part).toBeGreaterThanOrEqual(0n)
          // Within one unit of its share of the time.
          const exact = amount * BigInt(shares.overlapMs(i))
          const error = durationMs === 0n ? 0n : part * durationMs - exact
          expect(error < durationMs || durationMs === 0n).toBe(true)
          expect(-error < durationMs || durationMs === 0n).toBe(true)
          shares.portionWords(Number(amount & 0xffff_ffffn), Number(amount >> 32n), i)
          fromWords += (BigInt(shares.high) << 32n) | BigInt(shares.low)
          sum += part
        }
        expect(sum).toBe(amount)
        expect(fromWords).toBe(amount)
        expect(shares.firstWindowMs).toBe(windowStartMs(shares.count === 0 ? startMs : shares.firstWindowMs))
      }),
      { numRuns: 60 },
    )
  })

  it('agrees with the bigint definition for every amount a number holds', () => {
    const shares = new WindowShares()
    fc.assert(
      fc.property(ranges, fc.maxSafeNat(), ({ startMs, endMs }, amount) => {
        shares.cut(startMs, endMs)
        const duration = BigInt(endMs - startMs)
        let elapsed = 0n
        let before = 0n
        for (let i = 0; i < shares.count; i++) {
          elapsed += BigInt(shares.overlapMs(i))
          const upTo = duration === 0n ? BigInt(amount) : (BigInt(amount) * elapsed) / duration
          if (BigInt(shares.portion(amount, i)) !== upTo - before) throw new Error(`window ${i}`)
          before = upTo
        }
      }),
      { numRuns: 60 },
    )
  })
})
