import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assumeSampling, RateLimitScale } from '../src/flows/scale-sampling.ts'

describe('sampling beyond what an exporter says', () => {
  it('F31: survivors of a rate limit stand for what it dropped; their mean rate is exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 65_536 }),
        fc.integer({ min: 1, max: 4_000 }),
        (kept, dropped, rate, records) => {
          const rates = new Uint32Array(records).fill(rate)
          const scale = new RateLimitScale(kept, dropped)
          // In pieces, as datagrams come.
          for (let i = 0; i < records; i += 7) scale.apply(rates, i, Math.min(records, i + 7))
          const wanted = (rate * (kept + dropped)) / kept
          if (wanted * 2 > 2 ** 32) return
          const sum = rates.reduce((total, one) => total + one, 0)
          expect(Math.abs(sum - wanted * records)).toBeLessThan(1)
          expect(rates.every(one => Math.abs(one - wanted) < 1)).toBe(true)
        },
      ),
    )
  })

  it('leaves an unknown rate unknown, unless a person gave one', () => {
    const rates = Uint32Array.of(0, 10, 0, 0)
    assumeSampling(rates, 0, 3, 0)
    expect([...rates]).toEqual([0, 10, 0, 0])
    new RateLimitScale(1, 9).apply(rates, 0, 2)
    expect([...rates]).toEqual([0, 100, 0, 0])
    assumeSampling(rates, 0, 3, 512)
    expect([...rates]).toEqual([512, 100, 512, 0])
  })
})
