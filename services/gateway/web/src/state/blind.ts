import type { Alarm, ExporterTile, OverviewTile } from '../../../../../libs/model/src/index.ts'
import { isOfWeir } from '../../../../../libs/model/src/resource/index.ts'
import { exporterFreshness, flowBudgetMs } from './freshness.ts'
import type { SiteCell } from './site-grid.ts'
import { inertText, plural } from './text.ts'
import { duration } from './units.ts'

/** What monitoring does not see, itself the first alarm: a wall with nothing on it may mean that nobody looks. */
export interface Blindness {
  /** Whole senses are gone, or only parts. */
  level: 'blind' | 'partly'
  reasons: string[]
}

export interface BlindnessInput {
  overview: OverviewTile | null
  exporters: Iterable<ExporterTile>
  sites: readonly SiteCell[]
  alarms: Iterable<Alarm>
  nowMs: number
}

/** Below a tenth a stale device is its own alarm and no blindness. */
const partShare = 0.1
const wholeShare = 0.5

export function blindness({ overview, exporters, sites, alarms, nowMs }: BlindnessInput): Blindness | null {
  const blind: string[] = []
  const partly: string[] = []
  const judge = (share: number, reason: string) => {
    if (share >= wholeShare) blind.push(reason)
    else if (share >= partShare) partly.push(reason)
  }

  const known = [...exporters]
  const silent = known.filter(exporter => exporterFreshness(exporter, nowMs).stale)
  if (overview?.lastFlowMs != null && nowMs - overview.lastFlowMs > flowBudgetMs) {
    blind.push(`no flows for ${duration(nowMs - overview.lastFlowMs)}`)
  } else if (silent.length) {
    judge(silent.length / known.length, `no flows from ${silent.length} of ${plural(known.length, 'exporter')}`)
  }

  const devices = sites.reduce((sum, site) => sum + site.devices, 0)
  const stale = Math.max(
    overview?.devicesStale ?? 0,
    sites.reduce((sum, site) => sum + (site.state === 'stale' ? site.devices : site.devicesStale), 0),
  )
  const total = Math.max(devices, overview?.devices ?? 0)
  if (stale > 0 && total > 0) judge(stale / total, `polls overdue on ${stale} of ${plural(total, 'device')}`)

  // Each client whose devices a blind poller polls is told the same; a wall of all of them says it once.
  const said = new Set<string>()
  for (const alarm of alarms) {
    if (!isOfWeir(alarm.resource) && alarm.alarmTypeId !== 'pipeline-lagging') continue
    if (!alarm.isCleared && alarm.shelving === 'unshelved') said.add(inertText(alarm.evidence.summary, 120))
  }
  blind.push(...said)
  if (blind.length) return { level: 'blind', reasons: [...blind, ...partly] }
  return partly.length ? { level: 'partly', reasons: partly } : null
}
