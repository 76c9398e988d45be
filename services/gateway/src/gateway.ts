import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Bus } from '../../../libs/bus/src/index.ts'
import { type FirmwarePolicy, noPolicy } from '../../../libs/detect/src/index.ts'
import {
  type Clock,
  type Component,
  ConfigError,
  type Logger,
  type Metrics,
  packageRoot,
  type Random,
  type StatusRoute,
  systemRandom,
} from '../../../libs/kernel/src/index.ts'
import type { Inventory } from '../../../libs/model/src/index.ts'
import type { Store } from '../../../libs/store/src/index.ts'
import type { GatewayConfig } from './config.ts'
import { registerGatewayMetrics } from './gateway-metrics.ts'
import { type App, createApp } from './http/app.ts'
import { createRequestGuard } from './http/request-guard.ts'
import { loadStaticFiles } from './http/static-files.ts'
import { addWallRoutes } from './http/wall-routes.ts'
import { createFeed } from './live/feed.ts'
import { HistorySeeder } from './live/history-seeder.ts'
import { LiveState } from './live/live-state.ts'
import { type ResolvePrincipal, resolveLoopbackPrincipal } from './principal.ts'
import { createStatusRoutes } from './prometheus/status-routes.ts'
import { addApiRoutes } from './rest/api-routes.ts'
import { Admission } from './socket/admission.ts'
import { LiveHub } from './socket/live-hub.ts'
import { attachWebSockets } from './socket/websocket.ts'

/** Connections beside the live streams: requests, and clients who are told that the streams are full. */
const requestConnectionsMax = 1_000

export interface GatewayOptions {
  config: GatewayConfig
  inventory: Inventory
  /** What devices' versions are held against; nothing unless given. */
  firmware?: FirmwarePolicy
  bus: Bus
  store: Store
  clock: Clock
  log: Logger
  metrics: Metrics
  /** Changes with the wall's files: screens reload themselves when it does. */
  buildId: string
  random?: Random
  resolvePrincipal?: ResolvePrincipal
  /** Folder of the built wall. */
  wallFolder?: string
}

export interface Gateway extends Component {
  /** `http://127.0.0.1:8080`; empty before start. */
  readonly address: string
  /** For the status listener: what the gateway adds to `/metrics`, `/snmp` and `/sd/snmp`. */
  readonly statusRoutes: readonly StatusRoute[]
  /** Takes over a new inventory; streams stay open. */
  applyInventory(inventory: Inventory, firmware?: FirmwarePolicy): void
}

/**
 * The way in for people and other systems: REST, live streams and the wall on one HTTP listener, and Prometheus on the
 * process's status listener. It reads the bus and the store, and writes nothing but what operators do.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { config, clock, log } = options
  refuseOffLoopback(config)
  const resolvePrincipal = options.resolvePrincipal ?? resolveLoopbackPrincipal
  const state = new LiveState(options.inventory, config.live, clock.nowMs())
  const seeder = new HistorySeeder({ store: options.store, inventory: () => state.inventory, clock, log })
  const hub = new LiveHub({
    state,
    config: config.live,
    clock,
    random: options.random ?? systemRandom,
    buildId: options.buildId,
    onShown: interfaces => seeder.shown(interfaces),
  })
  const admission = new Admission(config.live)
  const onAnswered = registerGatewayMetrics(options.metrics, { state, hub, admission })
  const feed = createFeed({ bus: options.bus, state, clock, log, onAlarm: alarm => hub.publish(alarm) })
  const statusRoutes = createStatusRoutes({
    state,
    config: config.prometheus,
    metrics: options.metrics,
    nowMs: () => clock.nowMs(),
  })
  let firmware = options.firmware ?? noPolicy
  let app: App | undefined

  function boundPort(): number {
    return (app?.server.address() as AddressInfo | null)?.port ?? 0
  }

  async function buildApp(): Promise<App> {
    const guard = createRequestGuard(config.allowedHosts, boundPort)
    const built = await createApp({ guard, resolvePrincipal, frameAncestors: config.frameAncestors, onAnswered, log })
    const { bus, store } = options
    addApiRoutes(built, {
      state,
      hub,
      admission,
      bus,
      store,
      firmware: () => firmware,
      config,
      nowMs: () => clock.nowMs(),
    })
    addWallRoutes(built, await loadStaticFiles(options.wallFolder ?? join(packageRoot, 'dist/services/gateway/web')))
    built.server.maxConnections = config.live.connectionsMax + requestConnectionsMax
    attachWebSockets(built.server, { hub, admission, guard, resolvePrincipal, clock, log })
    return built
  }

  return {
    name: 'gateway',
    statusRoutes,
    applyInventory(inventory, nextFirmware = firmware) {
      firmware = nextFirmware
      state.applyInventory(inventory, clock.nowMs())
    },
    get address() {
      const port = boundPort()
      return port === 0 ? '' : `http://${isIP(config.host) === 6 ? `[${config.host}]` : config.host}:${port}`
    },
    async start() {
      app = await buildApp()
      await feed.start()
      try {
        await app.listen({ host: config.host, port: config.port })
      } catch (cause) {
        await feed.stop()
        throw new Error(`cannot listen on ${config.host}:${config.port}; set gateway.port to a free one`, { cause })
      }
      hub.start()
    },
    async stop() {
      await hub.stop()
      await app?.close()
      await feed.stop()
    },
  }
}

/** @throws ConfigError off loopback, because everybody who reaches the gateway may see and do everything. */
function refuseOffLoopback({ host, unsafeListenWithoutAuthentication }: GatewayConfig): void {
  const isLoopback = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
  if (isLoopback || unsafeListenWithoutAuthentication) return
  throw new ConfigError([
    `gateway.host: ${host} is not loopback, and there is no authentication yet: everybody who can reach this address would see every tenant and could acknowledge alarms. Listen on 127.0.0.1 behind an authenticating proxy, or set gateway.unsafeListenWithoutAuthentication: true where the network keeps others out (a container's own address)`,
  ])
}
