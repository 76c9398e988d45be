import { mkdirSync } from 'node:fs'
import { createKafkaBus, kafkaBusConfigSchema } from '../../libs/bus/src/kafka/index.ts'
import { createMetrics, type Random, seededRandom, silentLogger } from '../../libs/kernel/src/index.ts'
import { createHttpStore } from '../../libs/store/src/http/index.ts'
import { httpStoreConfigSchema } from '../../libs/store/src/index.ts'
import { startClickHouseFront } from '../clickhouse/start-front.ts'
import { type Comparison, compareWithLog } from './compare-with-log.ts'
import { type Distributed, startDistributed } from './distributed.ts'
import { caughtUp } from './kill-loop.ts'
import { startSimulatedSource } from './simulated-source.ts'
import { until, type WeirProcess } from './weir-process.ts'

export interface ChaosOptions {
  folder: string
  events: number
  seed: number
  onEvent?: (event: string) => void
}

/** Past the session timeout of the consumer group, so that a stopped member is replaced and comes back as a zombie. */
const stopMs = 9_000

/**
 * Kills, stops and starves two processors, the store during its inserts, and the broker, at random; then lets everything
 * catch up and compares the store with a recomputation from the topics.
 */
export async function chaos(options: ChaosOptions): Promise<Comparison> {
  const { folder, events, seed } = options
  const random = seededRandom(seed)
  mkdirSync(folder, { recursive: true })
  const source = await startSimulatedSource(folder, seed)
  const system = await startDistributed(folder, source.config)
  try {
    const processors = [await system.start('processor'), await system.start('processor')]
    await Promise.all([system.start('collector'), system.start('poller')])
    for (let event = 0; event < events; event++) {
      await pause(1_000 + random() * 5_000)
      const what = await oneEvent(system, folder, processors, random)
      options.onEvent?.(`${event + 1} of ${events}: ${what}`)
    }
    source.stop()
    await until('the processors read up to the end', () => caughtUp(processors.map(one => one.metrics)), 180_000)
    for (const one of processors) one.signal('SIGTERM')
    await Promise.all(processors.map(one => one.ended))
    return await compareDistributed(system)
  } finally {
    source.stop()
    await system.stop()
  }
}

async function oneEvent(
  system: Distributed,
  folder: string,
  processors: WeirProcess[],
  random: Random,
): Promise<string> {
  const victim = random() < 0.5 ? 0 : 1
  const dice = random()
  if (dice < 0.3) return endProcessor(system, processors, victim, 'SIGKILL')
  if (dice < 0.45) return endProcessor(system, processors, victim, 'SIGTERM')
  if (dice < 0.6) {
    processors[victim]!.signal('SIGSTOP')
    await pause(stopMs)
    processors[victim]!.signal('SIGCONT')
    return `processor ${victim} stopped for ${stopMs} ms`
  }
  if (dice < 0.85 || !system.kafka.process) {
    const { port } = system.front
    await system.front.kill()
    await pause(random() * 3_000)
    system.front = await startClickHouseFront(`${folder}/clickhouse`, port)
    return 'store killed and started again'
  }
  await system.kafka.process.kill('SIGKILL')
  await pause(random() * 3_000)
  await system.kafka.process.start()
  return 'broker killed and started again'
}

async function endProcessor(
  system: Distributed,
  processors: WeirProcess[],
  victim: number,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<string> {
  processors[victim]!.signal(signal)
  await processors[victim]!.ended
  processors[victim] = await system.start('processor')
  return `processor ${victim} ended by ${signal} and started again`
}

export async function compareDistributed(system: Distributed): Promise<Comparison> {
  const { kind, partitions, ...kafka } = system.busConfig
  const bus = createKafkaBus({ config: kafkaBusConfigSchema.parse(kafka), log: silentLogger })
  const store = createHttpStore({
    config: httpStoreConfigSchema.parse(system.storeConfig),
    log: silentLogger,
    metrics: createMetrics(),
  })
  await bus.start()
  await store.start()
  try {
    return await compareWithLog(bus, store)
  } finally {
    await store.stop()
    await bus.stop()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
