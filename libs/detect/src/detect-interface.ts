import type { AlarmType } from '../../model/src/index.ts'
import type { DetectConfig } from './config.ts'
import { type CongestionState, congestionDrops } from './congestion.ts'
import { linkCorruption } from './corruption.ts'
import { type Episode, type EpisodeReport, episodeStep, type Finding, switchedOff } from './episode.ts'
import { type ErrorRatioState, forgetSuspicion } from './error-ratio.ts'
import {
  type FlapState,
  isDown,
  isUplink,
  linkDown,
  linkFlapping,
  linkSeverity,
  type SpeedState,
  speedDowngrade,
} from './link-state.ts'
import { type MicroburstState, microbursts } from './microbursts.ts'
import { adminUp, type DeviceContext, type InterfaceObservation, operUp, type PollObservation } from './observation.ts'
import { put } from './put.ts'
import { type Direction, linkSaturation, linkUtilisationHigh, nextWindows } from './saturation.ts'
import type { UtilisationWindows } from './utilisation-windows.ts'

/** What the detectors remember of one interface. Plain JSON; a quiet interface has little of it. */
export interface InterfaceDetectState {
  seenMs: number
  adminStatus: number
  operStatus: number
  lastChangeCs?: number
  /** It has been up since we know it. */
  seenUp: boolean
  /** Intervals that begin before this are not judged for corruption. */
  maskedUntilMs?: number
  windowsIn?: UtilisationWindows
  windowsOut?: UtilisationWindows
  drops?: CongestionState
  bursts?: MicroburstState
  corruptionIn?: ErrorRatioState
  corruptionOut?: ErrorRatioState
  flap?: FlapState
  speed?: SpeedState
  /** By `<alarm type>` or `<alarm type>/<qualifier>`. */
  episodes?: Record<string, Episode>
}

export interface InterfaceOutcome {
  state: InterfaceDetectState
  reports: { alarmType: AlarmType; qualifier: string; report: EpisodeReport }[]
}

/** Differences of ifLastChange below this are an agent's rounding, not a change. */
const lastChangeNoiseCs = 200

/** Runs the detectors of one interface over one poll. */
export function detectInterface(
  before: InterfaceDetectState | undefined,
  one: InterfaceObservation,
  poll: PollObservation,
  context: DeviceContext,
  config: DetectConfig,
): InterfaceOutcome {
  const state: InterfaceDetectState = {
    ...before,
    seenMs: poll.atMs,
    adminStatus: one.adminStatus,
    operStatus: one.operStatus,
    seenUp: (before?.seenUp ?? false) || one.operStatus === operUp,
  }
  const reports: InterfaceOutcome['reports'] = []
  const say = (
    alarmType: AlarmType,
    qualifier: string,
    enabled: boolean,
    find: (episode: Episode | undefined) => Finding,
  ): void => {
    const key = qualifier === '' ? alarmType : `${alarmType}/${qualifier}`
    const known = state.episodes?.[key]
    if (!enabled && !known) return
    const { episode, report } = episodeStep(known, enabled ? find(known) : switchedOff, poll.atMs)
    if (episode !== known) state.episodes = withEpisode(state.episodes, key, episode)
    if (report) reports.push({ alarmType, qualifier, report })
  }

  const change = linkChange(before, one, poll)
  noteChange(state, one, poll, change, config)
  const severity = linkSeverity(context.role, isUplink(one, config.uplinkWords))
  // Right after a reboot or after its administrator switched it on, a link still has to come up.
  const mayRaise = state.seenUp && before?.adminStatus === adminUp && !poll.rebooted
  say('link-down', '', config.linkDown.enabled, episode => linkDown(mayRaise, episode, one, poll.atMs, severity))
  say('link-flapping', '', config.linkFlapping.enabled, episode => {
    const flapSeverity = severity === 'critical' ? 'critical' : 'major'
    const flap = linkFlapping(before?.flap, episode, one, change.wentDown, poll.atMs, flapSeverity, config.linkFlapping)
    put(state, 'flap', flap.state)
    return flap.finding
  })
  say('speed-downgrade', '', config.speedDowngrade.enabled, episode => {
    const speed = speedDowngrade(before?.speed, episode, one, poll.atMs, config.speedDowngrade)
    put(state, 'speed', speed.state)
    return speed.finding
  })
  congestion(state, one, say, config)
  corruption(state, one, say, config)
  for (const direction of ['in', 'out'] as const) utilisation(state, one, direction, poll.atMs, say, config)
  if (state.episodes && Object.keys(state.episodes).length === 0) delete state.episodes
  return { state, reports }
}

type Say = (
  alarmType: AlarmType,
  qualifier: string,
  enabled: boolean,
  find: (episode: Episode | undefined) => Finding,
) => void

interface LinkChange {
  /** The link changed since the last poll. */
  changed: boolean
  wentDown: boolean
}

function linkChange(
  before: InterfaceDetectState | undefined,
  one: InterfaceObservation,
  poll: PollObservation,
): LinkChange {
  if (!before || poll.rebooted) return { changed: poll.rebooted, wentDown: false }
  const wasUp = before.operStatus === operUp
  const isUp = one.operStatus === operUp
  // What its administrator switches off and on does not flap.
  const wanted = one.adminStatus === adminUp && before.adminStatus === adminUp
  const moved =
    before.lastChangeCs !== undefined &&
    one.lastChangeCs !== undefined &&
    Math.abs(one.lastChangeCs - before.lastChangeCs) >= lastChangeNoiseCs
  const wentDown = wanted && ((wasUp && isDown(one)) || (wasUp && isUp && moved) || (!wasUp && !isUp && moved))
  return { changed: wasUp !== isUp || moved, wentDown }
}

function noteChange(
  state: InterfaceDetectState,
  one: InterfaceObservation,
  poll: PollObservation,
  change: LinkChange,
  config: DetectConfig,
): void {
  if (one.lastChangeCs !== undefined) state.lastChangeCs = one.lastChangeCs
  if (change.changed) {
    const sinceChangeMs =
      one.lastChangeCs === undefined || poll.upTimeSeconds === null
        ? 0
        : Math.max(0, poll.upTimeSeconds * 1_000 - one.lastChangeCs * 10)
    state.maskedUntilMs = poll.atMs - sinceChangeMs + config.linkCorruption.maskMs
    const episodes = state.episodes ?? {}
    put(state, 'corruptionIn', forgetSuspicion(state.corruptionIn, 'link-corruption/in' in episodes))
    put(state, 'corruptionOut', forgetSuspicion(state.corruptionOut, 'link-corruption/out' in episodes))
  } else if (state.maskedUntilMs !== undefined && poll.atMs - state.maskedUntilMs > 3_600_000) {
    delete state.maskedUntilMs
  }
}

function congestion(state: InterfaceDetectState, one: InterfaceObservation, say: Say, config: DetectConfig): void {
  say('congestion-drops', 'out', config.congestionDrops.enabled, episode => {
    if (!one.interval) return undefined
    const drops = congestionDrops(state.drops, episode !== undefined, one, one.interval, config.congestionDrops)
    put(state, 'drops', drops.state)
    return drops.finding
  })
  say('microbursts', 'out', config.microbursts.enabled, episode => {
    if (!one.interval) return undefined
    const explained = state.episodes?.['congestion-drops/out'] !== undefined
    const bursts = microbursts(state.bursts, episode !== undefined, explained, one, one.interval, config.microbursts)
    put(state, 'bursts', bursts.state)
    return bursts.finding
  })
}

function corruption(state: InterfaceDetectState, one: InterfaceObservation, say: Say, config: DetectConfig): void {
  const { interval } = one
  // Errors of virtual interfaces are packets without a route, not damaged frames.
  if (!interval || !one.physical || one.operStatus !== operUp) return
  if (state.maskedUntilMs !== undefined && interval.fromMs < state.maskedUntilMs) return
  for (const direction of ['in', 'out'] as const) {
    const slot = direction === 'in' ? 'corruptionIn' : 'corruptionOut'
    say('link-corruption', direction, config.linkCorruption.enabled, episode => {
      const result = linkCorruption(state[slot], episode !== undefined, one, interval, direction, config.linkCorruption)
      put(state, slot, result.state)
      return result.finding
    })
  }
}

function utilisation(
  state: InterfaceDetectState,
  one: InterfaceObservation,
  direction: Direction,
  atMs: number,
  say: Say,
  config: DetectConfig,
): void {
  const slot = direction === 'in' ? 'windowsIn' : 'windowsOut'
  const windows = nextWindows(state[slot], one, direction, atMs)
  put(state, slot, windows)
  if (!windows) return
  const dropping = direction === 'out' && state.episodes?.['congestion-drops/out'] !== undefined
  say('link-saturation', direction, config.linkSaturation.enabled, episode =>
    linkSaturation(windows, episode, one, direction, dropping, config.linkSaturation),
  )
  say('link-utilisation-high', direction, config.linkUtilisationHigh.enabled, () =>
    linkUtilisationHigh(windows, one, direction, config.linkUtilisationHigh),
  )
}

function withEpisode(
  episodes: Record<string, Episode> | undefined,
  key: string,
  episode: Episode | undefined,
): Record<string, Episode> {
  const next = { ...episodes }
  if (episode) next[key] = episode
  else delete next[key]
  return next
}
