import { bitCount } from './bits.ts'
import { poissonLower95, poissonUpper95 } from './poisson.ts'

/** Memory of one error ratio. Plain JSON; absent while there is nothing to remember. */
export interface ErrorRatioState {
  /** Log-likelihood of trouble against health. */
  cusum: number
  /** Errors, units and time of the step that is being filled. */
  stepErrors: number
  stepUnits: number
  stepMs: number
  /** One bit for each of the last 20 steps, the newest lowest: it counted errors. */
  nonZero: number
  /** Since the CUSUM last stood at zero: what the ratio is estimated from. */
  errors: number
  units: number
  estimatedFromMs: number
  /** Run that may end the condition; absent while it is not active. */
  clean?: { fromMs: number; errors: number; units: number; lastErrorMs: number }
}

export interface ErrorRatioParameters {
  inControl: number
  outOfControl: number
  threshold: number
  nonZeroPolls: number
  clearBelow: number
  clearAfterMs: number
  clearSilentMs: number
}

export interface RatioEstimate {
  ratio: number
  lower: number
  upper: number
  errors: number
  units: number
  fromMs: number
}

/**
 * A step takes at least half a minute of polls, so that the CUSUM's false alarms are as rare with 5 s polls as with
 * 30 s polls, for which it was designed.
 */
const stepMsMin = 27_000
/** The estimate forgets by halves, so that severity follows a link that gets better or worse. */
const halveAfterMs = 1_800_000

/**
 * Poisson CUSUM on errors among units (frames): S += min(k, cap) ln(θ1/θ0) − n (θ1 − θ0), held between 0 and 4h, with
 * cap = max(3, 3 n θ1) so that one burst cannot raise. Ends by the rule of three: the upper 95 % bound of the ratio in a
 * clean run falls below `clearBelow`. Returns the verdict of this poll.
 */
export function errorRatioStep(
  before: ErrorRatioState | undefined,
  active: boolean,
  poll: { errors: number; units: number; durationMs: number; atMs: number },
  parameters: ErrorRatioParameters,
): { state: ErrorRatioState | undefined; raises: boolean; clears: boolean } {
  if (!before && poll.errors === 0 && poll.durationMs >= stepMsMin) return quiet
  const state: ErrorRatioState = before ? { ...before } : emptyState(poll.atMs)
  state.stepErrors += poll.errors
  state.stepUnits += poll.units
  state.stepMs += poll.durationMs
  if (state.stepMs < stepMsMin) return { state, raises: false, clears: false }
  const { stepErrors: errors, stepUnits: units } = state
  state.stepErrors = 0
  state.stepUnits = 0
  state.stepMs = 0

  if (state.cusum === 0 && !active) {
    state.errors = 0
    state.units = 0
    state.estimatedFromMs = poll.atMs
  }
  state.errors += errors
  state.units += units
  if (active && poll.atMs - state.estimatedFromMs > halveAfterMs) {
    state.errors = Math.round(state.errors / 2)
    state.units = Math.round(state.units / 2)
    state.estimatedFromMs = poll.atMs - halveAfterMs / 2
  }
  const { inControl, outOfControl, threshold } = parameters
  const capped = Math.min(errors, Math.max(3, 3 * units * outOfControl))
  const gain = capped * Math.log(outOfControl / inControl) - units * (outOfControl - inControl)
  state.cusum = Math.min(4 * threshold, Math.max(0, state.cusum + gain))
  state.nonZero = ((state.nonZero << 1) | (errors > 0 ? 1 : 0)) & 0xf_ffff
  const raises = state.cusum >= threshold && bitCount(state.nonZero) >= parameters.nonZeroPolls
  if (!active && !raises && state.cusum === 0 && state.nonZero === 0) return quiet
  const clears = (active || raises) && cleanRun(state, errors, units, poll.atMs, parameters)
  return { state: clears ? undefined : state, raises, clears }
}

const quiet = { state: undefined, raises: false, clears: false } as const

/** What is known of the ratio since the trouble began. */
export function estimate(state: ErrorRatioState): RatioEstimate {
  const units = Math.max(1, state.units)
  return {
    ratio: state.errors / units,
    lower: poissonLower95(state.errors) / units,
    upper: poissonUpper95(state.errors) / units,
    errors: state.errors,
    units: state.units,
    fromMs: state.estimatedFromMs,
  }
}

/** A link change makes errors of its own: what was gathered so far says nothing, unless the condition already holds. */
export function forgetSuspicion(state: ErrorRatioState | undefined, active: boolean): ErrorRatioState | undefined {
  if (!state || !active) return undefined
  return { ...state, stepErrors: 0, stepUnits: 0, stepMs: 0 }
}

/** Continues the clean run, or begins it anew where the link is surely not clean; true when it is long enough. */
function cleanRun(
  state: ErrorRatioState,
  errors: number,
  units: number,
  atMs: number,
  parameters: ErrorRatioParameters,
): boolean {
  const run = state.clean ? { ...state.clean } : { fromMs: atMs, errors: 0, units: 0, lastErrorMs: atMs }
  if (errors > 0) run.lastErrorMs = atMs
  run.errors += errors
  run.units += units
  if (run.units > 0 && poissonLower95(run.errors) / run.units > parameters.clearBelow) {
    state.clean = { fromMs: atMs, errors: 0, units: 0, lastErrorMs: run.lastErrorMs }
    return false
  }
  state.clean = run
  if (atMs - run.lastErrorMs >= parameters.clearSilentMs) return true
  const bound = run.units > 0 ? poissonUpper95(run.errors) / run.units : Number.POSITIVE_INFINITY
  return atMs - run.fromMs >= parameters.clearAfterMs && bound < parameters.clearBelow
}

function emptyState(atMs: number): ErrorRatioState {
  return {
    cusum: 0,
    stepErrors: 0,
    stepUnits: 0,
    stepMs: 0,
    nonZero: 0,
    errors: 0,
    units: 0,
    estimatedFromMs: atMs,
  }
}
