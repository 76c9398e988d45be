import { type ColumnBlock, type ColumnValues, StoreError } from './store.ts'
import type { TableName } from './tables.ts'

/** How a table is cut into ClickHouse partitions by its time column, as the migrations say. */
interface Partitioning {
  column: string
  /** The column's values are seconds or milliseconds since the Unix epoch. */
  unitMs: 1 | 1000
  by: 'day' | 'month'
}

/** Tables that are not listed have one partition. The views' targets have coarser ones, never more of them. */
export const partitionings: Partial<Record<TableName, Partitioning>> = {
  flows: { column: 'received_at', unitMs: 1, by: 'day' },
  flow_1m: { column: 'window_start', unitMs: 1000, by: 'day' },
  talker_1h: { column: 'window_start', unitMs: 1000, by: 'month' },
  conversation_1h: { column: 'window_start', unitMs: 1000, by: 'month' },
  interface_1m: { column: 'window_start', unitMs: 1000, by: 'day' },
  probe_1m: { column: 'window_start', unitMs: 1000, by: 'day' },
  sensor_5m: { column: 'window_start', unitMs: 1000, by: 'month' },
  alarm_events: { column: 'event_time', unitMs: 1, by: 'month' },
}

/** ClickHouse's `max_partitions_per_insert_block`: an insert that spans more is refused whole. */
export const partitionsPerInsertMax = 100

const dayMs = 86_400_000

export interface InsertPart {
  block: ColumnBlock
  token: string
}

/**
 * Cuts a block that spans more than `partitionsMax` ClickHouse partitions into blocks that do not, each with a token of
 * its own. Where a row goes depends on the rows alone, so a replay of the block is a replay of every part.
 */
export function splitByPartition(
  table: TableName,
  block: ColumnBlock,
  token: string,
  partitionsMax = partitionsPerInsertMax,
): InsertPart[] {
  const partitioning = partitionings[table]
  if (!partitioning || block.length === 0) return [{ block, token }]
  const days = rowDays(block, partitioning)
  if (spanOf(days) < partitionsMax) return [{ block, token }]

  const keys = partitioning.by === 'day' ? days : days.map(monthOfDay)
  const distinct = [...new Set(keys)].sort((a, b) => a - b)
  if (distinct.length <= partitionsMax) return [{ block, token }]

  const partOf = new Map(distinct.map((key, rank) => [key, Math.floor(rank / partitionsMax)]))
  const rowsOf: number[][] = []
  for (let row = 0; row < block.length; row++) {
    const part = partOf.get(keys[row]!)!
    rowsOf[part] ??= []
    rowsOf[part].push(row)
  }
  return rowsOf.map((rows, part) => ({ block: pick(block, rows), token: `${token}/part-${part}` }))
}

/** Rows whose time lies before `beforeMs`: a table's TTL lets such rows vanish at the next merge (F80). */
export function countRowsBefore(table: TableName, block: ColumnBlock, beforeMs: number): number {
  const partitioning = partitionings[table]
  if (!partitioning) return 0
  const times = timesOf(block, partitioning)
  const before = beforeMs / partitioning.unitMs
  let count = 0
  for (let row = 0; row < block.length; row++) if (times[row]! < before) count++
  return count
}

function timesOf(block: ColumnBlock, { column }: Partitioning): ArrayLike<number> {
  const values = block.columns[column]
  if (!values) throw new StoreError('block-malformed', `column ${column} is missing`)
  return values as ArrayLike<number>
}

function rowDays(block: ColumnBlock, partitioning: Partitioning): Int32Array {
  const times = timesOf(block, partitioning)
  const perDay = dayMs / partitioning.unitMs
  const days = new Int32Array(block.length)
  for (let row = 0; row < days.length; row++) days[row] = Math.floor(times[row]! / perDay)
  return days
}

function spanOf(days: Int32Array): number {
  let least = days[0]!
  let most = least
  for (const day of days) {
    if (day < least) least = day
    else if (day > most) most = day
  }
  return most - least
}

function monthOfDay(day: number): number {
  const date = new Date(day * dayMs)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

function pick(block: ColumnBlock, rows: readonly number[]): ColumnBlock {
  const columns = Object.entries(block.columns).map(([name, values]) => [name, pickValues(values, rows, block.length)])
  return { length: rows.length, columns: Object.fromEntries(columns) as Record<string, ColumnValues> }
}

function pickValues(values: ColumnValues, rows: readonly number[], length: number): ColumnValues {
  if (values instanceof Uint8Array && values.length === length * 16 && length > 0) {
    const addresses = new Uint8Array(rows.length * 16)
    rows.forEach((row, at) => {
      addresses.set(values.subarray(row * 16, row * 16 + 16), at * 16)
    })
    return addresses
  }
  if (Array.isArray(values)) return rows.map(row => values[row]) as ColumnValues
  const typed = values as Uint8Array | Uint16Array | Uint32Array | Float64Array | BigUint64Array
  const picked = new (typed.constructor as new (length: number) => typeof typed)(rows.length)
  rows.forEach((row, at) => {
    picked[at] = typed[row]!
  })
  return picked
}
