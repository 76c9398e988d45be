import type { ExporterTotals } from './observation.ts'

/** What came in one minute of the log. */
export interface ExporterMinute {
  minute: number
  received: number
  lost: number
  records: number
  unscaled: number
  heldDropped: number
  collectorDrops: number
}

export type MinuteSum = Omit<ExporterMinute, 'minute'>

export const minuteMs = 60_000
/** The longest time any rule looks back. */
export const minutesKept = 10

/** The minutes with what the totals grew by since the last look. The same list where there is nothing new. */
export function addGrowth(
  minutes: readonly ExporterMinute[],
  before: ExporterTotals,
  now: ExporterTotals,
  atMs: number,
): readonly ExporterMinute[] {
  const minute = Math.floor(atMs / minuteMs)
  const kept = minutes.filter(one => one.minute > minute - minutesKept)
  const grown: MinuteSum = {
    received: now.sequenceReceived - before.sequenceReceived,
    lost: now.sequenceLost - before.sequenceLost,
    records: now.records - before.records,
    unscaled: now.unscaledRecords - before.unscaledRecords,
    heldDropped: now.heldDropped - before.heldDropped,
    collectorDrops: collectorDrops(now) - collectorDrops(before),
  }
  if (Object.values(grown).every(value => value === 0)) return kept.length === minutes.length ? minutes : kept
  const last = kept.at(-1)
  if (last?.minute !== minute) return [...kept, { minute, ...grown }]
  return [...kept.slice(0, -1), { minute, ...added(last, grown) }]
}

/** Sums over the last `count` minutes, the running one included, and in how many of them something was lost. */
export function sumOf(minutes: readonly ExporterMinute[], count: number, atMs: number): MinuteSum {
  const from = Math.floor(atMs / minuteMs) - count
  return minutes.filter(one => one.minute > from).reduce<MinuteSum>(added, nothing)
}

export function minutesWith(
  minutes: readonly ExporterMinute[],
  what: keyof MinuteSum,
  count: number,
  atMs: number,
): number {
  const from = Math.floor(atMs / minuteMs) - count
  return minutes.filter(one => one.minute > from && one[what] > 0).length
}

/** Lost among all units, 0..1; undefined where none came or went. What came late after all may make it negative: 0. */
export function lossRatio(sum: MinuteSum): number | undefined {
  const lost = Math.max(0, sum.lost)
  const all = sum.received + lost
  return all > 0 ? lost / all : undefined
}

const nothing: MinuteSum = { received: 0, lost: 0, records: 0, unscaled: 0, heldDropped: 0, collectorDrops: 0 }

function added(a: MinuteSum, b: MinuteSum): MinuteSum {
  return {
    received: a.received + b.received,
    lost: a.lost + b.lost,
    records: a.records + b.records,
    unscaled: a.unscaled + b.unscaled,
    heldDropped: a.heldDropped + b.heldDropped,
    collectorDrops: a.collectorDrops + b.collectorDrops,
  }
}

function collectorDrops(totals: ExporterTotals): number {
  return totals.kernelDrops + totals.rateLimitDrops + totals.bufferDrops
}
