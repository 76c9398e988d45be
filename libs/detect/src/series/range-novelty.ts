/** The least and greatest value so far. Plain JSON. */
export interface SeenRange {
  count: number
  low: number
  high: number
}

export function newRange(): SeenRange {
  return { count: 0, low: 0, high: 0 }
}

/**
 * How far a value lies outside all before it, in widths of their range; 0 inside. A new extreme needs no model of the
 * series, which is why so little state does so well.
 */
export function novelty(state: SeenRange, value: number): number {
  state.count++
  if (state.count === 1) {
    state.low = value
    state.high = value
    return 0
  }
  const width = state.high - state.low
  const outside = Math.max(value - state.high, state.low - value, 0)
  if (value < state.low) state.low = value
  if (value > state.high) state.high = value
  if (outside === 0) return 0
  return width > 0 ? outside / width : 1
}
