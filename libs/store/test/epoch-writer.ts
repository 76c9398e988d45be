import { writeSync } from 'node:fs'
import { createLogger, createMetrics } from '../../kernel/src/index.ts'
import { createEmbeddedStore } from '../src/embedded/index.ts'
import { workloadBlock, workloadTables, workloadToken } from './epoch-workload.ts'

/**
 * The process that a kill test kills: inserts epoch after epoch, from `first`, and says `begin N` and `acked N` on
 * stdout. Run from dist: `node epoch-writer.js <folder> <first epoch> <day>`.
 */
const [folder, first, day] = process.argv.slice(2)
const store = createEmbeddedStore({
  path: folder!,
  log: createLogger('epoch-writer', { level: 'error' }),
  metrics: createMetrics(),
})
writeSync(1, 'starting\n')
await store.start()
for (let epoch = Number(first); ; epoch++) {
  writeSync(1, `begin ${epoch}\n`)
  for (const table of workloadTables) {
    await store.insert(table, workloadBlock(table, epoch, Number(day)), workloadToken(table, epoch))
  }
  writeSync(1, `acked ${epoch}\n`)
}
