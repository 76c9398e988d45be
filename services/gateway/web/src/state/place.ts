import type { Alarm, SiteTile } from '../../../../../libs/model/src/index.ts'
import { inertText, shortPortName } from './text.ts'

/** Where something is, in the words a person uses; empty where the level does not apply. */
export interface Place {
  tenant: string
  site: string
  device: string
  part: string
  /** The client has no other site here: its own name says where. */
  onlySite: boolean
}

export interface SiteName extends Pick<SiteTile, 'tenantName' | 'siteName'> {
  onlySite: boolean
}

export type SiteNames = (tenantId: string, siteId: string) => SiteName | undefined

/** Looks names up in the site tiles by `siteKey`. */
export function siteNames(sites: ReadonlyMap<string, SiteTile>): SiteNames {
  const perTenant = new Map<string, number>()
  for (const { tenantId } of sites.values()) perTenant.set(tenantId, (perTenant.get(tenantId) ?? 0) + 1)
  return (tenantId, siteId) => {
    const tile = sites.get(siteKey(tenantId, siteId))
    return tile && { ...tile, onlySite: perTenant.get(tenantId) === 1 }
  }
}

/** `tenantId/siteId`: sites of two clients may have the same id. */
export function siteKey(tenantId: string, siteId: string): string {
  return `${tenantId}/${siteId}`
}

/** A site's name without its client's in front, which stands before it: `Acme, plant 2` of `Acme` is `plant 2`. */
export function siteWords(tenant: string, site: string): string {
  if (!site.startsWith(tenant)) return site
  const rest = site.slice(tenant.length).replace(/^[\s,.:/–-]+/, '')
  return rest === '' ? site : rest
}

export function placeOf(alarm: Alarm, names: SiteNames): Place {
  const tile = alarm.siteId === null ? undefined : names(alarm.tenantId, alarm.siteId)
  const { device, part } = splitResource(alarm)
  const tenant = inertText(tile?.tenantName || alarm.tenantId)
  return {
    tenant,
    site: siteWords(tenant, inertText(tile?.siteName || alarm.siteId || '')),
    device: inertText(device),
    part: inertText(part),
    onlySite: tile?.onlySite ?? false,
  }
}

/**
 * A resource is `device/<id>`, `interface/<device>/<ifName>`, `exporter/<tenant>/<collector>/<address>`, `probe/<id>`, `site/<id>`, or
 * a part of Weir: `poller/<id>`, `pipeline/<topic>`.
 */
function splitResource(alarm: Alarm): { device: string; part: string } {
  const slash = alarm.resource.indexOf('/')
  const kind = alarm.resource.slice(0, Math.max(0, slash))
  const rest = alarm.resource.slice(slash + 1)
  if (kind === 'interface') {
    const end = rest.indexOf('/')
    return { device: rest.slice(0, end), part: shortPortName(rest.slice(end + 1)) }
  }
  if (kind === 'exporter')
    return { device: alarm.deviceId ?? '', part: `exporter ${rest.slice(rest.lastIndexOf('/') + 1)}` }
  if (kind === 'probe') return { device: alarm.deviceId ?? '', part: `probe ${rest}` }
  if (kind === 'poller' || kind === 'pipeline') return { device: '', part: `monitoring: ${kind} ${rest}` }
  if (kind === 'site' || kind === 'tenant') return { device: '', part: '' }
  if (kind === 'device') return { device: rest, part: alarm.qualifier }
  return { device: alarm.deviceId ?? '', part: rest }
}
