import type { ColumnBlock } from '../../../libs/store/src/index.ts'

/** A row of a table: one value a column. */
export type Row = Readonly<Record<string, string | number | bigint>>

/** Rows of one shape as columns. */
export function columnsOf(rows: readonly Row[]): ColumnBlock {
  const first = rows[0]
  if (!first) return { length: 0, columns: {} }
  const columns = Object.fromEntries(Object.keys(first).map(name => [name, rows.map(row => row[name]!)]))
  return { length: rows.length, columns: columns as ColumnBlock['columns'] }
}
