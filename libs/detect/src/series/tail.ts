import { learnQuantile, newQuantile, type TrackedQuantile } from './quantile.ts'

/** A distribution's upper tail as a generalised Pareto of the excesses over its 99 % quantile. Plain JSON. */
export interface TailState {
  threshold: TrackedQuantile
  excesses: number
  mean: number
  variance: number
}

const quantile = 0.99
const rate = 0.01
/** Excesses that the moments remember, and that must have been seen before the tail says anything. */
const memory = 32
const excessesMin = 8
/** Heavier tails than this are not told from the few excesses at hand. */
const shapeMax = 0.45

export function newTail(): TailState {
  return { threshold: newQuantile(), excesses: 0, mean: 0, variance: 0 }
}

/** −log10 of the chance to exceed the value, by moments (Hosking and Wallis 1987); 0 below the threshold. Learns after. */
export function tailSurprise(state: TailState, value: number): number {
  const excess = value - state.threshold.value
  let surprise = 0
  if (state.excesses >= excessesMin && excess > 0) {
    const ratio = state.variance > 0 ? (state.mean * state.mean) / state.variance : 1
    const shape = Math.min(shapeMax, Math.max(0, 0.5 * (1 - ratio)))
    const scale = Math.max(state.mean * (1 - shape), 1e-12)
    const beyond = shape < 1e-6 ? excess / scale / Math.LN10 : Math.log10(1 + (shape * excess) / scale) / shape
    surprise = -Math.log10(1 - quantile) + beyond
  }
  if (state.threshold.count > 10 && excess > 0) {
    state.excesses++
    const weight = Math.max(1 / memory, 1 / state.excesses)
    const distance = excess - state.mean
    state.mean += weight * distance
    state.variance = (1 - weight) * (state.variance + weight * distance * distance)
  }
  learnQuantile(state.threshold, value, quantile, rate)
  return surprise
}
