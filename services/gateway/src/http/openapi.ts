import type { Bus } from '../../../../libs/bus/src/index.ts'
import { noPolicy } from '../../../../libs/detect/src/index.ts'
import { silentLogger, systemClock } from '../../../../libs/kernel/src/index.ts'
import type { Store } from '../../../../libs/store/src/index.ts'
import { gatewayConfigSchema } from '../config.ts'
import { LiveState } from '../live/live-state.ts'
import { addApiRoutes } from '../rest/api-routes.ts'
import { Admission } from '../socket/admission.ts'
import { LiveHub } from '../socket/live-hub.ts'
import { createApp } from './app.ts'

/** OpenAPI 3.1 of `/api/v1`, from the schemas that validate requests. */
export async function openApiDocument(): Promise<unknown> {
  const app = await createApp({
    guard: () => undefined,
    resolvePrincipal: () => undefined,
    frameAncestors: [],
    onAnswered: () => undefined,
    log: silentLogger,
  })
  const config = gatewayConfigSchema.parse({})
  const state = new LiveState({ tenants: [], sites: [], devices: [], circuits: [] }, config.live, 0)
  const hub = new LiveHub({ state, config: config.live, clock: systemClock, random: () => 0, buildId: '' })
  const admission = new Admission(config.live)
  // Routes are described, never called: no bus and no store have to be there.
  const nothing = { bus: {} as Bus, store: {} as Store, firmware: () => noPolicy }
  addApiRoutes(app, { state, hub, admission, ...nothing, config, nowMs: () => 0 })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
