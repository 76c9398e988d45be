import { type Store, StoreError } from '../store.ts'
import type { FlowDeduplication } from './flow-deduplication.ts'
import { type FlowDimension, type FlowFilters, isAddress, isBounded, shownSql } from './flow-dimensions.ts'
import { seriesSourceFor } from './flow-provenance.ts'
import { flowRows } from './flow-source.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { type TenantScope, tenantPredicate } from './tenant-scope.ts'
import {
  checkRange,
  chooseStepSeconds,
  isoTime,
  pointsMax,
  type TimeRange,
  type WindowContext,
} from './time-windows.ts'

export interface FlowSeriesQuery extends TimeRange, WindowContext {
  tenants: TenantScope
  /** What the traffic is split by; without it there is one series of all. */
  by?: FlowDimension
  filters?: FlowFilters
  /** none. */
  deduplicate?: FlowDeduplication
  /** A multiple of 60; chosen for some 400 points when not given. */
  stepSeconds?: number
}

export interface FlowSeries {
  /** Value of `by`; null for the rest that the limit left out, and for all when nothing splits it. */
  key: string | number | null
  stepSeconds: number
  points: FlowPoint[]
  /** Rows of the rollup, or raw flows, that the points are made of. */
  rowsRead: number
}

/** Means over a step, scaled by the sampling rate. Steps without traffic are absent. */
export interface FlowPoint {
  at: string
  bitsPerSecond: number
  packetsPerSecond: number
  /** Exact, as decimal strings. */
  octets: string
  packets: string
}

/**
 * Flow traffic over time, of an exporter or an interface by its filters; split by a dimension into its `limit` largest
 * groups and the rest. Of hosts and conversations by the hour (`isBounded`) the points are what is listed of them.
 */
export async function readFlowSeries(
  store: Store,
  query: FlowSeriesQuery,
  limits: QueryLimits = {},
): Promise<FlowSeries[]> {
  checkRange(query)
  const by = query.by === undefined ? [] : [query.by]
  const filters = query.filters ?? {}
  const stepSeconds = query.stepSeconds ?? chooseStepSeconds(query, 400, query)
  const steps = (query.toMs - query.fromMs) / 1000 / stepSeconds
  if (!Number.isInteger(stepSeconds / 60) || stepSeconds <= 0 || steps > pointsMax) {
    throw new StoreError(
      'store-rejected',
      `a step is a multiple of 60 s with at most ${pointsMax} of them, not ${stepSeconds}`,
    )
  }
  const limit = limitOf(limits, 10)
  const source = seriesSourceFor(by, filters, stepSeconds, query.deduplicate)
  const tenants = tenantPredicate(query.tenants, 'f.tenant_id')
  // Whole steps, so that the first and the last point mean what the others mean.
  const range = {
    ...query,
    fromMs: Math.floor(query.fromMs / 1000 / stepSeconds) * stepSeconds * 1000,
    toMs: Math.ceil(query.toMs / 1000 / stepSeconds) * stepSeconds * 1000,
  }
  const flows = flowRows(source, { by, filters, range, tenants, deduplicate: query.deduplicate })
  const key = by.length > 0 ? 'd0' : '0'
  const bounded = isBounded(source)
  // Whether what is not listed passes a filter of addresses is not known.
  const listedOnly = bounded && (Object.keys(filters) as FlowDimension[]).some(isAddress) ? 'WHERE rest = 0' : ''
  const rows = await store.query<{
    rest: number
    key: string | number
    at: string
    octets: string
    packets: string
    rowsRead: string
  }>(
    `WITH stepped AS (
       SELECT ${key} AS k, ${bounded ? 'rest' : 'toUInt8(0)'} AS unlisted, intDiv(at, {step:UInt32}) * {step:UInt32} AS start, sum(octets) AS o, sum(packets) AS p, count() AS c
       FROM (${flows.sql}) ${listedOnly} GROUP BY k, unlisted, start
     ), largest AS (
       SELECT k FROM stepped WHERE unlisted = 0 GROUP BY k ORDER BY sum(o) DESC, k LIMIT {limit:UInt32}
     )
     SELECT rest, ${by.length > 0 ? shownSql(query.by!, 's.kk') : '0'} AS key, s.start AS at, s.oo AS octets, s.pp AS packets, s.cc AS rowsRead
     FROM (
       SELECT if(unlisted = 0 AND k IN (SELECT k FROM largest), 0, 1) AS rest, if(rest = 1, defaultValueOfArgumentType(k), k) AS kk, start,
              sum(o) AS oo, sum(p) AS pp, sum(c) AS cc
       FROM stepped GROUP BY rest, kk, start
     ) AS s ORDER BY rest, s.kk, s.start`,
    { ...flows.params, step: stepSeconds, limit },
    optionsOf(limits, (limit + 1) * (pointsMax + 2)),
  )
  const series = new Map<string, FlowSeries>()
  for (const row of rows) {
    const name = `${row.rest}/${row.key}`
    let one = series.get(name)
    if (!one) {
      one = { key: row.rest === 1 || by.length === 0 ? null : row.key, stepSeconds, points: [], rowsRead: 0 }
      series.set(name, one)
    }
    one.rowsRead += Number(row.rowsRead)
    one.points.push({
      at: isoTime(Number(row.at)),
      bitsPerSecond: (Number(row.octets) * 8) / stepSeconds,
      packetsPerSecond: Number(row.packets) / stepSeconds,
      octets: row.octets,
      packets: row.packets,
    })
  }
  return [...series.values()]
}
