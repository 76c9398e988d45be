/** Memory of the score path. Plain JSON. */
export interface ScorePathState {
  count: number
  /** Mean that follows the value within fifty. */
  mean: number
  residualScale: number
  meanScale: number
  /** Smoothed surprise by residual and window, with its own slow mean and variance. */
  surprises: { smooth: number; mean: number; variance: number }[]
}

const windows = [72, 144] as const
const meanOver = 50
const scaleOver = 500
const scaleClip = 5
/** A surprise is the square of at most this many mean deviations. */
const deviationsMax = 10
const normalOver = 2_000

export function newScorePath(): ScorePathState {
  const surprises = Array.from({ length: 2 * windows.length }, () => ({ smooth: 0, mean: 0, variance: 0 }))
  return { count: 0, mean: 0, residualScale: 0, meanScale: 0, surprises }
}

/**
 * How unlike itself the series has been lately, 0 and up: squared residuals from its time of day and from its recent
 * mean, smoothed over two windows, each in standard deviations of what is normal for that smoothed residual.
 */
export function unlikeness(state: ScorePathState, value: number, residual: number): number {
  state.count++
  if (state.count === 1) state.mean = value
  const deviation = value - state.mean
  state.mean += deviation / meanOver
  const bySeason = deviations(state.residualScale, residual)
  const byMean = deviations(state.meanScale, deviation)
  state.residualScale = nextScale(state.residualScale, residual, state.count)
  state.meanScale = nextScale(state.meanScale, deviation, state.count)
  let sum = 0
  for (let i = 0; i < windows.length; i++) {
    sum += standardised(state, i, bySeason, windows[i]!)
    sum += standardised(state, windows.length + i, byMean, windows[i]!)
  }
  return sum
}

/** Squared, in mean absolute deviations of a normal distribution (E|x| = 0.798 σ, so σ = 1.2533 E|x|). */
function deviations(scale: number, residual: number): number {
  const distance = Math.abs(residual)
  if (scale > 0) return Math.min(deviationsMax, distance / (1.2533 * scale)) ** 2
  return distance > 0 ? deviationsMax ** 2 : 0
}

/** One outlier moves the scale by no more than five of it. */
function nextScale(scale: number, residual: number, count: number): number {
  const distance = Math.abs(residual)
  const clipped = scale > 0 ? Math.min(distance, scaleClip * scale) : distance
  return scale + (clipped - scale) * Math.max(1 / scaleOver, 1 / count)
}

function standardised(state: ScorePathState, index: number, surprise: number, window: number): number {
  const one = state.surprises[index]!
  one.smooth = state.count === 1 ? surprise : one.smooth + (surprise - one.smooth) / window
  const weight = Math.max(1 / normalOver, 1 / state.count)
  const distance = one.smooth - one.mean
  one.mean += weight * distance
  one.variance = (1 - weight) * (one.variance + weight * distance * distance)
  return one.variance > 0 ? Math.max(0, (one.smooth - one.mean) / Math.sqrt(one.variance)) : 0
}
