import type { DetectConfig } from './config.ts'
import { severityOf } from './congestion.ts'
import type { Finding } from './episode.ts'
import { type ErrorRatioState, errorRatioStep, estimate } from './error-ratio.ts'
import { minuteStartMs } from './minute.ts'
import type { InterfaceObservation, IntervalObservation } from './observation.ts'
import type { Direction } from './saturation.ts'
import { grouped, oneIn, rounded } from './wording.ts'

/** The counter that speaks for a direction: FCS errors are the wire's own; ifInErrors and ifOutErrors mix in others. */
function errorsOf(
  interval: IntervalObservation,
  direction: Direction,
): { counter: string; errors: bigint } | undefined {
  const { fcsErrors, inErrors, outErrors } = interval.deltas
  if (direction === 'out') return outErrors === undefined ? undefined : { counter: 'ifOutErrors', errors: outErrors }
  if (fcsErrors !== undefined) return { counter: 'dot3StatsFCSErrors', errors: fcsErrors }
  return inErrors === undefined ? undefined : { counter: 'ifInErrors', errors: inErrors }
}

/**
 * A link damages frames: errors among all frames of a direction, by a Poisson CUSUM. It finds one in a million within
 * minutes, where a threshold on errors per second waits for ever on a quiet link.
 */
export function linkCorruption(
  before: ErrorRatioState | undefined,
  active: boolean,
  one: InterfaceObservation,
  interval: IntervalObservation,
  direction: Direction,
  config: DetectConfig['linkCorruption'],
): { state: ErrorRatioState | undefined; finding: Finding } {
  const counted = errorsOf(interval, direction)
  const packets = direction === 'in' ? interval.deltas.inPackets : interval.deltas.outPackets
  if (!counted || packets === undefined) return { state: before, finding: undefined }
  const factor = counted.counter === 'dot3StatsFCSErrors' ? 1 : config.errorsFactor
  const parameters = {
    ...config,
    inControl: config.inControl * factor,
    outOfControl: config.outOfControl * factor,
    clearBelow: config.clearBelow * factor,
  }
  const errors = Number(counted.errors)
  const poll = { errors, units: Number(packets) + errors, durationMs: interval.durationMs, atMs: interval.toMs }
  const step = errorRatioStep(before, active, poll, parameters)
  if (step.clears) {
    return {
      state: undefined,
      finding: {
        kind: 'clear',
        evidence: () => ({
          summary: `${one.ifName} ${direction}: no more than ${oneIn(parameters.clearBelow)} frames damaged any more.`,
          action: 'Nothing to do; keep an eye on it if nobody repaired it.',
          measured: {},
          expected: { clearBelow: parameters.clearBelow },
        }),
      },
    }
  }
  if (!step.raises || !step.state) return { state: step.state, finding: undefined }
  const now = estimate(step.state)
  const frameBits = meanFrameBits(interval, direction)
  return {
    state: step.state,
    finding: {
      kind: 'active',
      severity: severityOf(now.lower, config.severities),
      windowStartMs: minuteStartMs(interval.fromMs),
      headline: now.ratio,
      evidence: () => ({
        summary: `${one.ifName} ${direction}: ${oneIn(now.ratio)} frames damaged (${grouped(now.errors)} of ${grouped(now.units)}, ${counted.counter}).`,
        action: 'Clean and reseat connectors and optics of this end, then swap the module, then test the cable.',
        measured: {
          errorRatio: rounded(now.ratio),
          errorRatioLower95: rounded(now.lower),
          errorRatioUpper95: rounded(now.upper),
          errors: now.errors,
          frames: now.units,
          bitErrorRate: frameBits === null ? null : rounded(-Math.log1p(-Math.min(now.ratio, 0.999)) / frameBits),
          counter: counted.counter,
        },
        expected: { errorRatio: parameters.inControl, clearBelow: parameters.clearBelow },
      }),
    },
  }
}

/** Bits of a mean frame in this interval; null where nothing passed. */
function meanFrameBits(interval: IntervalObservation, direction: Direction): number | null {
  const packets = direction === 'in' ? interval.deltas.inPackets : interval.deltas.outPackets
  const bits = direction === 'in' ? interval.rates.inBitsPerSecond : interval.rates.outBitsPerSecond
  if (!packets || bits === null || bits === 0) return null
  return (bits * (interval.durationMs / 1_000)) / Number(packets)
}
