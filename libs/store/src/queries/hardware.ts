import type { Store } from '../store.ts'
import { decodeCursor, type Page, type PageRequest, pageOf } from './page-cursor.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, listPredicate, type Predicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { checkRange, isoTime, type TimeRange } from './time-windows.ts'

export interface SensorRow {
  tenantId: string
  deviceId: string
  sensorId: string
  class: string
  name: string
  value: number | null
  /** What a state's value means; '' of other classes. */
  state: string
  lowCritical: number | null
  lowWarning: number | null
  highWarning: number | null
  highCritical: number | null
  /** The port it sits in; '' of none. */
  interfaceId: string
  /** ISO 8601 UTC. */
  readAt: string
}

export interface SensorsQuery extends PageRequest {
  tenants: TenantScope
  deviceIds?: readonly string[]
  sensorIds?: readonly string[]
  classes?: readonly string[]
}

/** Sensors as last read, in the order of tenant, device and id, in pages. */
export async function listSensors(store: Store, query: SensorsQuery): Promise<Page<SensorRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 's.tenant_id'),
    listPredicate('s.device_id', 'deviceIds', query.deviceIds),
    listPredicate('s.sensor_id', 'sensorIds', query.sensorIds),
    listPredicate('s.class', 'classes', query.classes),
    afterSensor(query.cursor),
  )
  const rows = await store.query<SensorRow>(
    `SELECT s.tenant_id AS tenantId, s.device_id AS deviceId, s.sensor_id AS sensorId, s.class AS class, s.name AS name,
            ${known('value')} AS value, s.state AS state,
            ${known('low_critical')} AS lowCritical, ${known('low_warning')} AS lowWarning,
            ${known('high_warning')} AS highWarning, ${known('high_critical')} AS highCritical,
            s.interface_id AS interfaceId, s.read_at AS readAt
     FROM sensors AS s FINAL WHERE ${where.sql}
     ORDER BY s.tenant_id, s.device_id, s.sensor_id LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.tenantId, row.deviceId, row.sensorId],
    row => ({ ...row, readAt: isoTime(row.readAt) }),
  )
}

function known(column: string): string {
  return `if(isNaN(s.${column}), NULL, s.${column})`
}

function afterSensor(cursor: string | undefined): Predicate {
  if (cursor === undefined) return { sql: '1', params: {} }
  const [tenant, device, sensor] = decodeCursor(cursor, 3)
  return {
    sql: '(s.tenant_id, s.device_id, s.sensor_id) > ({afterTenant:String}, {afterDevice:String}, {afterSensor:String})',
    params: { afterTenant: tenant!, afterDevice: device!, afterSensor: sensor! },
  }
}

export interface DeviceHardwareRow {
  /** libs/model's HardwareForm without sensors, as JSON. */
  hardwareJson: string
  readAt: string
}

/** The newest reading of one device; undefined of one whose hardware was never read. */
export async function readDeviceHardware(
  store: Store,
  query: { tenantId: string; deviceId: string } & QueryLimits,
): Promise<DeviceHardwareRow | undefined> {
  const [row] = await store.query<DeviceHardwareRow>(
    `SELECT h.hardware_json AS hardwareJson, h.read_at AS readAt FROM device_hardware AS h FINAL
     WHERE h.tenant_id = {tenant:String} AND h.device_id = {device:String}`,
    { tenant: query.tenantId, device: query.deviceId },
    optionsOf(query, 1),
  )
  return row && { ...row, readAt: isoTime(row.readAt) }
}

export interface FirmwareRow {
  tenantId: string
  siteId: string
  vendor: string
  os: string
  model: string
  version: string
  /** In rising order. */
  deviceIds: string[]
}

/** Versions in use, by site, vendor and model; devices whose version is not known have ''. */
export async function listFirmware(
  store: Store,
  query: { tenants: TenantScope; siteIds?: readonly string[] } & QueryLimits,
): Promise<FirmwareRow[]> {
  const limit = limitOf(query, 1_000)
  const where = allOf(
    tenantPredicate(query.tenants, 'd.tenant_id'),
    listPredicate('d.site_id', 'siteIds', query.siteIds),
  )
  return store.query<FirmwareRow>(
    `SELECT d.tenant_id AS tenantId, d.site_id AS siteId, d.vendor AS vendor, d.os AS os, d.hardware AS model,
            d.version AS version, arraySort(groupArray(d.device_id)) AS deviceIds
     FROM devices AS d FINAL WHERE ${where.sql}
     GROUP BY tenantId, siteId, vendor, os, model, version
     ORDER BY tenantId, vendor, model, version, siteId, os LIMIT {rows:UInt32}`,
    { ...where.params, rows: limit },
    optionsOf(query, limit),
  )
}

export interface SensorPoint {
  /** Start of the step, ISO 8601 UTC. */
  at: string
  mean: number
  min: number
  max: number
  readings: number
  /** Windows of five minutes that have any. */
  windows: number
}

/** Values of one device's sensors over time, from the rollup by five minutes; steps without readings are absent. */
export async function readSensorSeries(
  store: Store,
  query: { tenants: TenantScope; deviceId: string; sensorIds: readonly string[]; stepSeconds: number } & TimeRange,
  limits: QueryLimits = {},
): Promise<{ sensorId: string; points: SensorPoint[] }[]> {
  checkRange(query)
  const where = allOf(
    tenantPredicate(query.tenants, 't.tenant_id'),
    listPredicate('t.device_id', 'deviceIds', [query.deviceId]),
    listPredicate('t.sensor_id', 'sensorIds', query.sensorIds),
  )
  const rows = await store.query<{
    sensorId: string
    at: string
    sum: number
    least: number
    most: number
    count: string
    windows: string
  }>(
    `SELECT t.sensor_id AS sensorId, intDiv(toUnixTimestamp(t.window_start), {step:UInt32}) * {step:UInt32} AS at,
            sum(t.value_sum) AS sum, min(t.value_min) AS least, max(t.value_max) AS most, sum(t.readings) AS count,
            uniqExact(t.window_start) AS windows
     FROM sensor_5m AS t
     WHERE ${where.sql} AND t.window_start >= toDateTime({from:UInt32}, 'UTC') AND t.window_start < toDateTime({to:UInt32}, 'UTC')
     GROUP BY sensorId, at ORDER BY sensorId, at`,
    {
      ...where.params,
      step: query.stepSeconds,
      from: Math.floor(query.fromMs / 1000 / query.stepSeconds) * query.stepSeconds,
      to: Math.ceil(query.toMs / 1000),
    },
    optionsOf(limits, limitOf(limits, 10_000) * Math.max(1, query.sensorIds.length)),
  )
  const series = new Map(query.sensorIds.map(id => [id, [] as SensorPoint[]]))
  for (const { sensorId, at, sum, least, most, count, windows } of rows) {
    const readings = Number(count)
    series.get(sensorId)?.push({
      at: isoTime(Number(at)),
      mean: sum / readings,
      min: least,
      max: most,
      readings,
      windows: Number(windows),
    })
  }
  return [...series].map(([sensorId, points]) => ({ sensorId, points }))
}
