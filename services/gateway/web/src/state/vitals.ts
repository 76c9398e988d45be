import type { ExporterTile, OverviewTile, SiteTile } from '../../../../../libs/model/src/index.ts'
import type { Flood } from './flood.ts'
import { floodBegins } from './flood.ts'
import { flowBudgetMs, freshness, overviewFreshness } from './freshness.ts'
import { bitRate, count, duration, type RateScale, rateScale, shortSpan } from './units.ts'

/** A number of the bottom strip with its unit, its age and whether it may be believed. */
export interface Vital {
  key: string
  label: string
  figure: string
  unit: string
  /** Second line: what the number is measured against, or how old it is. */
  context: string
  tone: 'normal' | 'warn' | 'stale'
  trend: readonly (number | null)[] | null
}

export interface VitalsInput {
  overview: OverviewTile | null
  exporters: ReadonlyMap<string, ExporterTile>
  sites: Iterable<SiteTile>
  lagMs: number | null
  lagBudgetMs: number
  flood: Flood
  flowTrend: readonly (number | null)[]
  lagTrend: readonly (number | null)[]
  nowMs: number
  scale: RateScale
}

export function vitals(input: VitalsInput): Vital[] {
  const { overview, lagMs, lagBudgetMs, flood, flowTrend, lagTrend, nowMs, scale } = input
  const { stale, ageMs } = overviewFreshness(overview, nowMs)
  const old = (vital: Vital): Vital =>
    stale ? { ...vital, tone: 'stale', context: `stale ${duration(ageMs ?? 0)}` } : vital
  const none = overview === null
  const unreachable = (overview?.devices ?? 0) - (overview?.devicesReachable ?? 0)
  const staleDevices = overview?.devicesStale ?? 0
  const poll = newestPoll(input.sites, nowMs)
  const flowRate = bitRate(overview?.flowBitsPerSecond ?? null, scale)
  const lastFlow = freshness(overview?.lastFlowMs ?? null, flowBudgetMs, nowMs)
  const lag = lagMs === null ? null : shortSpan(lagMs)
  return [
    old({
      key: 'devices',
      label: 'Devices',
      figure: none ? '–' : count(overview.devicesReachable),
      unit: none ? '' : `of ${count(overview.devices)}`,
      context: troubles(overview) || poll.words,
      tone: !poll.none && (unreachable > 0 || staleDevices > 0 || poll.stale) ? 'warn' : 'normal',
      trend: null,
    }),
    old({
      key: 'traffic',
      label: 'Traffic',
      figure: flowRate.figure,
      unit: flowRate.unit,
      context: none ? '' : `${count(overview.flowRecordsPerSecond)} records/s`,
      tone: 'normal',
      trend: flowTrend,
    }),
    {
      key: 'last-flow',
      label: 'Last flow',
      figure: lastFlow.ageMs === null ? '–' : duration(lastFlow.ageMs).split(' ').slice(0, 2).join(' '),
      unit: lastFlow.ageMs === null ? '' : 'ago',
      context: exportersOf(overview?.exporters ?? input.exporters.size, overview?.exportersWaiting ?? 0),
      tone: lastFlow.stale ? 'warn' : 'normal',
      trend: null,
    },
    old({
      key: 'lag',
      label: 'Lag',
      figure: lag?.figure ?? '–',
      unit: lag?.unit ?? '',
      context: `budget ${duration(lagBudgetMs)}`,
      tone: lagMs !== null && lagMs > lagBudgetMs ? 'warn' : 'normal',
      trend: lagTrend,
    }),
    {
      key: 'alarm-rate',
      label: 'New alarms',
      figure: count(flood.newAlarms),
      unit: 'in 10 min',
      context: `limit ${floodBegins}`,
      tone: flood.active ? 'warn' : 'normal',
      trend: null,
    },
  ]
}

/** The second line of a tile holds this many letters. */
const contextLettersMax = 15

/** `3 down, 2 stale`, worst first, as much as there is room for; empty when all is well. */
function troubles(overview: OverviewTile | null): string {
  const { devicesStale = 0, devicesDown = 0, devicesSnmpFailing = 0 } = overview ?? {}
  const parts: [number, string][] = [
    [devicesDown, 'down'],
    [devicesStale, 'stale'],
    [devicesSnmpFailing, 'without SNMP'],
  ]
  let text = ''
  for (const [devices, words] of parts) {
    if (devices === 0) continue
    const longer = `${text}${text && ', '}${count(devices)} ${words}`
    if (text === '' || longer.length <= contextLettersMax) text = longer
  }
  return text
}

export function flowScale(overview: OverviewTile | null, before: RateScale | undefined): RateScale {
  return rateScale(overview?.flowBitsPerSecond ?? 0, before)
}

function newestPoll(sites: Iterable<SiteTile>, nowMs: number): { words: string; stale: boolean; none: boolean } {
  let newestMs: number | null = null
  let intervalMs = 0
  for (const site of sites) {
    newestMs = Math.max(newestMs ?? 0, site.newestPollMs ?? 0) || null
    intervalMs = Math.max(intervalMs, site.intervalMs)
  }
  if (newestMs === null) return { words: 'no poll yet', stale: false, none: true }
  const { ageMs, stale } = freshness(newestMs, 2 * intervalMs, nowMs)
  return { words: `polled ${duration(ageMs ?? 0)} ago`, stale, none: false }
}

/** Who is waiting for adoption is said where it fits: it is no alarm. */
function exportersOf(known: number, waiting: number): string {
  const all = known === 1 ? '1 exporter' : `${count(known)} exporters`
  return waiting === 0 ? all : `${all}, ${count(waiting)} new`
}
