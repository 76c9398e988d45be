import { parseInterfaceId } from '../../../model/src/index.ts'
import type { QueryParams } from '../store.ts'

/** Said in full by those few who may see all tenants; no tenant's id holds a space. */
export const allTenants = 'all tenants'

/** Whose rows a query may touch. Every helper demands it, so that nobody forgets it; no tenants means no rows. */
export type TenantScope = readonly string[] | typeof allTenants

export interface Predicate {
  /** A condition, in parentheses where it needs them. */
  sql: string
  params: QueryParams
}

/** @param column the tenant's, with its table's alias where there are several */
export function tenantPredicate(scope: TenantScope, column = 'tenant_id'): Predicate {
  if (scope === allTenants) return { sql: '1', params: {} }
  if (!Array.isArray(scope)) throw new TypeError('a query needs a list of tenants, or allTenants')
  if (scope.length === 0) return { sql: '0', params: {} }
  return { sql: `${column} IN {tenants:Array(String)}`, params: { tenants: [...scope] } }
}

/** Adds `column IN values` when values are given. */
export function listPredicate(column: string, name: string, values: readonly string[] | undefined): Predicate {
  if (values === undefined) return { sql: '1', params: {} }
  if (values.length === 0) return { sql: '0', params: {} }
  return { sql: `${column} IN {${name}:Array(String)}`, params: { [name]: [...values] } }
}

/** The devices of interfaces: they stand before the interface in the tables' order, so that few rows are read. */
export function devicesPredicate(column: string, interfaceIds: readonly string[]): Predicate {
  const devices = new Set(interfaceIds.map(id => parseInterfaceId(id).deviceId))
  return listPredicate(column, 'devicesOfInterfaces', [...devices])
}

export function allOf(...predicates: readonly Predicate[]): Predicate {
  return {
    sql: predicates.map(predicate => predicate.sql).join(' AND '),
    params: Object.assign({}, ...predicates.map(predicate => predicate.params)),
  }
}
