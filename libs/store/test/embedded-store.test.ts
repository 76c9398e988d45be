import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics, silentLogger } from '../../kernel/src/index.ts'
import { createEmbeddedStore } from '../src/embedded/index.ts'
import { describeStoreContract } from './store-contract.ts'

describeStoreContract('embedded', async () => {
  const path = mkdtempSync(join(tmpdir(), 'weir-store-'))
  return {
    store: createEmbeddedStore({ path, log: silentLogger, metrics: createMetrics() }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
})
