import type { Store } from '../store.ts'
import { decodeCursor, type Page, type PageRequest, pageOf } from './page-cursor.ts'
import { limitOf, optionsOf } from './query-limits.ts'
import { allOf, listPredicate, type Predicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { isoTime } from './time-windows.ts'

export interface DeviceRow {
  tenantId: string
  deviceId: string
  siteId: string
  address: string
  sysName: string
  sysDescr: string
  sysObjectId: string
  sysLocation: string
  sysContact: string
  vendor: string
  os: string
  version: string
  hardware: string
  serial: string
  /** ISO 8601 UTC. */
  polledAt: string
}

export interface InterfaceRow {
  tenantId: string
  deviceId: string
  interfaceId: string
  ifIndex: number
  ifName: string
  ifDescr: string
  ifAlias: string
  ifType: number
  physAddress: string
  /** Decimal string; "0" unknown. */
  speedBitsPerSecond: string
  adminStatus: number
  operStatus: number
  polledAt: string
}

export interface DevicesQuery extends PageRequest {
  tenants: TenantScope
  siteIds?: readonly string[]
  deviceIds?: readonly string[]
}

export interface InterfacesQuery extends PageRequest {
  tenants: TenantScope
  deviceIds?: readonly string[]
  interfaceIds?: readonly string[]
}

/** Devices as last polled, in the order of tenant and id, in pages. */
export async function listDevices(store: Store, query: DevicesQuery): Promise<Page<DeviceRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 'd.tenant_id'),
    listPredicate('d.device_id', 'deviceIds', query.deviceIds),
    listPredicate('d.site_id', 'siteIds', query.siteIds),
    afterKey(query.cursor, ['d.tenant_id', 'd.device_id']),
  )
  const rows = await store.query<DeviceRow>(
    `SELECT d.tenant_id AS tenantId, d.device_id AS deviceId, d.site_id AS siteId, d.address AS address,
            d.sys_name AS sysName, d.sys_descr AS sysDescr, d.sys_object_id AS sysObjectId,
            d.sys_location AS sysLocation, d.sys_contact AS sysContact, d.vendor AS vendor, d.os AS os,
            d.version AS version, d.hardware AS hardware, d.serial AS serial, d.polled_at AS polledAt
     FROM devices AS d FINAL WHERE ${where.sql}
     ORDER BY d.tenant_id, d.device_id LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.tenantId, row.deviceId],
    row => ({ ...row, polledAt: isoTime(row.polledAt) }),
  )
}

/** Interfaces as last polled, in the order of tenant, device and interface, in pages. */
export async function listInterfaces(store: Store, query: InterfacesQuery): Promise<Page<InterfaceRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 'i.tenant_id'),
    listPredicate('i.device_id', 'deviceIds', query.deviceIds),
    listPredicate('i.interface_id', 'interfaceIds', query.interfaceIds),
    afterKey(query.cursor, ['i.tenant_id', 'i.device_id', 'i.interface_id']),
  )
  const rows = await store.query<InterfaceRow>(
    `SELECT i.tenant_id AS tenantId, i.device_id AS deviceId, i.interface_id AS interfaceId, i.if_index AS ifIndex,
            i.if_name AS ifName, i.if_descr AS ifDescr, i.if_alias AS ifAlias, i.if_type AS ifType,
            i.phys_address AS physAddress, i.speed_bits_per_second AS speedBitsPerSecond,
            i.admin_status AS adminStatus, i.oper_status AS operStatus, i.polled_at AS polledAt
     FROM interfaces AS i FINAL WHERE ${where.sql}
     ORDER BY i.tenant_id, i.device_id, i.interface_id LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.tenantId, row.deviceId, row.interfaceId],
    row => ({ ...row, polledAt: isoTime(row.polledAt) }),
  )
}

export interface ExporterRow {
  tenantId: string
  exporterId: string
  /** Last hour with traffic, ISO 8601 UTC. */
  lastWindow: string
  /** Of the time asked for; exact decimal strings. */
  octets: string
  records: string
  /** Records whose sampling rate was not known, so that they count as exported. */
  unscaledRecords: string
}

export interface ExportersQuery extends PageRequest {
  tenants: TenantScope
  /** Exporters with traffic since then, milliseconds; 7 days. */
  sinceMs?: number
}

/** Exporters that sent flows, in the order of their ids, in pages. */
export async function listExporters(store: Store, query: ExportersQuery): Promise<Page<ExporterRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 'f.tenant_id'),
    afterKey(query.cursor, ['f.tenant_id', 'f.exporter_id']),
  )
  const sinceMs = query.sinceMs ?? Date.now() - 7 * 86_400_000
  const rows = await store.query<ExporterRow>(
    `SELECT f.tenant_id AS tenantId, f.exporter_id AS exporterId, max(f.window_start) AS lastWindow,
            sum(f.octets) AS octets, sum(f.records) AS records, sum(f.unscaled_records) AS unscaledRecords
     FROM flow_1h AS f WHERE ${where.sql} AND f.window_start >= toDateTime({since:UInt32}, 'UTC')
     GROUP BY f.tenant_id, f.exporter_id ORDER BY f.tenant_id, f.exporter_id LIMIT {pageRows:UInt32}`,
    { ...where.params, since: Math.floor(sinceMs / 3_600_000) * 3_600, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.tenantId, row.exporterId],
    row => ({ ...row, lastWindow: isoTime(row.lastWindow) }),
  )
}

function afterKey(cursor: string | undefined, columns: readonly string[]): Predicate {
  if (cursor === undefined) return { sql: '1', params: {} }
  const key = decodeCursor(cursor, columns.length)
  const names = columns.map((_, i) => `after${i}`)
  return {
    sql: `(${columns.join(', ')}) > (${names.map(name => `{${name}:String}`).join(', ')})`,
    params: Object.fromEntries(names.map((name, i) => [name, key[i]!])),
  }
}
