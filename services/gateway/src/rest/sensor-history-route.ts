import { z } from 'zod'
import { theilSen } from '../../../../libs/detect/src/index.ts'
import { listSensors, readSensorSeries, type SensorPoint } from '../../../../libs/store/src/index.ts'
import type { App } from '../http/app.ts'
import { listParameters } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import { completenessOf, isoOf } from './coverage.ts'
import { sensorItem, showSensor } from './device-routes.ts'
import { queryGate, stepsOf, timeRangeOf } from './query-cost.ts'
import type { QueryContext } from './query-routes.ts'
import { aboutSchema, type Resolution, resolutionSchema } from './query-schemas.ts'
import { tenantScopeOf } from './tenant-scope.ts'

const windowSeconds = 300
const dayMs = 86_400_000
/** Readings that are not there yet: one interval of the poller's slow round, and the time of an epoch. */
const settleMs = 2 * windowSeconds * 1_000
/** Days of values that make a trend. */
const daysLeast = 5

const point = z.object({
  at: z.iso.datetime().describe('Start of the point.'),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  readings: z.int(),
  coverage: z.number().describe('Share of its windows of five minutes that hold a reading.'),
})

const trend = z
  .object({
    perDay: z.number().describe('Median of the slopes between daily means (Theil-Sen).'),
    perDayLow: z.number().describe('Bounds of 95 % confidence.'),
    perDayHigh: z.number(),
    days: z.int(),
    isSteady: z.boolean().describe('The bounds have zero between them: no trend that can be told.'),
    crossesLowWarningAt: z.iso
      .datetime()
      .nullable()
      .describe('When the line meets the lower warning limit; null where it does not within a year.'),
  })
  .nullable()
  .describe(`Of the daily means in the range; null of fewer than ${daysLeast} days.`)

/** One sensor's values over time, with what is known of its trend. */
export function addSensorHistoryRoute(app: App, context: QueryContext): void {
  const gate = queryGate(context.config.concurrentMax)
  app.get(
    '/api/v1/devices/:deviceId/sensors/:sensorId/history',
    {
      schema: {
        summary: "A sensor's values over time",
        tags: ['history'],
        params: z.strictObject({ deviceId: z.string().max(128), sensorId: z.string().max(512) }),
        querystring: z.strictObject({
          tenant: listParameters.tenant,
          from: z.iso.datetime({ offset: true }).optional().describe('A day before `to` when absent.'),
          to: z.iso.datetime({ offset: true }).optional().describe('Now when absent.'),
          resolution: resolutionSchema,
        }),
        response: {
          200: aboutSchema.extend({
            resolutionSeconds: z.int(),
            sensor: sensorItem.nullable().describe('As last read; null where it is no longer known.'),
            points: z.array(point).describe('Points without readings are absent.'),
            trend,
          }),
        },
      },
    },
    async request => {
      const { deviceId, sensorId } = request.params
      const tenants = tenantScopeOf(requestScope(request, request.query))
      const nowMs = context.nowMs()
      const to = request.query.to ?? isoOf(nowMs)
      const from = request.query.from ?? isoOf(Date.parse(to) - dayMs)
      const { stepSeconds, range } = sensorSteps(context, from, to, request.query.resolution)
      const { timeoutMs } = context.config
      const query = { ...range, tenants, deviceId, sensorIds: [sensorId] }
      const daily = { ...query, fromMs: Math.floor(range.fromMs / dayMs) * dayMs, stepSeconds: dayMs / 1_000 }
      const [series, days, known] = await gate(() =>
        Promise.all([
          readSensorSeries(context.store, { ...query, stepSeconds }, { timeoutMs }),
          readSensorSeries(context.store, daily, { timeoutMs }),
          listSensors(context.store, { tenants, deviceIds: [deviceId], sensorIds: [sensorId], limit: 1, timeoutMs }),
        ]),
      )
      const points = series[0]?.points ?? []
      const row = known.items[0]
      if (!row && points.length === 0) throw new ProblemError('not-found', 'there is no such sensor')
      const perStep = stepSeconds / windowSeconds
      const observed = new Map(points.map(one => [Date.parse(one.at), Math.min(1, one.windows / perStep)]))
      return {
        range: { from: isoOf(range.fromMs), to: isoOf(range.toMs) },
        table: 'sensor_5m',
        asOf: isoOf(nowMs - context.state.lag.read(nowMs)),
        ...completenessOf(observed, range, stepSeconds * 1_000, nowMs - settleMs),
        rowsRead: points.reduce((sum, one) => sum + one.windows, 0),
        resolutionSeconds: stepSeconds,
        sensor: row ? showSensor(row) : null,
        points: points.map(({ windows, ...one }) => ({ ...one, coverage: Math.min(1, windows / perStep) })),
        trend: trendOf(days[0]?.points ?? [], row?.lowWarning ?? null, row?.class ?? ''),
      }
    },
  )
}

/** Readings are kept by five minutes: no point is narrower. */
function sensorSteps({ config, nowMs }: QueryContext, from: string, to: string, wished: Resolution) {
  const limits = { seriesCount: 1, rowsMax: config.rowsMax, nowMs: nowMs() }
  const range = timeRangeOf({ from, to })
  const found = stepsOf(range, wished === '1m' ? '5m' : wished, limits)
  return found.stepSeconds < windowSeconds ? stepsOf(range, '5m', limits) : found
}

/** The median of the slopes leaves odd days out. */
function trendOf(days: readonly SensorPoint[], lowWarning: number | null, sensorClass: string): z.input<typeof trend> {
  if (days.length < daysLeast || sensorClass === 'state') return null
  const points = days.slice(-365).map(({ at, mean }) => ({ x: Date.parse(at) / dayMs, y: mean }))
  const found = theilSen(points)
  if (!found) return null
  const { slope, low, high, last } = found
  const isSteady = low <= 0 && high >= 0
  const daysLeft =
    lowWarning === null || slope >= 0 || isSteady ? Number.POSITIVE_INFINITY : (last - lowWarning) / -slope
  const crossesAtMs = (points.at(-1)!.x + Math.max(0, daysLeft)) * dayMs
  return {
    perDay: slope,
    perDayLow: low,
    perDayHigh: high,
    days: points.length,
    isSteady,
    crossesLowWarningAt: daysLeft <= 365 ? isoOf(crossesAtMs) : null,
  }
}
