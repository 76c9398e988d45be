import { StoreError, type StoreErrorCode } from './store.ts'

interface Verdict {
  code: StoreErrorCode
  retryable: boolean
}

const unavailable: Verdict = { code: 'store-unavailable', retryable: true }
const malformed: Verdict = { code: 'block-malformed', retryable: false }
const diskFull: Verdict = { code: 'store-disk-full', retryable: true }

/** ClickHouse's numbers (src/Common/ErrorCodes.cpp) that mean more than "the statement is wrong". */
const verdicts: Readonly<Record<number, Verdict>> = {
  /** TIMEOUT_EXCEEDED, SOCKET_TIMEOUT: the statement may have taken effect; the same token makes a retry safe. */
  159: { code: 'store-timeout', retryable: true },
  209: { code: 'store-timeout', retryable: true },
  /** QUERY_WAS_CANCELLED, ABORTED (shutting down). */
  394: unavailable,
  236: unavailable,
  /** TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED, TOO_MANY_PARTS. */
  202: unavailable,
  241: unavailable,
  252: unavailable,
  /** NETWORK_ERROR, NO_ZOOKEEPER, TABLE_IS_READ_ONLY (Keeper's session lost), ALL_CONNECTION_TRIES_FAILED. */
  210: unavailable,
  225: unavailable,
  242: unavailable,
  279: unavailable,
  /** TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION. */
  285: unavailable,
  286: unavailable,
  319: unavailable,
  999: unavailable,
  /** NOT_ENOUGH_SPACE. */
  243: diskFull,
  /** THERE_IS_NO_COLUMN, NO_SUCH_COLUMN_IN_TABLE, CANNOT_READ_ALL_DATA, TYPE_MISMATCH, CANNOT_CONVERT_TYPE. */
  8: malformed,
  16: malformed,
  33: malformed,
  53: malformed,
  70: malformed,
  /** INCORRECT_DATA, UNKNOWN_EXCEPTION of the Arrow reader, CANNOT_EXTRACT_TABLE_STRUCTURE. */
  117: malformed,
  636: malformed,
}

/** Faults of the block belong to inserts; the same numbers in a SELECT are the query's own. */
export type StatementKind = 'insert' | 'query'

/**
 * Turns ClickHouse's exception, from chdb or a server, into the store's own.
 * @param number as in `Code: 241. DB::Exception: …`; undefined when the failure is not ClickHouse's
 */
export function fromClickHouse(
  kind: StatementKind,
  number: number | undefined,
  message: string,
  cause?: unknown,
): StoreError {
  const verdict = verdictOf(kind, number, message)
  return new StoreError(verdict.code, firstLine(message), { cause, retryable: verdict.retryable })
}

function verdictOf(kind: StatementKind, number: number | undefined, message: string): Verdict {
  // Errno 28 comes under several numbers (CANNOT_WRITE_TO_FILE_DESCRIPTOR, std::exception).
  if (/No space left on device|ENOSPC/.test(message)) return diskFull
  const verdict = number === undefined ? undefined : verdicts[number]
  if (!verdict || (verdict === malformed && kind === 'query')) return { code: 'store-rejected', retryable: false }
  return verdict
}

/** ClickHouse's number in an exception's text. */
export function exceptionNumber(message: string): number | undefined {
  const digits = /\bCode: (\d+)\./.exec(message)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]!
  return line.length > 2_000 ? `${line.slice(0, 2_000)}…` : line
}
