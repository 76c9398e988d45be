import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../libs/kernel/src/index.ts'
import { type Comparison, compareFolders } from './compare-with-log.ts'
import { startSimulatedSource } from './simulated-source.ts'
import { startWeir, until } from './weir-process.ts'

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
  const source = await startSimulatedSource(folder, options.seed)
  try {
    const config = join(folder, 'weir.yaml')
    // YAML is a superset of JSON.
    writeFileSync(
      config,
      JSON.stringify({
        data: join(folder, 'data'),
        log: { level: 'warn' },
        status: { port: 0 },
        gateway: { port: 0 },
        ...source.config,
      }),
    )
    for (let kill = 0; kill < kills; kill++) {
      const weir = await startWeir(['all', '--config', config])
      await new Promise(resolve => setTimeout(resolve, lifeMs.least + random() * (lifeMs.most - lifeMs.least)))
      weir.signal('SIGKILL')
      await weir.ended
      options.onKill?.(kill + 1)
    }
    const last = await startWeir(['all', '--config', config])
    await until('the processor reads up to the end', () => caughtUp([last.metrics]), 120_000)
    last.signal('SIGTERM')
    const how = await last.ended
    if (how !== 0) throw new Error(`the last stop ended with ${how}:\n${last.output.join('\n')}`)
  } finally {
    source.stop()
  }
  return compareFolders(join(folder, 'data'))
}

/** True when every partition that these processes hold was read to its end, twice in a row. */
export async function caughtUp(metricsUrls: readonly string[]): Promise<true | undefined> {
  for (let look = 0; look < 2; look++) {
    const texts = await Promise.all(metricsUrls.map(async url => (await fetch(url)).text()))
    const lags = texts
      .flatMap(text => [...text.matchAll(/^weir_processor_lag_records\{[^}]*\} (\d+)/gm)])
      .map(match => Number(match[1]))
    // Heartbeats and polls keep coming, so that a handful of records may be on their way.
    if (lags.length === 0 || lags.some(lag => lag > 20)) return undefined
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  return true
}
