import { resource } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { hearsNobody } from './device-health.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import type { SightObservation } from './observation.ts'
import { clockTime } from './wording.ts'

/** A poller as its heartbeats tell of it. Plain JSON. */
export interface PollerState {
  /** Whose devices it polls, in order. */
  tenantIds: string[]
  devices: number
  stampMs: number
  episode?: Episode
}

export interface PollerHeartbeat {
  producerId: string
  stampMs: number
  tenantIds: readonly string[]
  sight: SightObservation
}

/** A condition on a poller is said to each tenant it polls for. */
export type PollerCondition = DetectedCondition & { tenantId: string }

export interface PollerOutcome {
  /** undefined: nothing is known of it any more. */
  state: PollerState | undefined
  conditions: PollerCondition[]
}

/** A poller that is gone this long was taken away. */
const forgetAfterMs = 3_600_000

/**
 * Judges a poller by its heartbeat: one that hears nobody of several sites is blind itself, and its devices are not to
 * blame. Pure: the same in every partition and at every reading.
 */
export function detectPoller(
  before: PollerState | undefined,
  { producerId, stampMs, tenantIds, sight }: PollerHeartbeat,
  config: DetectConfig = detectDefaults,
): PollerOutcome {
  // What it says last: it polls nothing any more.
  if (sight.devices === 0)
    return before ? forgetPoller(producerId, before, stampMs) : { state: undefined, conditions: [] }
  const state: PollerState = { ...before, tenantIds: [...tenantIds].sort(), devices: sight.devices, stampMs }
  const { silentMs, enabled } = config.pollerBlind
  const blind = sight.sites >= 2 && hearsNobody(sight) && stampMs - sight.heardMs >= silentMs
  const finding = !enabled ? switchedOff : blind ? hearsNobodySince(sight.heardMs, stampMs) : hearsAgain()
  return settle(producerId, before, state, finding, stampMs)
}

/** Others write and it does not. */
export function detectPollerGone(
  producerId: string,
  before: PollerState,
  nowMs: number,
  /** Devices that the others poll now. */
  polledByOthers: number,
  config: DetectConfig = detectDefaults,
): PollerOutcome {
  if (polledByOthers >= before.devices || nowMs - before.stampMs > forgetAfterMs) {
    return forgetPoller(producerId, before, nowMs)
  }
  if (before.episode || !config.pollerBlind.enabled) return { state: before, conditions: [] }
  const { stampMs } = before
  const finding: Finding = {
    kind: 'active',
    severity: 'critical',
    windowStartMs: minuteStartMs(stampMs),
    headline: 1,
    evidence: () => ({
      summary: `Poller ${producerId} has written nothing since ${clockTime(stampMs)}; nobody polls its devices.`,
      action: 'Check its process and its host. What is shown of its devices is their last known state.',
      measured: { silentMs: nowMs - stampMs },
      expected: { silentMs: 0 },
    }),
  }
  return settle(producerId, before, before, finding, nowMs)
}

function forgetPoller(producerId: string, before: PollerState, atMs: number): PollerOutcome {
  const gone: Finding = {
    kind: 'clear',
    evidence: () => ({
      summary: `Poller ${producerId} polls no device any more.`,
      action: 'Nothing to do.',
      measured: {},
      expected: {},
    }),
  }
  return { state: undefined, conditions: settle(producerId, before, before, gone, atMs).conditions }
}

function hearsNobodySince(heardMs: number, stampMs: number): Finding {
  return {
    kind: 'active',
    severity: 'critical',
    windowStartMs: minuteStartMs(heardMs),
    headline: 1,
    evidence: () => ({
      summary: `The poller hears no device of any site since ${clockTime(heardMs)}.`,
      action: "Check the poller's own network and its way out. Its devices are not judged meanwhile.",
      measured: { silentMs: stampMs - heardMs },
      expected: { silentMs: 0 },
    }),
  }
}

function hearsAgain(): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary: 'The poller hears its devices again.',
      action: 'Nothing to do.',
      measured: { silentMs: 0 },
      expected: { silentMs: 0 },
    }),
  }
}

function settle(
  producerId: string,
  before: PollerState | undefined,
  state: PollerState,
  finding: Finding,
  atMs: number,
): PollerOutcome {
  const { episode, report } = episodeStep(before?.episode, finding, atMs)
  const { episode: _, ...rest } = state
  const next: PollerState = episode ? { ...rest, episode } : rest
  const conditions: PollerCondition[] = []
  const say = (tenantIds: readonly string[], said: NonNullable<typeof report>): void => {
    for (const tenantId of tenantIds) {
      conditions.push({
        tenantId,
        alarmType: 'telemetry-stale',
        resource: resource.poller(producerId),
        qualifier: '',
        deviceId: '',
        siteId: '',
        state: said.state,
        severity: said.severity,
        eventTimeMs: atMs,
        windowStartMs: said.windowStartMs,
        evidence: said.evidence,
      })
    }
  }
  if (report) say(next.tenantIds, report)
  // Whose devices it no longer polls, and who comes while it is blind.
  const left = (before?.tenantIds ?? []).filter(id => !next.tenantIds.includes(id))
  const { episode: was } = before ?? {}
  if (was && left.length > 0) {
    const over = episodeStep(was, hearsAgain(), atMs).report
    if (over) say(left, over)
  }
  const come = before ? next.tenantIds.filter(id => !before.tenantIds.includes(id)) : []
  if (was && !report && finding?.kind === 'active' && come.length > 0) {
    say(come, {
      state: 'active',
      severity: was.severity,
      windowStartMs: was.windowStartMs,
      evidence: finding.evidence(),
    })
  }
  return { state: next, conditions }
}
