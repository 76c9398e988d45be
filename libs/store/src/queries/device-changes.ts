import type { Store } from '../store.ts'
import { decodeCursor, type Page, type PageRequest, pageOf } from './page-cursor.ts'
import { limitOf, optionsOf } from './query-limits.ts'
import { allOf, listPredicate, type Predicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { isoTime } from './time-windows.ts'

export interface DeviceChangeRow {
  eventId: string
  tenantId: string
  siteId: string
  deviceId: string
  /** When it was first seen, ISO 8601 UTC. */
  changedAt: string
  /** Of libs/model's kinds. */
  kind: string
  /** Interface, sensor, part or peer; '' where it is the device. */
  subject: string
  from: string
  to: string
  detail: string
}

export interface DeviceChangesQuery extends PageRequest {
  tenants: TenantScope
  siteIds?: readonly string[]
  deviceIds?: readonly string[]
  kinds?: readonly string[]
  /** Milliseconds since the Unix epoch; from inclusive, to exclusive. */
  fromMs?: number
  toMs?: number
}

/** What changed about devices, newest first, in pages. */
export async function listDeviceChanges(store: Store, query: DeviceChangesQuery): Promise<Page<DeviceChangeRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 'c.tenant_id'),
    listPredicate('c.site_id', 'siteIds', query.siteIds),
    listPredicate('c.device_id', 'deviceIds', query.deviceIds),
    listPredicate('c.kind', 'kinds', query.kinds),
    timePredicate('>=', 'fromMs', query.fromMs),
    timePredicate('<', 'toMs', query.toMs),
    afterChange(query.cursor),
  )
  const rows = await store.query<DeviceChangeRow & { atMs: string }>(
    `SELECT c.event_id AS eventId, c.tenant_id AS tenantId, c.site_id AS siteId, c.device_id AS deviceId,
            c.changed_at AS changedAt, toUnixTimestamp64Milli(c.changed_at) AS atMs, c.kind AS kind, c.subject AS subject,
            c.from_value AS from, c.to_value AS to, c.detail AS detail
     FROM device_changes AS c WHERE ${where.sql}
     ORDER BY c.changed_at DESC, c.event_id LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [String(row.atMs), row.eventId],
    ({ atMs: _, ...row }) => ({ ...row, changedAt: isoTime(row.changedAt) }),
  )
}

function timePredicate(operator: '>=' | '<', name: string, ms: number | undefined): Predicate {
  if (ms === undefined) return { sql: '1', params: {} }
  return { sql: `c.changed_at ${operator} fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`, params: { [name]: ms } }
}

function afterChange(cursor: string | undefined): Predicate {
  if (cursor === undefined) return { sql: '1', params: {} }
  const [atMs, eventId] = decodeCursor(cursor, 2)
  const at = "fromUnixTimestamp64Milli({afterMs:Int64}, 'UTC')"
  return {
    sql: `(c.changed_at < ${at} OR (c.changed_at = ${at} AND c.event_id > {afterEvent:String}))`,
    params: { afterMs: atMs!, afterEvent: eventId! },
  }
}
