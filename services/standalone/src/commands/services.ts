import { parseArgs } from 'node:util'
import { createLogger } from '../../../../libs/kernel/src/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { inventoryOf, readWeirConfig } from '../config.ts'
import { runSystem } from '../run-system.ts'
import { createSystem, type ServiceName } from '../system.ts'

const configHelp = `Without --config it reads ./weir.yaml and conf.d/*.yaml where they exist; every service reads the same files.
SIGHUP or POST /-/reload on its status port reads the files again. Stops cleanly within 30 s on SIGTERM or SIGINT;
/-/healthy, /-/ready and /metrics answer on the status port.`

export const all: Command = {
  summary: 'run every service in one process',
  usage: `usage: weir all [--config FILE]

Runs pollers, collectors, stream processor and gateway in one process, on the configured bus and store.
${configHelp}`,
  run: (args, io) => runServices('weir', undefined, args, io),
}

export const poller = service('poller', 'poll the devices of the inventory by SNMP')
export const collector = service('collector', 'receive NetFlow, IPFIX and sFlow datagrams')
export const processor = service('processor', 'decode, roll up, detect, and keep alarms')
export const gateway = service('gateway', 'serve the wall, REST, live streams and Prometheus')

function service(name: ServiceName, summary: string): Command {
  return {
    summary,
    usage: `usage: weir ${name} [--config FILE]

Runs this service alone: ${summary}. It needs a bus and a store that processes can share (Kafka, ClickHouse).
${configHelp}`,
    run: (args, io) => runServices(`weir-${name}`, [name], args, io),
  }
}

async function runServices(
  logName: string,
  run: readonly ServiceName[] | undefined,
  args: readonly string[],
  io: Parameters<Command['run']>[1],
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
  const readConfig = () => readWeirConfig(values.config)
  const config = readConfig()
  const log = createLogger(logName, config.log)
  const system = await createSystem({
    config,
    inventory: inventoryOf(config),
    log,
    readConfig,
    ...(run ? { run } : {}),
  })
  await runSystem(system, io, log)
  return exitCodes.ok
}
