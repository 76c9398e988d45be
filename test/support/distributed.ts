import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseFront, frontUsers, startClickHouseFront } from '../clickhouse/start-front.ts'
import { startKafka, type TestKafka } from '../kafka/broker.ts'
import { startWeir, type WeirProcess } from './weir-process.ts'

export type DistributedService = 'collector' | 'poller' | 'processor' | 'gateway'

/** The distributed shape as its user runs it: a real broker, ClickHouse's HTTP interface, a process a service. */
export interface Distributed {
  readonly folder: string
  readonly kafka: TestKafka
  /** Replaced when it is started again. */
  front: ClickHouseFront
  /** Bus and store of `weir.yaml`, to open them from a test. */
  readonly busConfig: { kind: 'kafka'; brokers: string[]; sessionTimeoutMs: number; partitions: Record<string, number> }
  readonly storeConfig: Record<string, unknown>
  start(service: DistributedService): Promise<WeirProcess>
  /** Ends what still runs, gracefully. */
  stop(): Promise<void>
}

/** A session this short lets a stopped process be replaced within a test's patience. */
const sessionTimeoutMs = 6_000

export async function startDistributed(folder: string, config: Record<string, unknown>): Promise<Distributed> {
  mkdirSync(join(folder, 'clickhouse'), { recursive: true })
  const [kafka, front] = await Promise.all([startKafka(), startClickHouseFront(join(folder, 'clickhouse'))])
  const busConfig = {
    kind: 'kafka' as const,
    brokers: kafka.brokers,
    sessionTimeoutMs,
    partitions: { flows: 4, polls: 4, signals: 2, live: 1 },
  }
  const storeConfig = { kind: 'http', url: front.url, engine: 'single', users: frontUsers }
  const file = join(folder, 'weir.yaml')
  const base = { log: { level: 'warn' }, status: { port: 0 }, gateway: { port: 0 } }
  writeFileSync(
    file,
    JSON.stringify({ ...base, data: join(folder, 'data'), bus: busConfig, store: storeConfig, ...config }),
  )
  const running = new Set<WeirProcess>()
  const system: Distributed = {
    folder,
    kafka,
    front,
    busConfig,
    storeConfig,
    async start(service) {
      const weir = await startWeir([service, '--config', file])
      running.add(weir)
      void weir.ended.then(() => running.delete(weir))
      return weir
    },
    async stop() {
      const left = [...running]
      for (const weir of left) {
        weir.signal('SIGCONT')
        weir.signal('SIGTERM')
      }
      await Promise.all(left.map(weir => weir.ended))
      await system.front.stop()
      await kafka.stop()
    },
  }
  return system
}
