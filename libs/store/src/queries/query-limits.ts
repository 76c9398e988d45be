import { type QueryOptions, StoreError } from '../store.ts'

/** Bounds that every helper takes. */
export interface QueryLimits {
  /** Rows given back at most, where the helper has no better word for it. */
  limit?: number
  /** Time given to ClickHouse, milliseconds; 10 s. */
  timeoutMs?: number
}

export const limitMax = 10_000

/** @throws StoreError `store-rejected` for a limit outside 1..10,000 */
export function limitOf(limits: QueryLimits, otherwise: number): number {
  const limit = limits.limit ?? otherwise
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    throw new StoreError('store-rejected', `a limit is 1 to ${limitMax} rows, not ${limit}`)
  }
  return limit
}

/** Options of the query behind a helper; `rowsMax` is the helper's own bound, not the user's. */
export function optionsOf(limits: QueryLimits, rowsMax: number): QueryOptions {
  return { timeoutMs: limits.timeoutMs ?? 10_000, rowsMax }
}
