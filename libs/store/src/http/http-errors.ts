import { ClickHouseError } from '@clickhouse/client'
import { fromClickHouse, type StatementKind } from '../clickhouse-errors.ts'
import { StoreError } from '../store.ts'

/** What a client's rejection means: the server's exception by its number, anything else a matter of the network. */
export function fromClient(kind: StatementKind, cause: unknown, address: string): StoreError {
  if (cause instanceof StoreError) return cause
  if (cause instanceof ClickHouseError) return fromClickHouse(kind, Number(cause.code), cause.message, cause)
  const { message, code } = cause as { message?: string; code?: string }
  if (/timeout|aborted/i.test(message ?? '')) {
    // What a server was doing when nobody waited any longer is unknown; the token makes a repetition safe.
    return new StoreError('store-timeout', `${address} did not answer in time`, { cause, retryable: true })
  }
  if (code?.startsWith('ERR_TLS') || code?.includes('CERT') || code?.includes('SELF_SIGNED')) {
    return new StoreError('store-rejected', `${address}: ${message}; see store.tls`, { cause })
  }
  return new StoreError('store-unavailable', `cannot reach ClickHouse at ${address}: ${message ?? cause}`, {
    cause,
    retryable: true,
  })
}
