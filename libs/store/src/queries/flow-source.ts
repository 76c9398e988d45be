import type { QueryParams } from '../store.ts'
import { deduplicationSql, type FlowDeduplication } from './flow-deduplication.ts'
import {
  type FlowDimension,
  type FlowFilters,
  type FlowSource,
  filterPredicate,
  groupSql,
  isBounded,
  restSql,
  talkerSide,
  unlistedMaxColumns,
} from './flow-dimensions.ts'
import { allOf, type Predicate } from './tenant-scope.ts'
import { segmentsOf, type TimeRange, talkerSegments, type WindowContext } from './time-windows.ts'

export interface FlowRowsSql {
  /**
   * A SELECT of the grouped dimensions as d0, d1, …, seconds since the Unix epoch as `at`, and octets, packets,
   * octets_exported, packets_exported, records, unscaled_records. Of a bounded source also `rest`, 1 in the rows that count
   * what is not listed, and octets_unlisted_max, packets_unlisted_max, records_unlisted_max (migration 0013).
   */
  sql: string
  params: QueryParams
}

export interface FlowSelection {
  by: readonly FlowDimension[]
  filters: FlowFilters
  range: TimeRange & WindowContext
  deduplicate?: FlowDeduplication | undefined
  /** Column `f.tenant_id`. */
  tenants: Predicate
}

/** Rows of flow traffic in a time range, all of one shape, scaled by their sampling rate, from the source chosen. */
export function flowRows(source: FlowSource, selection: FlowSelection): FlowRowsSql {
  switch (source) {
    case 'rollup':
      return unionOf(
        segmentsOf(selection.range, selection.range).map((segment, i) =>
          windowRows(`flow_${segment.level}`, 'rollup', selection, segment, i),
        ),
      )
    case 'talkers':
    case 'conversations': {
      const { hours, raw } = talkerSegments(selection.range, selection.range)
      return unionOf([
        ...(hours ? [hourlyRows(source, selection, hours)] : []),
        ...raw.map((range, i) => rawRows({ ...selection, range: { ...selection.range, ...range } }, i, listedInFull)),
      ])
    }
    case 'raw':
      return rawRows(selection, 0)
  }
}

/** Beside the rows of a bounded source: nothing of these is left out. */
const listedInFull = ['toUInt8(0) AS rest', ...unlistedMaxColumns.map(name => `toUInt64(0) AS ${name}`)]

function rawRows(selection: FlowSelection, i: number, more: readonly string[] = []): FlowRowsSql {
  const where = allOf(selection.tenants, filterPredicate(selection.filters, 'raw'), deduplicated(selection, 'raw'), {
    sql: `f.received_at >= fromUnixTimestamp64Milli({rawFrom${i}:Int64}) AND f.received_at < fromUnixTimestamp64Milli({rawTo${i}:Int64})`,
    params: { [`rawFrom${i}`]: Math.floor(selection.range.fromMs), [`rawTo${i}`]: Math.floor(selection.range.toMs) },
  })
  const columns = [
    ...grouped(selection.by, 'raw'),
    'toUnixTimestamp(f.received_at) AS at',
    'f.octets * greatest(f.sampling_rate, 1) AS octets',
    'f.packets * greatest(f.sampling_rate, 1) AS packets',
    'f.octets AS octets_exported',
    'f.packets AS packets_exported',
    'toUInt64(1) AS records',
    'toUInt64(f.sampling_rate = 0) AS unscaled_records',
    ...more,
  ]
  return { sql: `SELECT ${columns.join(', ')} FROM flows AS f WHERE ${where.sql}`, params: where.params }
}

interface WholeWindows {
  fromSeconds: number
  toSeconds: number
}

function hourlyRows(source: 'talkers' | 'conversations', selection: FlowSelection, hours: WholeWindows): FlowRowsSql {
  if (source === 'conversations') return windowRows('conversation_1h', source, selection, hours, 0)
  const side = talkerSide(selection.by, selection.filters)
  const tenants = allOf(selection.tenants, { sql: `f.side IN (${side}, ${side + 2})`, params: {} })
  return windowRows('talker_1h', source, { ...selection, tenants }, hours, 0)
}

function windowRows(
  table: string,
  source: 'rollup' | 'talkers' | 'conversations',
  selection: FlowSelection,
  windows: WholeWindows,
  i: number,
): FlowRowsSql {
  const where = allOf(selection.tenants, filterPredicate(selection.filters, source), deduplicated(selection, source), {
    sql: `f.window_start >= toDateTime({from${i}:UInt32}, 'UTC') AND f.window_start < toDateTime({to${i}:UInt32}, 'UTC')`,
    params: { [`from${i}`]: windows.fromSeconds, [`to${i}`]: windows.toSeconds },
  })
  const columns = [
    ...grouped(selection.by, source),
    'toUnixTimestamp(f.window_start) AS at',
    'f.octets AS octets',
    'f.packets AS packets',
    'f.octets_exported AS octets_exported',
    'f.packets_exported AS packets_exported',
    'f.records AS records',
    'f.unscaled_records AS unscaled_records',
    ...(isBounded(source)
      ? [`toUInt8(${restSql[source]}) AS rest`, ...unlistedMaxColumns.map(name => `f.${name} AS ${name}`)]
      : []),
  ]
  return { sql: `SELECT ${columns.join(', ')} FROM ${table} AS f WHERE ${where.sql}`, params: where.params }
}

function deduplicated({ deduplicate = 'none' }: FlowSelection, source: FlowSource): Predicate {
  return { sql: deduplicationSql(deduplicate, source), params: {} }
}

function grouped(by: readonly FlowDimension[], source: FlowSource): string[] {
  return by.map((dimension, i) => `${groupSql(dimension, source)} AS d${i}`)
}

function unionOf(parts: readonly FlowRowsSql[]): FlowRowsSql {
  return {
    sql: parts.map(part => part.sql).join(' UNION ALL '),
    params: Object.assign({}, ...parts.map(part => part.params)),
  }
}
