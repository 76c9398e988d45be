import { type AlarmType, type Evidence, resource } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { detectInterface, type InterfaceDetectState } from './detect-interface.ts'
import {
  answersInPart,
  deviceUnreachable,
  isBlindPoll,
  nextRun,
  type RunState,
  silenceOf,
  snmpFailing,
  telemetryStale,
} from './device-health.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import type { DeviceContext, PollObservation } from './observation.ts'
import { put } from './put.ts'

/** What the detectors remember of one device. Plain JSON. */
export interface DeviceDetectState {
  version: 1
  deviceId: string
  siteId: string
  /** End of the newest poll, answered or not, and the interval of polls. */
  lastMs: number
  intervalMs: number
  /** Polls without a sign of life, those of them in which its host was asked too, and those that only SNMP missed. */
  failed?: RunState
  confirmed?: RunState
  mute?: RunState
  failing?: RunState
  /** Its host has answered what is asked below SNMP. */
  hostAnswers?: true
  /** Polls in a row since telemetry was stale. */
  samples?: number
  unreachable?: Episode
  snmpFailing?: Episode
  stale?: Episode
  interfaces: Record<string, InterfaceDetectState>
}

export interface DetectOutcome {
  state: DeviceDetectState
  conditions: DetectedCondition[]
}

/** An interface that a device left out of its table this long is gone; what was said of it ends. */
const interfaceGoneMs = 900_000

/**
 * Runs all detectors of one device over its next poll. Pure: conditions come out in the order of the poll's interfaces,
 * the same for the same state and poll.
 */
export function detectDevice(
  state: DeviceDetectState | undefined,
  poll: PollObservation,
  context: DeviceContext,
  config: DetectConfig = detectDefaults,
): DetectOutcome {
  const before: DeviceDetectState = state ?? {
    version: 1,
    deviceId: poll.deviceId,
    siteId: poll.siteId,
    lastMs: 0,
    intervalMs: poll.intervalMs,
    interfaces: {},
  }
  if (poll.stale) return { state: before, conditions: [] }
  const conditions: DetectedCondition[] = []
  const next: DeviceDetectState = {
    ...before,
    siteId: poll.siteId,
    lastMs: poll.atMs + poll.pollDurationMs,
    intervalMs: poll.intervalMs,
  }
  // A poller that hears nobody says nothing of this device: what was known of it stays.
  if (isBlindPoll(poll)) return { state: next, conditions }
  if (poll.reach && poll.reach.received > 0) next.hostAnswers = true
  const silence = silenceOf(poll, next.hostAnswers ?? false)
  const { polls, confirmedPolls } = config.deviceUnreachable
  const failed = nextRun(before.failed, silence === 'confirmed' || silence === 'unconfirmed', poll.atMs, polls)
  const confirmed = nextRun(before.confirmed, silence === 'confirmed', poll.atMs, confirmedPolls)
  const mute = nextRun(before.mute, silence === 'snmp-only', poll.atMs, config.snmpFailing.silentPolls)
  put(next, 'failed', failed)
  put(next, 'confirmed', confirmed)
  put(next, 'mute', mute)
  // A poll of some interfaces does not ask for what fails in whole ones.
  if (poll.reachable && !poll.partial) {
    put(next, 'failing', nextRun(before.failing, answersInPart(poll).length > 0, poll.atMs, config.snmpFailing.polls))
  }
  settle(next, 'unreachable', 'device-unreachable', conditions, poll.atMs, () =>
    config.deviceUnreachable.enabled
      ? deviceUnreachable({ failed, confirmed }, before.unreachable, poll, context.role, config.deviceUnreachable)
      : switchedOff,
  )
  settle(next, 'snmpFailing', 'snmp-failing', conditions, poll.atMs, () =>
    poll.partial
      ? undefined
      : config.snmpFailing.enabled
        ? snmpFailing(next.failing, mute, before.snmpFailing, poll, config.snmpFailing)
        : switchedOff,
  )
  if (before.stale) {
    const samples = (before.samples ?? 0) + 1
    const over = samples >= config.telemetryStale.polls
    put(next, 'samples', over ? undefined : samples)
    settle(next, 'stale', 'telemetry-stale', conditions, poll.atMs, () => (over ? freshAgain(samples) : undefined))
  }
  if (poll.reachable) {
    next.interfaces = interfaces(before, poll, context, config, conditions)
  }
  return { state: next, conditions }
}

/**
 * Judges a device's silence by the watermark of its partition: called when the watermark moves, for each device of the
 * partition. The state is the same object where nothing changed.
 */
export function detectStale(
  state: DeviceDetectState,
  watermarkMs: number,
  config: DetectConfig = detectDefaults,
): DetectOutcome {
  const conditions: DetectedCondition[] = []
  if (!config.telemetryStale.enabled || state.lastMs === 0) return { state, conditions }
  const finding = telemetryStale(state.lastMs, state.intervalMs, watermarkMs, config.telemetryStale)
  if (!finding || (state.stale && state.samples === undefined)) return { state, conditions }
  const next = { ...state }
  delete next.samples
  settle(next, 'stale', 'telemetry-stale', conditions, watermarkMs, () => finding)
  return { state: next, conditions }
}

/** From this watermark on `detectStale` can find the device stale; lets an owner keep devices in order of it. */
export function staleAfterMs(state: DeviceDetectState, config: DetectConfig = detectDefaults): number {
  return state.lastMs + Math.max(config.telemetryStale.leastMs, config.telemetryStale.intervals * state.intervalMs)
}

function interfaces(
  before: DeviceDetectState,
  poll: PollObservation,
  context: DeviceContext,
  config: DetectConfig,
  conditions: DetectedCondition[],
): Record<string, InterfaceDetectState> {
  const next: Record<string, InterfaceDetectState> = {}
  for (const one of poll.interfaces) {
    const outcome = detectInterface(before.interfaces[one.interfaceId], one, poll, context, config)
    next[one.interfaceId] = outcome.state
    for (const { alarmType, qualifier, report } of outcome.reports) {
      conditions.push({
        alarmType,
        resource: resource.interface(one.interfaceId),
        qualifier,
        deviceId: poll.deviceId,
        siteId: poll.siteId,
        state: report.state,
        severity: report.severity,
        eventTimeMs: poll.atMs,
        windowStartMs: report.windowStartMs,
        evidence: report.evidence,
      })
    }
  }
  for (const [id, known] of Object.entries(before.interfaces)) {
    if (Object.hasOwn(next, id)) continue
    if (poll.atMs - known.seenMs < interfaceGoneMs) next[id] = known
    else conditions.push(...endings(id, known, poll))
  }
  return next
}

function endings(id: string, known: InterfaceDetectState, poll: PollObservation): DetectedCondition[] {
  return Object.entries(known.episodes ?? {}).map(([key, episode]) => {
    const [alarmType, qualifier] = key.split('/')
    return {
      alarmType: alarmType as AlarmType,
      resource: resource.interface(id),
      qualifier: qualifier ?? '',
      deviceId: poll.deviceId,
      siteId: poll.siteId,
      state: 'cleared',
      severity: episode.severity,
      eventTimeMs: poll.atMs,
      windowStartMs: episode.windowStartMs,
      evidence: goneEvidence,
    }
  })
}

const goneEvidence: Evidence = {
  summary: 'The device no longer lists this interface.',
  action: 'Nothing to do if it was removed.',
  measured: {},
  expected: {},
}

function freshAgain(samples: number): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `Polls arrive again (${samples} so far).`,
      action: 'Nothing to do.',
      measured: { samples },
      expected: {},
    }),
  }
}

function settle(
  next: DeviceDetectState,
  slot: 'unreachable' | 'snmpFailing' | 'stale',
  alarmType: AlarmType,
  conditions: DetectedCondition[],
  atMs: number,
  find: () => Finding,
): void {
  const { episode, report } = episodeStep(next[slot], find(), atMs)
  put(next, slot, episode)
  if (!report) return
  const { state, severity, windowStartMs, evidence } = report
  conditions.push({
    alarmType,
    resource: resource.device(next.deviceId),
    qualifier: '',
    deviceId: next.deviceId,
    siteId: next.siteId,
    state,
    severity,
    eventTimeMs: atMs,
    windowStartMs,
    evidence,
  })
}
