import { Readable } from 'node:stream'
import type { ClickHouseSettings } from '@clickhouse/client'
import { type Clock, type Logger, type Metrics, systemClock, systemRandom } from '../../../kernel/src/index.ts'
import { createInserter } from '../inserter.ts'
import { Lanes } from '../lanes.ts'
import { checkParams } from '../query-params.ts'
import { defaultRetryPolicy, type RetryPolicy, withRetry } from '../retry.ts'
import { insertSettings, type SettingValues } from '../settings.ts'
import { type QueryOptions, type QueryParams, type Store, StoreError } from '../store.ts'
import type { HttpStoreConfig } from '../store-config.ts'
import { createStoreMetrics } from '../store-metrics.ts'
import { type Clients, openClients } from './clients.ts'
import { fromClient } from './http-errors.ts'
import { prepareSchema } from './schema.ts'

export interface HttpStoreOptions {
  config: HttpStoreConfig
  log: Logger
  metrics: Metrics
  retry?: Partial<RetryPolicy>
  insertTimeoutMs?: number
  clock?: Clock
}

const insertsWaitingMax = 1_024
const queriesWaitingMax = 1_024
const queryTimeoutMs = 30_000
const rowsMaxOfQuery = 1_000_000
/** The server's own limit comes first; this much later the socket is given up. */
const graceMs = 2_000

/** A ClickHouse server or cluster over HTTP. */
export function createHttpStore(options: HttpStoreOptions): Store {
  const { config, log } = options
  const clock = options.clock ?? systemClock
  const retry = { ...defaultRetryPolicy, ...options.retry }
  const insertTimeoutMs = options.insertTimeoutMs ?? 120_000
  const inserts = new Lanes({ name: 'inserts', count: config.insertsAtOnce, waitingMax: insertsWaitingMax })
  const queries = new Lanes({ name: 'queries', count: config.queriesAtOnce, waitingMax: queriesWaitingMax })
  const metrics = createStoreMetrics(options.metrics, () => [
    ['insert', inserts.waiting],
    ['query', queries.waiting],
  ])
  let clients: Clients | undefined
  let stopping = false
  /** Of the last statement, when the server did not answer it. */
  let trouble: StoreError | undefined

  function running(): Clients {
    if (!clients || stopping) throw new StoreError('store-closed', 'the store is not running')
    return clients
  }

  const isPast = (deadlineMs: number) => clock.monotonicMs() >= deadlineMs

  function failed(kind: 'insert' | 'query', cause: unknown): StoreError {
    const error = fromClient(kind, cause, config.url)
    if (error.retryable) trouble = error
    return error
  }

  const inserter = createInserter({
    retention: config.retention,
    retry,
    lanes: inserts,
    clock,
    random: systemRandom,
    log,
    metrics,
    stopping: () => stopping,
    async send(table, columns, bytes, token) {
      const { writer } = running()
      try {
        const result = await writer.exec({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ArrowStream`,
          // One chunk of bytes; in object mode the client would write it as JSON.
          values: Readable.from([bytes], { objectMode: false }),
          clickhouse_settings: clientSettings({
            ...insertSettings,
            insert_deduplication_token: token,
            max_execution_time: insertTimeoutMs / 1000,
            // The answer comes when the rows are in, not when they were read.
            wait_end_of_query: 1,
            distributed_foreground_insert: 1,
            ...quorumSettings(config),
          }),
        })
        await drained(result.stream)
        trouble = undefined
      } catch (cause) {
        throw failed('insert', cause)
      }
    },
  })

  /** A kept socket may have been closed by the server meanwhile; a query asks twice more before it says so. */
  const queryRetry = {
    policy: { attemptsMax: Math.min(3, retry.attemptsMax), firstDelayMs: retry.firstDelayMs, delayMsMax: 1_000 },
    clock,
    random: systemRandom,
    onRetry: () => metrics.retried(),
  }

  async function runQuery<Row>(sql: string, params: QueryParams, query: QueryOptions): Promise<Row[]> {
    checkParams(sql, params)
    const timeoutMs = query.timeoutMs ?? queryTimeoutMs
    const deadlineMs = clock.monotonicMs() + timeoutMs
    return queries.run(() => withRetry({ ...queryRetry, stopping: () => stopping || isPast(deadlineMs) }, attempt))

    async function attempt(): Promise<Row[]> {
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) throw new StoreError('store-timeout', `the query waited ${timeoutMs} ms`)
      const { reader } = running()
      const giveUp = new AbortController()
      const timer = clock.after(leftMs + graceMs, () => giveUp.abort())
      try {
        const result = await reader.query({
          query: sql,
          format: 'JSONEachRow',
          query_params: { ...params },
          abort_signal: giveUp.signal,
          clickhouse_settings: clientSettings({
            max_execution_time: leftMs / 1000,
            timeout_overflow_mode: 'throw',
            max_result_rows: query.rowsMax ?? rowsMaxOfQuery,
            result_overflow_mode: 'throw',
            output_format_json_quote_64bit_integers: 1,
            session_timezone: 'UTC',
            // An exception in the middle of the rows must not pass for their end.
            wait_end_of_query: 1,
            cancel_http_readonly_queries_on_client_close: 1,
            ...(config.quorum === undefined ? {} : { select_sequential_consistency: 1 }),
          }),
        })
        const rows = await result.json<Row>()
        trouble = undefined
        return rows
      } catch (cause) {
        throw failed('query', cause)
      } finally {
        timer.cancel()
      }
    }
  }

  async function open(): Promise<void> {
    const timeouts = { requestTimeoutMs: Math.max(insertTimeoutMs, queryTimeoutMs) + graceMs }
    const opening = openClients(config, timeouts)
    const untilMs = clock.monotonicMs() + config.startTimeoutMs
    try {
      await withRetry(
        {
          policy: { attemptsMax: Number.POSITIVE_INFINITY, firstDelayMs: 250, delayMsMax: 5_000 },
          clock,
          random: systemRandom,
          stopping: () => stopping || clock.monotonicMs() > untilMs,
          onRetry: (error, delayMs) => log.warn({ err: error, delayMs: Math.round(delayMs) }, 'waiting for ClickHouse'),
        },
        () =>
          prepareSchema(config, opening.reader, timeouts, log).catch(cause => {
            throw fromClient('query', cause, config.url)
          }),
      )
    } catch (cause) {
      await opening.close()
      throw cause
    }
    clients = opening
  }

  return {
    name: 'store',
    start: open,
    async stop() {
      stopping = true
      const closed = new StoreError('store-closed', 'the store is stopping')
      await Promise.all([inserts.close(closed), queries.close(closed)])
      await clients?.close()
      clients = undefined
    },
    readiness() {
      if (!clients) return { ready: false, reason: 'starting' }
      return trouble ? { ready: false, reason: trouble.message } : { ready: true }
    },
    insert: inserter.insert,
    async query<Row>(sql: string, params: QueryParams = {}, query: QueryOptions = {}) {
      const startedMs = clock.monotonicMs()
      try {
        const rows = await runQuery<Row>(sql, params, query)
        metrics.queried((clock.monotonicMs() - startedMs) / 1000)
        return rows
      } catch (cause) {
        metrics.failed(cause instanceof StoreError ? cause.code : 'store-rejected')
        throw cause
      }
    },
  }
}

/** They travel as texts in the URL; the client's types name numbers, flags and texts apart. */
function clientSettings(settings: SettingValues): ClickHouseSettings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, String(value)]),
  ) as ClickHouseSettings
}

function quorumSettings({ quorum }: HttpStoreConfig): SettingValues {
  // Sequential consistency of reads needs inserts one after the other.
  return quorum === undefined ? {} : { insert_quorum: String(quorum), insert_quorum_parallel: 0 }
}

/** An exec's answer must be read to its end: only then is the insert acknowledged and the socket free. */
async function drained(stream: Readable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('end', resolve)
    stream.resume()
  })
}
