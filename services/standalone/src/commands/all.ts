import { parseArgs } from 'node:util'
import { createLogger } from '../../../../libs/kernel/src/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { inventoryOf, readWeirConfig } from '../config.ts'
import { runSystem } from '../run-system.ts'
import { createSystem } from '../system.ts'

export const all: Command = {
  summary: 'run every service in one process',
  usage: `usage: weir all [--config FILE]

Runs pollers, collectors, stream processor and gateway in one process on the embedded log and store.
Without --config it reads ./weir.yaml and conf.d/*.yaml where they exist.`,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
    const config = readWeirConfig(values.config)
    const log = createLogger('weir', config.log)
    const system = await createSystem(config, inventoryOf(config), log)
    await runSystem(system, io, log)
    return exitCodes.ok
  },
}
