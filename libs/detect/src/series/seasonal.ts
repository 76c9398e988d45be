import { learnQuantileAt, newQuantiles, type TrackedQuantiles } from './quantile.ts'

/** What a series is at each time of the day. Plain JSON. */
export interface SeasonalState {
  /** Median of every two hours of the day (UTC). */
  hours: TrackedQuantiles
  /** Slow mean, while a part of the day is new. */
  mean: number
  count: number
}

const parts = 12
const dayMs = 86_400_000
const medianRate = 0.02
/** A part of the day is known after this many values. */
const knownAfter = 10
const meanOver = 500

export function newSeasonal(): SeasonalState {
  return { hours: newQuantiles(parts), mean: 0, count: 0 }
}

/** Distance of the value from what its time of day is used to; learns from it afterwards. */
export function seasonalResidual(state: SeasonalState, timeMs: number, value: number): number {
  if (state.count === 0) state.mean = value
  state.count++
  const part = Math.floor(((((timeMs % dayMs) + dayMs) % dayMs) / dayMs) * parts)
  const known = state.hours.counts[part]! >= knownAfter
  const residual = value - (known ? state.hours.values[part]! : state.mean)
  learnQuantileAt(state.hours, part, value, 0.5, medianRate)
  state.mean += (value - state.mean) / meanOver
  return residual
}
