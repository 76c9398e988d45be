import { type AlarmType, resource } from '../../../model/src/index.ts'
import type { DetectedCondition } from '../condition.ts'
import { type DetectConfig, detectDefaults } from '../config.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from '../episode.ts'
import { put } from '../put.ts'
import { clockSkew, type SkewState } from './clock-skew.ts'
import { exportLoss, lossWindowMinutes } from './export-loss.ts'
import { addGrowth, type ExporterMinute, lossRatio, minuteMs, sumOf } from './exporter-minutes.ts'
import { exporterSilent, heardAgain, newSilence, type SilenceState, sendsAgain } from './exporter-silence.ts'
import type { ExporterObservation, ExporterTotals } from './observation.ts'
import { samplingUnknown } from './sampling-unknown.ts'
import { templateMissing } from './template-missing.ts'

const types = {
  loss: 'export-loss',
  template: 'template-missing',
  sampling: 'sampling-unknown',
  clock: 'clock-skew',
  stale: 'telemetry-stale',
} as const satisfies Record<string, AlarmType>

/** What the detectors remember of one exporter. Plain JSON. */
export interface ExporterDetectState {
  version: 1
  totals: ExporterTotals
  minutes: readonly ExporterMinute[]
  silence: SilenceState
  skew?: SkewState
  loss?: Episode
  template?: Episode
  sampling?: Episode
  clock?: Episode
  stale?: Episode
}

export interface ExporterDetectOutcome {
  state: ExporterDetectState
  conditions: DetectedCondition[]
}

/**
 * Runs all detectors of one exporter. Called when time has passed in the log (heartbeats), not for each batch. Pure; the
 * state is the same object where nothing changed.
 */
export function detectExporter(
  state: ExporterDetectState | undefined,
  one: ExporterObservation,
  config: DetectConfig = detectDefaults,
): ExporterDetectOutcome {
  if (!state) return { state: firstState(one), conditions: [] }
  const heard = one.totals.datagrams !== state.totals.datagrams
  const minutes = addGrowth(state.minutes, state.totals, one.totals, one.atMs)
  const next: ExporterDetectState = { ...state, minutes }
  if (minutes !== state.minutes) next.totals = totalsOf(one.totals)
  const conditions: DetectedCondition[] = []
  const settle = (slot: keyof typeof types, finding: Finding): void => {
    const { episode, report } = episodeStep(state[slot], finding, one.atMs)
    if (episode !== state[slot]) put(next, slot, episode)
    if (report) conditions.push(conditionOf(one, types[slot], report))
  }
  settle(
    'loss',
    config.exportLoss.enabled
      ? exportLoss(minutes, state.loss !== undefined, one.atMs, config.exportLoss)
      : switchedOff,
  )
  settle(
    'template',
    config.templateMissing.enabled
      ? templateMissing(one, minutes, state.template !== undefined, config.templateMissing)
      : switchedOff,
  )
  settle(
    'sampling',
    config.samplingUnknown.enabled
      ? samplingUnknown(minutes, state.sampling !== undefined, one.atMs, config.samplingUnknown)
      : switchedOff,
  )
  if (!config.clockSkew.enabled) settle('clock', switchedOff)
  else if (heard && one.clockSkewMs !== null) {
    const skew = clockSkew(state.skew, state.clock !== undefined, one.clockSkewMs, one.atMs, config.clockSkew)
    put(next, 'skew', skew.state)
    settle('clock', skew.finding)
  }
  if (heard) {
    next.silence = heardAgain(state.silence, one.logMs, config.exporterStale)
    next.totals = totalsOf(one.totals)
  }
  if (!config.exporterStale.enabled) settle('stale', switchedOff)
  else
    settle(
      'stale',
      heard ? sendsAgain() : exporterSilent(state.silence, one.logMs, one.lastSeenMs, config.exporterStale),
    )
  return { state: isSame(state, next) ? state : next, conditions }
}

/** Ends all that is said of an exporter that is no longer followed. */
export function forgetExporter(state: ExporterDetectState, one: ExporterObservation): DetectedCondition[] {
  const gone: Finding = {
    kind: 'clear',
    evidence: () => ({
      summary: 'This exporter is no longer followed: nothing came from it for long.',
      action: 'Nothing to do if it was removed.',
      measured: {},
      expected: {},
    }),
  }
  return (Object.keys(types) as (keyof typeof types)[]).flatMap(slot => {
    const { report } = episodeStep(state[slot], gone, one.atMs)
    return report ? [conditionOf(one, types[slot], report)] : []
  })
}

/** Loss among the sequence units of the last minutes, as export-loss has it; undefined where none came or went. */
export function exporterLoss(
  state: ExporterDetectState | undefined,
  atMs: number,
): { ratio: number | undefined; windowMs: number } {
  const windowMs = lossWindowMinutes * minuteMs
  return { ratio: state && lossRatio(sumOf(state.minutes, lossWindowMinutes, atMs)), windowMs }
}

/** How long the exporter has been silent, by the log's own clock. */
export function exporterSilentMs(state: ExporterDetectState | undefined, logMs: number): number {
  return state ? logMs - state.silence.heardLogMs : 0
}

function firstState(one: ExporterObservation): ExporterDetectState {
  return { version: 1, totals: totalsOf(one.totals), minutes: [], silence: newSilence(one.logMs) }
}

function conditionOf(
  one: ExporterObservation,
  alarmType: AlarmType,
  report: NonNullable<ReturnType<typeof episodeStep>['report']>,
): DetectedCondition {
  return {
    alarmType,
    resource: resource.exporter(one.exporterId),
    qualifier: '',
    deviceId: one.deviceId,
    siteId: one.siteId,
    state: report.state,
    severity: report.severity,
    eventTimeMs: one.atMs,
    windowStartMs: report.windowStartMs,
    evidence: report.evidence,
  }
}

function totalsOf(totals: Readonly<ExporterTotals>): ExporterTotals {
  return {
    datagrams: totals.datagrams,
    records: totals.records,
    sequenceReceived: totals.sequenceReceived,
    sequenceLost: totals.sequenceLost,
    unscaledRecords: totals.unscaledRecords,
    heldDropped: totals.heldDropped,
    kernelDrops: totals.kernelDrops,
    rateLimitDrops: totals.rateLimitDrops,
    bufferDrops: totals.bufferDrops,
  }
}

function isSame(a: ExporterDetectState, b: ExporterDetectState): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof ExporterDetectState>
  return [...keys].every(key => a[key] === b[key])
}
