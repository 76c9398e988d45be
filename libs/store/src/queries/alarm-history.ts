import type { Store } from '../store.ts'
import { decodeCursor, type Page, type PageRequest, pageOf } from './page-cursor.ts'
import { limitOf, optionsOf } from './query-limits.ts'
import { allOf, listPredicate, type Predicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { isoTime, type TimeRange } from './time-windows.ts'

/** One transition on one axis of an alarm, as libs/model's alarm events. */
export interface AlarmEventRow {
  tenantId: string
  alarmId: string
  seq: number
  /** ISO 8601 UTC. */
  eventTime: string
  axis: string
  from: string
  to: string
  alarmTypeId: string
  resource: string
  qualifier: string
  deviceId: string | null
  siteId: string | null
  perceivedSeverity: string
  cause: string
  note: string
}

export interface AlarmEventsQuery extends PageRequest {
  tenants: TenantScope
  range?: TimeRange
  alarmIds?: readonly string[]
  deviceIds?: readonly string[]
  siteIds?: readonly string[]
  alarmTypes?: readonly string[]
}

interface Row {
  tenantId: string
  alarmId: string
  seq: number
  eventTime: string
  axis: string
  from: string
  to: string
  alarmTypeId: string
  resource: string
  qualifier: string
  deviceId: string
  siteId: string
  perceivedSeverity: string
  cause: string
  note: string
}

/** Alarm events, newest first, in pages. */
export async function listAlarmEvents(store: Store, query: AlarmEventsQuery): Promise<Page<AlarmEventRow>> {
  const limit = limitOf(query, 100)
  const where = allOf(alarmPredicate(query), afterPredicate(query.cursor))
  const rows = await store.query<Row>(
    `SELECT e.tenant_id AS tenantId, e.alarm_id AS alarmId, e.seq AS seq, e.event_time AS eventTime, e.axis AS axis,
            e.from_state AS from, e.to_state AS to, e.alarm_type AS alarmTypeId, e.resource AS resource,
            e.qualifier AS qualifier, e.device_id AS deviceId, e.site_id AS siteId, e.severity AS perceivedSeverity,
            e.cause AS cause, e.note AS note
     FROM alarm_events AS e WHERE ${where.sql}
     ORDER BY e.event_time DESC, e.alarm_id DESC, e.seq DESC LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1 },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.eventTime, row.alarmId, String(row.seq)],
    row => ({
      ...row,
      eventTime: isoTime(row.eventTime),
      deviceId: row.deviceId || null,
      siteId: row.siteId || null,
    }),
  )
}

export interface AlarmHistoryItem {
  /** The alarm as its newest event within the range left it: libs/model's alarm. */
  alarm: unknown
  /** ISO 8601 UTC. */
  lastEventTime: string
}

/** Alarms that had events in the range, each as its newest event left it, newest first, in pages. */
export async function listAlarmHistory(store: Store, query: AlarmEventsQuery): Promise<Page<AlarmHistoryItem>> {
  const limit = limitOf(query, 100)
  const where = alarmPredicate(query)
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, 2)
  const rows = await store.query<{ alarmId: string; at: string; json: string }>(
    `SELECT e.alarm_id AS alarmId, max(e.event_time) AS at, argMax(e.alarm_json, e.seq) AS json
     FROM alarm_events AS e WHERE ${where.sql} GROUP BY e.tenant_id, e.alarm_id
     ${after ? "HAVING (at, alarmId) < (parseDateTime64BestEffort({afterTime:String}, 3, 'UTC'), {afterId:String})" : ''}
     ORDER BY at DESC, alarmId DESC LIMIT {pageRows:UInt32}`,
    { ...where.params, pageRows: limit + 1, ...(after ? { afterTime: after[0]!, afterId: after[1]! } : {}) },
    optionsOf(query, limit + 1),
  )
  return pageOf(
    rows,
    limit,
    row => [row.at, row.alarmId],
    row => ({ alarm: JSON.parse(row.json || 'null'), lastEventTime: isoTime(row.at) }),
  )
}

function alarmPredicate(query: AlarmEventsQuery): Predicate {
  return allOf(
    tenantPredicate(query.tenants, 'e.tenant_id'),
    listPredicate('e.alarm_id', 'alarmIds', query.alarmIds),
    listPredicate('e.device_id', 'deviceIds', query.deviceIds),
    listPredicate('e.site_id', 'siteIds', query.siteIds),
    listPredicate('e.alarm_type', 'alarmTypes', query.alarmTypes),
    rangePredicate(query.range),
  )
}

function rangePredicate(range: TimeRange | undefined): Predicate {
  if (!range) return { sql: '1', params: {} }
  return {
    sql: 'e.event_time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND e.event_time < fromUnixTimestamp64Milli({toMs:Int64})',
    params: { fromMs: Math.floor(range.fromMs), toMs: Math.floor(range.toMs) },
  }
}

function afterPredicate(cursor: string | undefined): Predicate {
  if (cursor === undefined) return { sql: '1', params: {} }
  const [time, alarmId, seq] = decodeCursor(cursor, 3)
  return {
    sql: "(e.event_time, e.alarm_id, e.seq) < (parseDateTime64BestEffort({afterTime:String}, 3, 'UTC'), {afterId:String}, {afterSeq:UInt32})",
    params: { afterTime: time!, afterId: alarmId!, afterSeq: Number(seq) },
  }
}
