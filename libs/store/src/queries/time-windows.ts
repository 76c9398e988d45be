import { defaultRetention, type Retention } from '../retention.ts'
import { StoreError } from '../store.ts'

/** `fromMs` is part of the range, `toMs` is not; milliseconds since the Unix epoch. */
export interface TimeRange {
  fromMs: number
  toMs: number
}

/** The rollups' resolutions, finest first. */
export const levels = [
  { level: '1m', seconds: 60 },
  { level: '5m', seconds: 300 },
  { level: '1h', seconds: 3_600 },
  { level: '1d', seconds: 86_400 },
] as const
export type Level = (typeof levels)[number]['level']

/** Steps that people read well: 1, 5, 10, 15, 30 minutes, 1, 2, 6, 12 hours, 1, 7, 30 days. */
const steps = [60, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800, 2_592_000] as const

export const pointsMax = 2_000

/** What the choice of a rollup depends on besides the range. */
export interface WindowContext {
  nowMs?: number
  retention?: Retention
}

/**
 * Width of a series' points: the smallest readable step that gives at most `points` of them and whose rollup still holds
 * the whole range.
 */
export function chooseStepSeconds(range: TimeRange, points = 400, context: WindowContext = {}): number {
  checkRange(range)
  const seconds = (range.toMs - range.fromMs) / 1000
  const oldest = levels.find(level => holds(level.level, range.fromMs, context)) ?? levels.at(-1)!
  return (
    steps.find(step => step % oldest.seconds === 0 && step * points >= seconds) ??
    Math.ceil(seconds / points / 86_400) * 86_400
  )
}

/** The coarsest rollup whose windows fit into steps, among those that still hold the range. */
export function levelForStep(stepSeconds: number, range: TimeRange, context: WindowContext = {}): Level {
  const fitting = levels.filter(level => stepSeconds % level.seconds === 0)
  const level = fitting.at(-1)
  if (!level) throw new StoreError('store-rejected', `a step is a multiple of 60 seconds, not ${stepSeconds}`)
  if ((range.toMs - range.fromMs) / 1000 / stepSeconds > pointsMax) {
    throw new StoreError('store-rejected', `the range holds more than ${pointsMax} steps of ${stepSeconds} s`)
  }
  // A finer level may be gone where a coarser one still is, never the other way round.
  return fitting.findLast(one => holds(one.level, range.fromMs, context))?.level ?? level.level
}

export interface Segment {
  level: Level
  fromSeconds: number
  toSeconds: number
}

/**
 * Cuts a range into stretches of the coarsest rollups that fill them exactly: a month is its days, with hours, five
 * minutes and minutes at its ends. Where a finer rollup is past its retention, the ends grow to whole coarser windows.
 */
export function segmentsOf(range: TimeRange, context: WindowContext = {}): Segment[] {
  checkRange(range)
  const usable = levels.filter(level => holds(level.level, range.fromMs, context))
  const finest = usable[0] ?? levels.at(-1)!
  const from = floorTo(range.fromMs / 1000, finest.seconds)
  const to = ceilTo(range.toMs / 1000, finest.seconds)
  return fill(from, to, usable.length > 0 ? usable.length - 1 : 0, usable.length > 0 ? usable : [finest])
}

function fill(from: number, to: number, at: number, usable: readonly (typeof levels)[number][]): Segment[] {
  if (from >= to) return []
  const { level, seconds } = usable[at]!
  const start = ceilTo(from, seconds)
  const end = floorTo(to, seconds)
  if (start >= end) return at === 0 ? [] : fill(from, to, at - 1, usable)
  const ends = at === 0 ? [[], []] : [fill(from, start, at - 1, usable), fill(end, to, at - 1, usable)]
  return [...ends[0]!, { level, fromSeconds: start, toSeconds: end }, ...ends[1]!]
}

export interface TalkerSegments {
  /** Whole hours, seconds; undefined when the range holds none and its flows are still there. */
  hours: { fromSeconds: number; toSeconds: number } | undefined
  /** Parts of hours at the ends, to be read from raw flows. */
  raw: readonly TimeRange[]
}

/** Cuts a range into the hours that fill it and its ends, which raw flows tell while they are kept. */
export function talkerSegments(range: TimeRange, { nowMs = Date.now(), retention = defaultRetention }: WindowContext) {
  checkRange(range)
  const isRawKept = (fromMs: number) => fromMs >= nowMs - retention.flows * 86_400_000
  const hourMs = 3_600_000
  const startMs = isRawKept(range.fromMs) ? ceilTo(range.fromMs, hourMs) : floorTo(range.fromMs, hourMs)
  const lastHourMs = floorTo(range.toMs, hourMs)
  const endMs = isRawKept(lastHourMs) && lastHourMs >= startMs ? lastHourMs : ceilTo(range.toMs, hourMs)
  if (startMs >= endMs || startMs > range.toMs) return { hours: undefined, raw: [range] }
  const raw: TimeRange[] = []
  if (startMs > range.fromMs) raw.push({ fromMs: range.fromMs, toMs: startMs })
  if (endMs < range.toMs) raw.push({ fromMs: endMs, toMs: range.toMs })
  return { hours: { fromSeconds: startMs / 1000, toSeconds: endMs / 1000 }, raw } satisfies TalkerSegments
}

export function checkRange(range: TimeRange): void {
  if (!(range.fromMs >= 0 && range.toMs > range.fromMs)) {
    throw new StoreError('store-rejected', `a time range ends after it begins: ${range.fromMs} to ${range.toMs} ms`)
  }
}

/** Whether the level's rows of that time are still there; a day is left to merges that come late or early. */
function holds(level: Level, fromMs: number, { nowMs = Date.now(), retention = defaultRetention }: WindowContext) {
  return fromMs >= nowMs - retention[level] * 86_400_000
}

function floorTo(value: number, size: number): number {
  return Math.floor(value / size) * size
}

function ceilTo(value: number, size: number): number {
  return Math.ceil(value / size) * size
}

/** `2026-11-23T18:00:00.000Z` of seconds or of ClickHouse's `2026-11-23 18:00:00[.123]`. */
export function isoTime(time: number | string): string {
  return new Date(typeof time === 'number' ? time * 1000 : `${time.replace(' ', 'T')}Z`).toISOString()
}
