import { type Store, StoreError } from '../store.ts'
import type { FlowDeduplication } from './flow-deduplication.ts'
import { type FlowDimension, type FlowFilters, type FlowSource, flowSourceFor, shownSql } from './flow-dimensions.ts'
import { flowRows } from './flow-source.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { type TenantScope, tenantPredicate } from './tenant-scope.ts'
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
  /** none. */
  deduplicate?: FlowDeduplication
  /** What ranks; octets. */
  measure?: FlowMeasure
}

export interface TopFlows {
  /** Says how far back the answer can reach, and that talkers older than the raw flows are told to the hour. */
  source: FlowSource
  rows: TopFlowsRow[]
  /** Of all traffic that passes the filters, shown or not; exact decimal strings, scaled by the sampling rate. */
  total: FlowTotals
  /** Rows of the rollup, or raw flows, that the answer is made of. */
  rowsRead: number
}

export interface FlowTotals {
  octets: string
  packets: string
  records: string
  /** As the exporter gave them, not scaled. */
  octetsExported: string
  packetsExported: string
  /** Records whose sampling rate was not known, so that they count as exported. */
  unscaledRecords: string
}

export interface TopFlowsRow extends FlowTotals {
  /** Value of each dimension asked for. */
  key: Partial<Record<FlowDimension, string | number>>
  /** Part of the total by the ranking measure, 0..1. */
  share: number
}

type Row = { [column: string]: string | number }

/** What is summed: the column of the rows, its sum in the query, and its name in the answer. */
const columns: readonly { column: string; sum: string; name: keyof FlowTotals }[] = [
  { column: 'octets', sum: 'o', name: 'octets' },
  { column: 'packets', sum: 'p', name: 'packets' },
  { column: 'records', sum: 'r', name: 'records' },
  { column: 'octets_exported', sum: 'oe', name: 'octetsExported' },
  { column: 'packets_exported', sum: 'pe', name: 'packetsExported' },
  { column: 'unscaled_records', sum: 'u', name: 'unscaledRecords' },
]

/** The largest groups of flow traffic in a range, and the total they are part of. */
export async function readTopFlows(store: Store, query: TopFlowsQuery, limits: QueryLimits = {}): Promise<TopFlows> {
  checkRange(query)
  const { by, filters = {}, measure = 'octets', deduplicate } = query
  if (by.length < 1 || by.length > 4)
    throw new StoreError('store-rejected', `group by 1 to 4 dimensions, not ${by.length}`)
  if (!flowMeasures.includes(measure))
    throw new StoreError('store-rejected', `flows are ranked by ${flowMeasures.join(', ')}`)
  const limit = limitOf(limits, 10)
  const source = flowSourceFor(by, filters, deduplicate)
  const tenants = tenantPredicate(query.tenants, 'f.tenant_id')
  const flows = flowRows(source, { by, filters, range: query, tenants, deduplicate })
  const grouped = by.map((_, i) => `d${i}`).join(', ')
  const shown = by.map((dimension, i) => `${shownSql(dimension, `g.d${i}`)} AS k${i}`).join(', ')
  const rows = await store.query<Row>(
    `SELECT ${shown}, ${columns.map(({ name, sum }) => `g.${sum} AS ${name}, g.${sum}_all AS ${name}_all`).join(', ')},
            g.c_all AS rowsRead
     FROM (
       SELECT ${grouped}, ${columns.map(({ column, sum }) => `sum(${column}) AS ${sum}, sum(${sum}) OVER () AS ${sum}_all`).join(', ')},
              count() AS c, sum(c) OVER () AS c_all
       FROM (${flows.sql}) GROUP BY ${grouped} ORDER BY ${measure[0]} DESC, ${grouped} LIMIT {limit:UInt32}
     ) AS g`,
    { ...flows.params, limit },
    optionsOf(limits, limit),
  )
  const first = rows[0]
  const total = totalsOf(first, '_all')
  return {
    source,
    total,
    rows: rows.map(row => rowOf(row, by, measure, total)),
    rowsRead: Number(first?.rowsRead ?? 0),
  }
}

function totalsOf(row: Row | undefined, suffix: '' | '_all'): FlowTotals {
  const of = (name: keyof FlowTotals): string => String(row?.[`${name}${suffix}`] ?? 0)
  return {
    octets: of('octets'),
    packets: of('packets'),
    records: of('records'),
    octetsExported: of('octetsExported'),
    packetsExported: of('packetsExported'),
    unscaledRecords: of('unscaledRecords'),
  }
}

function rowOf(row: Row, by: readonly FlowDimension[], measure: FlowMeasure, total: FlowTotals): TopFlowsRow {
  const all = Number(total[measure])
  return {
    key: Object.fromEntries(by.map((dimension, i) => [dimension, row[`k${i}`]!])),
    ...totalsOf(row, ''),
    share: all > 0 ? Number(row[measure]) / all : 0,
  }
}
