import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { readBillingPercentile, readInterfaceSeries } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf, type SampleRow } from './sample-blocks.ts'

const day = Math.floor(Date.now() / 86_400_000) * 86_400
const random = seededRandom(11)
const minutes = 2 * 1_440

/** Two days of one interface by the minute; the second hour was polled for half of each minute, the third not at all. */
const rows: SampleRow[] = Array.from({ length: minutes }, (_, minute) => ({
  window_start: day - 2 * 86_400 + minute * 60,
  tenant_id: 'acme',
  device_id: 'r1',
  interface_id: 'r1/ge-0/0/1',
  in_octets: BigInt(Math.floor(random() * 7.5e8)),
  out_octets: BigInt(Math.floor(random() * 3e8)),
  in_errors: BigInt(minute % 7),
  observed_ms: Math.floor(minute / 60) === 1 ? 30_000 : 60_000,
  speed_bits_per_second: 100_000_000n,
  in_bits_per_second_max: BigInt(minute),
})).filter((_, minute) => Math.floor(minute / 60) !== 2)

describe('interface queries', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(async () => {
    await store.start()
    await store.insert('interface_1m', blockOf('interface_1m', rows), 'a')
    const other = rows.slice(0, 10).map(row => ({ ...row, tenant_id: 'zeta' }))
    await store.insert('interface_1m', blockOf('interface_1m', other), 'b')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  const range = { fromMs: (day - 2 * 86_400) * 1000, toMs: day * 1000, nowMs: (day + 3_600) * 1000 }
  const query = { ...range, tenants: ['acme'], interfaceIds: ['r1/ge-0/0/1', 'r1/none'] }

  it.each([300, 1_800, 3_600, 86_400])('draw rates over the time observed, in steps of %d s', async stepSeconds => {
    const [series, none] = await readInterfaceSeries(store, { ...query, stepSeconds })
    expect(none).toEqual({ interfaceId: 'r1/none', stepSeconds, points: [], rowsRead: 0 })
    const steps = new Map<number, SampleRow[]>()
    for (const row of rows) {
      const at = Math.floor(Number(row.window_start) / stepSeconds) * stepSeconds
      steps.set(at, [...(steps.get(at) ?? []), row])
    }
    const sum = (step: readonly SampleRow[], column: string) =>
      step.reduce((total, row) => total + BigInt(row[column] as bigint), 0n)
    expect(series!.points).toEqual(
      [...steps].map(([at, step]) => {
        const seconds = Number(sum(step, 'observed_ms')) / 1000
        const inBitsPerSecond = (Number(sum(step, 'in_octets')) * 8) / seconds
        return expect.objectContaining({
          at: new Date(at * 1000).toISOString(),
          inOctets: String(sum(step, 'in_octets')),
          outOctets: String(sum(step, 'out_octets')),
          inErrors: String(sum(step, 'in_errors')),
          inBitsPerSecond,
          utilisationIn: inBitsPerSecond / 100e6,
          inBitsPerSecondMax: Math.max(...step.map(row => Number(row.in_bits_per_second_max))),
          coverage: seconds / stepSeconds,
        })
      }),
    )
  })

  it('choose a step by themselves', async () => {
    const [series] = await readInterfaceSeries(store, query)
    expect(series!.stepSeconds).toBe(600)
    expect(series!.points.length).toBe(282)
  })

  it('show nothing of other tenants', async () => {
    const [series] = await readInterfaceSeries(store, {
      ...query,
      tenants: ['zeta'],
      stepSeconds: 60,
      toMs: query.fromMs + 3_600_000,
    })
    expect(series!.points).toHaveLength(10)
    const [none] = await readInterfaceSeries(store, { ...query, tenants: [], stepSeconds: 300 })
    expect(none!.points).toEqual([])
  })

  it('bill the 95th percentile: sorted, the top 5 % dropped, the next one taken', async () => {
    const samples = (column: string) => {
      const fives = new Map<number, { octets: bigint; ms: bigint }>()
      for (const row of rows) {
        const at = Math.floor(Number(row.window_start) / 300)
        const five = fives.get(at) ?? { octets: 0n, ms: 0n }
        five.octets += row[column] as bigint
        five.ms += BigInt(row.observed_ms as number)
        fives.set(at, five)
      }
      return [...fives.values()].map(five => Number((five.octets * 8_000n) / five.ms)).sort((a, b) => b - a)
    }
    const inRates = samples('in_octets')
    const outRates = samples('out_octets')
    const dropped = Math.floor(inRates.length * 0.05)
    const billed = await readBillingPercentile(store, { ...range, tenants: ['acme'], interfaceId: 'r1/ge-0/0/1' })
    expect(billed).toEqual({
      inBitsPerSecond: inRates[dropped],
      outBitsPerSecond: outRates[dropped],
      bitsPerSecond: Math.max(inRates[dropped]!, outRates[dropped]!),
      samples: 564,
      samplesExpected: 576,
    })
    const none = await readBillingPercentile(store, { ...range, tenants: ['acme'], interfaceId: 'r1/none' })
    expect(none).toMatchObject({ bitsPerSecond: null, samples: 0, samplesExpected: 576 })
  })
})
