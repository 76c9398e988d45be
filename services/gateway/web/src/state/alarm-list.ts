import type { Suppression } from '../../../../../libs/alarms/src/suppression/index.ts'
import type { Alarm, Severity } from '../../../../../libs/model/src/index.ts'
import { evidenceWords, expectedWords } from './evidence.ts'
import { type Flaps, flapChangesMax } from './flaps.ts'
import { type Place, placeOf, type SiteNames, siteKey } from './place.ts'
import { countBySeverity, isUnattended, severityOrder } from './severity.ts'
import { alarmTypeWords, inertText, plural } from './text.ts'
import { clockTime, duration } from './units.ts'

export type RowStatus = 'open' | 'acknowledged' | 'silenced' | 'cleared'

/** One row of the list: an alarm, or several with one root. */
export interface AlarmRow {
  key: string
  severity: Severity
  status: RowStatus
  /** Who took it, how often it flapped, how many hang on it; empty when there is nothing to say. */
  note: string
  what: string
  where: Place
  sinceMs: number
  /** What was measured. */
  evidence: string
  /** What was expected instead, `expected 80 %`; empty where the evidence names nothing comparable. */
  expected: string
  nextStep: string
  alarms: number
}

export interface AlarmList {
  rows: AlarmRow[]
  /** Open alarms that no row shows, and the critical ones among them. */
  hidden: number
  hiddenCritical: number
  open: number
  acknowledged: number
  silenced: number
  /** Open for more than a day (ISA-18.2 calls them stale; a healthy operation has fewer than five). */
  olderThanADay: number
}

export interface AlarmListInput {
  alarms: Iterable<Alarm>
  /** Those that another of them explains, by id. */
  explained?: ReadonlyMap<string, Suppression>
  names: SiteNames
  flaps: Flaps
  nowMs: number
  /** Rows there is room for. */
  rowsMax: number
  flood: boolean
}

const nothingExplained: ReadonlyMap<string, Suppression> = new Map()
/** A cleared alarm stays this long, so that those who saw it appear see it go. */
export const clearedShownMs = 180_000
const dayMs = 86_400_000

export function alarmList(input: AlarmListInput): AlarmList {
  const { alarms, names, flaps, nowMs, rowsMax, flood, explained = nothingExplained } = input
  const all = [...alarms]
  const asking = all.filter(alarm => !alarm.isCleared && !explained.has(alarm.alarmId))
  const effects = explainedBy(all, explained)
  // A cause comes first among what it explains, whatever their severities.
  const groups = [...groupBy(asking, flood ? siteRoot : incidentRoot).values()].map(members =>
    members.toSorted(byWorst).flatMap(alarm => [alarm, ...(effects.get(alarm.alarmId) ?? [])]),
  )
  const openRows = groups
    .toSorted((a, b) => byWorst(a[0]!, b[0]!))
    .map(members => ({ members, row: openRow(members, { names, flaps, nowMs, flood, explained }) }))
  const shown = openRows.slice(0, rowsMax)
  const hidden = openRows
    .slice(rowsMax)
    .flatMap(({ members }) => members.filter(alarm => isUnattended(alarm) && !explained.has(alarm.alarmId)))
  const cleared = all
    .filter(alarm => alarm.isCleared && nowMs - clearedAtMs(alarm) < clearedShownMs)
    .sort((a, b) => clearedAtMs(b) - clearedAtMs(a))
    .slice(0, Math.max(0, rowsMax - shown.length))
  return {
    rows: [...shown.map(({ row }) => row), ...cleared.map(alarm => clearedRow(alarm, names, nowMs))],
    hidden: hidden.length,
    hiddenCritical: countBySeverity(hidden).critical,
    open: asking.length,
    acknowledged: asking.filter(alarm => statusOf(alarm) === 'acknowledged').length,
    silenced: asking.filter(alarm => statusOf(alarm) === 'silenced').length,
    olderThanADay: asking.filter(alarm => nowMs - Date.parse(alarm.raisedAt) > dayMs).length,
  }
}

/** What each asking alarm explains, also through others: a dark site its devices, and those what is on them. */
function explainedBy(all: readonly Alarm[], explained: ReadonlyMap<string, Suppression>): Map<string, Alarm[]> {
  const found = new Map<string, Alarm[]>()
  for (const alarm of all.filter(one => explained.has(one.alarmId)).sort(byWorst)) {
    let root = alarm.alarmId
    // A weaker alarm never explains a stronger one, so this ends; the bound is for what a gateway may get wrong.
    for (let i = 0; i < 16 && explained.has(root); i++) root = explained.get(root)!.by
    const members = found.get(root)
    if (members) members.push(alarm)
    else found.set(root, [alarm])
  }
  return found
}

function statusOf(alarm: Alarm): RowStatus {
  if (alarm.isCleared) return 'cleared'
  if (alarm.shelving === 'shelved') return 'silenced'
  return alarm.operatorState === 'none' ? 'open' : 'acknowledged'
}

const statusOrder: readonly RowStatus[] = ['open', 'acknowledged', 'silenced', 'cleared']

/** What nobody has taken yet first, then by severity, then the newest; the id makes the order total. */
function byWorst(a: Alarm, b: Alarm): number {
  return (
    statusOrder.indexOf(statusOf(a)) - statusOrder.indexOf(statusOf(b)) ||
    severityOrder(a.perceivedSeverity) - severityOrder(b.perceivedSeverity) ||
    Date.parse(b.raisedAt) - Date.parse(a.raisedAt) ||
    (a.alarmId < b.alarmId ? -1 : 1)
  )
}

/** Alarms of one incident have one cause and one row; others stand alone. Taken and untaken ones stay apart. */
function incidentRoot(alarm: Alarm): string {
  return alarm.incidentId === null ? alarm.alarmId : `${alarm.tenantId}/${alarm.incidentId}/${statusOf(alarm)}`
}

/** In a flood a site is one row: nobody reads thirty. */
function siteRoot(alarm: Alarm): string {
  return `${siteKey(alarm.tenantId, alarm.siteId ?? `device:${alarm.deviceId ?? ''}`)}/${statusOf(alarm)}`
}

type OpenRowContext = Pick<AlarmListInput, 'names' | 'flaps' | 'nowMs' | 'flood'> &
  Required<Pick<AlarmListInput, 'explained'>>

function openRow(members: readonly Alarm[], { names, flaps, nowMs, flood, explained }: OpenRowContext): AlarmRow {
  const first = members[0]!
  const asking = members.filter(alarm => !explained.has(alarm.alarmId))
  const where = placeOf(first, names)
  const row: AlarmRow = {
    key: first.alarmId,
    severity: first.perceivedSeverity,
    status: statusOf(first),
    note: note(first, members.length, flaps, nowMs),
    what: alarmTypeWords(first.alarmTypeId),
    where,
    sinceMs: Math.min(...asking.map(alarm => Date.parse(alarm.raisedAt))),
    evidence: evidenceWords(first.evidence.summary, where.part),
    expected: expectedWords(first.evidence),
    nextStep: inertText(first.evidence.action),
    alarms: members.length,
  }
  // One cause with what it explains says more than how many they are.
  if (!flood || asking.length === 1) return row
  const oneDevice = members.every(alarm => alarm.deviceId === first.deviceId)
  return {
    ...row,
    key: siteRoot(first),
    note: '',
    what: `${plural(members.length, 'alarm')}`,
    where: { ...where, device: oneDevice ? where.device : '', part: '' },
    evidence: kinds(members),
    expected: '',
  }
}

function note(alarm: Alarm, members: number, flaps: Flaps, nowMs: number): string {
  const status = statusOf(alarm)
  if (status === 'acknowledged') {
    const owner = alarm.acknowledgedBy === null ? '' : ` ${inertText(alarm.acknowledgedBy, 40)}`
    return `${alarm.operatorState === 'closed' ? 'closed' : 'ack'}${owner}`
  }
  if (status === 'silenced') {
    return alarm.shelvedUntil === null
      ? 'silenced'
      : `silenced until ${clockTime(Date.parse(alarm.shelvedUntil), 'utc', false)}`
  }
  const changes = flaps.changes(alarm.alarmId, nowMs)
  if (alarm.condition === 'flapping') return `flapping (${Math.max(alarm.occurrences, changes)})`
  if (changes > flapChangesMax) return `flapping (${changes})`
  if (alarm.condition === 'unconfirmed') return 'unconfirmed'
  if (alarm.condition === 'clearing') return 'clearing'
  if (alarm.condition === 'unknown') return 'state unknown'
  return members > 1 ? `+${members - 1} related` : ''
}

function clearedRow(alarm: Alarm, names: SiteNames, nowMs: number): AlarmRow {
  return {
    key: alarm.alarmId,
    severity: alarm.perceivedSeverity,
    status: 'cleared',
    note: `cleared ${duration(nowMs - clearedAtMs(alarm))} ago`,
    what: alarmTypeWords(alarm.alarmTypeId),
    where: placeOf(alarm, names),
    sinceMs: clearedAtMs(alarm),
    evidence: inertText(alarm.evidence.summary),
    expected: '',
    nextStep: '',
    alarms: 1,
  }
}

const clearedAtMs = (alarm: Alarm): number => Date.parse(alarm.clearedAt ?? alarm.changedAt)

/** `12 link down, 9 device unreachable, 13 others`. */
function kinds(members: readonly Alarm[]): string {
  const counts = [...groupBy(members, alarm => alarm.alarmTypeId)]
    .map(([type, group]) => ({ words: alarmTypeWords(type), count: group.length }))
    .sort((a, b) => b.count - a.count)
  const named = counts
    .slice(0, 3)
    .map(
      ({ words, count }) =>
        `${count} ${/^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words}`,
    )
  const others = counts.slice(3).reduce((sum, { count }) => sum + count, 0)
  return [...named, ...(others > 0 ? [plural(others, 'other')] : [])].join(', ')
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group) group.push(value)
    else groups.set(keyOf(value), [value])
  }
  return groups
}
