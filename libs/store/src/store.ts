import type { Component } from '../../kernel/src/index.ts'
import type { TableName } from './tables.ts'

/**
 * Values of one column, one entry a row. The column's type stands in `tables.ts`:
 * integers and floats take their typed array or plain numbers; UInt64 takes BigUint64Array or bigint[]; DateTime takes
 * seconds and DateTime64(3) milliseconds since the Unix epoch as numbers (Float64Array or number[]); IPv6 takes 16 bytes
 * a row in one Uint8Array (IPv4 mapped); String takes string[].
 */
export type ColumnValues =
  | readonly string[]
  | readonly number[]
  | readonly bigint[]
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float64Array
  | BigUint64Array

/** Rows by column. Every column of the table is present and holds `length` values; order is the writer's. */
export interface ColumnBlock {
  length: number
  columns: Readonly<Record<string, ColumnValues>>
}

export type QueryParams = Readonly<
  Record<string, string | number | bigint | boolean | readonly string[] | readonly number[]>
>

/**
 * The history: one ClickHouse SQL over two adapters, `embedded/` (chdb in a worker) and `http/` (a server). One contract
 * suite holds both to this text.
 */
export interface Store extends Component {
  /**
   * Inserts the block as one ClickHouse block under `token`: a second insert of the same token is a no-op in the table
   * and in every view fed by it. Rows of one token must be the same rows. Resolves when the rows can be queried.
   */
  insert(table: TableName, block: ColumnBlock, token: string): Promise<void>
  /**
   * Runs a SELECT with bound parameters (`{name:Type}` in the SQL). 64-bit integers come back as decimal strings,
   * DateTime as `YYYY-MM-DD hh:mm:ss` UTC.
   */
  query<Row>(sql: string, params?: QueryParams, options?: QueryOptions): Promise<Row[]>
}

export interface QueryOptions {
  timeoutMs?: number
  rowsMax?: number
}

/** Codes are closed and documented in docs/reference/store.md; a code is never reused. */
export type StoreErrorCode =
  | 'store-closed'
  | 'store-locked'
  | 'store-unavailable'
  | 'store-rejected'
  | 'store-timeout'
  | 'store-disk-full'
  | 'schema-newer'
  | 'schema-older'
  | 'embedded-missing'
  | 'block-malformed'

export class StoreError extends Error {
  readonly code: StoreErrorCode
  /** The same call may succeed later; retry with the same token. */
  readonly retryable: boolean

  constructor(code: StoreErrorCode, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
    this.retryable = options.retryable ?? false
  }
}
