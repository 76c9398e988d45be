import type { Evidence } from '../../../model/src/index.ts'
import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { theilSen } from '../theil-sen.ts'
import { type DailyFigures, medianOf, withDailyReading } from './daily-figures.ts'
import type { SensorObservation } from './observation.ts'

/** Plain JSON. */
export interface FadingState {
  light: DailyFigures
  /** Closed days in a row without a trend, while an alarm holds. */
  steadyDays?: number
}

const readingsLeast = 12
const clipDb = 3
/** Light that came back by so much within a day was mended: what was before says nothing of what will be. */
const repairedDb = 1

/**
 * Light that fades from day to day and will meet its module's limit within weeks, or that has come to swing within the
 * day: both come before an outage. Judged when a day is over, by the median of the slopes between the days of two weeks.
 */
export function opticDegrading(
  before: FadingState | undefined,
  episode: Episode | undefined,
  sensor: SensorObservation,
  label: string,
  atMs: number,
  config: DetectConfig['opticDegrading'],
): { state: FadingState | undefined; finding: Finding } {
  const dbm = sensor.value
  if (dbm === undefined) return { state: before, finding: undefined }
  const kept = { readingsLeast, daysKept: config.windowDays, clip: clipDb }
  const { figures, closed } = withDailyReading(before?.light, dbm, atMs, kept)
  const state: FadingState = { ...before, light: figures }
  if (!closed) return { state, finding: undefined }

  const { days } = figures
  const today = days.at(-1)![1]
  const earlier = medianOf(days.slice(-4, -1).map(([, mean]) => mean))
  if (earlier !== undefined && today - earlier >= repairedDb) {
    const fresh: FadingState = { light: { ...figures, days: days.slice(-1) } }
    const finding: Finding = { kind: 'clear', evidence: () => repaired(label, today, earlier) }
    return { state: fresh, finding: episode ? finding : undefined }
  }
  const trend = days.length >= config.daysLeast ? theilSen(days.map(([x, y]) => ({ x, y }))) : undefined
  const isFalling = trend !== undefined && trend.high < -config.slopeLeastDb
  const limit = sensor.lowWarning ?? sensor.lowCritical
  const daysLeft = isFalling && limit !== undefined ? (trend.last - limit) / -trend.slope : Number.POSITIVE_INFINITY
  const swing = swingOf(days, config)
  const evidence = (summary: string, action: string) => () => ({
    summary,
    action,
    measured: {
      rxDbm: hundredth(trend?.last ?? days.at(-1)![1]),
      dbPerDay: trend ? hundredth(trend.slope) : null,
      dbPerDayHigh: trend ? hundredth(trend.high) : null,
      daysToLimit: Number.isFinite(daysLeft) ? Math.max(0, Math.round(daysLeft)) : null,
      swingDb: swing ? hundredth(swing.now) : null,
    },
    expected: { lowWarningDbm: limit ?? null, dbPerDay: 0, swingDb: swing ? hundredth(swing.usual) : null },
  })
  if (daysLeft < config.crossesWithinDays || swing?.isWide) {
    const fades = `${label} receives ${hundredth(-(trend?.slope ?? 0))} dB less from day to day and meets its module's limit in ${Math.max(0, Math.round(daysLeft))} days.`
    const swings = `${label} receives light that swings by ${hundredth(swing?.now ?? 0)} dB within a day, usually ${hundredth(swing?.usual ?? 0)}.`
    const isFading = daysLeft < config.crossesWithinDays
    delete state.steadyDays
    return {
      state,
      finding: {
        kind: 'active',
        severity: 'warning',
        windowStartMs: minuteStartMs(atMs),
        headline: isFading ? Math.max(1, Math.round(daysLeft)) : (swing?.now ?? 0),
        evidence: evidence(
          isFading ? fades : swings,
          "Clean and reseat the connectors, look for bends, and compare the far end's Tx power before it fails.",
        ),
      },
    }
  }
  if (!episode) return { state: { light: figures }, finding: undefined }
  const steadyDays = isFalling || trend === undefined ? 0 : (before?.steadyDays ?? 0) + 1
  if (steadyDays < config.clearDays) return { state: { ...state, steadyDays }, finding: undefined }
  const words = `${label} receives the same light for ${steadyDays} days.`
  return { state: { light: figures }, finding: { kind: 'clear', evidence: evidence(words, 'Nothing to do.') } }
}

function repaired(label: string, today: number, earlier: number): Evidence {
  return {
    summary: `${label} receives ${hundredth(today - earlier)} dB more than before: it was mended.`,
    action: 'Nothing to do.',
    measured: { rxDbm: hundredth(today) },
    expected: {},
  }
}

/** How far the last two days swung, beside the days before them: one wide day is a step, which a patch makes. */
function swingOf(
  days: DailyFigures['days'],
  config: DetectConfig['opticDegrading'],
): { now: number; usual: number; isWide: boolean } | undefined {
  const earlier = days.slice(0, -2).map(([, , deviation]) => deviation)
  const usual = medianOf(earlier)
  if (usual === undefined || earlier.length < config.daysLeast - 2) return undefined
  const now = Math.min(...days.slice(-2).map(([, , deviation]) => deviation))
  return { now, usual, isWide: now > config.swingFactor * usual && now >= config.swingLeastDb }
}

function hundredth(value: number): number {
  return Math.round(value * 100) / 100
}
