import type { Severity } from '../../model/src/index.ts'
import { bitCount } from './bits.ts'
import type { DetectConfig } from './config.ts'
import type { Finding } from './episode.ts'
import { type ErrorRatioState, errorRatioStep, estimate, type RatioEstimate } from './error-ratio.ts'
import { minuteStartMs } from './minute.ts'
import type { InterfaceObservation, IntervalObservation } from './observation.ts'
import { grouped, oneIn, percent, rounded } from './wording.ts'

/** Plain JSON; absent while nothing was dropped. */
export interface CongestionState {
  ratio?: ErrorRatioState
  /** Open minute, its drops and packets, and one bit for each of the last five closed minutes: above the ratio. */
  minute: number
  drops: number
  packets: number
  above: number
}

const minuteMs = 60_000

/**
 * A link drops packets because its queue is full: ifOutDiscards among all that was to be sent, by the Poisson CUSUM of
 * link-corruption with other ratios, or one in a thousand in three of five minutes.
 */
export function congestionDrops(
  before: CongestionState | undefined,
  active: boolean,
  one: InterfaceObservation,
  interval: IntervalObservation,
  config: DetectConfig['congestionDrops'],
): { state: CongestionState | undefined; finding: Finding } {
  const { outDiscards, outPackets } = interval.deltas
  if (outDiscards === undefined || outPackets === undefined) return { state: before, finding: undefined }
  const drops = Number(outDiscards)
  const packets = Number(outPackets) + drops
  if (!before && drops === 0 && !active) return { state: undefined, finding: undefined }
  const minutes = countMinute(before, interval.toMs, drops, packets, config.raiseMinute)
  const step = errorRatioStep(
    before?.ratio,
    active,
    { errors: drops, units: packets, durationMs: interval.durationMs, atMs: interval.toMs },
    { ...config, nonZeroPolls: 1 },
  )
  const raises = step.raises || bitCount(minutes.above) >= 3
  const idle = step.state === undefined && minutes.above === 0 && minutes.drops === 0
  const state = idle ? undefined : { ...minutes, ...(step.state ? { ratio: step.state } : {}) }
  if (step.clears) return { state, finding: { kind: 'clear', evidence: clearEvidence(one, config) } }
  if (!raises || !step.state) return { state, finding: undefined }
  const now = estimate(step.state)
  return {
    state,
    finding: {
      kind: 'active',
      severity: severityOf(now.lower, config.severities),
      windowStartMs: minuteStartMs(interval.fromMs),
      headline: now.ratio,
      evidence: dropEvidence(one, interval, now, config),
    },
  }
}

export function severityOf(level: number, levels: Readonly<Record<Severity, number>>): Severity {
  if (level >= levels.critical) return 'critical'
  if (level >= levels.major) return 'major'
  return level >= levels.minor ? 'minor' : 'warning'
}

function countMinute(
  before: CongestionState | undefined,
  toMs: number,
  drops: number,
  packets: number,
  ratio: number,
): CongestionState {
  const minute = Math.floor(toMs / minuteMs)
  if (!before) return { minute, drops, packets, above: 0 }
  if (before.minute === minute) {
    return { minute, drops: before.drops + drops, packets: before.packets + packets, above: before.above }
  }
  const closedAbove = before.drops > 0 && before.drops >= ratio * before.packets
  const passed = Math.min(5, minute - before.minute)
  const above = (((before.above << 1) | (closedAbove ? 1 : 0)) << (passed - 1)) & 0b1_1111
  return { minute, drops, packets, above }
}

function dropEvidence(
  one: InterfaceObservation,
  interval: IntervalObservation,
  now: RatioEstimate,
  config: DetectConfig['congestionDrops'],
) {
  const utilisation = interval.rates.utilisationOut
  const full =
    utilisation !== null && utilisation < 0.5 ? ', though the link is not full: bursts shorter than a poll' : ''
  const load = utilisation === null ? '' : ` at ${percent(utilisation)} utilisation${full}`
  return () => ({
    summary: `${one.ifName} out: drops ${oneIn(now.ratio)} packets (${grouped(now.errors)} so far)${load}.`,
    action:
      utilisation !== null && utilisation < 0.5
        ? 'Look for bursts: incast, a speed step down, or shallow buffers; check queue limits.'
        : 'Relieve the link or raise its queue limits; check which class drops.',
    measured: {
      dropRatio: rounded(now.ratio),
      dropRatioLower95: rounded(now.lower),
      drops: now.errors,
      packets: now.units,
      utilisationOut: rounded(utilisation),
    },
    expected: { dropRatio: config.outOfControl, clearBelow: config.clearBelow },
  })
}

function clearEvidence(one: InterfaceObservation, config: DetectConfig['congestionDrops']) {
  return () => ({
    summary: `${one.ifName} out: drops fewer than ${oneIn(config.clearBelow)} packets again.`,
    action: 'Nothing to do.',
    measured: {},
    expected: { clearBelow: config.clearBelow },
  })
}
