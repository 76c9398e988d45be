import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { clockTime, duration } from '../wording.ts'
import type { SensorObservation } from './observation.ts'

/** Plain JSON. */
export interface FecState {
  /** Since when the error ratio before correction is near its limit, or far from it. */
  nearSinceMs?: number
  farSinceMs?: number
  /** Of a counter of uncorrectable codewords: its last value, and when it last grew. */
  count?: number
  grewMs?: number
}

export function isFecRatio(sensor: SensorObservation): boolean {
  return sensor.class === 'ber' && !/\bpost/i.test(sensor.name)
}

export function isUncorrectable(sensor: SensorObservation): boolean {
  return sensor.class === 'count' && /uncorrect/i.test(sensor.name) && /\bfec\b|code ?words?|blocks?/i.test(sensor.name)
}

/**
 * The ratio of bit errors before correction from which a code corrects no more: the device's own limit, else that of the
 * code its name says (IEEE 802.3 clause 91, RS(528,514) and RS(544,514), as the ratio that leaves one frame in 10^10 or so).
 * Other codes have limits of another magnitude, so that nothing is said of them.
 */
function limitOf({ name, highCritical, highWarning }: SensorObservation): number | undefined {
  const own = highCritical ?? highWarning
  if (own !== undefined && own > 0 && own < 1) return own
  if (/kp4|544/i.test(name)) return 2.4e-4
  return /kr4|528/i.test(name) ? 2.1e-5 : undefined
}

/** A link whose errors are corrected still, and soon are not: nothing else shows before frames are lost. */
export function fecRatio(
  before: FecState,
  episode: Episode | undefined,
  sensor: SensorObservation,
  label: string,
  atMs: number,
  config: DetectConfig['fecMargin'],
): { state: FecState; finding: Finding } {
  const ratio = sensor.value
  const limit = limitOf(sensor)
  if (ratio === undefined || ratio < 0 || limit === undefined) return { state: before, finding: undefined }
  const share = ratio / limit
  const nearSinceMs = share >= config.raiseShare ? (before.nearSinceMs ?? atMs) : undefined
  const farSinceMs = episode && share < config.clearShare ? (before.farSinceMs ?? atMs) : undefined
  const state: FecState = {
    ...(nearSinceMs === undefined ? {} : { nearSinceMs }),
    ...(farSinceMs === undefined ? {} : { farSinceMs }),
  }
  const evidence = (summary: string, action: string) => () => ({
    summary,
    action,
    measured: { errorRatio: ratio, shareOfLimit: Number(share.toPrecision(3)) },
    expected: { errorRatio: limit, shareOfLimit: config.raiseShare },
  })
  const scientific = ratio.toExponential(1)
  if (nearSinceMs !== undefined && atMs - nearSinceMs >= config.raiseAfterMs) {
    const words = `${label} has ${scientific} bit errors a bit before correction for ${duration(atMs - nearSinceMs)}; from ${limit.toExponential(1)} on they are not corrected.`
    return {
      state,
      finding: {
        kind: 'active',
        severity: 'warning',
        windowStartMs: minuteStartMs(atMs),
        headline: ratio,
        evidence: evidence(
          words,
          'Clean and reseat the connectors, compare the light at both ends, then swap the module.',
        ),
      },
    }
  }
  if (!episode || farSinceMs === undefined || atMs - farSinceMs < config.clearAfterMs)
    return { state, finding: undefined }
  const words = `${label} has ${scientific} bit errors a bit before correction, far from the limit for ${duration(atMs - farSinceMs)}.`
  return { state: {}, finding: { kind: 'clear', evidence: evidence(words, 'Nothing to do.') } }
}

/** Codewords that could not be corrected: frames are lost. */
export function fecUncorrectable(
  before: FecState,
  episode: Episode | undefined,
  sensor: SensorObservation,
  label: string,
  atMs: number,
  config: DetectConfig['fecMargin'],
): { state: FecState; finding: Finding } {
  const count = sensor.value
  if (count === undefined) return { state: before, finding: undefined }
  // A count that fell began anew.
  const grown = before.count === undefined ? 0 : count - before.count
  const grewMs = grown > 0 ? atMs : before.grewMs
  const state: FecState = { count, ...(grewMs === undefined ? {} : { grewMs }) }
  const evidence = (summary: string, action: string) => () => ({
    summary,
    action,
    measured: { uncorrectable: grown },
    expected: { uncorrectable: 0 },
  })
  if (grown > 0) {
    const words = `${label} could not correct ${grown} codewords at ${clockTime(atMs)}: frames are lost.`
    const action = 'Clean and reseat the connectors, compare the light at both ends, then swap the module.'
    const windowStartMs = minuteStartMs(atMs)
    return {
      state,
      finding: { kind: 'active', severity: 'major', windowStartMs, headline: grown, evidence: evidence(words, action) },
    }
  }
  if (!episode || grewMs === undefined || atMs - grewMs < config.clearAfterMs) return { state, finding: undefined }
  const words = `${label} corrected every codeword for ${duration(atMs - grewMs)}.`
  return { state: { count }, finding: { kind: 'clear', evidence: evidence(words, 'Nothing to do.') } }
}
