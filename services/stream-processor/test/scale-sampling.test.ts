import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assumeSampling, RateLimitScale } from '../src/flows/scale-sampling.ts'
import { dataSet, FlowsBench, templateSet, v9 } from './flows-bench.ts'

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

describe('the flow stage', () => {
  const octetsOf = (more: Parameters<FlowsBench['send']>[1], sampler = 0): number => {
    const bench = new FlowsBench()
    const at = { atMs: bench.nowMs }
    bench.send([v9([templateSet], { sequence: 0, ...at })])
    bench.send(
      [1, 2, 3, 4].map(sequence => v9([dataSet(bench.nowMs, 0, sampler)], { sequence, ...at })),
      more,
    )
    const { block } = bench.work.closeEpoch().blocks.find(({ table }) => table === 'flow_1m')!
    return Number((block.columns.octets as BigUint64Array).reduce((sum, one) => sum + one, 0n))
  }

  it('F31: counts the survivors of a rate limit for what it dropped', () => {
    expect(octetsOf({})).toBe(4_000)
    expect(octetsOf({ rateLimitDrops: 12n })).toBe(16_000)
    expect(octetsOf({ rateLimitDrops: 3n })).toBe(7_000)
  })

  it('takes the rate that a person gave where the exporter tells none, and that one alone', () => {
    expect(octetsOf({ assumedSamplingRate: 500 }, 9)).toBe(2_000_000)
    expect(octetsOf({ assumedSamplingRate: 500 })).toBe(4_000)
    expect(octetsOf({}, 9)).toBe(4_000)
  })

  it('hands on which sources a collector does not store', () => {
    const bench = new FlowsBench()
    bench.sendUnknown([{ address: '203.0.113.5', datagrams: 7n, protocols: ['ipfix'] }])
    expect(bench.unknowns).toMatchObject([
      {
        collectorId: 'c1',
        asOfMs: BigInt(bench.nowMs),
        list: { exporters: [{ address: '203.0.113.5', datagrams: 7n }] },
      },
    ])
  })
})
