import type { Store } from '../store.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, listPredicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { isoTime } from './time-windows.ts'

export interface StationRow {
  tenantId: string
  mac: string
  deviceId: string
  siteId: string
  interfaceId: string
  vlan: number
  /** '' of a forwarding table. */
  address: string
  seenAt: string
  /** Stations last seen at the same port. */
  stationsAtPort: number
}

/** What is looked for: MACs in lower case with colons, addresses as libs/wire writes them; one of both. */
export type StationsQuery = { tenants: TenantScope; siteIds?: readonly string[] } & QueryLimits &
  ({ macs: readonly string[] } | { addresses: readonly string[] })

/**
 * Where stations were last seen: each bridge's port that has them, the one with fewest others first, since that is where
 * they are plugged in, and each router that has an address of theirs.
 */
export async function findStations(store: Store, query: StationsQuery): Promise<StationRow[]> {
  const limit = limitOf(query, 1_000)
  const scope = tenantPredicate(query.tenants, 's.tenant_id')
  const wanted =
    'macs' in query
      ? listPredicate('s.mac', 'macs', query.macs)
      : listPredicate('s.address', 'addresses', query.addresses)
  const where = allOf(scope, wanted, listPredicate('s.site_id', 'siteIds', query.siteIds))
  const rows = await store.query<StationRow>(
    `SELECT s.tenant_id AS tenantId, s.mac AS mac, s.device_id AS deviceId, s.site_id AS siteId,
            s.interface_id AS interfaceId, s.vlan AS vlan, s.address AS address, s.seen_at AS seenAt,
            0 AS stationsAtPort
     FROM stations AS s FINAL WHERE ${where.sql}
     ORDER BY s.seen_at DESC, s.tenant_id, s.mac, s.device_id, s.vlan, s.address LIMIT {rows:UInt32}`,
    { ...where.params, rows: limit },
    optionsOf(query, limit),
  )
  const counts = await stationsAtPorts(store, query, rows)
  return rows
    .map(row => ({
      ...row,
      seenAt: isoTime(row.seenAt),
      stationsAtPort: counts.get(`${row.tenantId} ${row.interfaceId}`) ?? 0,
    }))
    .sort((a, b) => (a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : a.stationsAtPort - b.stationsAtPort))
}

async function stationsAtPorts(
  store: Store,
  query: StationsQuery,
  rows: readonly StationRow[],
): Promise<Map<string, number>> {
  if (rows.length === 0) return new Map()
  const where = allOf(
    tenantPredicate([...new Set(rows.map(row => row.tenantId))], 's.tenant_id'),
    listPredicate('s.interface_id', 'interfaceIds', [...new Set(rows.map(row => row.interfaceId))]),
  )
  const counts = await store.query<{ tenantId: string; interfaceId: string; stations: string }>(
    `SELECT s.tenant_id AS tenantId, s.interface_id AS interfaceId, uniqExact(s.mac) AS stations
     FROM stations AS s FINAL WHERE ${where.sql} AND s.address = '' GROUP BY tenantId, interfaceId`,
    where.params,
    optionsOf(query, rows.length),
  )
  return new Map(counts.map(row => [`${row.tenantId} ${row.interfaceId}`, Number(row.stations)]))
}
