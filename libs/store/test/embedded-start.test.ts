import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics, ManualClock, packageRoot, silentLogger } from '../../kernel/src/index.ts'
import { createEmbeddedStore, type EmbeddedStoreOptions } from '../src/embedded/index.ts'
import type { Store } from '../src/index.ts'
import { readMigrations } from '../src/migrations.ts'
import { workloadBlock, workloadTables, workloadToken } from './epoch-workload.ts'
import { blockOf } from './sample-blocks.ts'
import { differencesOf } from './workload-differences.ts'

const migrations = join(packageRoot, 'libs/store/migrations')
const writerScript = join(packageRoot, 'dist/libs/store/test/epoch-writer.js')

describe('embedded store, starting', { timeout: 120_000 }, () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-store-start-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function storeWith(options: Partial<EmbeddedStoreOptions> = {}) {
    return createEmbeddedStore({ path: join(folder, 'data'), log: silentLogger, metrics: createMetrics(), ...options })
  }

  it('finds its rows and its tokens again after a stop', async () => {
    const block = blockOf('alarm_events', [{ tenant_id: 't', event_time: Date.now() }])
    const first = storeWith()
    await first.start()
    await first.insert('alarm_events', block, 'a')
    await first.stop()
    await expect(first.insert('alarm_events', block, 'b')).rejects.toMatchObject({ code: 'store-closed' })
    await expect(first.query('SELECT 1')).rejects.toMatchObject({ code: 'store-closed' })

    const second = storeWith()
    await second.start()
    await second.insert('alarm_events', block, 'a')
    expect(await second.query('SELECT count() AS rows FROM alarm_events')).toEqual([{ rows: '1' }])
    await second.stop()
  })

  it('knows the epochs of its first process after a restart, in every view', async () => {
    const day = Math.floor(Date.now() / 86_400_000) * 86_400
    const insertAll = async (store: Store) => {
      for (const table of workloadTables)
        await store.insert(table, workloadBlock(table, 0, day), workloadToken(table, 0))
    }
    // The first process runs every migration, and inserts through views as it has just made or changed them.
    const first = storeWith()
    await first.start()
    await insertAll(first)
    await first.stop()

    const second = storeWith()
    await second.start()
    await insertAll(second)
    expect(await differencesOf(second, 1, day), 'totals differ').toEqual([])
    await second.stop()
  })

  it('is one in a process', async () => {
    const first = storeWith()
    await first.start()
    const second = storeWith({ path: join(folder, 'other') })
    await expect(second.start()).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringContaining(join(folder, 'data')),
    })
    expect(await first.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await first.stop()
    await second.start()
    await second.stop()
  })

  it('refuses a folder that a running process owns, and takes it over when that one was killed', async () => {
    const writer = spawn(process.execPath, [writerScript, join(folder, 'data'), '0', '1700006400'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise<void>(resolve => {
      writer.stdout.on('data', (text: Buffer) => {
        if (text.includes('begin 0')) resolve()
      })
    })
    const store = storeWith()
    await expect(store.start()).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringContaining(`process ${writer.pid}`),
    })
    const gone = new Promise(resolve => writer.once('close', resolve))
    writer.kill('SIGKILL')
    await gone
    await store.start()
    await store.stop()
  })

  it('takes over the lock of a process whose id has come back', async () => {
    mkdirSync(join(folder, 'data'))
    const { hostname } = await import('node:os')
    const owner = { pid: process.pid, startTicks: '1', host: hostname() }
    writeFileSync(join(folder, 'data', 'owner.lock'), JSON.stringify(owner))
    const store = storeWith()
    await store.start()
    await store.stop()
  })

  it('refuses tables of newer code, and of another build', async () => {
    const newer = join(folder, 'migrations')
    cpSync(migrations, newer, { recursive: true })
    const next = `${String(readMigrations().length + 1).padStart(4, '0')}-later.sql`
    writeFileSync(
      join(newer, next),
      'CREATE TABLE IF NOT EXISTS later{{local}} (a UInt8) ENGINE = {{MergeTree}} ORDER BY a;',
    )
    const later = storeWith({ migrationsFolder: newer })
    await later.start()
    expect(await later.query('SELECT count() AS rows FROM later')).toEqual([{ rows: '0' }])
    await later.stop()
    await expect(storeWith().start()).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringContaining('later'),
    })

    rmSync(join(newer, next))
    const first = join(newer, '0001-flows.sql')
    writeFileSync(first, `${readFileSync(first, 'utf8')}-- another build\n`)
    const other = storeWith({ migrationsFolder: newer, path: join(folder, 'other') })
    await other.start()
    await other.stop()
    await expect(storeWith({ path: join(folder, 'other') }).start()).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringContaining('0001-flows'),
    })
  })

  it('goes on with a migration that was cut short', async () => {
    const half = join(folder, 'migrations')
    cpSync(migrations, half, { recursive: true })
    const last = join(half, '0002-interfaces.sql')
    const whole = readFileSync(last, 'utf8')
    writeFileSync(last, `${whole.slice(0, whole.indexOf('CREATE TABLE IF NOT EXISTS interface_1h'))}SELECT nonsense;\n`)
    await expect(storeWith({ migrationsFolder: half }).start()).rejects.toMatchObject({ code: 'store-rejected' })
    const store = storeWith()
    await store.start()
    expect(await store.query('SELECT count() AS rows FROM interface_1d')).toEqual([{ rows: '0' }])
    await store.stop()
  })

  it('follows a changed retention, and counts rows that will vanish', async () => {
    const first = storeWith()
    await first.start()
    await first.stop()
    const nowMs = Date.now()
    const metrics = createMetrics()
    const store = storeWith({ retention: { flows: 3, '5m': 500 }, metrics, clock: new ManualClock(nowMs) })
    await store.start()
    const tables = await store.query<{ name: string; days: string }>(
      `SELECT name, extract(engine_full, 'toIntervalDay\\\\((\\\\d+)\\\\)') AS days FROM system.tables
       WHERE database = currentDatabase() AND name IN ('flows', 'flow_5m', 'flow_1m') ORDER BY name`,
    )
    expect(tables).toEqual([
      { name: 'flow_1m', days: '14' },
      { name: 'flow_5m', days: '500' },
      { name: 'flows', days: '3' },
    ])
    const ages = [0, 2, 4, 5].map(days => ({ received_at: nowMs - days * 86_400_000 }))
    await store.insert('flows', blockOf('flows', ages), 'old')
    const { body } = await metrics.text()
    expect(body).toContain('weir_store_rows_vanished_total{table="flows"} 2')
    expect(body).toContain('weir_store_rows_inserted_total{table="flows"} 4')
    expect(body).toMatch(/weir_store_bytes_inserted_total\{table="flows"\} \d{3,}/)
    await store.stop()
  })

  it('says what to do when chdb is not installed', async () => {
    const hooks = `export async function resolve(specifier, context, next) {
      if (specifier === 'chdb') throw Object.assign(new Error("Cannot find package 'chdb'"), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(specifier, context)
    }`
    const register = `import { register } from 'node:module'; register(${JSON.stringify(asModule(hooks))})`
    const child = spawn(
      process.execPath,
      ['--import', asModule(register), writerScript, join(folder, 'data'), '0', '0'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let errors = ''
    child.stderr.on('data', text => {
      errors += text
    })
    await new Promise(resolve => child.once('close', resolve))
    expect(errors).toContain("code: 'embedded-missing'")
    expect(errors).toContain('npm install --include=optional')
  })
})

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}
