import type { QueryParams } from '../store.ts'
import type { FlowSource } from './flow-dimensions.ts'
import { type FlowDimension, groupSql } from './flow-dimensions.ts'
import { allOf, type Predicate } from './tenant-scope.ts'
import { segmentsOf, type TimeRange, type WindowContext } from './time-windows.ts'

export interface FlowRowsSql {
  /**
   * A SELECT of the grouped dimensions as d0, d1, …, the window's start as `at`, and octets, packets, octets_exported,
   * packets_exported, records, unscaled_records.
   */
  sql: string
  params: QueryParams
}

/**
 * Rows of flow traffic in a time range, all of one shape: from raw flows, scaled by their sampling rate, or from the
 * rollups that fill the range.
 * @param at the time a row is counted at, as an expression of seconds since the Unix epoch `t`
 */
export function flowRows(
  source: FlowSource,
  by: readonly FlowDimension[],
  range: TimeRange & WindowContext,
  where: Predicate,
): FlowRowsSql {
  const dimensions = by.map((dimension, i) => `${groupSql(dimension, source)} AS d${i}`)
  if (source === 'raw') {
    const times: Predicate = {
      sql: 'f.received_at >= fromUnixTimestamp64Milli({fromMs:Int64}) AND f.received_at < fromUnixTimestamp64Milli({toMs:Int64})',
      params: { fromMs: Math.floor(range.fromMs), toMs: Math.floor(range.toMs) },
    }
    const both = allOf(where, times)
    const columns = [
      ...dimensions,
      'toUnixTimestamp(f.received_at) AS at',
      'f.octets * greatest(f.sampling_rate, 1) AS octets',
      'f.packets * greatest(f.sampling_rate, 1) AS packets',
      'f.octets AS octets_exported',
      'f.packets AS packets_exported',
      'toUInt64(1) AS records',
      'toUInt64(f.sampling_rate = 0) AS unscaled_records',
    ]
    return { sql: `SELECT ${columns.join(', ')} FROM flows AS f WHERE ${both.sql}`, params: both.params }
  }
  const params: Record<string, number> = {}
  const parts = segmentsOf(range, range).map((segment, i) => {
    params[`from${i}`] = segment.fromSeconds
    params[`to${i}`] = segment.toSeconds
    const columns = [
      ...dimensions,
      'toUnixTimestamp(f.window_start) AS at',
      'f.octets AS octets',
      'f.packets AS packets',
      'f.octets_exported AS octets_exported',
      'f.packets_exported AS packets_exported',
      'f.records AS records',
      'f.unscaled_records AS unscaled_records',
    ]
    return (
      `SELECT ${columns.join(', ')} FROM flow_${segment.level} AS f WHERE ${where.sql} AND ` +
      `f.window_start >= toDateTime({from${i}:UInt32}, 'UTC') AND f.window_start < toDateTime({to${i}:UInt32}, 'UTC')`
    )
  })
  return { sql: parts.join(' UNION ALL '), params: { ...where.params, ...params } }
}
