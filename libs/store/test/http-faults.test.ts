import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClickHouseFront, frontUsers, startClickHouseFront } from '../../../test/clickhouse/start-front.ts'
import { createMetrics, type Metrics, silentLogger } from '../../kernel/src/index.ts'
import { createHttpStore, type HttpStoreOptions } from '../src/http/index.ts'
import { type HttpStoreConfig, httpStoreConfigSchema, type Store } from '../src/index.ts'
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts'
import { blockOf } from './sample-blocks.ts'

describe('http store, on a network that fails', { timeout: 120_000 }, () => {
  let folder: string
  let front: ClickHouseFront
  let proxy: FaultyProxy
  let metrics: Metrics
  let store: Store
  let tenant = 0
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-front-'))
    front = await startClickHouseFront(folder)
    proxy = await startFaultyProxy(front.url)
  })
  afterAll(async () => {
    await proxy.close()
    await front.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    metrics = createMetrics()
    store = storeWith({}, { metrics })
    await store.start()
    tenant++
  })
  afterEach(async () => {
    proxy.fate = () => 'pass'
    await store.stop()
  })

  function storeWith(config: Partial<HttpStoreConfig> = {}, options: Partial<HttpStoreOptions> = {}): Store {
    return createHttpStore({
      config: httpStoreConfigSchema.parse({
        kind: 'http',
        url: proxy.url,
        engine: 'single',
        users: frontUsers,
        ...config,
      }),
      log: silentLogger,
      metrics: createMetrics(),
      retry: { firstDelayMs: 5, delayMsMax: 20, attemptsMax: 4 },
      ...options,
    })
  }

  const row = () => blockOf('alarm_events', [{ tenant_id: `t${tenant}`, event_time: Date.now() }])
  const rowsOf = async () =>
    Number(
      (
        await store.query<{ rows: string }>('SELECT count() AS rows FROM alarm_events WHERE tenant_id = {t:String}', {
          t: `t${tenant}`,
        })
      )[0]!.rows,
    )
  /** The given fates for the next inserts; all else passes. */
  function failInserts(...fates: FaultyProxy['fate'][]): void {
    proxy.fate = sql => (sql.startsWith('INSERT') ? (fates.shift()?.(sql) ?? 'pass') : 'pass')
  }

  it('F75: repeats an insert whose answer was lost under the same token, and it counts once', async () => {
    failInserts(
      () => 'lose-answer',
      () => 'lose-answer',
    )
    await store.insert('alarm_events', row(), 'lost')
    expect(await rowsOf()).toBe(1)
    expect((await metrics.text()).body).toContain('weir_store_retries_total 2')
  })

  it.each([
    [252, 'Too many parts (300). Merges are processing significantly slower than inserts. (TOO_MANY_PARTS)'],
    [241, 'Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)'],
    [242, 'Table is in readonly mode (replica path: /x). (TABLE_IS_READ_ONLY)'],
    [999, 'Session expired. (KEEPER_EXCEPTION)'],
    [243, 'No space left on device. (NOT_ENOUGH_SPACE)'],
  ])('F76, F77: repeats an insert after exception %d', async (exception, message) => {
    failInserts(() => ({ exception, message }))
    await store.insert('alarm_events', row(), `again-${exception}`)
    expect(await rowsOf()).toBe(1)
  })

  it('F74: gives up after its attempts, says so, and works again when the server is back', async () => {
    failInserts(...Array.from({ length: 4 }, () => () => 'cut' as const))
    const failure = await store.insert('alarm_events', row(), 'down').catch(error => error)
    expect(failure).toMatchObject({ code: 'store-unavailable', retryable: true })
    expect(failure.message).toContain(proxy.url)
    expect(store.readiness?.()).toMatchObject({ ready: false })
    expect((await metrics.text()).body).toContain('weir_store_errors_total{code="store-unavailable"} 1')
    await store.insert('alarm_events', row(), 'down')
    expect(store.readiness?.()).toEqual({ ready: true })
    expect(await rowsOf()).toBe(1)
  })

  it('does not repeat what will never succeed', async () => {
    failInserts(() => ({ exception: 60, message: 'Table weir.alarm_events does not exist. (UNKNOWN_TABLE)' }))
    await expect(store.insert('alarm_events', row(), 'x')).rejects.toMatchObject({
      code: 'store-rejected',
      retryable: false,
    })
    expect((await metrics.text()).body).toContain('weir_store_retries_total 0')
  })

  it('names a disk that stays full', async () => {
    const full = { exception: 243, message: 'Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)' }
    failInserts(...Array.from({ length: 4 }, () => () => full))
    await expect(store.insert('alarm_events', row(), 'full')).rejects.toMatchObject({
      code: 'store-disk-full',
      retryable: true,
    })
  })

  it('refuses wrong credentials without repeating, and lets each user do its part only', async () => {
    const wrong = { username: 'writer', password: 'guess' }
    const other = storeWith({ users: { ...frontUsers, writer: wrong } })
    await other.start()
    await expect(other.insert('alarm_events', row(), 'x')).rejects.toMatchObject({ code: 'store-rejected' })
    await other.stop()
    const swapped = storeWith({ users: { reader: frontUsers.writer, writer: frontUsers.reader } })
    await expect(swapped.start()).rejects.toMatchObject({ code: 'store-rejected' })
  })

  it('checks the schema when it may not make it', async () => {
    const { owner: _, ...users } = frontUsers
    const guest = storeWith({ users })
    await guest.start()
    expect(await guest.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await guest.stop()
    const elsewhere = storeWith({ users, database: 'default' })
    await expect(elsewhere.start()).rejects.toMatchObject({
      code: 'schema-older',
      message: expect.stringContaining('owner'),
    })
  })

  it('waits at start for a server that is not there yet, but not for ever', async () => {
    let refused = 0
    proxy.fate = () => (refused++ < 3 ? 'cut' : 'pass')
    const patient = storeWith()
    await patient.start()
    await patient.stop()
    proxy.fate = () => 'cut'
    const hasty = storeWith({ startTimeoutMs: 0 })
    await expect(hasty.start()).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  it('asks again when a socket breaks under a query', async () => {
    let cut = 0
    proxy.fate = () => (cut++ < 2 ? 'cut' : 'pass')
    expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect((await metrics.text()).body).toContain('weir_store_retries_total 2')
  })

  it('takes lists of parameters that no URL would hold', async () => {
    const list = Array.from({ length: 5_000 }, (_, i) => `exporter-${i}`)
    const [found] = await store.query('SELECT length({list:Array(String)}) AS n, {list:Array(String)}[5000] AS last', {
      list,
    })
    expect(found).toEqual({ n: '5000', last: 'exporter-4999' })
  })
})
