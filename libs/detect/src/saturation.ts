import type { DetectConfig } from './config.ts'
import type { Episode, Finding } from './episode.ts'
import type { InterfaceObservation, IntervalObservation } from './observation.ts'
import {
  minutesAtOrAbove,
  minutesBelowInRow,
  observeUtilisation,
  slidingMean,
  type UtilisationWindows,
  windowsStartMs,
} from './utilisation-windows.ts'
import { bitRate, percent, rounded } from './wording.ts'

export type Direction = 'in' | 'out'

export function utilisationOf(interval: IntervalObservation, direction: Direction): number | null {
  return direction === 'in' ? interval.rates.utilisationIn : interval.rates.utilisationOut
}

/** Minutes of one direction after this poll; a poll that left a gap lets time pass unobserved. */
export function nextWindows(
  before: UtilisationWindows | undefined,
  one: InterfaceObservation,
  direction: Direction,
  atMs: number,
): UtilisationWindows | undefined {
  const { interval } = one
  const utilisation = interval ? utilisationOf(interval, direction) : null
  if (!before && utilisation === null) return undefined
  return observeUtilisation(before, interval?.fromMs ?? atMs, interval?.toMs ?? atMs, utilisation)
}

/**
 * A link is full in one direction: five minutes' mean at 90 %, or three of the last five minutes at 95 %. Judged at
 * every poll on layer-1 utilisation. Over when ten observed minutes in a row stayed below 85 %.
 */
export function linkSaturation(
  windows: UtilisationWindows,
  episode: Episode | undefined,
  one: InterfaceObservation,
  direction: Direction,
  dropping: boolean,
  config: DetectConfig['linkSaturation'],
): Finding {
  const mean = slidingMean(windows, 5)
  const full = minutesAtOrAbove(windows, 5, config.raiseMinute)
  const raises = (mean !== null && mean >= config.raiseMean) || full >= config.raiseMinutes
  const evidence = (words: string) => () => ({
    summary: `${one.ifName} ${direction}: ${words}`,
    action: 'See in its flows who fills it, then shape, move or limit that traffic, or add capacity.',
    measured: {
      utilisationMean5Minutes: rounded(mean),
      minutesFull: full,
      bitsPerSecond: rounded(bitsOf(one, direction)),
      dropping: String(dropping),
    },
    expected: { utilisationMean5Minutes: config.raiseMean, clearBelow: config.clearBelow },
  })
  if (raises) {
    const critical = dropping && mean !== null && mean >= config.criticalFrom
    const level = mean ?? config.raiseMinute
    const words = `${percent(level)} of the link's capacity in use over 5 minutes${carrying(one, direction)}${dropping ? ', and it drops packets' : ''}.`
    return {
      kind: 'active',
      severity: critical ? 'critical' : 'major',
      windowStartMs: windowsStartMs(windows, 5),
      headline: level,
      evidence: evidence(words),
    }
  }
  if (episode && minutesBelowInRow(windows, config.clearBelow) >= config.clearMinutes) {
    return {
      kind: 'clear',
      evidence: evidence(`below ${percent(config.clearBelow)} for ${config.clearMinutes} minutes.`),
    }
  }
  return undefined
}

/** A link is on its way to being full: a quarter of an hour's mean at 80 %; over below 75 %. */
export function linkUtilisationHigh(
  windows: UtilisationWindows,
  one: InterfaceObservation,
  direction: Direction,
  config: DetectConfig['linkUtilisationHigh'],
): Finding {
  const mean = slidingMean(windows, 15)
  if (mean === null || (mean < config.raiseMean && mean >= config.clearBelow)) return undefined
  const evidence = () => ({
    summary: `${one.ifName} ${direction}: ${percent(mean)} of the link's capacity in use over 15 minutes${carrying(one, direction)}.`,
    action: 'Compare with the same hours of earlier weeks; plan capacity, or move load before it is full.',
    measured: { utilisationMean15Minutes: rounded(mean), bitsPerSecond: rounded(bitsOf(one, direction)) },
    expected: { utilisationMean15Minutes: config.raiseMean, clearBelow: config.clearBelow },
  })
  if (mean < config.clearBelow) return { kind: 'clear', evidence }
  return {
    kind: 'active',
    severity: 'warning',
    windowStartMs: windowsStartMs(windows, 15),
    headline: mean,
    evidence,
  }
}

function bitsOf(one: InterfaceObservation, direction: Direction): number | null {
  const rates = one.interval?.rates
  if (!rates) return null
  return direction === 'in' ? rates.inBitsPerSecond : rates.outBitsPerSecond
}

function carrying(one: InterfaceObservation, direction: Direction): string {
  const bits = bitsOf(one, direction)
  const speed = one.speedBitsPerSecond > 0 ? ` of ${bitRate(one.speedBitsPerSecond)}` : ''
  return bits === null ? '' : `, ${bitRate(bits)}${speed} now`
}
