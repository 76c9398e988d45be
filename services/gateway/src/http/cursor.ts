import { z } from 'zod'
import { ProblemError } from './problem.ts'

/** Parameters of every list. */
export const listParameters = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('Items on a page, 1 to 1000.'),
  cursor: z.string().max(1_024).optional().describe('`nextCursor` of the page before.'),
  tenant: z.string().max(128).optional(),
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().describe('Null on the last page.'),
  })
}

/**
 * A cursor says after which key the next page begins, so that items that come and go between two requests neither
 * repeat nor hide others.
 */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** @throws ProblemError cursor-invalid */
export function decodeCursor(cursor: string | undefined, parts: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined
  try {
    return z
      .array(z.string())
      .length(parts)
      .parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch (cause) {
    throw new ProblemError('cursor-invalid', 'this cursor is not one that a list gave', { cause })
  }
}

/** One page of `items`, which come in the order of their keys and after the cursor. */
export function pageOf<T, U>(
  items: Iterable<T>,
  limit: number,
  keyOf: (item: T) => readonly string[],
  show: (item: T) => U,
): { data: U[]; nextCursor: string | null } {
  const data: U[] = []
  let last: T | undefined
  for (const item of items) {
    if (data.length === limit) return { data, nextCursor: encodeCursor(keyOf(last!)) }
    data.push(show(item))
    last = item
  }
  return { data, nextCursor: null }
}
