import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ClickHouseFront, frontUsers, startClickHouseFront } from '../../../test/clickhouse/start-front.ts'
import { createMetrics, seededRandom, silentLogger } from '../../kernel/src/index.ts'
import { createHttpStore } from '../src/http/index.ts'
import { httpStoreConfigSchema, type Store } from '../src/index.ts'
import { workloadBlock, workloadTables, workloadToken } from './epoch-workload.ts'
import { differencesOf } from './workload-differences.ts'

const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000)
const kills = Number(process.env.WEIR_STORE_KILLS ?? 8)

describe('http store, whose server is killed during inserts', () => {
  let folder: string
  let front: ClickHouseFront
  let store: Store
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-front-kill-'))
    front = await startClickHouseFront(folder)
    const config = httpStoreConfigSchema.parse({ kind: 'http', url: front.url, engine: 'single', users: frontUsers })
    const retry = { attemptsMax: 200, firstDelayMs: 20, delayMsMax: 200 }
    store = createHttpStore({ config, log: silentLogger, metrics: createMetrics(), retry })
    await store.start()
  })
  afterAll(async () => {
    await store.stop()
    await front.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it(`repeats until the server is back, and every window is exact (seed ${seed}, ${kills} kills)`, {
    timeout: 600_000,
  }, async () => {
    const random = seededRandom(seed)
    const day = Math.floor(Date.now() / 86_400_000) * 86_400
    let epoch = 0
    let killing = true
    const writing = (async () => {
      for (; killing; epoch++) {
        const tables = workloadTables.map(table =>
          store.insert(table, workloadBlock(table, epoch, day), workloadToken(table, epoch)),
        )
        await Promise.all(tables)
      }
    })()
    for (let kill = 0; kill < kills; kill++) {
      const before = epoch
      await vi.waitFor(() => expect(epoch).toBeGreaterThan(before), { timeout: 60_000, interval: 5 })
      // Somewhere in the next epoch's inserts.
      await new Promise(resolve => setTimeout(resolve, random() * 150))
      await front.kill()
      front = await startClickHouseFront(folder, front.port)
    }
    killing = false
    await writing
    expect(await differencesOf(store, epoch, day), 'totals differ').toEqual([])
    expect(epoch).toBeGreaterThan(kills)
  })
})
