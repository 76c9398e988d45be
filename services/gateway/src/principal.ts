import type { IncomingHttpHeaders } from 'node:http'

/** On whose behalf a request is answered, and which tenants that one may see. */
export interface Principal {
  /** Recorded with what this principal does to alarms. */
  name: string
  tenants: 'all' | readonly string[]
}

/** Who sent a request; the one place where authentication will decide. Undefined refuses the request. */
export type ResolvePrincipal = (request: { headers: IncomingHttpHeaders }) => Principal | undefined

/** Before authentication exists only loopback can reach the gateway, and whoever is there sees every tenant. */
export const resolveLoopbackPrincipal: ResolvePrincipal = () => ({ name: 'operator', tenants: 'all' })

export function maySee(principal: Principal, tenantId: string): boolean {
  return principal.tenants === 'all' || principal.tenants.includes(tenantId)
}

/** What one answer or stream covers: the principal's tenants, narrowed by the request. */
export interface Scope {
  tenants: 'all' | readonly string[]
  siteId: string | undefined
}

/** @returns undefined when the principal may not see the tenant asked for. */
export function scopeOf(
  principal: Principal,
  asked: { tenant?: string | undefined; site?: string | undefined },
): Scope | undefined {
  if (asked.tenant === undefined) return { tenants: principal.tenants, siteId: asked.site }
  if (!maySee(principal, asked.tenant)) return undefined
  return { tenants: [asked.tenant], siteId: asked.site }
}

export function inScope(scope: Scope, tenantId: string, siteId: string | null): boolean {
  if (scope.tenants !== 'all' && !scope.tenants.includes(tenantId)) return false
  return scope.siteId === undefined || scope.siteId === siteId
}

/** Two scopes with the same key see the same things. */
export function scopeKey(scope: Scope): string {
  return JSON.stringify([scope.tenants === 'all' ? 'all' : [...scope.tenants].sort(), scope.siteId ?? null])
}
