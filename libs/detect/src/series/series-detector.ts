import { type AlertPathState, alertStrength, newAlertPath } from './alert-path.ts'
import { newScorePath, type ScorePathState, unlikeness } from './score-path.ts'
import { newSeasonal, type SeasonalState, seasonalResidual } from './seasonal.ts'

/** Memory of one series, below 2.5 KB as JSON. */
export interface SeriesState {
  version: 1
  seasonal: SeasonalState
  alert: AlertPathState
  score: ScorePathState
}

export interface SeriesJudgement {
  /** 0..1: how unlike itself the series has been lately. A level to draw and rank by; it stays up while it lasts. */
  score: number
  /** 0..1: news in this very value. Spoken once: what follows is silent unless it is stronger. */
  alertScore: number
  /** alertScore passes the one threshold. */
  alert: boolean
}

/** Strength at which news is an alert: alertScore 0.5. The same for every series. */
const alertStrengthThreshold = 0.013
/** Unlikeness at which the score is 0.5: eight standard deviations over four views. */
const scoreMidpoint = 8

export function newSeries(): SeriesState {
  return { version: 1, seasonal: newSeasonal(), alert: newAlertPath(), score: newScorePath() }
}

const nothing: SeriesJudgement = { score: 0, alertScore: 0, alert: false }

/**
 * Judges the next value of a series and learns from it; `state` is advanced in place. It never looks ahead and needs no
 * range, period or length in advance. Two outputs, because an alert that is right about when is wrong about how long,
 * and the other way round. A value that is no finite number is skipped.
 */
export function judgeValue(state: SeriesState, timeMs: number, value: number): SeriesJudgement {
  if (!Number.isFinite(value) || !Number.isFinite(timeMs)) return nothing
  const residual = seasonalResidual(state.seasonal, timeMs, value)
  const strength = alertStrength(state.alert, value, residual)
  const unlike = unlikeness(state.score, value, residual)
  const alertScore = strength / (strength + alertStrengthThreshold)
  return { score: unlike / (unlike + scoreMidpoint), alertScore, alert: alertScore >= 0.5 }
}
