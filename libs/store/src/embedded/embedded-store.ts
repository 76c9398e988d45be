import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type Clock,
  type Logger,
  type Metrics,
  systemClock,
  systemRandom,
  type Timer,
} from '../../../kernel/src/index.ts'
import { createInserter } from '../inserter.ts'
import { Lanes } from '../lanes.ts'
import { applyMigrations, readMigrations, type SchemaRunner } from '../migrations.ts'
import { checkParams, paramText } from '../query-params.ts'
import { defaultRetention, type Retention } from '../retention.ts'
import { applyRetention } from '../retention-change.ts'
import { defaultRetryPolicy, type RetryPolicy } from '../retry.ts'
import { type SettingValues, settingsText } from '../settings.ts'
import { type QueryOptions, type QueryParams, type Store, StoreError } from '../store.ts'
import { createStoreMetrics } from '../store-metrics.ts'
import { writeChdbConfig } from './chdb-config.ts'
import { ChdbWorker } from './chdb-worker.ts'
import { loadChdb } from './load-chdb.ts'
import { takeOwnership } from './owner-lock.ts'
import { claimProcess } from './process-claim.ts'
import { repairTokenLogs } from './token-log-repair.ts'

export interface EmbeddedStoreOptions {
  /** Folder of the data; made when absent, and owned by one process at a time. */
  path: string
  log: Logger
  metrics: Metrics
  retention?: Partial<Retention>
  retry?: Partial<RetryPolicy>
  /** Queries at once, 2. Each takes a thread of libuv's pool, 4 unless UV_THREADPOOL_SIZE says more; inserts take one. */
  queriesAtOnce?: number
  /** ClickHouse's memory as a whole, bytes, 2 GiB; one statement may take half. */
  memoryBytesMax?: number
  insertTimeoutMs?: number
  /** Where the numbered migrations lie; the package's own. */
  migrationsFolder?: string
  clock?: Clock
}

const defaults = {
  queriesAtOnce: 2,
  memoryBytesMax: 2 * 2 ** 30,
  insertTimeoutMs: 120_000,
  queryTimeoutMs: 30_000,
  rowsMax: 1_000_000,
}

/** The engine's own limit comes first. */
const graceMs = 2_000
const insertsWaitingMax = 256
const queriesWaitingMax = 256

/** ClickHouse in this process (chdb). One store a process, because chdb binds one data folder to it. */
export function createEmbeddedStore(options: EmbeddedStoreOptions): Store {
  const folder = resolve(options.path)
  const { log } = options
  const clock = options.clock ?? systemClock
  const retention = { ...defaultRetention, ...options.retention }
  const retry = { ...defaultRetryPolicy, ...options.retry }
  const inserts = new Lanes({ name: 'inserts', count: 1, waitingMax: insertsWaitingMax })
  const queryLanes = options.queriesAtOnce ?? defaults.queriesAtOnce
  const queries = new Lanes({ name: 'queries', count: queryLanes, waitingMax: queriesWaitingMax })
  const metrics = createStoreMetrics(options.metrics, () => [
    ['insert', inserts.waiting],
    ['query', queries.waiting],
  ])
  let worker: ChdbWorker | undefined
  let giveBack: (() => void | Promise<void>)[] = []
  let stopping = false

  function running(): ChdbWorker {
    if (!worker || stopping) throw new StoreError('store-closed', 'the store is not running')
    return worker
  }

  const inserter = createInserter({
    retention,
    retry,
    lanes: inserts,
    clock,
    random: systemRandom,
    log,
    metrics,
    stopping: () => stopping,
    async send(table, columns, bytes, token) {
      const timeoutMs = options.insertTimeoutMs ?? defaults.insertTimeoutMs
      await running().ask({ kind: 'insert', table, columns, token, bytes, timeoutMs })
    },
  })

  async function runQuery<Row>(sql: string, params: QueryParams, query: QueryOptions): Promise<Row[]> {
    checkParams(sql, params)
    const timeoutMs = query.timeoutMs ?? defaults.queryTimeoutMs
    const deadlineMs = clock.monotonicMs() + timeoutMs
    const answer = queries.run(async lane => {
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) throw new StoreError('store-timeout', `the query waited ${timeoutMs} ms`, { retryable: true })
      const settings = settingsText({
        ...querySettings(leftMs, query.rowsMax ?? defaults.rowsMax),
        ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`param_${name}`, paramText(value)])),
      })
      return parseRows<Row>(await running().ask({ kind: 'query', lane, sql, settings: `SET ${settings}` }))
    })
    // ClickHouse looks at its own limit between blocks only. The caller goes on; the lane is free when the engine is.
    return withinTime(answer, timeoutMs + graceMs)
  }

  async function withinTime<T>(answer: Promise<T>, timeMs: number): Promise<T> {
    let timer: Timer | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new StoreError('store-timeout', `the query did not end within ${timeMs} ms`, { retryable: true })
      timer = clock.after(timeMs, () => reject(error))
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      timer?.cancel()
    }
  }

  async function open(): Promise<void> {
    const dataPath = join(folder, 'chdb')
    const spoolPath = join(folder, 'spool')
    rmSync(spoolPath, { recursive: true, force: true })
    mkdirSync(spoolPath, { recursive: true })
    const forgotten = repairTokenLogs(dataPath)
    if (forgotten.length > 0) log.info({ forgotten }, 'forgot the tokens of inserts that a kill had cut short')
    const memoryBytesMax = options.memoryBytesMax ?? defaults.memoryBytesMax
    const opening = new ChdbWorker({
      dataPath,
      spoolPath,
      queryLanes,
      statementMemoryBytesMax: Math.floor(memoryBytesMax / 2),
      configFile: writeChdbConfig(folder, memoryBytesMax),
    })
    giveBack.push(() => opening.end())
    await opening.opened()
    const runner: SchemaRunner = {
      async command(sql) {
        await opening.ask({ kind: 'command', sql })
      },
      async rows(sql) {
        return parseRows(await opening.ask({ kind: 'command', sql }))
      },
    }
    const applied = await applyMigrations(
      runner,
      { engine: 'single', retention },
      readMigrations(options.migrationsFolder),
    )
    if (applied.length > 0) log.info({ migrations: applied }, 'applied migrations')
    await applyRetention(runner, { engine: 'single', retention }, log)
    worker = opening
  }

  return {
    name: 'store',
    async start() {
      await loadChdb()
      giveBack = [claimProcess(folder)]
      try {
        giveBack.push(await takeOwnership(folder, clock))
        await open()
      } catch (cause) {
        await release()
        throw cause
      }
    },
    async stop() {
      stopping = true
      const closed = new StoreError('store-closed', 'the store is stopping')
      await Promise.all([inserts.close(closed), queries.close(closed)])
      await worker?.ask({ kind: 'stop' }).catch(cause => log.error({ err: cause }, 'chdb did not close cleanly'))
      await release()
    },
    readiness() {
      if (!worker) return { ready: false, reason: 'starting' }
      return worker.dead ? { ready: false, reason: worker.dead.message } : { ready: true }
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

  async function release(): Promise<void> {
    worker = undefined
    for (let one = giveBack.pop(); one; one = giveBack.pop()) await one()
  }
}

function querySettings(timeoutMs: number, rowsMax: number): SettingValues {
  return {
    max_execution_time: Math.max(0.001, timeoutMs / 1000),
    timeout_overflow_mode: 'throw',
    max_result_rows: rowsMax,
    result_overflow_mode: 'throw',
  }
}

/** Rows of `JSONEachRow`, as an array or a row a line; an empty result has no bytes. */
function parseRows<Row>(bytes: Uint8Array): Row[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').trim()
  if (text === '') return []
  // Line feeds inside values are escaped, so each one here ends a row.
  return JSON.parse(text.startsWith('[') ? text : `[${text.replaceAll('\n', ',')}]`) as Row[]
}
