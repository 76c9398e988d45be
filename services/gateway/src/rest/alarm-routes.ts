import { z } from 'zod'
import { type Alarm, alarmSchema, alarmTypeSchema, severitySchema } from '../../../../libs/model/src/index.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { requestScope } from '../http/scope.ts'
import { inScope } from '../principal.ts'
import type { RestContext } from './inventory-routes.ts'

const flag = z.enum(['true', 'false']).transform(text => text === 'true')

/** Alarms that are open, and those cleared within the hour. */
export function addAlarmRoutes(app: App, { state }: RestContext): void {
  app.get(
    '/api/v1/alarms',
    {
      schema: {
        summary: 'Alarms, newest first',
        tags: ['alarms'],
        querystring: z.strictObject({
          ...listParameters,
          site: z.string().max(128).optional(),
          severity: severitySchema.optional(),
          isCleared: flag.optional(),
          alarmTypeId: alarmTypeSchema.optional(),
        }),
        response: { 200: listOf(alarmSchema) },
      },
    },
    async request => {
      const { query } = request
      const scope = requestScope(request, query)
      const after = decodeCursor(query.cursor, 2)
      const alarms = [...state.alarms.values()]
        .filter(alarm => inScope(scope, alarm.tenantId, alarm.siteId))
        .filter(alarm => query.severity === undefined || alarm.perceivedSeverity === query.severity)
        .filter(alarm => query.isCleared === undefined || alarm.isCleared === query.isCleared)
        .filter(alarm => query.alarmTypeId === undefined || alarm.alarmTypeId === query.alarmTypeId)
        .filter(alarm => after === undefined || newestFirst(alarm, { raisedAt: after[0]!, alarmId: after[1]! }) > 0)
        .sort(newestFirst)
      return pageOf(
        alarms,
        query.limit,
        alarm => [alarm.raisedAt, alarm.alarmId],
        alarm => alarm,
      )
    },
  )
}

type AlarmPosition = Pick<Alarm, 'raisedAt' | 'alarmId'>

function newestFirst(a: AlarmPosition, b: AlarmPosition): number {
  if (a.raisedAt !== b.raisedAt) return a.raisedAt < b.raisedAt ? 1 : -1
  return a.alarmId < b.alarmId ? -1 : a.alarmId > b.alarmId ? 1 : 0
}
