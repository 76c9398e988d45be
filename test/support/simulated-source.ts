import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../libs/kernel/src/index.ts'
import type { Inventory } from '../../libs/model/src/index.ts'
import { freeUdpPort, until } from './weir-process.ts'

/** The simulated network in a process of its own, and what a configuration needs to watch it. */
export interface SimulatedSource {
  /** Parts of `weir.yaml`: inventory, poller and collector. */
  config: Record<string, unknown>
  /** A port on which flows of any protocol are taken. */
  flowPort: number
  stop(): void
}

export async function startSimulatedSource(folder: string, seed: number): Promise<SimulatedSource> {
  const ports = await Promise.all([freeUdpPort(), freeUdpPort(), freeUdpPort(), freeUdpPort()])
  const file = join(folder, 'network.json')
  const script = join(packageRoot, 'dist/test/support/traffic-source.js')
  const child: ChildProcess = fork(script, [file, String(seed), ...ports.map(String)], { stdio: 'inherit' })
  await until('the simulated network starts', async () => existsSync(file) || undefined, 30_000)
  const network = JSON.parse(readFileSync(file, 'utf8')) as { inventory: Inventory; addressTable: unknown }
  const addressTable = join(folder, 'exporter-addresses.json')
  writeFileSync(addressTable, JSON.stringify(network.addressTable))
  return {
    config: {
      ...network.inventory,
      // This host itself answers echo requests to every simulated device, and none leaves it.
      probes: [],
      poller: {
        intervalMs: 3_000,
        reachability: { enabled: false },
        auths: { demo: { version: 'v2c', community: 'weir-demo' } },
      },
      collector: { addressTable, listeners: ports.slice(1).map(port => ({ host: '127.0.0.1', port })) },
    },
    flowPort: ports[1],
    stop: () => void child.kill('SIGTERM'),
  }
}
