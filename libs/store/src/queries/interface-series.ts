import { type Store, StoreError } from '../store.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, devicesPredicate, listPredicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import {
  checkRange,
  chooseStepSeconds,
  isoTime,
  levelForStep,
  type TimeRange,
  type WindowContext,
} from './time-windows.ts'

export interface InterfaceSeriesQuery extends TimeRange, WindowContext {
  tenants: TenantScope
  interfaceIds: readonly string[]
  /** A multiple of 60; chosen for some 400 points when not given. */
  stepSeconds?: number
}

export interface InterfaceSeries {
  interfaceId: string
  stepSeconds: number
  points: InterfacePoint[]
  /** Rows of the rollup that the points are made of. */
  rowsRead: number
}

/** One step of one interface. Rates are over the time observed; steps never observed are absent. */
export interface InterfacePoint {
  /** Start of the step, ISO 8601 UTC. */
  at: string
  inBitsPerSecond: number | null
  outBitsPerSecond: number | null
  inBitsPerSecondMax: number
  outBitsPerSecondMax: number
  inPacketsPerSecond: number | null
  outPacketsPerSecond: number | null
  /** Ratios 0..1 of the speed last polled; null while that is unknown. */
  utilisationIn: number | null
  utilisationOut: number | null
  /** Exact, as decimal strings. */
  inOctets: string
  outOctets: string
  inErrors: string
  outErrors: string
  inDiscards: string
  outDiscards: string
  fcsErrors: string
  /** Share of the step that lies between two usable polls, 0..1. */
  coverage: number
}

interface Row {
  interfaceId: string
  at: string
  inOctets: string
  outOctets: string
  inPackets: string
  outPackets: string
  inErrors: string
  outErrors: string
  inDiscards: string
  outDiscards: string
  fcsErrors: string
  observedMs: string
  speed: string
  inMax: string
  outMax: string
  rowsRead: string
}

const interfacesMax = 100

/** Traffic, errors and coverage of interfaces over time, from the rollup that fits the step. */
export async function readInterfaceSeries(
  store: Store,
  query: InterfaceSeriesQuery,
  limits: QueryLimits = {},
): Promise<InterfaceSeries[]> {
  checkRange(query)
  if (query.interfaceIds.length > interfacesMax) {
    throw new StoreError('store-rejected', `${query.interfaceIds.length} interfaces at once; ${interfacesMax} at most`)
  }
  const stepSeconds = query.stepSeconds ?? chooseStepSeconds(query, 400, query)
  const level = levelForStep(stepSeconds, query, query)
  const rowsMax = limitOf(limits, 10_000) * Math.max(1, query.interfaceIds.length)
  const where = allOf(
    tenantPredicate(query.tenants, 't.tenant_id'),
    devicesPredicate('t.device_id', query.interfaceIds),
    listPredicate('t.interface_id', 'interfaceIds', query.interfaceIds),
  )
  const rows = await store.query<Row>(
    `SELECT t.interface_id AS interfaceId,
            intDiv(toUnixTimestamp(t.window_start), {step:UInt32}) * {step:UInt32} AS at,
            sum(t.in_octets) AS inOctets, sum(t.out_octets) AS outOctets,
            sum(t.in_packets) AS inPackets, sum(t.out_packets) AS outPackets,
            sum(t.in_errors) AS inErrors, sum(t.out_errors) AS outErrors,
            sum(t.in_discards) AS inDiscards, sum(t.out_discards) AS outDiscards,
            sum(t.fcs_errors) AS fcsErrors, sum(t.observed_ms) AS observedMs, max(t.speed_bits_per_second) AS speed,
            max(t.in_bits_per_second_max) AS inMax, max(t.out_bits_per_second_max) AS outMax, count() AS rowsRead
     FROM interface_${level} AS t
     WHERE ${where.sql} AND t.window_start >= toDateTime({from:UInt32}, 'UTC') AND t.window_start < toDateTime({to:UInt32}, 'UTC')
     GROUP BY interfaceId, at ORDER BY interfaceId, at`,
    {
      ...where.params,
      step: stepSeconds,
      from: Math.floor(query.fromMs / 1000 / stepSeconds) * stepSeconds,
      to: Math.ceil(query.toMs / 1000),
    },
    optionsOf(limits, rowsMax),
  )
  const series = new Map(
    query.interfaceIds.map(interfaceId => [
      interfaceId,
      { interfaceId, stepSeconds, points: [] as InterfacePoint[], rowsRead: 0 },
    ]),
  )
  for (const row of rows) {
    const one = series.get(row.interfaceId)
    one?.points.push(pointOf(row, stepSeconds))
    if (one) one.rowsRead += Number(row.rowsRead)
  }
  return [...series.values()]
}

function pointOf(row: Row, stepSeconds: number): InterfacePoint {
  const seconds = Number(row.observedMs) / 1000
  const perSecond = (count: string, factor: number) => (seconds > 0 ? (Number(count) * factor) / seconds : null)
  const inBitsPerSecond = perSecond(row.inOctets, 8)
  const outBitsPerSecond = perSecond(row.outOctets, 8)
  const speed = Number(row.speed)
  const share = (rate: number | null) => (rate === null || speed === 0 ? null : rate / speed)
  return {
    at: isoTime(Number(row.at)),
    inBitsPerSecond,
    outBitsPerSecond,
    inBitsPerSecondMax: Number(row.inMax),
    outBitsPerSecondMax: Number(row.outMax),
    inPacketsPerSecond: perSecond(row.inPackets, 1),
    outPacketsPerSecond: perSecond(row.outPackets, 1),
    utilisationIn: share(inBitsPerSecond),
    utilisationOut: share(outBitsPerSecond),
    inOctets: row.inOctets,
    outOctets: row.outOctets,
    inErrors: row.inErrors,
    outErrors: row.outErrors,
    inDiscards: row.inDiscards,
    outDiscards: row.outDiscards,
    fcsErrors: row.fcsErrors,
    coverage: Math.min(1, seconds / stepSeconds),
  }
}
