import type { Bus } from '../../../../libs/bus/src/index.ts'
import type { FirmwarePolicy } from '../../../../libs/detect/src/index.ts'
import type { Store } from '../../../../libs/store/src/index.ts'
import type { GatewayConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import type { LiveState } from '../live/live-state.ts'
import type { Admission } from '../socket/admission.ts'
import type { LiveHub } from '../socket/live-hub.ts'
import { addAlarmActionRoutes } from './alarm-actions.ts'
import { addAlarmRoutes, findAlarm } from './alarm-routes.ts'
import { addChangeRoutes } from './change-routes.ts'
import { addCircuitRoutes } from './circuit-routes.ts'
import { addDeviceRoutes } from './device-routes.ts'
import { addExporterRoutes } from './exporter-routes.ts'
import { addFirmwareRoutes } from './firmware-routes.ts'
import { addInventoryRoutes } from './inventory-routes.ts'
import { addLiveRoute } from './live-route.ts'
import { addProbeRoutes } from './probe-routes.ts'
import { addQueryRoutes } from './query-routes.ts'
import { addReconciliationRoute } from './reconciliation-route.ts'
import { addSearchRoutes } from './search-routes.ts'
import { addSensorHistoryRoute } from './sensor-history-route.ts'
import { addUnknownExporterRoutes } from './unknown-exporter-routes.ts'

export interface ApiContext {
  state: LiveState
  hub: LiveHub
  admission: Admission
  bus: Bus
  store: Store
  config: GatewayConfig
  firmware: () => FirmwarePolicy
  nowMs: () => number
}

/** Everything under `/api/v1`. */
export function addApiRoutes(app: App, context: ApiContext): void {
  addInventoryRoutes(app, context)
  addDeviceRoutes(app, { ...context, query: context.config.query })
  addChangeRoutes(app, { ...context, query: context.config.query })
  addFirmwareRoutes(app, { ...context, query: context.config.query })
  addCircuitRoutes(app, context)
  addSearchRoutes(app, { ...context, query: context.config.query })
  addExporterRoutes(app, { ...context, query: context.config.query })
  addProbeRoutes(app, { ...context, query: context.config.query })
  addUnknownExporterRoutes(app, context)
  addAlarmRoutes(app, context)
  addAlarmActionRoutes(app, {
    ...context,
    findAlarm: (principal, alarmId) => findAlarm(context, principal, alarmId),
  })
  addSensorHistoryRoute(app, { ...context, config: context.config.query })
  addQueryRoutes(app, { ...context, config: context.config.query })
  addReconciliationRoute(app, { ...context, config: context.config.query })
  addLiveRoute(app, context)
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
