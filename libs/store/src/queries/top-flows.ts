import { type Store, StoreError } from '../store.ts'
import type { FlowDeduplication } from './flow-deduplication.ts'
import {
  type FlowDimension,
  type FlowFilters,
  type FlowSource,
  flowSourceFor,
  isAddress,
  isBounded,
  keysOfGroup,
  shownSql,
} from './flow-dimensions.ts'
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
  /**
   * Of all traffic that passes the filters, shown or not; exact decimal strings, scaled by the sampling rate. Where
   * addresses are filtered and some are not listed, it is what is listed, and `upperBound` what it can be.
   */
  total: FlowTotals & { upperBound?: FlowBounds }
  /** Part of the total that is not told apart by address; absent where everything is. */
  unlisted?: FlowTotals
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
  /** What the group can have had at most; absent where its sums are exact. */
  upperBound?: FlowBounds
}

/** Exact decimal strings. */
export type FlowBounds = Record<FlowMeasure, string>

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
  const bounded = isBounded(source)
  const rest = bounded ? restOf(by) : { grouped: '', columns: '', shown: '' }
  const rows = await store.query<Row>(
    `SELECT ${shown}, ${columns.map(({ name, sum }) => `g.${sum} AS ${name}, g.${sum}_all AS ${name}_all`).join(', ')},
            g.c_all AS rowsRead${rest.shown}
     FROM (
       SELECT ${grouped}, ${columns.map(({ column, sum }) => `sum(${column}) AS ${sum}, sum(${sum}) OVER () AS ${sum}_all`).join(', ')},
              count() AS c, sum(c) OVER () AS c_all${rest.columns}
       FROM (${flows.sql}) GROUP BY ${grouped}${rest.grouped}
       ORDER BY ${bounded ? 'rest, ' : ''}${measure[0]} DESC, ${grouped} LIMIT {limit:UInt32}${bounded ? ' BY rest' : ''}
     ) AS g`,
    { ...flows.params, limit },
    optionsOf(limits, bounded ? 2 * limit : limit),
  )
  const first = rows[0]
  const all = totalsOf(first, '_all')
  const rowsRead = Number(first?.rowsRead ?? 0)
  if (!bounded) return { source, total: all, rows: rows.map(row => rowOf(row, by, measure, all)), rowsRead }

  const unlisted = totalsOf(first, '_unlisted')
  const hasUnlisted = Object.values(unlisted).some(sum => sum !== '0')
  const filtersAddresses = (Object.keys(filters) as FlowDimension[]).some(isAddress)
  const total = hasUnlisted && filtersAddresses ? { ...difference(all, unlisted), upperBound: boundsOf(all) } : all
  const keys = keysOfGroup(source, by, filters)
  const listed = rows.filter(row => Number(row.isRest) === 0)
  return {
    source,
    total,
    ...(hasUnlisted ? { unlisted } : {}),
    rows: listed.map(row => boundedRow(rowOf(row, by, measure, total), row, keys)),
    rowsRead,
  }
}

/** What a query of a bounded source has more: each group beside the rest of the same links and exporters. */
function restOf(by: readonly FlowDimension[]): { grouped: string; columns: string; shown: string } {
  const plain = by.flatMap((dimension, i) => (isAddress(dimension) ? [] : [`d${i}`]))
  const over = `OVER (${plain.length > 0 ? `PARTITION BY ${plain.join(', ')}` : ''})`
  const bounds = flowMeasures.map(measure => {
    const sum = measure[0]
    return `sum(${measure}_unlisted_max) AS ${sum}_max, sumIf(${sum}, rest = 1) ${over} AS ${sum}_rest, sumIf(${sum}_max, rest = 1) ${over} AS ${sum}_rest_max`
  })
  const unlisted = columns.map(({ sum }) => `sumIf(${sum}, rest = 1) OVER () AS ${sum}_unlisted`)
  return {
    grouped: ', rest',
    columns: `, rest, ${[...bounds, ...unlisted].join(', ')}`,
    shown: `, g.rest AS isRest, ${[
      ...flowMeasures.flatMap(measure =>
        ['max', 'rest', 'rest_max'].map(part => `g.${measure[0]}_${part} AS ${measure}_${part}`),
      ),
      ...columns.map(({ name, sum }) => `g.${sum}_unlisted AS ${name}_unlisted`),
    ].join(', ')}`,
  }
}

/**
 * With the bounds of a group that speaks of so many hosts or pairs: no more can be missing of it than what its links'
 * rests hold, nor than so many times what one that is not listed has at most, less what its own rows take off that.
 */
function boundedRow(row: TopFlowsRow, read: Row, keys: number): TopFlowsRow {
  const bounds = flowMeasures.map(measure => {
    const of = (part: string): bigint => BigInt(read[`${measure}_${part}`]!)
    const inRest = of('rest')
    const ofKeys = Number.isFinite(keys) ? BigInt(keys) * of('rest_max') - of('max') : inRest
    const missing = ofKeys < inRest ? ofKeys : inRest
    return [measure, String(BigInt(row[measure]) + (missing > 0n ? missing : 0n))] as const
  })
  const isExact = bounds.every(([measure, bound]) => bound === row[measure])
  return isExact ? row : { ...row, upperBound: Object.fromEntries(bounds) as FlowBounds }
}

function boundsOf({ octets, packets, records }: FlowTotals): FlowBounds {
  return { octets, packets, records }
}

function difference(all: FlowTotals, part: FlowTotals): FlowTotals {
  const names = Object.keys(all) as (keyof FlowTotals)[]
  return Object.fromEntries(
    names.map(name => [name, String(BigInt(all[name]) - BigInt(part[name]))]),
  ) as unknown as FlowTotals
}

function totalsOf(row: Row | undefined, suffix: '' | '_all' | '_unlisted'): FlowTotals {
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
