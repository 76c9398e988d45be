import { z } from 'zod'
import { deviceChangeKinds } from '../../../../libs/model/src/index.ts'
import { listDeviceChanges, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { listOf, listParameters } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import type { Scope } from '../principal.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface ChangeRoutesContext {
  store: Store
  query: QueryConfig
}

export const changeItem = z.object({
  eventId: z.string().describe('Names the change for ever; a replay of the log names it the same.'),
  tenantId: z.string(),
  siteId: z.string(),
  deviceId: z.string(),
  changedAt: z.iso.datetime().describe('When it was first seen.'),
  kind: z.string().describe(`${deviceChangeKinds.join(', ')}.`),
  subject: z.string().describe('Interface, sensor, part or peer; empty where it is the device itself.'),
  from: z.string(),
  to: z.string(),
  detail: z.string(),
})

const timeParameters = {
  from: z.iso.datetime({ offset: true }).optional().describe('Changes since then.'),
  to: z.iso.datetime({ offset: true }).optional().describe('Changes before then.'),
}
/** `kind=version,serial`. */
const kinds = z
  .string()
  .max(512)
  .transform(text => text.split(','))
  .pipe(z.array(z.enum(deviceChangeKinds)))
  .optional()

/** What changed about devices, newest first: versions, parts, interfaces, peers, reboots. */
export function addChangeRoutes(app: App, { store, query }: ChangeRoutesContext): void {
  app.get(
    '/api/v1/events',
    {
      schema: {
        summary: 'What changed about devices, newest first',
        tags: ['inventory'],
        querystring: z.strictObject({
          ...listParameters,
          site: z.string().max(128).optional(),
          device: z.string().max(128).optional(),
          kind: kinds,
          ...timeParameters,
        }),
        response: { 200: listOf(changeItem) },
      },
    },
    request => list(requestScope(request, request.query), request.query),
  )

  app.get(
    '/api/v1/devices/:deviceId/events',
    {
      schema: {
        summary: 'What changed about one device, newest first',
        tags: ['inventory'],
        params: z.strictObject({ deviceId: z.string().max(128) }),
        querystring: z.strictObject({ ...listParameters, kind: kinds, ...timeParameters }),
        response: { 200: listOf(changeItem) },
      },
    },
    request => list(requestScope(request, request.query), { ...request.query, device: request.params.deviceId }),
  )

  async function list(scope: Scope, asked: Asked) {
    const { device, kind, from, to, limit, cursor } = asked
    if (from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from)) {
      throw new ProblemError('parameters-invalid', '"to" has to be after "from"')
    }
    const page = await listDeviceChanges(store, {
      tenants: tenantScopeOf(scope),
      ...(scope.siteId === undefined ? {} : { siteIds: [scope.siteId] }),
      ...(device === undefined ? {} : { deviceIds: [device] }),
      ...(kind === undefined ? {} : { kinds: kind }),
      ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
      ...(to === undefined ? {} : { toMs: Date.parse(to) }),
      ...{ limit, cursor, timeoutMs: query.timeoutMs },
    })
    return { data: page.items, nextCursor: page.nextCursor }
  }
}

interface Asked {
  device?: string | undefined
  kind?: string[] | undefined
  from?: string | undefined
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}
