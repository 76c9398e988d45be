import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { frontUsers, startClickHouseFront } from '../../../test/clickhouse/start-front.ts'
import { createMetrics, silentLogger } from '../../kernel/src/index.ts'
import { createHttpStore } from '../src/http/index.ts'
import { httpStoreConfigSchema } from '../src/index.ts'
import { describeStoreContract } from './store-contract.ts'

describeStoreContract('http, over a front of chdb', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-front-'))
  const front = await startClickHouseFront(folder)
  const config = httpStoreConfigSchema.parse({ kind: 'http', url: front.url, engine: 'single', users: frontUsers })
  return {
    store: createHttpStore({ config, log: silentLogger, metrics: createMetrics() }),
    async remove() {
      await front.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
