import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics, silentLogger } from '../../kernel/src/index.ts'
import { createEmbeddedStore, type EmbeddedStoreOptions } from '../src/embedded/index.ts'
import type { StoreUnderTest } from './store-contract.ts'

/** A store in a folder of its own. */
export function embeddedStoreInTemporaryFolder(options: Partial<EmbeddedStoreOptions> = {}): StoreUnderTest {
  const path = mkdtempSync(join(tmpdir(), 'weir-store-'))
  return {
    store: createEmbeddedStore({ path, log: silentLogger, metrics: createMetrics(), ...options }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
