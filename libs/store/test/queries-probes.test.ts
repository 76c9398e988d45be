import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProbeSeries } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf } from './sample-blocks.ts'

const dayMs = 86_400_000
const fromMs = Math.floor(Date.now() / dayMs) * dayMs - dayMs

describe('history of probes', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()

  /** Two packets a minute for three hours: 10 ms and 20 ms, and each tenth minute one is lost. */
  const rows = Array.from({ length: 180 }, (_, minute) => {
    const of = {
      ...{ tenant_id: 'acme', site_id: 'hq', probe_id: 'gw', window_start: fromMs / 1_000 + 60 * minute },
      packets: 1n,
    }
    const came = (us: bigint, bucket: number, jump: bigint) => ({
      ...{ ...of, bucket, rtt_us_sum: us, rtt_us_min: us, rtt_us_max: us, jitter_us_sum: jump },
      jitter_pairs: jump > 0n ? 1n : 0n,
    })
    const none = { rtt_us_sum: 0n, rtt_us_min: 0n, rtt_us_max: 0n, jitter_us_sum: 0n, jitter_pairs: 0n }
    const second = minute % 10 === 9 ? { ...of, ...none, bucket: 255 } : came(20_000n, 104, 10_000n)
    return [came(10_000n, 97, 0n), second]
  }).flat()

  beforeAll(async () => {
    await store.start()
    // Sent again under its token, as after a restart: counted once, in every rollup.
    for (let i = 0; i < 2; i++) await store.insert('probe_1m', blockOf('probe_1m', rows), 'p1')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  it.each([60, 300, 3_600, 86_400])('is exact at steps of %i s, from the rollup that fits', async stepSeconds => {
    const query = { fromMs, toMs: fromMs + dayMs, probeId: 'gw', stepSeconds, tenants: ['acme'] }
    const { points } = await readProbeSeries(store, query)
    expect(points).toHaveLength(Math.ceil(10_800 / stepSeconds))
    const sum = (read: (point: (typeof points)[number]) => number): number =>
      points.reduce((total, point) => total + read(point), 0)
    expect([sum(point => point.sent), sum(point => point.lost)]).toEqual([360, 18])
    expect(sum(point => point.rttMeanMs! * (point.sent - point.lost))).toBeCloseTo(180 * 10 + 162 * 20, 6)
    for (const point of points) {
      expect(point.rttMinMs).toBe(10)
      expect(point.rttP50Ms! / 10).toBeGreaterThan(0.95)
      expect(point.rttP50Ms! / 10).toBeLessThan(1.05)
      if (point.lost < point.sent / 2) {
        expect([point.rttMaxMs, point.jitterMs]).toEqual([20, 10])
        expect(Math.abs(point.rttP95Ms! / 20 - 1)).toBeLessThan(0.05)
      }
    }
  })

  it('is shown to its tenant and its site only', async () => {
    const query = { fromMs, toMs: fromMs + dayMs, probeId: 'gw', stepSeconds: 3_600 }
    expect((await readProbeSeries(store, { ...query, tenants: ['zeta'] })).points).toEqual([])
    expect((await readProbeSeries(store, { ...query, tenants: ['acme'], siteIds: ['branch'] })).points).toEqual([])
    expect((await readProbeSeries(store, { ...query, tenants: ['acme'], siteIds: ['hq'] })).points).toHaveLength(3)
  })
})
