import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot, seededRandom } from '../../libs/kernel/src/index.ts'
import type { Inventory } from '../../libs/model/src/index.ts'
import { type Comparison, compareFolders } from './compare-with-log.ts'
import { freeUdpPort, startWeir, until } from './weir-process.ts'

export interface KillLoopOptions {
  folder: string
  kills: number
  seed: number
  /** The system lives between these, after it has said that it is ready (milliseconds). */
  lifeMs: { least: number; most: number }
  onKill?: (kill: number) => void
}

/**
 * Runs the whole system against a simulated network that lives on, kills it with SIGKILL at random moments, lets it
 * catch up, stops it, and compares the store with a recomputation from the log.
 */
export async function killLoop(options: KillLoopOptions): Promise<Comparison> {
  const { folder, kills, lifeMs } = options
  const random = seededRandom(options.seed)
  mkdirSync(folder, { recursive: true })
  const ports = await Promise.all([freeUdpPort(), freeUdpPort(), freeUdpPort(), freeUdpPort()])
  const source = await startSource(folder, options.seed, ports)
  try {
    const config = writeConfig(folder, source.network, ports)
    for (let kill = 0; kill < kills; kill++) {
      const weir = await startWeir(['all', '--config', config])
      await new Promise(resolve => setTimeout(resolve, lifeMs.least + random() * (lifeMs.most - lifeMs.least)))
      weir.signal('SIGKILL')
      await weir.ended
      options.onKill?.(kill + 1)
    }
    const last = await startWeir(['all', '--config', config])
    await until('the processor reads up to the end', () => caughtUp(last.metrics), 120_000)
    last.signal('SIGTERM')
    const how = await last.ended
    if (how !== 0) throw new Error(`the last stop ended with ${how}:\n${last.output.join('\n')}`)
  } finally {
    source.child.kill('SIGTERM')
  }
  return compareFolders(join(folder, 'data'))
}

interface Source {
  child: ChildProcess
  network: { inventory: Inventory; addressTable: unknown }
}

async function startSource(folder: string, seed: number, ports: readonly number[]): Promise<Source> {
  const file = join(folder, 'network.json')
  const script = join(packageRoot, 'dist/test/support/traffic-source.js')
  const child = fork(script, [file, String(seed), ...ports.map(String)], { stdio: 'inherit' })
  await until('the simulated network starts', async () => existsSync(file) || undefined, 30_000)
  return { child, network: JSON.parse(readFileSync(file, 'utf8')) as Source['network'] }
}

/** YAML is a superset of JSON. */
function writeConfig(folder: string, network: Source['network'], ports: readonly number[]): string {
  const file = join(folder, 'weir.yaml')
  const addressTable = join(folder, 'exporter-addresses.json')
  writeFileSync(addressTable, JSON.stringify(network.addressTable))
  const content = {
    data: join(folder, 'data'),
    log: { level: 'warn' },
    status: { port: 0 },
    gateway: { port: 0 },
    ...network.inventory,
    poller: { intervalMs: 2_000, auths: { demo: { version: 'v2c', community: 'weir-demo' } } },
    collector: { addressTable, listeners: ports.slice(1).map(port => ({ host: '127.0.0.1', port })) },
  }
  writeFileSync(file, JSON.stringify(content))
  return file
}

/** True when every partition was read to its end twice in a row. */
async function caughtUp(metricsUrl: string): Promise<true | undefined> {
  for (let look = 0; look < 2; look++) {
    const text = await (await fetch(metricsUrl)).text()
    const lags = [...text.matchAll(/^weir_processor_lag_records\{[^}]*\} (\d+)/gm)].map(match => Number(match[1]))
    // Heartbeats and polls keep coming, so that a handful of records may be on their way.
    if (lags.length === 0 || lags.some(lag => lag > 20)) return undefined
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  return true
}
