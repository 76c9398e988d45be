import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bus } from '../../../libs/bus/src/index.ts'
import type { FirmwarePolicy } from '../../../libs/detect/src/index.ts'
import {
  type Component,
  type ComponentGroup,
  componentGroup,
  createMetrics,
  createStatusServer,
  type Logger,
  type Metrics,
  packageRoot,
  packageVersion,
  systemClock,
  systemRandom,
} from '../../../libs/kernel/src/index.ts'
import type { Inventory } from '../../../libs/model/src/index.ts'
import type { Store } from '../../../libs/store/src/index.ts'
import { defineElements } from '../../../libs/wire/src/index.ts'
import { createFlowCollector } from '../../flow-collector/src/index.ts'
import { createGateway, type Gateway } from '../../gateway/src/index.ts'
import { createSnmpPoller, type EchoTool } from '../../snmp-poller/src/index.ts'
import { createStreamProcessor } from '../../stream-processor/src/index.ts'
import { firmwarePolicyOf, inventoryOf, type WeirConfig } from './config.ts'
import { letHeapGrow } from './heap-growth.ts'
import { deviceUrls } from './inventory/device-urls.ts'
import { fileWatch } from './inventory/file-watch.ts'
import { Reloader } from './reloader.ts'
import { embeddedPartitions, type Partitions, topicSpecs } from './topic-specs.ts'
import { createTopicsComponent } from './topics-component.ts'

/**
 * Services a process can run, in the order in which they start. Sources come first: what they send is held by the bus
 * or, while that is away, by themselves; readers wait for what they read.
 */
export const services = ['collector', 'poller', 'processor', 'gateway'] as const
export type ServiceName = (typeof services)[number]

/** The gateway has the first port; where several processes share a host, each has its own. */
const statusPorts: Readonly<Record<ServiceName, number>> = {
  gateway: 9470,
  processor: 9471,
  collector: 9472,
  poller: 9473,
}

export interface SystemOptions {
  config: WeirConfig
  inventory: Inventory
  log: Logger
  /** All of them unless given. */
  run?: readonly ServiceName[]
  /** What versions are held against; the configuration's unless given. */
  firmware?: FirmwarePolicy
  /** Started last, stopped first: the simulated network. */
  extra?: readonly Component[]
  /** Sends the poller's echo requests; found on this host unless given. */
  echo?: EchoTool
  /** Reads the configuration again; without it nothing is reloaded. */
  readConfig?: () => WeirConfig
}

/** What can change in a running process. */
interface Known {
  config: WeirConfig
  inventory: Inventory
  firmware: FirmwarePolicy
}

export interface WeirSystem {
  component: ComponentGroup
  /** Where this process runs one. */
  gateway: Gateway | undefined
  /** Address of metrics, health and readiness; known after start. */
  statusAddress(): string
  /** undefined where there is no configuration to read again. */
  reloader: Reloader | undefined
}

/** Services of one process on the configured bus and store; the store is opened only where a service needs it. */
export async function createSystem(options: SystemOptions): Promise<WeirSystem> {
  const { config, inventory, log, run = services, extra = [] } = options
  defineElements(config.elements)
  const metrics = createMetrics({ processMetrics: true })
  const firmware = options.firmware ?? firmwarePolicyOf(config)
  const bus = await createBus(config, log, metrics)
  const topics = createTopicsComponent(bus, topicSpecs(partitionsOf(config)), systemClock, log)
  const members: Component[] = [bus, topics]
  const takers: ((next: Known) => void | Promise<void>)[] = []
  const shared = { bus, clock: systemClock, log, metrics }
  // Alone, their live heaps are small; one process with everything in it is better off with V8's own pace.
  if (run.length === 1 && (run[0] === 'collector' || run[0] === 'processor')) letHeapGrow()
  if (run.includes('collector')) {
    const collector = createFlowCollector({ ...shared, config: config.collector, inventory })
    members.push(collector)
    takers.push(next => collector.applyKnown({ ...next.config.collector, inventory: next.inventory }))
  }
  if (run.includes('poller')) {
    const echo = options.echo && { echo: options.echo }
    const poller = createSnmpPoller({ ...shared, config: config.poller, inventory, random: systemRandom, ...echo })
    members.push(poller)
    takers.push(next => poller.applyInventory(next.inventory, next.config.poller.auths))
  }
  let gateway: Gateway | undefined
  if (run.includes('processor') || run.includes('gateway')) {
    const store = await createStore(config, log, metrics)
    members.push(store)
    if (run.includes('processor')) {
      const processor = createStreamProcessor({
        ...shared,
        config: config.processor,
        inventory,
        networks: config.networks,
        enrichment: config.enrichment,
        firmware,
        store,
      })
      members.push(topics.before(processor))
      // The only one that can fail, for it writes to the bus: nothing has changed when it does.
      takers.unshift(({ config: { processor: config, networks }, inventory, firmware }) =>
        processor.apply({ config, inventory, networks, firmware }),
      )
    }
    if (run.includes('gateway')) {
      const opened = createGateway({
        ...shared,
        config: config.gateway,
        inventory,
        firmware,
        store,
        buildId: wallBuildId(),
      })
      gateway = opened
      members.push(topics.before(opened))
      takers.push(next => opened.applyInventory(next.inventory, next.firmware))
    }
  }
  const { readConfig } = options
  const reloader =
    readConfig &&
    new Reloader({
      config,
      read: readConfig,
      async apply(next) {
        const known = { config: next, inventory: inventoryOf(next), firmware: firmwarePolicyOf(next) }
        for (const take of takers) await take(known)
      },
      clock: systemClock,
      log,
      metrics,
    })
  if (reloader) {
    // What it says of a failure is in the log.
    const reload = (): void => void reloader.reloadAnew().catch(() => {})
    members.push(fileWatch(() => reloader.taken.deviceFiles.map(({ file }) => file), systemClock, reload))
    const { data, deviceUrls: urls } = config
    const shared = { clock: systemClock, log, metrics }
    if (urls.length > 0) members.push(deviceUrls({ ...shared, urls, data, reload: () => reloader.reloadAnew() }))
  }
  const group = componentGroup('weir', [...members, ...extra], log)
  const status = createStatusServer({
    config: { host: config.status.host, port: config.status.port ?? defaultStatusPort(run) },
    metrics,
    readiness: () => group.readiness(),
    routes: gateway?.statusRoutes ?? [],
    actions: reloader ? { '/-/reload': () => reloader.answer() } : {},
    log,
  })
  return {
    // Health answers while the rest is starting and while it stops.
    component: componentGroup('process', [status, group], log),
    gateway,
    reloader,
    statusAddress: () => `http://${hostInUrl(config.status.host)}:${status.port}`,
  }
}

/** Of a process that runs these. */
export function defaultStatusPort(run: readonly ServiceName[] = services): number {
  return run.length === 1 ? statusPorts[run[0]!] : statusPorts.gateway
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

async function createBus(config: WeirConfig, log: Logger, metrics: Metrics): Promise<Bus> {
  if (config.bus.kind === 'kafka') {
    const { kind, partitions, ...kafka } = config.bus
    const { createKafkaBus } = await import('../../../libs/bus/src/kafka/index.ts')
    return createKafkaBus({ config: kafka, clock: systemClock, log, metrics })
  }
  const { createLocalBus } = await import('../../../libs/bus/src/local/index.ts')
  mkdirSync(config.data, { recursive: true })
  return createLocalBus({ path: join(config.data, 'log'), clock: systemClock, log, metrics })
}

async function createStore(config: WeirConfig, log: Logger, metrics: Metrics): Promise<Store> {
  if (config.store.kind === 'http') {
    const { createHttpStore } = await import('../../../libs/store/src/http/index.ts')
    return createHttpStore({ config: config.store, log, metrics })
  }
  const { kind, ...options } = config.store
  const { createEmbeddedStore } = await import('../../../libs/store/src/embedded/index.ts')
  return createEmbeddedStore({ ...options, path: join(config.data, 'store'), log, metrics })
}

function partitionsOf(config: WeirConfig): Partitions {
  return config.bus.kind === 'kafka' ? config.bus.partitions : embeddedPartitions
}

/** Names the wall's files: screens reload themselves when it changes, and only then. */
function wallBuildId(): string {
  const page = join(packageRoot, 'dist/services/gateway/web/index.html')
  if (!existsSync(page)) return packageVersion
  return `${packageVersion}-${createHash('sha256').update(readFileSync(page)).digest('hex').slice(0, 8)}`
}
