import type { Site, Tenant } from '../../../../libs/model/src/index.ts'
import { UsageError } from '../command.ts'

export interface Place {
  readonly tenant: string
  readonly site: string
}

/** The tenant and site that are named, or the only ones there are. */
export function placeOf(
  { tenants, sites }: { readonly tenants: readonly Tenant[]; readonly sites: readonly Site[] },
  tenant: string | undefined,
  site: string | undefined,
): Place {
  const chosen = only('tenant', tenants, tenant)
  const place = only(
    `site of tenant "${chosen}"`,
    sites.filter(one => one.tenant === chosen),
    site,
    'site',
  )
  return { tenant: chosen, site: place }
}

function only(what: string, all: readonly { id: string }[], id: string | undefined, option = what): string {
  const known = all.map(one => one.id).join(', ') || 'none'
  if (id === undefined) {
    if (all.length === 1) return all[0]!.id
    throw new UsageError(`which ${what}? give --${option}; there is ${known}`)
  }
  if (!all.some(one => one.id === id)) throw new UsageError(`there is no ${what} "${id}"; there is ${known}`)
  return id
}
