import { resource } from '../../model/src/index.ts'
import { bitCount } from './bits.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { severityOf } from './congestion.ts'
import { hearsNobody } from './device-health.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import type { SightObservation } from './observation.ts'
import { poissonLower95 } from './poisson.ts'
import { put } from './put.ts'
import { clockTime, percent, rounded } from './wording.ts'

/** One round of an active probe: round trips in microseconds, 0 for what was lost. */
export interface ProbeObservation {
  probeId: string
  siteId: string
  deviceId: string
  kind: string
  target: string
  atMs: number
  rttUs: readonly number[]
  error: string
  /** Of a round without any answer. */
  sight?: SightObservation | undefined
}

/** What the detectors remember of a probe. Plain JSON, under 1 KB. */
export interface ProbeDetectState {
  siteId: string
  deviceId: string
  lastMs: number
  /** Sent and lost of the last rounds, oldest first. */
  rounds: [sent: number, lost: number][]
  /** Rounds in a row without any answer, and since when. */
  unanswered?: { count: number; fromMs: number }
  /** What is usual: logarithm of a round's round trip in microseconds, its mean deviation, and rounds learnt. */
  usual?: { log: number; deviation: number; rounds: number }
  /** Of the last rounds, which were slow; newest in the lowest bit. */
  slow: number
  loss?: Episode
  slowness?: Episode
}

export interface ProbeOutcome {
  state: ProbeDetectState
  conditions: DetectedCondition[]
}

const roundsMax = 20
const minuteMs = 60_000
/** A step of the running median, as a share of it; while a probe is slow it hardly learns. */
const learnStep = 0.02
const learnStepSlow = 0.002
const deviationRounds = 50

/** Judges the next round of a probe. Pure. */
export function detectProbe(
  before: ProbeDetectState | undefined,
  round: ProbeObservation,
  config: DetectConfig = detectDefaults,
): ProbeOutcome {
  const { siteId, deviceId, atMs, rttUs } = round
  const known: ProbeDetectState = before ?? { siteId, deviceId, lastMs: 0, rounds: [], slow: 0 }
  if (atMs <= known.lastMs) return { state: known, conditions: [] }
  const state: ProbeDetectState = { ...known, siteId, deviceId, lastMs: atMs }
  const conditions: DetectedCondition[] = []
  // A poller that hears nobody measures itself.
  if (round.sight && round.sight.heardMs < atMs && hearsNobody(round.sight)) return { state, conditions }

  const lost = rttUs.filter(us => us === 0).length
  state.rounds = [...known.rounds, [rttUs.length, lost] as [number, number]].slice(-roundsMax)
  const silent = lost === rttUs.length
  put(
    state,
    'unanswered',
    silent ? { count: (known.unanswered?.count ?? 0) + 1, fromMs: known.unanswered?.fromMs ?? atMs } : undefined,
  )
  settle(state, 'loss', 'probe-loss', round, conditions, lossFinding(state, round, config))
  if (!silent) settle(state, 'slowness', 'probe-slow', round, conditions, slowFinding(state, round, config))
  return { state, conditions }
}

/** Ends what was said of a probe that is no longer configured. */
export function endProbe(probeId: string, state: ProbeDetectState, atMs: number): DetectedCondition[] {
  const conditions: DetectedCondition[] = []
  const { siteId, deviceId } = state
  const gone: Finding = {
    kind: 'clear',
    evidence: () => ({
      summary: 'The probe is no longer configured.',
      action: 'Nothing to do.',
      measured: {},
      expected: {},
    }),
  }
  const round: ProbeObservation = { probeId, siteId, deviceId, kind: '', target: '', atMs, rttUs: [], error: '' }
  settle({ ...state }, 'loss', 'probe-loss', round, conditions, gone)
  settle({ ...state }, 'slowness', 'probe-slow', round, conditions, gone)
  return conditions
}

function lossFinding(state: ProbeDetectState, round: ProbeObservation, { probeLoss }: DetectConfig): Finding {
  if (!probeLoss.enabled) return switchedOff
  const { raiseFrom, lostLeast, unansweredRounds, clearRounds, severities } = probeLoss
  const sent = sum(state.rounds, 0)
  const lost = sum(state.rounds, 1)
  const lossy = state.rounds.filter(([, ofRound]) => ofRound > 0).length
  const least = poissonLower95(lost) / sent
  const { unanswered } = state
  const dead = unanswered !== undefined && unanswered.count >= unansweredRounds
  // One burst is one event: two rounds must have lost something.
  if (dead || (lost >= lostLeast && lossy >= 2 && least >= raiseFrom)) {
    const ratio = lost / sent
    return {
      kind: 'active',
      severity: dead ? 'major' : severityOf(least, severities),
      windowStartMs: Math.floor((dead ? unanswered.fromMs : round.atMs) / minuteMs) * minuteMs,
      headline: dead ? 1 : ratio,
      evidence: () => ({
        summary: dead
          ? `${round.target} has not answered since ${clockTime(unanswered.fromMs)}${round.error && ` (${round.error})`}.`
          : `${percent(ratio)} of what is sent to ${round.target} is lost (${lost} of ${sent}).`,
        action: dead
          ? 'Check that it is up, then the way to it from the poller.'
          : 'Look for drops and errors along the way to it, first on the uplink of the site.',
        measured: { lossRatio: rounded(ratio), lost, sent, error: round.error || null },
        expected: { lossRatio: raiseFrom },
      }),
    }
  }
  if (!state.loss) return undefined
  const recent = state.rounds.slice(-clearRounds)
  if (recent.length < clearRounds || sum(recent, 1) / sum(recent, 0) >= probeLoss.clearBelow) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `${sum(recent, 0) - sum(recent, 1)} of the last ${sum(recent, 0)} were answered.`,
      action: 'Nothing to do.',
      measured: { lossRatio: rounded(sum(recent, 1) / sum(recent, 0)) },
      expected: { lossRatio: probeLoss.clearBelow },
    }),
  }
}

function slowFinding(state: ProbeDetectState, round: ProbeObservation, { probeSlow }: DetectConfig): Finding {
  const us = typicalUs(round)
  const { usual } = state
  const log = Math.log(us)
  if (!usual || usual.rounds < probeSlow.roundsLeast) {
    state.usual = learn(usual, log, usual ? 1 / (usual.rounds + 1) : 1)
    return probeSlow.enabled ? undefined : switchedOff
  }
  const usualUs = Math.exp(usual.log)
  const isSlow =
    us >= probeSlow.factor * usualUs &&
    us - usualUs >= probeSlow.leastMs * 1_000 &&
    log - usual.log >= probeSlow.deviations * usual.deviation
  const isBack = us < (1 + (probeSlow.factor - 1) / 2) * usualUs || us - usualUs < (probeSlow.leastMs * 1_000) / 2
  state.slow = ((state.slow << 1) | (isSlow ? 1 : 0)) & 0x1f
  state.usual = learn(usual, log, isSlow ? learnStepSlow : learnStep)
  if (!probeSlow.enabled) return switchedOff
  const slowRounds = bitCount(state.slow)
  if (slowRounds >= probeSlow.rounds) {
    return {
      kind: 'active',
      severity: us >= 2 * probeSlow.factor * usualUs ? 'minor' : 'warning',
      windowStartMs: minuteStartMs(round.atMs),
      headline: us,
      evidence: () => ({
        summary: `${round.target} takes ${milliseconds(us)} to answer; ${milliseconds(usualUs)} is usual.`,
        action: 'Look for a full link or another route on the way to it.',
        measured: { rttMs: rounded(us / 1_000) },
        expected: { rttMs: rounded(usualUs / 1_000) },
      }),
    }
  }
  if (!state.slowness || slowRounds > 0 || !isBack) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `${round.target} answers in ${milliseconds(us)} again.`,
      action: 'Nothing to do.',
      measured: { rttMs: rounded(us / 1_000) },
      expected: { rttMs: rounded(usualUs / 1_000) },
    }),
  }
}

/** A running median by small steps (Robbins and Monro): a single wild round moves it no more than a mild one. */
function learn(usual: ProbeDetectState['usual'], log: number, step: number): NonNullable<ProbeDetectState['usual']> {
  if (!usual) return { log, deviation: 0, rounds: 1 }
  const away = log - usual.log
  // At first it is the mean, which is near; then it goes on by steps.
  const moved = step > learnStep ? away * step : Math.sign(away) * Math.min(Math.abs(away), step)
  const share = Math.max(1 / deviationRounds, 1 / (usual.rounds + 1))
  const deviation = usual.deviation + share * (Math.min(Math.abs(away), 1) - usual.deviation)
  return { log: usual.log + moved, deviation, rounds: usual.rounds + 1 }
}

function settle(
  state: ProbeDetectState,
  slot: 'loss' | 'slowness',
  alarmType: 'probe-loss' | 'probe-slow',
  { probeId, siteId, deviceId, atMs }: ProbeObservation,
  conditions: DetectedCondition[],
  finding: Finding,
): void {
  const { episode, report } = episodeStep(state[slot], finding, atMs)
  put(state, slot, episode)
  if (!report) return
  conditions.push({
    alarmType,
    resource: resource.probe(probeId),
    qualifier: '',
    deviceId,
    siteId,
    state: report.state,
    severity: report.severity,
    eventTimeMs: atMs,
    windowStartMs: report.windowStartMs,
    evidence: report.evidence,
  })
}

function sum(rounds: readonly (readonly [number, number])[], part: 0 | 1): number {
  return rounds.reduce((total, round) => total + round[part], 0)
}

/**
 * A round's round trip: the median of echoes, which the kernel times; the least of connections and queries, which this
 * process times and is sometimes late to look at.
 */
function typicalUs({ kind, rttUs }: ProbeObservation): number {
  const came = rttUs.filter(us => us > 0)
  return kind === 'icmp' ? medianOf(came) : Math.min(...came)
}

/** The lower of the two in the middle. */
function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0
}

function milliseconds(microseconds: number): string {
  const ms = microseconds / 1_000
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`
}
