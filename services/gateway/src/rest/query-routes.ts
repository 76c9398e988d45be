import { z } from 'zod'
import { parseInterfaceId } from '../../../../libs/model/src/index.ts'
import {
  type FlowDeduplication,
  type FlowDimension,
  type FlowFilters,
  flowProvenance,
  type InterfacePoint,
  levelForStep,
  readBillingPercentile,
  readFlowSeries,
  readInterfaceSeries,
  readTopFlows,
  type Store,
  type TenantScope,
  type TimeRange,
  type TopFlows,
} from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { requestScope } from '../http/scope.ts'
import { circuitAt } from '../live/circuits.ts'
import type { LiveState } from '../live/live-state.ts'
import { completenessOf, type Gap, isoOf } from './coverage.ts'
import { findLabels, kindOfDimension, type Label } from './number-labels.ts'
import { monthRange, queryGate, stepsOf, timeRangeOf } from './query-cost.ts'
import * as schemas from './query-schemas.ts'
import { tenantScopeOf } from './tenant-scope.ts'

/** Of devices that have not been polled since the gateway started. */
const unknownIntervalMs = 60_000

export interface QueryContext {
  state: LiveState
  store: Store
  config: QueryConfig
  nowMs: () => number
}

/** What happened: series, rankings, matrices and billing percentiles, each saying what it was made of. */
export function addQueryRoutes(app: App, context: QueryContext): void {
  const gate = queryGate(context.config.concurrentMax)
  const schema = <B extends z.ZodType, A extends z.ZodType>(summary: string, body: B, answer: A) => ({
    schema: { summary, tags: ['history'], querystring: z.strictObject({}), body, response: { 200: answer } },
  })

  app.post(
    '/api/v1/query/timeseries',
    schema('Interface rates or flow traffic over time', schemas.timeseriesRequest, schemas.timeseriesAnswer),
    async request => {
      const { body } = request
      const tenants = tenantScopeOf(requestScope(request, { tenant: body.tenant }))
      return gate(
        (): Promise<TimeseriesAnswer> =>
          body.source === 'interfaces' ? interfaceSeries(context, tenants, body) : flowSeries(context, tenants, body),
      )
    },
  )

  app.post(
    '/api/v1/query/top',
    schema('The largest talkers, services, networks or exporters', schemas.topRequest, schemas.topAnswer),
    async request => {
      const { body } = request
      const tenants = tenantScopeOf(requestScope(request, { tenant: body.tenant }))
      const { top, labels, about } = await gate(() => rank(context, tenants, dimensionsOf(body.by), body))
      return {
        ...about,
        estimated: top.total.octets !== top.total.octetsExported,
        data: top.rows.map((row, i) => ({ ...row, labels: labels[i]! })),
        total: top.total,
        ...(top.unlisted ? { unlisted: top.unlisted } : {}),
      }
    },
  )

  app.post(
    '/api/v1/query/matrix',
    schema('Traffic between two dimensions', schemas.matrixRequest, schemas.matrixAnswer),
    async request => {
      const { body } = request
      const tenants = tenantScopeOf(requestScope(request, { tenant: body.tenant }))
      const { top, labels, about } = await gate(() => rank(context, tenants, [body.rows, body.columns], body))
      return {
        ...about,
        rows: keysBySize(top, body.rows, body.measure),
        columns: keysBySize(top, body.columns, body.measure),
        cells: top.rows.map(({ key, ...sums }, i) => ({
          ...sums,
          row: key[body.rows]!,
          column: key[body.columns]!,
          labels: labels[i]!,
        })),
        total: top.total,
        ...(top.unlisted ? { unlisted: top.unlisted } : {}),
      }
    },
  )

  app.post(
    '/api/v1/query/percentile',
    schema(
      'The 95th percentile of an interface, as transit is billed',
      schemas.percentileRequest,
      schemas.percentileAnswer,
    ),
    async request => {
      const { body } = request
      const tenants = tenantScopeOf(requestScope(request, { tenant: body.tenant }))
      const range = body.month === undefined ? timeRangeOf(body.range!) : monthRange(body.month, body.timeZone)
      const query = { ...range, tenants, interfaceId: body.interfaceId }
      const found = await gate(() =>
        readBillingPercentile(context.store, query, { timeoutMs: context.config.timeoutMs }),
      )
      return {
        range: isoRange(range),
        table: 'interface_5m',
        asOf: asOf(context),
        coverage: found.samplesExpected > 0 ? Math.min(1, found.samples / found.samplesExpected) : null,
        gaps: [],
        rowsRead: found.samples,
        percentile: body.percentile,
        method: '5-minute samples sorted, the top 5 % dropped, the next one taken; in and out apart, then the larger',
        missingSamples: 'skipped' as const,
        ...found,
      }
    },
  )
}

type InterfacesBody = Extract<z.output<typeof schemas.timeseriesRequest>, { source: 'interfaces' }>
type TimeseriesAnswer = z.input<typeof schemas.timeseriesAnswer>
type FlowsBody = Extract<z.output<typeof schemas.timeseriesRequest>, { source: 'flows' }>

async function rank(
  context: QueryContext,
  tenants: TenantScope,
  by: readonly FlowDimension[],
  body: Pick<z.output<typeof schemas.topRequest>, 'range' | 'filters' | 'measure' | 'limit' | 'deduplicate'>,
) {
  const { measure, limit, deduplicate } = body
  const query = {
    ...timeRangeOf(body.range),
    nowMs: context.nowMs(),
    tenants,
    by,
    filters: filtersOf(body.filters),
    measure,
    deduplicate,
  }
  const top = await readTopFlows(context.store, query, { limit, timeoutMs: context.config.timeoutMs })
  const labels = await labelsOf(
    context,
    tenants,
    query.filters,
    top.rows.map(row => row.key),
  )
  return { top, labels, about: aboutFlows(context, query, top.rowsRead) }
}

/** A number means something only beside its exporter: one of the keys, or the only one that passes the filters. */
async function labelsOf(
  { store, state, config }: QueryContext,
  tenants: TenantScope,
  filters: FlowFilters,
  keys: readonly TopFlows['rows'][number]['key'][],
): Promise<Partial<Record<FlowDimension, Label>>[]> {
  const only = filters.exporter?.length === 1 ? filters.exporter[0] : undefined
  const numbers = keys.map(key => {
    const exporterId = key.exporter ?? only
    if (exporterId === undefined) return []
    return (Object.keys(key) as FlowDimension[])
      .filter(dimension => kindOfDimension(dimension) !== undefined)
      .map(dimension => ({ exporterId: String(exporterId), dimension, number: Number(key[dimension]) }))
  })
  const sources = { store, inventory: state.inventory, tenants, timeoutMs: config.timeoutMs }
  const labels = await findLabels(sources, numbers.flat())
  return numbers.map(those =>
    Object.fromEntries(those.flatMap(one => (labels.of(one) ? [[one.dimension, labels.of(one)!]] : []))),
  )
}

async function interfaceSeries(context: QueryContext, tenants: TenantScope, body: InterfacesBody) {
  const nowMs = context.nowMs()
  const wished = timeRangeOf(body.range)
  const { rowsMax, timeoutMs } = context.config
  const { stepSeconds, range } = stepsOf(wished, body.resolution, {
    seriesCount: body.interfaceIds.length,
    rowsMax,
    nowMs,
  })
  const query = { ...range, nowMs, tenants, interfaceIds: body.interfaceIds, stepSeconds }
  const found = await readInterfaceSeries(context.store, query, { timeoutMs })

  const stepMs = stepSeconds * 1_000
  const untilMs = nowMs - 2 * slowestIntervalMs(context.state, body.interfaceIds)
  const anywhere = new Map<number, number>()
  const series = found.map(({ interfaceId, points }) => {
    const observed = new Map(points.map(point => [Date.parse(point.at), point.coverage]))
    for (const [at, share] of observed) anywhere.set(at, Math.max(share, anywhere.get(at) ?? 0))
    return {
      interfaceId,
      ...completenessOf(observed, range, stepMs, untilMs),
      points: ofCommittedRate(context.state, interfaceId, points),
    }
  })
  const known = series.map(one => one.coverage).filter(coverage => coverage !== null)
  return {
    range: isoRange(range),
    table: `interface_${levelForStep(stepSeconds, range, { nowMs })}`,
    asOf: asOf(context),
    coverage: known.length > 0 ? known.reduce((sum, one) => sum + one, 0) / known.length : null,
    gaps: completenessOf(anywhere, range, stepMs, untilMs).gaps,
    rowsRead: found.reduce((sum, one) => sum + one.rowsRead, 0),
    resolutionSeconds: stepSeconds,
    series,
  }
}

/** Of an interface with a circuit, utilisation is that of its committed rate as it is now, as the live one is. */
function ofCommittedRate(state: LiveState, interfaceId: string, points: readonly InterfacePoint[]): InterfacePoint[] {
  const { deviceId } = parseInterfaceId(interfaceId)
  const device = [...state.devices.values()].find(one => one.deviceId === deviceId && one.interfaces.has(interfaceId))
  const committed = device && circuitAt(state.inventory, device, device.interfaces.get(interfaceId)!.live)?.committed
  if (!committed) return [...points]
  return points.map(point => ({
    ...point,
    utilisationIn: point.inBitsPerSecond === null ? null : point.inBitsPerSecond / committed.inBitsPerSecond,
    utilisationOut: point.outBitsPerSecond === null ? null : point.outBitsPerSecond / committed.outBitsPerSecond,
  }))
}

async function flowSeries(context: QueryContext, tenants: TenantScope, body: FlowsBody) {
  const nowMs = context.nowMs()
  const wished = timeRangeOf(body.range)
  const { rowsMax, timeoutMs } = context.config
  const seriesCount = body.by === undefined ? 1 : body.limit + 1
  const { stepSeconds, range } = stepsOf(wished, body.resolution, { seriesCount, rowsMax, nowMs })
  const filters = filtersOf(body.filters)
  const { deduplicate } = body
  const query = {
    ...range,
    nowMs,
    tenants,
    filters,
    deduplicate,
    stepSeconds,
    ...(body.by === undefined ? {} : { by: body.by }),
  }
  const found = await readFlowSeries(context.store, query, { limit: body.limit, timeoutMs })
  const by = body.by === undefined ? [] : [body.by]
  const rowsRead = found.reduce((sum, one) => sum + one.rowsRead, 0)
  const labels = await labelsOf(
    context,
    tenants,
    filters,
    found.map(({ key }) => (body.by === undefined || key === null ? {} : { [body.by]: key })),
  )
  return {
    ...aboutFlows(context, { ...range, by, filters, deduplicate, stepSeconds }, rowsRead),
    resolutionSeconds: stepSeconds,
    series: found.map(({ key, points }, i) => ({
      key,
      label: (body.by === undefined ? undefined : labels[i]![body.by]) ?? null,
      points,
    })),
  }
}

/** Nobody can know of flows that did not come; that some are no longer kept is known. */
function aboutFlows(
  context: QueryContext,
  query: TimeRange & {
    by: readonly FlowDimension[]
    filters: FlowFilters
    stepSeconds?: number
    deduplicate?: FlowDeduplication
  },
  rowsRead: number,
) {
  const { tables, keptSinceMs } = flowProvenance({ ...query, nowMs: context.nowMs() })
  const gaps: Gap[] =
    query.fromMs < keptSinceMs ? [{ from: isoOf(query.fromMs), to: isoOf(Math.min(keptSinceMs, query.toMs)) }] : []
  return { range: isoRange(query), table: tables.join('+'), asOf: asOf(context), coverage: null, gaps, rowsRead }
}

function asOf({ state, nowMs }: QueryContext): string {
  return isoOf(nowMs() - state.lag.read(nowMs()))
}

function slowestIntervalMs(state: LiveState, interfaceIds: readonly string[]): number {
  const deviceIds = new Set(interfaceIds.map(id => id.slice(0, id.indexOf('/'))))
  let slowest = 0
  for (const device of state.devices.values()) {
    if (deviceIds.has(device.deviceId)) slowest = Math.max(slowest, device.intervalMs)
  }
  return slowest || unknownIntervalMs
}

function dimensionsOf(by: z.output<typeof schemas.bySchema>): readonly FlowDimension[] {
  if (Array.isArray(by)) return by
  const name = by as string
  return Object.hasOwn(schemas.groupings, name)
    ? schemas.groupings[name as keyof typeof schemas.groupings]
    : [name as FlowDimension]
}

function filtersOf(filters: z.output<typeof schemas.filtersSchema>): FlowFilters {
  return Object.fromEntries(Object.entries(filters).filter(([, values]) => values !== undefined)) as FlowFilters
}

/** Values of one dimension of a matrix, the one with most traffic first. */
function keysBySize(
  top: TopFlows,
  dimension: FlowDimension,
  measure: 'octets' | 'packets' | 'records',
): (string | number)[] {
  const sums = new Map<string | number, bigint>()
  for (const row of top.rows) {
    const key = row.key[dimension]!
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(row[measure]))
  }
  return [...sums].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0)).map(([key]) => key)
}

function isoRange(range: TimeRange): { from: string; to: string } {
  return { from: isoOf(range.fromMs), to: isoOf(range.toMs) }
}
