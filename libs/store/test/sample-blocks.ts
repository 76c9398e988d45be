import {
  type ColumnBlock,
  type ColumnType,
  type ColumnValues,
  optionalColumns,
  type TableName,
  tables,
} from '../src/index.ts'

/** Values of one row, for tests that speak in rows. */
export type SampleRow = Readonly<Record<string, string | number | bigint | Uint8Array>>

/** A block from rows; columns not given are 0, '' or ::, or are left out where a block may do so. */
export function blockOf(table: TableName, rows: readonly SampleRow[]): ColumnBlock {
  const columns = Object.entries(tables[table])
    .filter(([name]) => !optionalColumns[table]?.has(name) || rows.some(row => row[name] !== undefined))
    .map(([name, type]) => [name, columnOf(name, type, rows)])
  return { length: rows.length, columns: Object.fromEntries(columns) as Record<string, ColumnValues> }
}

function columnOf(name: string, type: ColumnType, rows: readonly SampleRow[]): ColumnValues {
  if (type === 'IPv6') {
    const bytes = new Uint8Array(rows.length * 16)
    rows.forEach((row, at) => {
      if (row[name] instanceof Uint8Array) bytes.set(row[name], at * 16)
    })
    return bytes
  }
  if (type === 'String') return rows.map(row => (row[name] as string | undefined) ?? '')
  if (type === 'UInt64') return BigUint64Array.from(rows.map(row => BigInt((row[name] as bigint | undefined) ?? 0n)))
  return rows.map(row => (row[name] as number | undefined) ?? 0)
}

export function ipv4Mapped(a: number, b: number, c: number, d: number): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d])
}
