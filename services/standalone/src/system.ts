import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bus } from '../../../libs/bus/src/index.ts'
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
import { createFlowCollector } from '../../flow-collector/src/index.ts'
import { createGateway, type Gateway } from '../../gateway/src/index.ts'
import { createSnmpPoller } from '../../snmp-poller/src/index.ts'
import { createStreamProcessor } from '../../stream-processor/src/index.ts'
import type { WeirConfig } from './config.ts'
import { topicSpecs } from './topic-specs.ts'

export interface WeirSystem {
  component: ComponentGroup
  gateway: Gateway
  /** The port of metrics, health and readiness; 0 before start. */
  statusPort(): number
}

/**
 * All services in one process on the embedded bus and store. Sinks stand before sources, so that nothing is read before
 * what takes it in is ready.
 * @param extra started last, stopped first: the simulated network
 */
export async function createSystem(
  config: WeirConfig,
  inventory: Inventory,
  log: Logger,
  extra: readonly Component[] = [],
): Promise<WeirSystem> {
  mkdirSync(config.data, { recursive: true })
  const metrics = createMetrics({ processMetrics: true })
  const bus = await createBus(config, log, metrics)
  const store = await createStore(config, log, metrics)
  const shared = { bus, clock: systemClock, log, metrics }

  const gateway = createGateway({ ...shared, config: config.gateway, inventory, store, buildId: wallBuildId() })
  const members: Component[] = [
    bus,
    topicsComponent(bus),
    store,
    createStreamProcessor({ ...shared, config: config.processor, inventory, store }),
    gateway,
    createFlowCollector({ ...shared, config: config.collector }),
    createSnmpPoller({ ...shared, config: config.poller, inventory, random: systemRandom }),
    ...extra,
  ]
  const services = componentGroup('weir', members, log)
  const status = createStatusServer({
    config: config.status,
    metrics,
    readiness: () => services.readiness(),
    routes: gateway.statusRoutes,
    log,
  })
  // Health answers while the rest is starting and while it stops.
  return { component: componentGroup('process', [status, services], log), gateway, statusPort: () => status.port }
}

async function createBus(config: WeirConfig, log: Logger, metrics: Metrics): Promise<Bus> {
  const { createLocalBus } = await import('../../../libs/bus/src/local/index.ts')
  return createLocalBus({ path: join(config.data, 'log'), clock: systemClock, log, metrics })
}

async function createStore(config: WeirConfig, log: Logger, metrics: Metrics): Promise<Store> {
  const { createEmbeddedStore } = await import('../../../libs/store/src/embedded/index.ts')
  return createEmbeddedStore({ path: join(config.data, 'store'), log, metrics })
}

function topicsComponent(bus: Bus): Component {
  return {
    name: 'topics',
    start: () => bus.createTopics(topicSpecs),
    stop: async () => {},
  }
}

/** Names the wall's files: screens reload themselves when it changes, and only then. */
function wallBuildId(): string {
  const page = join(packageRoot, 'dist/services/gateway/web/index.html')
  if (!existsSync(page)) return packageVersion
  return `${packageVersion}-${createHash('sha256').update(readFileSync(page)).digest('hex').slice(0, 8)}`
}
