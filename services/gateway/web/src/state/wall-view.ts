import { type AlarmList, alarmList } from './alarm-list.ts'
import { type Blindness, blindness } from './blind.ts'
import type { Connection } from './connection.ts'
import { explainedAlarms } from './explained.ts'
import { type Flood, flood } from './flood.ts'
import { type Frame, frameState } from './frame.ts'
import { overviewFreshness } from './freshness.ts'
import { type LinkRow, linkRows } from './links.ts'
import { siteNames } from './place.ts'
import type { Screen } from './screen.ts'
import { driftWarningMs } from './server-time.ts'
import { isUnattended } from './severity.ts'
import { notableSites, type SiteCell, siteCells } from './site-grid.ts'
import { trendSpan } from './trend.ts'
import type { RateScale } from './units.ts'
import { duration } from './units.ts'
import { type Verdict, verdict } from './verdict.ts'
import { flowScale, type Vital, vitals } from './vitals.ts'
import type { WallStore } from './wall-store.ts'

/** Everything a screen shows at one moment, as plain values: components only draw it. */
export interface WallView {
  frame: Frame
  verdict: Verdict
  blind: Blindness | null
  flood: Flood
  list: AlarmList
  cells: SiteCell[]
  notable: SiteCell[]
  links: LinkRow[]
  vitals: Vital[]
  /** Mean bits per second over `trafficSpanMs`, oldest first, and the unit both chart and number use. */
  traffic: readonly (number | null)[]
  trafficSpanMs: number
  scale: RateScale
  serverNowMs: number
  /** What the screen's own clock is off by, when that is worth saying. */
  drift: string
  /** `3 events missed, reloaded`, for a minute. */
  notice: string
  unattendedCritical: number
  lastClearedMs: number | null
}

export interface WallViewInput {
  store: WallStore
  connection: Pick<Connection, 'state' | 'lastFrameMs'>
  screen: Screen
  monotonicMs: number
  serverNowMs: number
  driftMs: number | null
  /** Rows there is room for. */
  alarmRows: number
  linkRows: number
  before?: WallView | undefined
}

const noticeShownMs = 60_000
/** EEMUA 191 and W13: more rows than this nobody reads. */
const alarmRowsMax = 6

export function wallView(input: WallViewInput): WallView {
  const { store, connection, screen, monotonicMs, serverNowMs: nowMs, driftMs, before } = input
  const names = siteNames(store.sites)
  const overview = store.overview()
  const frame = frameState({
    link: connection.state(),
    hasData: store.snapshots() > 0,
    monotonicMs,
    lastFrameMs: connection.lastFrameMs(),
    heartbeatMs: store.heartbeatMs(),
    lagMs: store.lagMs(),
    lagBudgetMs: screen.lagBudgetMs,
    overviewStale: overviewFreshness(overview, nowMs).stale,
  })
  const all = [...store.alarms.values()]
  const explained = explainedAlarms(all)
  // What another alarm explains asks nobody to act: it counts nowhere, and stands with its cause.
  const alarms = all.filter(alarm => !explained.has(alarm.alarmId))
  const cells = siteCells(store.sites.values(), alarms, nowMs)
  const blind = blindness({ overview, exporters: store.exporters.values(), sites: cells, alarms: all, nowMs })
  const alarmFlood = flood(alarms, nowMs, before?.flood.active ?? false)
  const scale = flowScale(overview, before?.scale)
  const trafficSpanMs = trendSpan(store.flowTrend.seenMs(nowMs))
  const traffic = store.flowTrend.points(trafficSpanMs, nowMs)
  const notice = store.notice()
  return {
    frame,
    verdict: verdict({
      frame,
      blind,
      alarms,
      names,
      sites: cells.length,
      devices: overview?.devices ?? cells.reduce((sum, cell) => sum + cell.devices, 0),
      waiting:
        [...store.sites.values()].every(site => site.newestPollMs === null) && (overview?.lastFlowMs ?? null) === null,
    }),
    blind,
    flood: alarmFlood,
    list: alarmList({
      alarms: all,
      explained,
      names,
      flaps: store.flaps,
      nowMs,
      rowsMax: Math.max(1, Math.min(alarmRowsMax, input.alarmRows)),
      flood: alarmFlood.active,
    }),
    cells,
    notable: notableSites(cells),
    links: linkRows(store.worstInterfaces(), names, input.linkRows, nowMs),
    vitals: vitals({
      overview,
      exporters: store.exporters,
      sites: store.sites.values(),
      lagMs: store.lagMs(),
      lagBudgetMs: screen.lagBudgetMs,
      flood: alarmFlood,
      flowTrend: traffic,
      lagTrend: store.lagTrend.points(trafficSpanMs, nowMs),
      nowMs,
      scale,
    }),
    traffic,
    trafficSpanMs,
    scale,
    serverNowMs: nowMs,
    drift: driftWords(driftMs),
    notice: notice && nowMs - notice.atMs < noticeShownMs ? notice.text : '',
    unattendedCritical: alarms.filter(alarm => alarm.perceivedSeverity === 'critical' && isUnattended(alarm)).length,
    lastClearedMs: alarms.reduce<number | null>((latest, alarm) => {
      const clearedMs = alarm.isCleared ? Date.parse(alarm.clearedAt ?? alarm.changedAt) : null
      return clearedMs !== null && clearedMs > (latest ?? 0) ? clearedMs : latest
    }, null),
  }
}

function driftWords(driftMs: number | null): string {
  if (driftMs === null || Math.abs(driftMs) <= driftWarningMs) return ''
  return `screen clock ${duration(Math.abs(driftMs))} ${driftMs > 0 ? 'ahead' : 'behind'}`
}
