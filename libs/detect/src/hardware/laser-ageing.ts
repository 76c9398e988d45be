import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { percent } from '../wording.ts'
import { type DailyFigures, medianOf, withDailyReading } from './daily-figures.ts'
import type { SensorObservation } from './observation.ts'

/** Plain JSON. Currents in mA, light in dBm. */
export interface LaserState {
  bias: DailyFigures
  tx?: DailyFigures
  /** Medians of its first days. */
  commissioned?: { milliamps: number; txDbm: number | null }
}

const readingsLeast = 12
const recentDays = 3
/** A module that draws so much less than when it was new is another module. */
const anotherModuleShare = 0.7

export function isLaserBias(sensor: SensorObservation): boolean {
  return sensor.class === 'current' && /\bbias\b/i.test(sensor.name)
}

/** The transmitted light of the same port and lane. */
export function transmittedLight(
  bias: SensorObservation,
  sensors: readonly SensorObservation[],
): SensorObservation | undefined {
  const lane = laneOf(bias.name)
  return sensors.find(
    one =>
      one.class === 'dbm' &&
      one.ifIndex === bias.ifIndex &&
      /\b(tx|transmit\w*|output)\b/i.test(one.name) &&
      laneOf(one.name) === lane,
  )
}

function laneOf(name: string): string {
  return name
    .replace(/\b(laser|tx|transmit\w*|output|bias|current|optical|power)\b/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
}

/**
 * A laser that needs ever more current for the same light is near its end: a module turns the current up until it cannot
 * any more, so that nothing else shows until then. Its first days are what it is held against; judged when a day is over.
 */
export function laserAgeing(
  before: LaserState | undefined,
  episode: Episode | undefined,
  sensor: SensorObservation,
  tx: SensorObservation | undefined,
  label: string,
  atMs: number,
  config: DetectConfig['laserAgeing'],
): { state: LaserState | undefined; finding: Finding } {
  // A laser that is off ages no more, and says nothing of when it is on.
  if (sensor.value === undefined || sensor.value <= 0) return { state: before, finding: undefined }
  const milliamps = sensor.value * 1_000
  const kept = { readingsLeast, daysKept: config.daysLeast, clip: Number.POSITIVE_INFINITY }
  const bias = withDailyReading(before?.bias, milliamps, atMs, kept)
  const light = tx?.value === undefined ? undefined : withDailyReading(before?.tx, tx.value, atMs, kept)
  const txFigures = light?.figures ?? before?.tx
  const state: LaserState = { ...before, bias: bias.figures, ...(txFigures ? { tx: txFigures } : {}) }
  if (!bias.closed) return { state, finding: undefined }

  const { days } = bias.figures
  const now = medianOf(days.slice(-recentDays).map(([, mean]) => mean))!
  const txNow = medianOf((txFigures?.days ?? []).slice(-recentDays).map(([, mean]) => mean)) ?? null
  const known = state.commissioned
  if (known && days.at(-1)![1] < anotherModuleShare * known.milliamps) {
    const { commissioned: _, ...rest } = state
    const words = `${label} draws ${tenth(days.at(-1)![1])} mA: another module.`
    const fresh: LaserState = { ...rest, bias: { ...bias.figures, days: [] } }
    delete fresh.tx
    return { state: fresh, finding: clear(words, now, known) }
  }
  if (!known) {
    if (days.length >= config.daysLeast) {
      const first = medianOf(days.map(([, mean]) => mean))!
      const firstTx = medianOf((txFigures?.days ?? []).map(([, mean]) => mean)) ?? null
      state.commissioned = { milliamps: tenth(first), txDbm: firstTx === null ? null : tenth(firstTx) }
    }
    return { state, finding: undefined }
  }
  const rise = now / known.milliamps - 1
  const isSameLight = txNow === null || known.txDbm === null || Math.abs(txNow - known.txDbm) <= config.txWithinDb
  if (rise >= config.raiseRise && isSameLight) {
    return {
      state,
      finding: {
        kind: 'active',
        severity: 'warning',
        windowStartMs: minuteStartMs(atMs),
        headline: tenth(now),
        evidence: () => ({
          summary: `${label}'s laser draws ${tenth(now)} mA, ${percent(rise)} more than when it was new, for the same light.`,
          action: 'Plan to swap the module: its laser is ageing, and fails without another sign.',
          measured: {
            biasMilliamps: tenth(now),
            rise: Math.round(rise * 1_000) / 1_000,
            txDbm: txNow === null ? null : tenth(txNow),
          },
          expected: { biasMilliamps: known.milliamps, txDbm: known.txDbm },
        }),
      },
    }
  }
  if (!episode || rise >= config.clearRise) return { state, finding: undefined }
  return { state, finding: clear(`${label}'s laser draws ${tenth(now)} mA again.`, now, known) }
}

function clear(summary: string, now: number, known: NonNullable<LaserState['commissioned']>): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary,
      action: 'Nothing to do.',
      measured: { biasMilliamps: tenth(now) },
      expected: { biasMilliamps: known.milliamps, txDbm: known.txDbm },
    }),
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
