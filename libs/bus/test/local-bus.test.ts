import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../kernel/src/index.ts'
import { createLocalBus } from '../src/local/index.ts'
import { describeBusContract } from './bus-contract.ts'

describeBusContract('local log', async () => {
  const path = mkdtempSync(join(tmpdir(), 'weir-log-'))
  let bus = createLocalBus({ path, log: silentLogger })
  await bus.start()
  return {
    bus,
    async reopen() {
      await bus.stop()
      bus = createLocalBus({ path, log: silentLogger })
      await bus.start()
      return bus
    },
    async dispose() {
      await bus.stop()
      rmSync(path, { recursive: true })
    },
  }
})
