import { CounterByCode, type Metrics } from '../../kernel/src/index.ts'
import type { StoreErrorCode } from './store.ts'
import { type TableName, tables } from './tables.ts'

/** What every store counts, whichever adapter it is. */
export interface StoreMetrics {
  inserted(table: TableName, rows: number, bytes: number, seconds: number): void
  queried(seconds: number): void
  retried(): void
  failed(code: StoreErrorCode): void
  vanishing(table: TableName, rows: number): void
}

export function createStoreMetrics(metrics: Metrics, waiting: () => Iterable<readonly [string, number]>): StoreMetrics {
  const perTable = new Map(Object.keys(tables).map(table => [table, { rows: 0, bytes: 0, vanishing: 0 }]))
  const errors = new CounterByCode()
  let retries = 0
  const by = (field: 'rows' | 'bytes' | 'vanishing') =>
    function* () {
      for (const [table, counts] of perTable) yield [{ table }, counts[field]] as const
    }

  metrics.counters('weir_store_rows_inserted_total', 'Rows acknowledged by the store.', ['table'], by('rows'))
  metrics.counters('weir_store_bytes_inserted_total', 'Arrow bytes acknowledged by the store.', ['table'], by('bytes'))
  metrics.counters(
    'weir_store_rows_vanished_total',
    'Rows inserted although older than the retention of their table: the next merge removes them.',
    ['table'],
    by('vanishing'),
  )
  metrics.counters('weir_store_retries_total', 'Statements repeated after a failure, with the same token.', [], () => [
    [{}, retries],
  ])
  metrics.counters('weir_store_errors_total', 'Statements that failed for good, by error code.', ['code'], () =>
    errors.samples('code'),
  )
  metrics.gauges('weir_store_waiting', 'Statements waiting for a free lane.', ['kind'], function* () {
    for (const [kind, count] of waiting()) yield [{ kind }, count] as const
  })
  const insertSeconds = metrics.histogram(
    'weir_store_insert_seconds',
    'Time from an insert to its acknowledgement, retries included.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
  )
  const querySeconds = metrics.histogram(
    'weir_store_query_seconds',
    'Time from a query to its rows.',
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  )

  return {
    inserted(table, rows, bytes, seconds) {
      const counts = perTable.get(table)!
      counts.rows += rows
      counts.bytes += bytes
      insertSeconds.observe(seconds)
    },
    queried: seconds => querySeconds.observe(seconds),
    retried: () => {
      retries++
    },
    failed: code => errors.add(code),
    vanishing: (table, rows) => {
      perTable.get(table)!.vanishing += rows
    },
  }
}
