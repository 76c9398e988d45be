import { allTenants, type TenantScope } from '../../../../libs/store/src/index.ts'
import type { Scope } from '../principal.ts'

/** A request's scope as the store's queries demand it. */
export function tenantScopeOf(scope: Scope): TenantScope {
  return scope.tenants === 'all' ? allTenants : scope.tenants
}
