import type { Alarm, ServerMessage, SiteTile, Tiles } from '../../../../../libs/model/src/index.ts'
import { isSeverity } from './severity.ts'

/** Never shown to anybody but the console: `problem` says what was wrong with a frame. */
export type Parsed = { message: ServerMessage; problem?: undefined } | { message?: undefined; problem: string }

/**
 * Reads one frame. The gateway validates what it sends with the full schemas; the wall looks only at what would break the
 * page (a schema library would be half its weight). Rows it cannot show are left out; their number stands in `dropped`.
 */
export function parseServerMessage(text: string, dropped: { rows: number }): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  if (!isRecord(value)) return { problem: 'not an object' }
  if (value.type !== 'bye' && !isNumber(value.serverTimeMs)) return { problem: 'no serverTimeMs' }
  switch (value.type) {
    case 'welcome':
      if (!isText(value.streamId) || !isCount(value.offset) || !isNumber(value.heartbeatMs)) {
        return { problem: 'welcome without streamId, offset or heartbeatMs' }
      }
      return { message: value as ServerMessage }
    case 'snapshot': {
      if (!isText(value.streamId) || !isCount(value.offset) || !Array.isArray(value.alarms)) {
        return { problem: 'snapshot without streamId, offset or alarms' }
      }
      const alarms = keep(value.alarms, isAlarm, dropped)
      return { message: { ...value, alarms, tiles: readTiles(value.tiles, dropped) } as ServerMessage }
    }
    case 'alarm':
      if (!isCount(value.offset)) return { problem: 'alarm without offset' }
      if (!isAlarm(value.alarm)) return { problem: 'alarm that cannot be shown' }
      return { message: value as ServerMessage }
    case 'tiles':
      return { message: { ...value, tiles: readTiles(value.tiles, dropped) } as ServerMessage }
    case 'ping':
      return isNumber(value.at) ? { message: value as ServerMessage } : { problem: 'ping without at' }
    case 'bye':
      return { message: { type: 'bye', retryAfterMs: number(value.retryAfterMs), reason: words(value.reason) } }
    default:
      return { problem: 'unknown type' }
  }
}

function readTiles(value: unknown, dropped: { rows: number }): Tiles {
  if (!isRecord(value)) return {}
  const { overview, sites, worstInterfaces, exporters } = value
  const tiles: Tiles = {}
  if (isRecord(overview)) {
    if (overviewNumbers.every(name => isNumber(overview[name])))
      tiles.overview = overview as unknown as Tiles['overview'] & object
    else dropped.rows++
  }
  if (Array.isArray(sites)) tiles.sites = keep(sites, isSite, dropped)
  if (Array.isArray(worstInterfaces)) tiles.worstInterfaces = keep(worstInterfaces, isInterface, dropped)
  if (Array.isArray(exporters)) tiles.exporters = keep(exporters, isExporter, dropped)
  return tiles
}

const overviewNumbers = [
  'asOfMs',
  'devices',
  'devicesReachable',
  'devicesStale',
  'flowRecordsPerSecond',
  'flowBitsPerSecond',
  'pipelineLagMs',
]

function isAlarm(value: unknown): value is Alarm {
  return (
    isRecord(value) &&
    isText(value.alarmId) &&
    isText(value.tenantId) &&
    isText(value.alarmTypeId) &&
    isText(value.resource) &&
    isSeverity(value.perceivedSeverity) &&
    typeof value.isCleared === 'boolean' &&
    isNumber(value.rev) &&
    isTime(value.raisedAt) &&
    isTime(value.changedAt) &&
    isRecord(value.evidence) &&
    typeof value.evidence.summary === 'string' &&
    typeof value.evidence.action === 'string'
  )
}

function isSite(value: unknown): value is SiteTile {
  return (
    isRecord(value) &&
    isText(value.tenantId) &&
    isText(value.siteId) &&
    typeof value.siteName === 'string' &&
    typeof value.tenantName === 'string' &&
    isNumber(value.intervalMs) &&
    isRecord(value.alarms)
  )
}

function isInterface(value: unknown): value is Tiles['worstInterfaces'] & object extends (infer T)[] ? T : never {
  return (
    isRecord(value) &&
    isText(value.interfaceId) &&
    isText(value.deviceId) &&
    isText(value.siteId) &&
    typeof value.ifName === 'string' &&
    typeof value.ifAlias === 'string' &&
    isNumber(value.asOfMs) &&
    isNumber(value.intervalMs) &&
    Array.isArray(value.history)
  )
}

function isExporter(value: unknown): value is Tiles['exporters'] & object extends (infer T)[] ? T : never {
  return isRecord(value) && isText(value.exporterId) && isText(value.tenantId) && isNumber(value.lastSeenMs)
}

function keep<T>(values: readonly unknown[], is: (value: unknown) => value is T, dropped: { rows: number }): T[] {
  const kept = values.filter(is)
  dropped.rows += values.length - kept.length
  return kept
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isCount = (value: unknown): value is number => isNumber(value) && value >= 0
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const number = (value: unknown): number => (isNumber(value) && value >= 0 ? value : 0)
const words = (value: unknown): string => (typeof value === 'string' ? value : '')
