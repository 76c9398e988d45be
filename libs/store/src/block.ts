import { type ColumnBlock, type ColumnValues, StoreError } from './store.ts'
import { type ColumnType, optionalColumns, type TableName, tables } from './tables.ts'

/**
 * Holds a block to its table's declaration before anything is sent: every column there but optional ones, none unknown, each with the
 * right kind and count of values.
 * @throws StoreError `block-malformed`, naming table and column
 */
export function checkBlock(table: TableName, block: ColumnBlock): void {
  const declared: Readonly<Record<string, ColumnType>> | undefined = tables[table]
  if (!declared) throw malformed(table, 'there is no such table in tables.ts')
  if (!Number.isInteger(block.length) || block.length < 0) throw malformed(table, `${block.length} rows`)
  for (const name of Object.keys(block.columns)) {
    if (!declared[name]) throw malformed(table, `there is no column "${name}"`)
  }
  for (const [name, type] of Object.entries(declared)) {
    const values = block.columns[name]
    if (!values && optionalColumns[table]?.has(name)) continue
    if (!values) throw malformed(table, `column "${name}" is missing`)
    checkValues(table, name, type, values, block.length)
  }
}

/** The columns of a checked block, in the order of `tables.ts`. */
export function columnsOf(table: TableName, block: ColumnBlock): string[] {
  return Object.keys(tables[table]).filter(name => block.columns[name] !== undefined)
}

function checkValues(table: TableName, name: string, type: ColumnType, values: ColumnValues, rows: number): void {
  const expected = type === 'IPv6' ? rows * 16 : rows
  if (values.length !== expected) {
    throw malformed(table, `column "${name}" holds ${values.length} values for ${rows} rows, ${expected} expected`)
  }
  if (!acceptsKind(type, values)) {
    throw malformed(table, `column "${name}" is ${type} and does not take ${kindOf(values)}`)
  }
}

function acceptsKind(type: ColumnType, values: ColumnValues): boolean {
  // An empty array has no kind of its own.
  if (values.length === 0) return true
  switch (type) {
    case 'IPv6':
      return values instanceof Uint8Array
    case 'String':
      return Array.isArray(values) && typeof values[0] === 'string'
    case 'UInt64':
      return values instanceof BigUint64Array || (Array.isArray(values) && typeof values[0] === 'bigint')
    default:
      if (Array.isArray(values)) return typeof values[0] === 'number'
      return ArrayBuffer.isView(values) && !(values instanceof BigUint64Array)
  }
}

function kindOf(values: ColumnValues): string {
  return Array.isArray(values) ? `${typeof values[0]}[]` : values.constructor.name
}

function malformed(table: string, message: string): StoreError {
  return new StoreError('block-malformed', `rows for table ${table}: ${message}`)
}
