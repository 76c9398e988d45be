import type { Store } from '../store.ts'
import { optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, devicesPredicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { checkRange, type TimeRange } from './time-windows.ts'

export interface BillingPercentileQuery extends TimeRange {
  tenants: TenantScope
  interfaceId: string
}

export interface BillingPercentile {
  /** Null when the range holds no sample. */
  inBitsPerSecond: number | null
  outBitsPerSecond: number | null
  /** The larger of the two: what is billed. */
  bitsPerSecond: number | null
  /** 5-minute samples there are, and those the range has room for. */
  samples: number
  samplesExpected: number
}

/**
 * The 95th percentile as transit is billed: the 5-minute samples sorted, the top 5 % dropped, the next one taken; in and
 * out apart, then the larger. ClickHouse's quantile functions interpolate or round otherwise and give another number.
 */
export async function readBillingPercentile(
  store: Store,
  query: BillingPercentileQuery,
  limits: QueryLimits = {},
): Promise<BillingPercentile> {
  checkRange(query)
  const where = allOf(tenantPredicate(query.tenants), devicesPredicate('device_id', [query.interfaceId]))
  const [row] = await store.query<{ samples: string; inRate: string; outRate: string }>(
    `SELECT count() AS samples,
            arraySort(x -> -toInt64(x), groupArray(in_rate))[intDiv(samples * 5, 100) + 1] AS inRate,
            arraySort(x -> -toInt64(x), groupArray(out_rate))[intDiv(samples * 5, 100) + 1] AS outRate
     FROM (
       SELECT intDiv(sum(in_octets) * 8000, sum(observed_ms)) AS in_rate,
              intDiv(sum(out_octets) * 8000, sum(observed_ms)) AS out_rate
       FROM interface_5m
       WHERE ${where.sql} AND interface_id = {interfaceId:String}
         AND window_start >= toDateTime({from:UInt32}, 'UTC') AND window_start < toDateTime({to:UInt32}, 'UTC')
       GROUP BY tenant_id, interface_id, window_start
       HAVING sum(observed_ms) > 0
     )`,
    { ...where.params, interfaceId: query.interfaceId, from: ceilTo5m(query.fromMs), to: ceilTo5m(query.toMs) },
    optionsOf(limits, 1),
  )
  const samples = Number(row?.samples ?? 0)
  const inBitsPerSecond = samples > 0 ? Number(row!.inRate) : null
  const outBitsPerSecond = samples > 0 ? Number(row!.outRate) : null
  return {
    inBitsPerSecond,
    outBitsPerSecond,
    bitsPerSecond: samples > 0 ? Math.max(inBitsPerSecond!, outBitsPerSecond!) : null,
    samples,
    samplesExpected: (ceilTo5m(query.toMs) - ceilTo5m(query.fromMs)) / 300,
  }
}

/** Samples that begin within the range belong to it. */
function ceilTo5m(timeMs: number): number {
  return Math.ceil(timeMs / 300_000) * 300
}
