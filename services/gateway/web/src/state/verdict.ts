import type { Alarm, Severity } from '../../../../../libs/model/src/index.ts'
import type { Blindness } from './blind.ts'
import type { Frame } from './frame.ts'
import { placeOf, type SiteNames, siteKey } from './place.ts'
import { countBySeverity, isUnattended, worstOf } from './severity.ts'
import { plural } from './text.ts'
import { count as counted } from './units.ts'

/** The biggest thing on the screen: is anything critical, and where. */
export interface Verdict {
  tone: Severity | 'calm' | 'dead' | 'waiting'
  headline: string
  /** Sites, worst first, in `where`; otherwise one quiet sentence in `detail`. */
  where: string[]
  moreSites: number
  detail: string
}

export interface VerdictInput {
  frame: Frame
  blind: Blindness | null
  alarms: Iterable<Alarm>
  names: SiteNames
  sites: number
  devices: number
  /** Nothing was polled and no flow came yet. */
  waiting: boolean
}

/** Two lines beside the headline. */
const sitesNamed = 2

export function verdict({ frame, blind, alarms, names, sites, devices, waiting }: VerdictInput): Verdict {
  const nowhere = { where: [], moreSites: 0 }
  const open = [...alarms].filter(isUnattended)
  const counts = countBySeverity(open)
  const worst = worstOf(counts)
  if (frame.name === 'CONNECTING') {
    return {
      tone: 'waiting',
      headline: 'Connecting',
      ...nowhere,
      detail: frame.detail || 'asking the gateway for the state of the network',
    }
  }
  if (frame.name === 'NOT AUTHORISED' || frame.name === 'REFUSED') {
    return {
      tone: 'dead',
      headline: frame.name === 'REFUSED' ? 'Screen refused' : 'Screen not authorised',
      ...nowhere,
      detail: frame.detail,
    }
  }
  if (worst) {
    const places = placesOf(
      open.filter(alarm => alarm.perceivedSeverity === worst),
      names,
    )
    return {
      tone: frame.name === 'DISCONNECTED' ? 'dead' : worst,
      headline: frame.name === 'DISCONNECTED' ? `was ${counts[worst]} ${worst}` : `${counts[worst]} ${worst}`,
      where: places.slice(0, sitesNamed),
      moreSites: Math.max(0, places.length - sitesNamed),
      detail: '',
    }
  }
  if (frame.name === 'DISCONNECTED')
    return { tone: 'dead', headline: 'State unknown', ...nowhere, detail: frame.detail }
  if (waiting) {
    const what =
      devices > 0 ? `${plural(devices, 'device')}, ${plural(sites, 'site')}` : 'no device in the inventory yet'
    return { tone: 'waiting', headline: 'Waiting for the first poll', ...nowhere, detail: what }
  }
  if (blind?.level === 'blind')
    return { tone: 'dead', headline: 'State unknown', ...nowhere, detail: 'monitoring is blind' }
  return {
    tone: 'calm',
    headline: 'All clear',
    ...nowhere,
    detail: `${counted(sites)} ${sites === 1 ? 'site' : 'sites'}, ${counted(devices)} ${devices === 1 ? 'device' : 'devices'}`,
  }
}

/** Each site once, the one with most alarms first. */
function placesOf(alarms: readonly Alarm[], names: SiteNames): string[] {
  const found = new Map<string, { words: string; count: number }>()
  for (const alarm of alarms) {
    const { tenant, site, device } = placeOf(alarm, names)
    const key = siteKey(alarm.tenantId, alarm.siteId ?? alarm.deviceId ?? '')
    const entry = found.get(key) ?? { words: [tenant, site || device].filter(Boolean).join(' '), count: 0 }
    entry.count++
    found.set(key, entry)
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (a.words < b.words ? -1 : 1)).map(({ words }) => words)
}
