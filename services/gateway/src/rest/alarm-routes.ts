import { z } from 'zod'
import {
  type Alarm,
  alarmEventSchema,
  alarmSchema,
  alarmTypeSchema,
  severitySchema,
} from '../../../../libs/model/src/index.ts'
import { listAlarmEvents, listAlarmHistory, type Store } from '../../../../libs/store/src/index.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import type { LiveState } from '../live/live-state.ts'
import { inScope, maySee, type Principal, type Scope } from '../principal.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface AlarmContext {
  state: LiveState
  store: Store
  nowMs: () => number
}

const flag = z.enum(['true', 'false']).transform(text => text === 'true')
const eventsMax = 1_000

/** An event without what it repeats of its alarm. */
const eventItem = alarmEventSchema.omit({ evidence: true, alarmTypeId: true }).extend({
  axis: z.string(),
  alarmTypeId: z.string(),
  perceivedSeverity: z.string(),
})

const listQuery = z.strictObject({
  ...listParameters,
  site: z.string().max(128).optional(),
  severity: severitySchema.optional(),
  isCleared: flag.optional(),
  alarmTypeId: alarmTypeSchema.optional(),
  from: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      'Alarms with events since then, from history. Without it: those that are open or were cleared within the hour.',
    ),
  to: z.iso.datetime({ offset: true }).optional(),
})
type ListQuery = z.output<typeof listQuery>

/** Alarms as they are and as they were. */
export function addAlarmRoutes(app: App, context: AlarmContext): void {
  app.get(
    '/api/v1/alarms',
    {
      schema: {
        summary: 'Alarms, newest first',
        tags: ['alarms'],
        querystring: listQuery,
        response: { 200: listOf(alarmSchema) },
      },
    },
    async request => {
      const scope = requestScope(request, request.query)
      return request.query.from === undefined
        ? currentAlarms(context.state, scope, request.query)
        : pastAlarms(context, scope, request.query)
    },
  )

  app.get(
    '/api/v1/alarms/:alarmId',
    {
      schema: {
        summary: 'One alarm with its events',
        tags: ['alarms'],
        params: z.strictObject({ alarmId: z.uuid() }),
        querystring: z.strictObject({}),
        response: { 200: alarmSchema.extend({ events: z.array(eventItem).describe('Oldest first, 1000 at most.') }) },
      },
    },
    async request => {
      const alarm = await findAlarm(context, request.principal, request.params.alarmId)
      const { items } = await listAlarmEvents(context.store, {
        tenants: [alarm.tenantId],
        alarmIds: [alarm.alarmId],
        limit: eventsMax,
      })
      return { ...alarm, events: items.reverse() }
    },
  )
}

/** The alarm as it is or, when it ended long ago, as it was left. @throws ProblemError not-found */
export async function findAlarm(context: AlarmContext, principal: Principal, alarmId: string): Promise<Alarm> {
  const current = context.state.alarms.get(alarmId)
  if (current && maySee(principal, current.tenantId)) return current
  const tenants = tenantScopeOf({ tenants: principal.tenants, siteId: undefined })
  const { items } = await listAlarmHistory(context.store, { tenants, alarmIds: [alarmId], limit: 1 })
  const past = alarmSchema.safeParse(items[0]?.alarm).data
  if (!past) throw new ProblemError('not-found', 'there is no such alarm')
  return past
}

function currentAlarms(state: LiveState, scope: Scope, query: ListQuery) {
  const after = decodeCursor(query.cursor, 2)
  const alarms = [...state.alarms.values()]
    .filter(alarm => inScope(scope, alarm.tenantId, alarm.siteId) && isWanted(alarm, query))
    .filter(alarm => after === undefined || newestFirst(alarm, { raisedAt: after[0]!, alarmId: after[1]! }) > 0)
    .sort(newestFirst)
  return pageOf(
    alarms,
    query.limit,
    alarm => [alarm.raisedAt, alarm.alarmId],
    alarm => alarm,
  )
}

/** Pages of the store, until one has something that is wanted: a page may be short, and only the last has no cursor. */
async function pastAlarms(context: AlarmContext, scope: Scope, query: ListQuery) {
  const fromMs = Date.parse(query.from!)
  const toMs = query.to === undefined ? context.nowMs() : Date.parse(query.to)
  if (toMs <= fromMs) throw new ProblemError('parameters-invalid', 'to: has to be after from')
  // The store's cursors look like ours: two fields here.
  decodeCursor(query.cursor, 2)
  let cursor = query.cursor
  for (let pages = 0; ; pages++) {
    const page = await listAlarmHistory(context.store, {
      tenants: tenantScopeOf(scope),
      range: { fromMs, toMs },
      limit: query.limit,
      cursor,
      ...(scope.siteId === undefined ? {} : { siteIds: [scope.siteId] }),
      ...(query.alarmTypeId === undefined ? {} : { alarmTypes: [query.alarmTypeId] }),
    })
    const data = page.items
      .map(item => alarmSchema.safeParse(item.alarm).data)
      .filter(alarm => alarm !== undefined && isWanted(alarm, query)) as Alarm[]
    if (data.length > 0 || page.nextCursor === null || pages === 10) return { data, nextCursor: page.nextCursor }
    cursor = page.nextCursor
  }
}

function isWanted(alarm: Alarm, query: ListQuery): boolean {
  if (query.severity !== undefined && alarm.perceivedSeverity !== query.severity) return false
  if (query.isCleared !== undefined && alarm.isCleared !== query.isCleared) return false
  return query.alarmTypeId === undefined || alarm.alarmTypeId === query.alarmTypeId
}

type AlarmPosition = Pick<Alarm, 'raisedAt' | 'alarmId'>

function newestFirst(a: AlarmPosition, b: AlarmPosition): number {
  if (a.raisedAt !== b.raisedAt) return a.raisedAt < b.raisedAt ? 1 : -1
  return a.alarmId < b.alarmId ? -1 : a.alarmId > b.alarmId ? 1 : 0
}
