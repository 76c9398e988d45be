import type { Severity } from '../../../model/src/index.ts'
import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { clockTime, duration } from '../wording.ts'
import { type LightHistory, medianLight, withReading } from './light-median.ts'
import type { SensorObservation } from './observation.ts'

/** Plain JSON. */
export interface OpticState {
  history?: LightHistory
  /** Readings in a row at or below the module's limit, and of a drop below the median. */
  belowLimit?: number
  dropped?: number
  /** Since when the light is back. */
  backSinceMs?: number
}

/** A new level that holds as long as the memory reaches is what is usual now: another patch, another module. */
const newNormalMs = 7 * 86_400_000

export function isReceivedLight(sensor: SensorObservation): boolean {
  return sensor.class === 'dbm' && /\b(rx|receive[dr]?|rcv|input)\b/i.test(sensor.name)
}

/**
 * A transceiver receives less light than its module wants (SFF-8472 warning and alarm limits), or less than it usually
 * did. The second finds more: modules measure within some 3 dB of the truth but repeat themselves well, and most links
 * have decibels to lose before the limit.
 */
export function opticRxLow(
  before: OpticState,
  episode: Episode | undefined,
  sensor: SensorObservation,
  label: string,
  atMs: number,
  config: DetectConfig['opticRxLow'],
): { state: OpticState; finding: Finding } {
  const dbm = sensor.value
  if (dbm === undefined) return { state: before, finding: undefined }
  const median = medianLight(before.history, config.readingsLeast)
  const drop = median === undefined ? 0 : median - dbm
  const limits = { warning: sensor.lowWarning, critical: sensor.lowCritical }
  const isBelow = dbm <= (limits.warning ?? limits.critical ?? Number.NEGATIVE_INFINITY)
  const isDropped = drop >= config.dropDb
  const belowLimit = isBelow ? Math.min(config.limitReadings, (before.belowLimit ?? 0) + 1) : 0
  const dropped = isDropped ? Math.min(config.dropReadings, (before.dropped ?? 0) + 1) : 0

  const isLow = belowLimit >= config.limitReadings || dropped >= config.dropReadings
  const isBack = !isBelow && drop < config.backDb && dbm >= (limits.warning ?? dbm - 1) + config.aboveLimitDb
  const backSinceMs = isBack ? (before.backSinceMs ?? atMs) : undefined
  // Trouble is not learnt from.
  const history = isBelow || isDropped || (episode && !isBack) ? before.history : withReading(before.history, dbm, atMs)
  const state = stateOf(history, belowLimit, dropped, episode ? backSinceMs : undefined)
  const evidence = (words: string, action: string) => () => ({
    summary: `${label} receives ${dbm.toFixed(1)} dBm${words}`,
    action,
    measured: { rxDbm: tenth(dbm), medianDbm: median === undefined ? null : tenth(median), dropDb: tenth(drop) },
    expected: { lowWarningDbm: limits.warning ?? null, lowCriticalDbm: limits.critical ?? null, dropDb: config.dropDb },
  })
  if (episode && !isBelow && atMs - episode.windowStartMs >= newNormalMs) {
    const finding: Finding = { kind: 'clear', evidence: evidence(' for a week: taken as usual.', 'Nothing to do.') }
    return { state: { history: withReading(undefined, dbm, atMs) }, finding }
  }
  if (isLow) {
    const usual = median === undefined ? '' : `, usually ${median.toFixed(1)}`
    const limit = limits.warning === undefined ? '' : `; its module wants ${limits.warning.toFixed(1)}`
    return {
      state,
      finding: {
        kind: 'active',
        severity: severityOf(dbm, drop, isBelow, limits.critical, config),
        windowStartMs: minuteStartMs(atMs),
        headline: tenth(dbm),
        evidence: evidence(
          `${usual}${limit}, at ${clockTime(atMs)}.`,
          "Clean and reseat the connectors, look for bends, then compare the far end's Tx power; swap the weaker module.",
        ),
      },
    }
  }
  if (!episode || backSinceMs === undefined || atMs - backSinceMs < config.clearAfterMs) {
    return { state, finding: undefined }
  }
  const words = ` again, as usual for ${duration(atMs - backSinceMs)}.`
  return {
    state: stateOf(history, 0, 0, undefined),
    finding: { kind: 'clear', evidence: evidence(words, 'Nothing to do.') },
  }
}

function severityOf(
  dbm: number,
  drop: number,
  isBelow: boolean,
  lowCritical: number | undefined,
  config: DetectConfig['opticRxLow'],
): Severity {
  if (lowCritical !== undefined && dbm <= lowCritical) return 'major'
  if (drop >= config.dropMajorDb) return 'major'
  return isBelow ? 'minor' : 'warning'
}

function stateOf(
  history: LightHistory | undefined,
  belowLimit: number,
  dropped: number,
  backSinceMs: number | undefined,
): OpticState {
  return {
    ...(history ? { history } : {}),
    ...(belowLimit > 0 ? { belowLimit } : {}),
    ...(dropped > 0 ? { dropped } : {}),
    ...(backSinceMs === undefined ? {} : { backSinceMs }),
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
