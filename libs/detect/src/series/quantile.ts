/** A quantile tracked by stochastic approximation. Plain JSON. */
export interface TrackedQuantile {
  count: number
  value: number
  /** Mean distance of the values from the quantile: the unit of its steps. */
  spread: number
}

/** Several of them, by position; a third of the text of as many objects. */
export interface TrackedQuantiles {
  counts: number[]
  values: number[]
  spreads: number[]
}

export function newQuantile(): TrackedQuantile {
  return { count: 0, value: 0, spread: 0 }
}

export function newQuantiles(length: number): TrackedQuantiles {
  const zeros = (): number[] => new Array<number>(length).fill(0)
  return { counts: zeros(), values: zeros(), spreads: zeros() }
}

/**
 * Moves the estimate by one value (Robbins and Monro 1951): up by `rate` × `quantile` spreads, or down by the rest.
 * Faster while it is young.
 */
export function learnQuantile(state: TrackedQuantile, value: number, quantile: number, rate: number): void {
  state.count++
  if (state.count === 1) {
    state.value = value
    return
  }
  const young = 1 / state.count
  state.spread += (Math.abs(value - state.value) - state.spread) * Math.max(0.02, young)
  const step = Math.max(state.spread, 1e-12) * Math.max(rate, young)
  if (value > state.value) state.value += step * quantile
  else state.value -= step * (1 - quantile)
}

const one = newQuantile()

export function learnQuantileAt(
  state: TrackedQuantiles,
  index: number,
  value: number,
  quantile: number,
  rate: number,
): void {
  one.count = state.counts[index]!
  one.value = state.values[index]!
  one.spread = state.spreads[index]!
  learnQuantile(one, value, quantile, rate)
  state.counts[index] = one.count
  state.values[index] = one.value
  state.spreads[index] = one.spread
}
