import type { Store } from '../store.ts'
import { decodeCursor, type Page, type PageRequest, pageOf } from './page-cursor.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, listPredicate, type Predicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { isoTime } from './time-windows.ts'

/** What exporters give names to in options data. */
export const exporterNameKinds = ['interface', 'sampler', 'vrf'] as const
export type ExporterNameKind = (typeof exporterNameKinds)[number]

export interface ExporterNameRow {
  kind: ExporterNameKind
  /** ifIndex, sampler id or VRF id. */
  number: number
  /** May be empty where there is a description. */
  name: string
  description: string
  /** When the exporter's names last changed, ISO 8601 UTC. */
  learnedAt: string
}

export interface ExporterNamesQuery extends PageRequest {
  tenants: TenantScope
  exporterId: string
  kinds?: readonly ExporterNameKind[]
}

const columnOf = { interface: 'interfaces_json', sampler: 'samplers_json', vrf: 'vrfs_json' } as const
const listType = "'Array(Tuple(UInt32, String, String))'"

/** Names that one exporter announced, in the order of kind and number, in pages. */
export async function listExporterNames(store: Store, query: ExporterNamesQuery): Promise<Page<ExporterNameRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(
    tenantPredicate(query.tenants, 'e.tenant_id'),
    listPredicate('e.exporter_id', 'exporterIds', [query.exporterId]),
  )
  const after = afterName(query.cursor)
  const rows = await store.query<ExporterNameRow>(
    `SELECT n.kind AS kind, n.number AS number, n.name AS name, n.description AS description, n.learned AS learnedAt FROM (
       ${(query.kinds ?? exporterNameKinds)
         .map(
           kind => `SELECT '${kind}' AS kind, entry.1 AS number, entry.2 AS name, entry.3 AS description, e.learned_at AS learned
             FROM exporter_names AS e FINAL ARRAY JOIN JSONExtract(e.${columnOf[kind]}, ${listType}) AS entry WHERE ${where.sql}`,
         )
         .join(' UNION ALL ')}
     ) AS n WHERE ${after.sql} ORDER BY n.kind, n.number LIMIT {pageRows:UInt32}`,
    { ...where.params, ...after.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.kind, String(row.number)],
    row => ({ ...row, learnedAt: isoTime(row.learnedAt) }),
  )
}

function afterName(cursor: string | undefined): Predicate {
  if (cursor === undefined) return { sql: '1', params: {} }
  const [kind, number] = decodeCursor(cursor, 2)
  return {
    sql: '(n.kind, n.number) > ({afterKind:String}, toUInt32OrZero({afterNumber:String}))',
    params: { afterKind: kind!, afterNumber: number! },
  }
}

export interface NumberName {
  name: string
  description: string
}

/** Looked up together: what stands in one statement has to fit an address of HTTP. */
const lookUpMax = 200

/**
 * What exporters call the numbers of one kind.
 * @param wanted by exporter
 * @returns by `numberKey(exporterId, number)`; what nobody named is absent
 */
export async function findAnnouncedNames(
  store: Store,
  query: {
    tenants: TenantScope
    kind: ExporterNameKind
    wanted: readonly (readonly [exporterId: string, number: number])[]
  },
  limits: QueryLimits = {},
): Promise<Map<string, NumberName>> {
  return lookUp(query.wanted, async wanted => {
    const where = allOf(
      tenantPredicate(query.tenants, 'e.tenant_id'),
      listPredicate('e.exporter_id', 'exporterIds', [...new Set(wanted.map(([id]) => id))]),
      listPredicate(
        "concat(e.exporter_id, ' ', toString(entry.1))",
        'keys',
        wanted.map(pair => numberKey(...pair)),
      ),
    )
    return store.query<NumberName & { key: string }>(
      `SELECT concat(e.exporter_id, ' ', toString(entry.1)) AS key, entry.2 AS name, entry.3 AS description
       FROM exporter_names AS e FINAL ARRAY JOIN JSONExtract(e.${columnOf[query.kind]}, ${listType}) AS entry
       WHERE ${where.sql}`,
      where.params,
      optionsOf(limits, wanted.length),
    )
  })
}

/**
 * What polled devices call their interfaces, by ifIndex: the one that had the number last, with its ifAlias.
 * @param wanted by `tenantId/deviceId`
 * @returns by `numberKey('tenantId/deviceId', ifIndex)`
 */
export async function findPolledNames(
  store: Store,
  query: { tenants: TenantScope; wanted: readonly (readonly [tenantAndDevice: string, ifIndex: number])[] },
  limits: QueryLimits = {},
): Promise<Map<string, NumberName>> {
  const key = "concat(i.tenant_id, '/', i.device_id, ' ', toString(i.if_index))"
  return lookUp(query.wanted, async wanted => {
    const where = allOf(
      tenantPredicate(query.tenants, 'i.tenant_id'),
      listPredicate('i.device_id', 'deviceIds', [...new Set(wanted.map(([id]) => id.slice(id.indexOf('/') + 1)))]),
      listPredicate(
        key,
        'keys',
        wanted.map(pair => numberKey(...pair)),
      ),
    )
    return store.query<NumberName & { key: string }>(
      `SELECT ${key} AS key, argMax(i.if_name, (i.polled_at, i.rev)) AS name,
              argMax(i.if_alias, (i.polled_at, i.rev)) AS description
       FROM interfaces AS i FINAL WHERE ${where.sql} GROUP BY key`,
      where.params,
      optionsOf(limits, wanted.length),
    )
  })
}

export function numberKey(owner: string, number: number): string {
  return `${owner} ${number}`
}

async function lookUp<Wanted>(
  wanted: readonly Wanted[],
  find: (some: readonly Wanted[]) => Promise<(NumberName & { key: string })[]>,
): Promise<Map<string, NumberName>> {
  const found = new Map<string, NumberName>()
  for (let from = 0; from < wanted.length; from += lookUpMax) {
    for (const { key, name, description } of await find(wanted.slice(from, from + lookUpMax))) {
      found.set(key, { name, description })
    }
  }
  return found
}
