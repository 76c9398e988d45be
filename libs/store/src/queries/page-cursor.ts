import { StoreError } from '../store.ts'

export interface Page<Item> {
  items: Item[]
  /** Opaque; given back as `cursor` for what follows, null at the end. */
  nextCursor: string | null
}

export interface PageRequest {
  cursor?: string | undefined
  limit?: number
  timeoutMs?: number
}

/** The key of the last row seen. Pages go on after it, so rows that come or go between pages repeat or hide no others. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** @throws StoreError `store-rejected` when it is none of ours */
export function decodeCursor(cursor: string, fields: number): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(key) && key.length === fields && key.every(one => typeof one === 'string')) return key as string[]
  } catch {
    // Said below.
  }
  throw new StoreError('store-rejected', 'the cursor is not one of this list')
}

/** One row more than the page is asked for, to know whether there is a next one. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => string[],
  item: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit)
  return {
    items: shown.map(item),
    nextCursor: rows.length > limit ? encodeCursor(key(shown.at(-1)!)) : null,
  }
}
