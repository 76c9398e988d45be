import type { Alarm, AlarmType, Evidence, Severity } from '../../model/src/index.ts'

/** A condition that has not held long enough to be an alarm. */
export interface PendingCondition {
  untilMs: number
  eventTimeMs: number
  windowStartMs: number
  severity: Severity
  evidence: Evidence
  cause: string
}

/** One (resource, type, qualifier) with its alarm. Plain JSON; replaced on every change, never mutated. */
export interface AlarmCell {
  alarmTypeId: AlarmType
  resource: string
  qualifier: string
  deviceId: string
  siteId: string
  /** What its detector said last. */
  signalled: 'active' | 'cleared'
  /** Absent until it was raised for the first time. */
  alarm?: Alarm
  pending?: PendingCondition
  /** Since when it is active, and times it became so, newest last, as many as flapping needs. */
  activeSinceMs: number
  raisesMs: number[]
  /** Clears then, unless it becomes active again. */
  clearAtMs?: number
  /** Flapping, and its condition changed last then. */
  flapChangedMs?: number
  /** Condition before its data went stale, and when that was. */
  frozen?: { condition: 'active' | 'clearing' | 'flapping'; sinceMs: number }
}

/** Position of the newest signal seen from one partition of one log. */
export interface SeenPosition {
  offset: string
  ordinal: number
}

/** What is remembered beside the alarms. */
export interface AlarmClock {
  /** Time as the signals' stamps tell it. */
  clockMs: number
  /** Ids of the last operator actions, oldest first. */
  actions: string[]
}

export type AlarmPiece = AlarmCell | SeenPosition | AlarmClock

/**
 * The alarms of one tenant. It is kept as pieces by key, each plain JSON, so that an owner persists those that changed:
 * `clock`, `seen/<log>/<topic>/<partition>` and `alarm/<type>/<qualifier>/<resource>`.
 */
export interface TenantAlarms {
  readonly tenantId: string
  clock: AlarmClock
  readonly seen: Map<string, SeenPosition>
  readonly cells: Map<string, AlarmCell>
  /** Derived from the cells: by alarm id, by device, and the earliest time at which one changes by itself. */
  readonly keyById: Map<string, string>
  readonly keysByDevice: Map<string, Set<string>>
  nextDueMs: number
}

const clockKey = 'clock'
const seenPrefix = 'seen/'
const alarmPrefix = 'alarm/'

export function emptyAlarms(tenantId: string): TenantAlarms {
  return {
    tenantId,
    clock: { clockMs: 0, actions: [] },
    seen: new Map(),
    cells: new Map(),
    keyById: new Map(),
    keysByDevice: new Map(),
    nextDueMs: Number.POSITIVE_INFINITY,
  }
}

/** From pieces as `pieceOf` gave them, in any order. */
export function restoreAlarms(tenantId: string, pieces: Iterable<readonly [string, AlarmPiece]>): TenantAlarms {
  const state = emptyAlarms(tenantId)
  // The order of cells decides nothing but must not depend on the order of pieces.
  const ordered = [...pieces].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key, piece] of ordered) {
    if (key === clockKey) state.clock = piece as AlarmClock
    else if (key.startsWith(seenPrefix)) state.seen.set(key, piece as SeenPosition)
    else if (key.startsWith(alarmPrefix)) putCell(state, key, piece as AlarmCell)
  }
  // Nothing is known of when cells fall due until one is looked at.
  state.nextDueMs = 0
  return state
}

/** The piece of a key; undefined when it is to be deleted. */
export function pieceOf(state: TenantAlarms, key: string): AlarmPiece | undefined {
  if (key === clockKey) return state.clock
  return key.startsWith(seenPrefix) ? state.seen.get(key) : state.cells.get(key)
}

export function pieceKeys(state: TenantAlarms): string[] {
  return [clockKey, ...state.seen.keys(), ...state.cells.keys()]
}

/** Alarms that are not cleared. */
export function openAlarms(state: TenantAlarms): Alarm[] {
  return [...state.cells.values()].flatMap(({ alarm }) => (alarm && !alarm.isCleared ? [alarm] : []))
}

export const keyOf = {
  clock: clockKey,
  seen: (logId: string, topic: string, partition: number): string => `${seenPrefix}${logId}/${topic}/${partition}`,
  alarm: (type: string, resource: string, qualifier: string): string =>
    `${alarmPrefix}${type}/${qualifier.replaceAll('%', '%25').replaceAll('/', '%2F')}/${resource}`,
} as const

export function putCell(state: TenantAlarms, key: string, cell: AlarmCell): void {
  const before = state.cells.get(key)
  if (before?.alarm && before.alarm.alarmId !== cell.alarm?.alarmId) state.keyById.delete(before.alarm.alarmId)
  if (before && before.deviceId !== cell.deviceId) state.keysByDevice.get(before.deviceId)?.delete(key)
  state.cells.set(key, cell)
  if (cell.alarm) state.keyById.set(cell.alarm.alarmId, key)
  if (cell.deviceId !== '') {
    const keys = state.keysByDevice.get(cell.deviceId)
    if (keys) keys.add(key)
    else state.keysByDevice.set(cell.deviceId, new Set([key]))
  }
}

export function dropCell(state: TenantAlarms, key: string): void {
  const cell = state.cells.get(key)
  if (!cell) return
  state.cells.delete(key)
  if (cell.alarm) state.keyById.delete(cell.alarm.alarmId)
  const keys = state.keysByDevice.get(cell.deviceId)
  keys?.delete(key)
  if (keys?.size === 0) state.keysByDevice.delete(cell.deviceId)
}
