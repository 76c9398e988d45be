import type { Clock, Logger, Random } from '../../kernel/src/index.ts'
import { encodeArrowStream } from './arrow/encode-block.ts'
import { checkBlock, columnsOf } from './block.ts'
import type { Lanes } from './lanes.ts'
import { countRowsBefore, type InsertPart, splitByPartition } from './partitioning.ts'
import { type Retention, retentionOf } from './retention.ts'
import { type RetryPolicy, withRetry } from './retry.ts'
import { type ColumnBlock, StoreError } from './store.ts'
import type { StoreMetrics } from './store-metrics.ts'
import type { TableName } from './tables.ts'

export interface InserterOptions {
  retention: Retention
  retry: RetryPolicy
  lanes: Lanes
  clock: Clock
  random: Random
  log: Logger
  metrics: StoreMetrics
  stopping(): boolean
  /** One attempt: the bytes of one Arrow stream of these columns under one token. */
  send(table: TableName, columns: readonly string[], bytes: Uint8Array, token: string): Promise<void>
}

const dayMs = 86_400_000

/** What every adapter does with a block: check, cut, encode, send, and send again under the same token. */
export function createInserter(options: InserterOptions) {
  const { clock, log, metrics } = options

  async function insert(table: TableName, block: ColumnBlock, token: string): Promise<void> {
    const startedMs = clock.monotonicMs()
    try {
      checkBlock(table, block)
      if (token === '') throw new StoreError('block-malformed', `rows for table ${table}: an insert needs a token`)
      if (block.length === 0) return
      countVanishing(table, block)
      let bytes = 0
      for (const part of splitByPartition(table, block, token)) bytes += await insertPart(table, part)
      metrics.inserted(table, block.length, bytes, (clock.monotonicMs() - startedMs) / 1000)
    } catch (cause) {
      metrics.failed(cause instanceof StoreError ? cause.code : 'store-rejected')
      throw cause
    }
  }

  function insertPart(table: TableName, part: InsertPart): Promise<number> {
    // Encoded only once a lane is free: what waits holds columns, not columns and bytes.
    return options.lanes.run(async () => {
      const bytes = encodeArrowStream(table, part.block)
      const byteLength = bytes.byteLength
      const columns = columnsOf(table, part.block)
      await withRetry(
        { policy: options.retry, clock, random: options.random, stopping: options.stopping, onRetry },
        () => options.send(table, columns, bytes, part.token),
      )
      return byteLength
    })

    function onRetry(error: StoreError, delayMs: number): void {
      metrics.retried()
      log.warn(
        { err: error, table, token: part.token, delayMs: Math.round(delayMs) },
        'insert failed, will be repeated',
      )
    }
  }

  function countVanishing(table: TableName, block: ColumnBlock): void {
    const days = retentionOf(table, options.retention)
    if (days === undefined) return
    const rows = countRowsBefore(table, block, clock.nowMs() - days * dayMs)
    if (rows === 0) return
    metrics.vanishing(table, rows)
    log.warn({ table, rows, retentionDays: days }, 'rows are older than the retention of their table and will vanish')
  }

  return { insert }
}
