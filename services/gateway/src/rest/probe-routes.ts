import { z } from 'zod'
import { probeKinds } from '../../../../libs/model/src/index.ts'
import { type ProbePoint, readProbeSeries, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import { isProbeStale, type ProbeState } from '../live/probe-state.ts'
import { rounded } from '../live/tiles.ts'
import { inScope } from '../principal.ts'
import type { RestContext } from './inventory-routes.ts'
import { resolutionSchema, resolutions } from './query-schemas.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface ProbeRoutesContext extends RestContext {
  store: Store
  query: QueryConfig
}

const ms = z.number().nullable()
const time = z.iso.datetime()

const probeItem = z.object({
  probeId: z.string(),
  tenantId: z.string(),
  siteId: z.string(),
  deviceId: z.string().nullable(),
  kind: z.enum(probeKinds),
  target: z.string(),
  stale: z.boolean().describe('No round within two intervals and half a minute.'),
  asOf: time.describe('When the last round began.'),
  intervalMs: z.number(),
  sent: z.int(),
  lost: z.int(),
  lossRatio: z.number(),
  rttMinMs: ms.describe('Of the last round; null where nothing came back.'),
  rttMeanMs: ms,
  rttMaxMs: ms,
  jitterMs: ms.describe('Mean difference between round trips that follow each other (RFC 3393 §4.5, of round trips).'),
  error: z.string().nullable().describe('Why the first that was lost was.'),
})

const probePoint = z.object({
  at: time,
  sent: z.int(),
  lost: z.int(),
  lossRatio: z.number(),
  rttMinMs: ms,
  rttMeanMs: ms,
  rttP50Ms: ms.describe('Quantiles are within 5 % of the truth.'),
  rttP95Ms: ms,
  rttMaxMs: ms,
  jitterMs: ms,
})

const dayMs = 86_400_000

/** Active probes as of their last round, and their history. */
export function addProbeRoutes(app: App, { state, store, query, nowMs }: ProbeRoutesContext): void {
  app.get(
    '/api/v1/probes',
    {
      schema: {
        summary: 'Active probes with their last round',
        tags: ['inventory'],
        querystring: z.strictObject({ ...listParameters, site: z.string().max(128).optional() }),
        response: { 200: listOf(probeItem) },
      },
    },
    async request => {
      const scope = requestScope(request, request.query)
      const after = decodeCursor(request.query.cursor, 2)
      const probes = [...state.probes.values()]
        .filter(one => inScope(scope, one.tenantId, one.live.siteId))
        .sort((a, b) => compare(keyOf(a), keyOf(b)))
      return pageOf(
        after ? probes.filter(one => compare(keyOf(one), after) > 0) : probes,
        request.query.limit,
        keyOf,
        one => showProbe(one, nowMs()),
      )
    },
  )

  app.get(
    '/api/v1/probes/:probeId/history',
    {
      schema: {
        summary: 'Loss, round trips and jitter of a probe over time',
        tags: ['history'],
        params: z.strictObject({
          probeId: z
            .string()
            .max(256)
            .describe("Of a probe; or device/<id>, percent-encoded, for the echo requests to a polled device's host."),
        }),
        querystring: z.strictObject({
          tenant: z.string().max(128).optional(),
          site: z.string().max(128).optional(),
          from: z.iso.datetime({ offset: true }).optional().describe('A day ago unless given.'),
          to: z.iso.datetime({ offset: true }).optional().describe('Now unless given.'),
          resolution: resolutionSchema,
        }),
        response: { 200: z.object({ probeId: z.string(), stepSeconds: z.int(), points: z.array(probePoint) }) },
      },
    },
    async request => {
      const { from, to, resolution } = request.query
      const { probeId } = request.params
      const scope = requestScope(request, request.query)
      const toMs = to === undefined ? nowMs() : Date.parse(to)
      const fromMs = from === undefined ? toMs - dayMs : Date.parse(from)
      if (fromMs >= toMs) throw new ProblemError('parameters-invalid', '`from` is before `to`')
      const series = await readProbeSeries(
        store,
        {
          ...{ fromMs, toMs, probeId, nowMs: nowMs(), tenants: tenantScopeOf(scope) },
          ...(scope.siteId === undefined ? {} : { siteIds: [scope.siteId] }),
          ...(resolution === 'auto' ? {} : { stepSeconds: resolutions[resolution] }),
        },
        { timeoutMs: query.timeoutMs },
      )
      return { probeId, stepSeconds: series.stepSeconds, points: series.points.map(showPoint) }
    },
  )
}

/** To the microsecond: more is rounding noise. */
function showPoint(point: ProbePoint): z.input<typeof probePoint> {
  const of = (value: number | null): number | null => rounded(value ?? undefined, 1_000)
  return {
    ...point,
    rttMinMs: of(point.rttMinMs),
    rttMeanMs: of(point.rttMeanMs),
    rttP50Ms: of(point.rttP50Ms),
    rttP95Ms: of(point.rttP95Ms),
    rttMaxMs: of(point.rttMaxMs),
    jitterMs: of(point.jitterMs),
  }
}

function showProbe(probe: ProbeState, nowMs: number): z.input<typeof probeItem> {
  const { tenantId, probeId, live } = probe
  return {
    probeId,
    tenantId,
    siteId: live.siteId,
    deviceId: live.deviceId || null,
    kind: live.kind as (typeof probeKinds)[number],
    target: live.target,
    stale: isProbeStale(probe, nowMs),
    asOf: new Date(Number(live.startedMs)).toISOString(),
    intervalMs: live.intervalMs,
    sent: live.sent,
    lost: live.lost,
    lossRatio: live.sent > 0 ? live.lost / live.sent : 0,
    rttMinMs: rounded(live.rttMinMs, 1_000),
    rttMeanMs: rounded(live.rttMeanMs, 1_000),
    rttMaxMs: rounded(live.rttMaxMs, 1_000),
    jitterMs: rounded(live.jitterMs, 1_000),
    error: live.error || null,
  }
}

const keyOf = ({ tenantId, probeId }: ProbeState): [string, string] => [tenantId, probeId]

function compare(a: readonly string[], b: readonly string[]): number {
  return compareText(a[0]!, b[0]!) || compareText(a[1]!, b[1]!)
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
