import { idPattern, type Site, type Tenant } from '../../../../libs/model/src/index.ts'
import { UsageError } from '../command.ts'

export interface Place {
  readonly tenant: string
  readonly site: string
}

/** The tenant and site that are named, or the only ones there are. Where there are none yet, those that are named. */
export function placeOf(
  { tenants, sites }: { readonly tenants: readonly Tenant[]; readonly sites: readonly Site[] },
  tenant: string | undefined,
  site: string | undefined,
): Place {
  if (tenants.length === 0) {
    if (tenant === undefined || site === undefined) {
      throw new UsageError('the configuration has no tenant yet: name the first by --tenant and --site')
    }
    for (const id of [tenant, site]) if (!idPattern.test(id)) throw new UsageError(`"${id}" is no id`)
    return { tenant, site }
  }
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
