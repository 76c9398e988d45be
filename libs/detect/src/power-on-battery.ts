import { resource } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import { clockTime, duration } from './wording.ts'

/** What a device said of its power. Times are milliseconds since the Unix epoch. */
export interface PowerEvent {
  deviceId: string
  siteId: string
  atMs: number
  kind: 'power-on-battery' | 'power-restored'
  /** Said again and again for as long as it lasts (RFC 1628's upsTrapOnBattery). */
  repeats: boolean
}

/** A device that runs on battery, as far as its own messages say. Plain JSON; absent for every other device. */
export interface PowerState {
  deviceId: string
  siteId: string
  fromMs: number
  lastMs: number
  repeats: boolean
  episode?: Episode
}

export interface PowerOutcome {
  state: PowerState | undefined
  conditions: DetectedCondition[]
}

/** Takes the next message of a device about its power. Pure; messages may come late, twice, or not at all. */
export function detectPower(
  before: PowerState | undefined,
  event: PowerEvent,
  config: DetectConfig = detectDefaults,
): PowerOutcome {
  const { deviceId, siteId, atMs, repeats } = event
  if (event.kind === 'power-restored') {
    return before
      ? settle(before, over(before, 'Has mains power again.'), atMs, config)
      : { state: undefined, conditions: [] }
  }
  const state: PowerState = {
    ...before,
    deviceId,
    siteId,
    fromMs: before?.fromMs ?? atMs,
    lastMs: Math.max(before?.lastMs ?? atMs, atMs),
    repeats: repeats || (before?.repeats ?? false),
  }
  return settle(state, onBattery(state), atMs, config)
}

/** Time has passed: a message that is repeated while on battery is repeated no more. */
export function detectPowerSilence(
  before: PowerState,
  watermarkMs: number,
  config: DetectConfig = detectDefaults,
): PowerOutcome {
  const silentMs = watermarkMs - before.lastMs
  const { repeatLostMs, enabled } = config.powerOnBattery
  if (enabled && (!before.repeats || silentMs <= repeatLostMs)) return { state: before, conditions: [] }
  const words = `Has not said for ${duration(silentMs)} that it runs on battery, which it did each minute.`
  return settle(before, over(before, words), watermarkMs, config)
}

function onBattery(state: PowerState): Finding {
  return {
    kind: 'active',
    severity: 'major',
    windowStartMs: minuteStartMs(state.fromMs),
    headline: 1,
    evidence: () => ({
      summary: `Runs on battery since ${clockTime(state.fromMs)}, it says.`,
      action: 'Check mains power of the site; what hangs on this supply goes dark when the battery is empty.',
      measured: { onBatterySince: new Date(state.fromMs).toISOString() },
      expected: { onBatterySince: null },
    }),
  }
}

function over(state: PowerState, summary: string): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary,
      action: 'Nothing to do.',
      measured: { onBatterySince: new Date(state.fromMs).toISOString() },
      expected: { onBatterySince: null },
    }),
  }
}

function settle(state: PowerState, found: Finding, atMs: number, config: DetectConfig): PowerOutcome {
  const finding = config.powerOnBattery.enabled ? found : switchedOff
  const { episode, report } = episodeStep(state.episode, finding, atMs)
  const { episode: _, ...rest } = state
  const conditions: DetectedCondition[] = []
  if (report) {
    conditions.push({
      alarmType: 'power-on-battery',
      resource: resource.device(state.deviceId),
      qualifier: '',
      deviceId: state.deviceId,
      siteId: state.siteId,
      state: report.state,
      severity: report.severity,
      eventTimeMs: atMs,
      windowStartMs: report.windowStartMs,
      evidence: report.evidence,
    })
  }
  return { state: episode && { ...rest, episode }, conditions }
}
