import { type Store, StoreError } from '../store.ts'
import { type FlowDimension, type FlowFilters, filterPredicate, flowSourceFor, shownSql } from './flow-dimensions.ts'
import { flowRows } from './flow-source.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { checkRange, type TimeRange, type WindowContext } from './time-windows.ts'

export const flowMeasures = ['octets', 'packets', 'records'] as const
export type FlowMeasure = (typeof flowMeasures)[number]

export interface TopFlowsQuery extends TimeRange, WindowContext {
  tenants: TenantScope
  /**
   * One for a ranking, two for a matrix or for conversations: `['source-address', 'destination-address']`. At most four.
   */
  by: readonly FlowDimension[]
  filters?: FlowFilters
  /** What ranks; octets. */
  measure?: FlowMeasure
}

export interface TopFlows {
  /** Rollups hold years; raw flows, needed for addresses and ports, some days. */
  source: 'rollup' | 'raw'
  rows: TopFlowsRow[]
  /** Of all traffic that passes the filters, shown or not; exact decimal strings, scaled by the sampling rate. */
  total: FlowTotals
}

export interface FlowTotals {
  octets: string
  packets: string
  records: string
}

export interface TopFlowsRow extends FlowTotals {
  /** Value of each dimension asked for. */
  key: Partial<Record<FlowDimension, string | number>>
  /** Part of the total by the ranking measure, 0..1. */
  share: number
}

type Row = { [column: string]: string | number }

/** The largest groups of flow traffic in a range, and the total they are part of. */
export async function readTopFlows(store: Store, query: TopFlowsQuery, limits: QueryLimits = {}): Promise<TopFlows> {
  checkRange(query)
  const { by, filters = {}, measure = 'octets' } = query
  if (by.length < 1 || by.length > 4)
    throw new StoreError('store-rejected', `group by 1 to 4 dimensions, not ${by.length}`)
  if (!flowMeasures.includes(measure))
    throw new StoreError('store-rejected', `flows are ranked by ${flowMeasures.join(', ')}`)
  const limit = limitOf(limits, 10)
  const source = flowSourceFor(by, filters)
  const where = allOf(tenantPredicate(query.tenants, 'f.tenant_id'), filterPredicate(filters, source))
  const flows = flowRows(source, by, query, where)
  const grouped = by.map((_, i) => `d${i}`).join(', ')
  const shown = by.map((dimension, i) => `${shownSql(dimension, `g.d${i}`)} AS k${i}`).join(', ')
  const rows = await store.query<Row>(
    `SELECT ${shown}, g.o AS octets, g.p AS packets, g.r AS records, g.allO AS allOctets, g.allP AS allPackets, g.allR AS allRecords
     FROM (
       SELECT ${grouped}, sum(octets) AS o, sum(packets) AS p, sum(records) AS r,
              sum(o) OVER () AS allO, sum(p) OVER () AS allP, sum(r) OVER () AS allR
       FROM (${flows.sql}) GROUP BY ${grouped} ORDER BY ${measure[0]} DESC, ${grouped} LIMIT {limit:UInt32}
     ) AS g`,
    { ...flows.params, limit },
    optionsOf(limits, limit),
  )
  const first = rows[0]
  const total = {
    octets: String(first?.allOctets ?? 0),
    packets: String(first?.allPackets ?? 0),
    records: String(first?.allRecords ?? 0),
  }
  return { source, total, rows: rows.map(row => rowOf(row, by, measure, total)) }
}

function rowOf(row: Row, by: readonly FlowDimension[], measure: FlowMeasure, total: FlowTotals): TopFlowsRow {
  const all = Number(total[measure])
  return {
    key: Object.fromEntries(by.map((dimension, i) => [dimension, row[`k${i}`]!])),
    octets: String(row.octets),
    packets: String(row.packets),
    records: String(row.records),
    share: all > 0 ? Number(row[measure]) / all : 0,
  }
}
