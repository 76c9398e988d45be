import { newRange, novelty, type SeenRange } from './range-novelty.ts'
import { newTail, type TailState, tailSurprise } from './tail.ts'

/** Memory of the alert path. Plain JSON. */
export interface AlertPathState {
  count: number
  previous: number
  valueRange: SeenRange
  /** Last 24 seasonal residuals, and ranges of their means over 12 and 24. */
  residuals: number[]
  shortMeanRange: SeenRange
  longMeanRange: SeenRange
  /** Exponentially weighted mean and variance of the value, mean step, and range of the log of the deviation. */
  mean: number
  variance: number
  meanStep: number
  deviationRange: SeenRange
  residualTail: TailState
  /** When it spoke last, how strongly, and how often lately. */
  spokeAt: number
  strength: number
  burden: number
}

const shortMean = 12
const longMean = 24
const warmUp = 150
const deviationOver = 24
const stepOver = 200

const weights = { value: 1, shortMean: 0.4, longMean: 0.3, deviation: 0.03, residualTail: 0.005 }
/** Rarer than one in a thousand is where a tail begins to count. */
const tailFrom = 3
/** A new extreme means more after a long history: the score grows with this power of the count. */
const historyExponent = 0.8
const historyMax = 20_000
/** After it spoke, only something stronger is said within this many values. */
const restValues = 100
const speaksFrom = 0.008
/** A series that often finds something new is heard less. */
const burdenWeight = 0.4
const burdenKept = Math.exp(-1 / 2_000)

export function newAlertPath(): AlertPathState {
  return {
    count: 0,
    previous: 0,
    valueRange: newRange(),
    residuals: [],
    shortMeanRange: newRange(),
    longMeanRange: newRange(),
    mean: 0,
    variance: 0,
    meanStep: 0,
    deviationRange: newRange(),
    residualTail: newTail(),
    spokeAt: 0,
    strength: 0,
    burden: 0,
  }
}

/**
 * Strength of the news in one value, 0 for none: how far the value, the means of its seasonal residuals and its
 * deviation lie outside all that was seen, and how rare the residual is by the tail of its size.
 */
export function alertStrength(state: AlertPathState, value: number, residual: number): number {
  state.count++
  const young = state.count <= warmUp
  const step = state.count === 1 ? 0 : value - state.previous
  state.previous = value

  let strength = weights.value * novelty(state.valueRange, value)
  const means = meanNovelty(state, residual)
  const deviation = deviationNovelty(state, value, step)
  if (!young) strength = Math.max(strength, means, weights.deviation * deviation)
  const residualTail = tailSurprise(state.residualTail, Math.abs(residual))
  strength = Math.max(strength, weights.residualTail * Math.max(0, residualTail - tailFrom))
  state.burden *= burdenKept
  if (strength === 0) return 0
  return spoken(state, strength)
}

function meanNovelty(state: AlertPathState, residual: number): number {
  state.residuals.push(residual)
  if (state.residuals.length > longMean) state.residuals.shift()
  let sum = 0
  let short = 0
  for (let i = state.residuals.length - 1, back = 1; i >= 0; i--, back++) {
    sum += state.residuals[i]!
    if (back === shortMean) short = novelty(state.shortMeanRange, sum / shortMean)
  }
  const long = state.residuals.length === longMean ? novelty(state.longMeanRange, sum / longMean) : 0
  return Math.max(weights.shortMean * short, weights.longMean * long)
}

/** A series that becomes restless, or still. The mean step keeps the log of a flat line finite. */
function deviationNovelty(state: AlertPathState, value: number, step: number): number {
  if (state.count === 1) state.mean = value
  state.meanStep += (Math.abs(step) - state.meanStep) * Math.max(1 / stepOver, 1 / state.count)
  const weight = Math.max(1 / deviationOver, 1 / state.count)
  const distance = value - state.mean
  state.mean += weight * distance
  state.variance = (1 - weight) * (state.variance + weight * distance * distance)
  if (state.count < 2 * deviationOver) return 0
  return novelty(state.deviationRange, Math.log(Math.sqrt(state.variance) + 0.05 * state.meanStep + 1e-9))
}

function spoken(state: AlertPathState, strength: number): number {
  const history = Math.min(historyMax, state.count) / 1_000
  const loud = (strength * history ** historyExponent) / (1 + burdenWeight * state.burden)
  const resting = state.spokeAt > 0 && state.count - state.spokeAt < restValues
  if (resting && loud <= state.strength) return 0
  if (loud > speaksFrom) {
    if (!resting) state.burden++
    state.spokeAt = state.count
    state.strength = loud
  }
  return loud
}
