import type { Alarm, Severity, SiteTile } from '../../../../../libs/model/src/index.ts'
import { siteFreshness } from './freshness.ts'
import { siteKey, siteWords } from './place.ts'
import { isUnattended, noAlarms, type SeverityCounts, severityOrder, worstOf } from './severity.ts'
import { inertText } from './text.ts'

export type SiteState = 'healthy' | 'alarmed' | 'stale' | 'waiting'

export interface SiteCell {
  key: string
  tenant: string
  site: string
  state: SiteState
  /** Worst severity nobody has taken; null when there is none. */
  worst: Severity | null
  /** Alarms of that severity. */
  count: number
  counts: SeverityCounts
  /** Open alarms that somebody has taken or silenced. */
  attended: number
  /** Age of the newest poll. */
  ageMs: number | null
  devices: number
  devicesStale: number
}

/** Every site in an order that no alarm changes: eyes learn where a client is. */
export function siteCells(sites: Iterable<SiteTile>, alarms: Iterable<Alarm>, nowMs: number): SiteCell[] {
  const counts = new Map<string, { open: SeverityCounts; attended: number }>()
  for (const alarm of alarms) {
    if (alarm.isCleared || alarm.siteId === null) continue
    const key = siteKey(alarm.tenantId, alarm.siteId)
    const entry = counts.get(key) ?? { open: noAlarms(), attended: 0 }
    if (isUnattended(alarm)) entry.open[alarm.perceivedSeverity]++
    else entry.attended++
    counts.set(key, entry)
  }
  return [...sites]
    .map(tile => siteCell(tile, counts.get(siteKey(tile.tenantId, tile.siteId)), nowMs))
    .sort((a, b) => compare(a.tenant, b.tenant) || compare(a.site, b.site) || compare(a.key, b.key))
}

function siteCell(
  tile: SiteTile,
  entry: { open: SeverityCounts; attended: number } | undefined,
  nowMs: number,
): SiteCell {
  const tenant = inertText(tile.tenantName || tile.tenantId)
  const { ageMs, stale } = siteFreshness(tile, nowMs)
  const open = entry?.open ?? noAlarms()
  const worst = worstOf(open)
  const state = worst
    ? 'alarmed'
    : stale
      ? 'stale'
      : tile.newestPollMs === null && tile.devices > 0
        ? 'waiting'
        : 'healthy'
  return {
    key: siteKey(tile.tenantId, tile.siteId),
    tenant,
    site: siteWords(tenant, inertText(tile.siteName || tile.siteId)),
    state,
    worst,
    count: worst ? open[worst] : 0,
    counts: open,
    attended: entry?.attended ?? 0,
    ageMs: stale ? ageMs : null,
    devices: tile.devices,
    devicesStale: tile.devicesStale,
  }
}

/** The sites worth a name, worst first; stale ones follow the alarmed ones. */
export function notableSites(cells: readonly SiteCell[]): SiteCell[] {
  const order = (cell: SiteCell) => (cell.worst ? severityOrder(cell.worst) : 10)
  return cells
    .filter(cell => cell.worst !== null || cell.state === 'stale')
    .sort((a, b) => order(a) - order(b) || b.count - a.count || compare(a.key, b.key))
}

/** Not by locale: two screens of one wall must agree whatever their languages. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
