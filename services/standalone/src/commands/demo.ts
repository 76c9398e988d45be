import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkConfig, createLogger, systemClock } from '../../../../libs/kernel/src/index.ts'
import {
  continueHistory,
  createSimulatedNetwork,
  type NetworkHistory,
  type SimulatedNetwork,
} from '../../../../libs/simulator/src/index.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'
import { weirConfigSchema } from '../config.ts'
import { demoFirmware } from '../demo-firmware.ts'
import { runSystem } from '../run-system.ts'
import { createSystem } from '../system.ts'

const community = 'weir-demo'
/** Polls of the demo: fast enough to watch; every rule stays as in production. */
const pollIntervalMs = 5_000
const seed = 1
/** Exports although nobody entered it, as happens in every network: it waits for adoption. */
const unlisted = { device: 'hb-acc-5', tenant: 'harbour' }

export const demo: Command = {
  summary: 'run everything with a simulated network and scripted incidents',
  usage: `usage: weir demo [--data DIR] [--port PORT] [--status-port PORT] [--flow-ports A,B,C] [--agent-port PORT]
                 [--trap-port PORT]

Runs the whole system on a simulated network of three client sites on 127.0.0.0/8. A second start continues where the
first one stopped.
  --data DIR          folder of the log and the store (default ./data/demo)
  --port PORT         of the wall and the API (default 8080)
  --status-port PORT  of metrics, health and readiness (default 9470)
  --flow-ports A,B,C  UDP ports for NetFlow, IPFIX and sFlow (default 2055,4739,6343)
  --agent-port PORT   UDP port of the simulated devices' agents (default 1161)
  --trap-port PORT    UDP port on which their traps are received (default 1162)`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string', default: join('data', 'demo') },
        port: { type: 'string', default: '8080' },
        'status-port': { type: 'string', default: '9470' },
        'flow-ports': { type: 'string', default: '2055,4739,6343' },
        'agent-port': { type: 'string', default: '1161' },
        'trap-port': { type: 'string', default: '1162' },
      },
    })
    const [netflow = 0, ipfix = 0, sflow = 0, ...more] = values['flow-ports'].split(',').map(portOf)
    if (more.length > 0 || !netflow || !ipfix || !sflow) throw new UsageError('--flow-ports takes three ports')
    const trapPort = portOf(values['trap-port'])
    const config = checkConfig(
      weirConfigSchema,
      {
        data: values.data,
        log: { level: io.env.WEIR_LOG_LEVEL ?? 'warn' },
        status: { port: portOf(values['status-port']) },
        gateway: { port: portOf(values.port) },
        poller: {
          intervalMs: pollIntervalMs,
          // On loopback this host's own kernel would answer in the name of every device, dark or not.
          reachability: { intervalMs: pollIntervalMs, timeoutMs: 500, knock: false },
          auths: { demo: { version: 'v2c', community } },
          traps: { listeners: [{ host: '127.0.0.1', port: trapPort }] },
        },
        collector: {
          trustLoopback: false,
          addressTable: join(values.data, 'exporter-addresses.json'),
          listeners: [netflow, ipfix, sflow].map(port => ({ host: '127.0.0.1', port })),
        },
      },
      'the demo',
    )
    mkdirSync(config.data, { recursive: true })
    const log = createLogger('weir', config.log)
    const network = createSimulatedNetwork({
      seed,
      clock: systemClock,
      log,
      ...networkHistory(config.data),
      community,
      agentPort: portOf(values['agent-port']),
      trapsTo: { host: '127.0.0.1', port: trapPort },
      flowsTo: { host: '127.0.0.1', ports: { netflow, ipfix, sflow } },
      // Long flows show up soon; a minute is what routers are usually set to.
      exporter: { activeTimeoutMs: 10_000 },
      unlistedExporters: { [unlisted.device]: { protocol: 'sflow', samplingRate: 512, observationDomain: 0 } },
    })
    extendAddressTable(join(config.data, 'exporter-addresses.json'), network.collectorAddressTable)
    const system = await createSystem({
      config,
      inventory: network.inventory,
      log,
      extra: [network],
      echo: network.echo,
      firmware: demoFirmware,
    })
    await runSystem(system, io, log, print => announce(print, network))
    return exitCodes.ok
  },
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`"${text}" is no port`)
  return port
}

/** The demo's network as it was left, or a new one; its counters go on over restarts, its incidents begin anew. */
function networkHistory(folder: string): NetworkHistory {
  const file = join(folder, 'network.json')
  const stored: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const history = continueHistory(stored, systemClock.nowMs())
  writeAtomically(file, history)
  return history
}

/** Keeps what `weir replay` added for its exporters. */
function extendAddressTable(file: string, entries: Readonly<Record<string, unknown>>): void {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {}
  writeAtomically(file, { ...before, ...entries })
}

function writeAtomically(file: string, content: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

function announce(print: (line: string) => void, network: SimulatedNetwork): void {
  print('')
  print(
    `wall      see the address above; ${network.inventory.devices.length} simulated devices on ${network.inventory.sites.length} sites`,
  )
  print('replay    npm run -s weir -- replay FILE.pcap    (your own capture beside the simulated exporters)')
  const first = network.inventory.devices[0]!
  print(
    `discover  WEIR_SNMP_COMMUNITY=${community} npm run -s weir -- discover ${first.snmp!.host!.replace(/\d+$/, '0')}/27 -p ${first.snmp!.port} --tenant ${first.tenant} --site ${first.site}`,
  )
  const waiting = network.inventory.devices.find(({ id }) => id === unlisted.device)!
  print(
    `adopt     npm run -s weir -- exporters adopt ${waiting.snmp!.host} --tenant ${unlisted.tenant}    (${unlisted.device} sends sFlow, nobody entered it)`,
  )
  print('')
  print('What will happen (Ctrl-C ends it; the next start goes on from here):')
  const nowMs = systemClock.nowMs()
  for (const incident of network.incidents) {
    const inSeconds = Math.round((incident.atMs - nowMs) / 1000)
    const when = inSeconds >= 0 ? `in ${inSeconds} s` : `${-inSeconds} s ago`
    print(`  ${when.padStart(10)}  ${incident.title}: ${incident.expected}`)
  }
  print('')
}
