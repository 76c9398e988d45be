import type { DetectConfig } from '../config.ts'
import type { Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { clockTime, duration } from '../wording.ts'

/** Plain JSON. Times are of the log's own clock, milliseconds. */
export interface SilenceState {
  heardLogMs: number
  /** How often it was heard, up to where that is often enough. */
  heard: number
  /** Longest pause of this hour of the log, and of the hour before. */
  hour: number
  pauseMs: number
  pauseBeforeMs: number
}

const hourMs = 3_600_000

export function newSilence(logMs: number): SilenceState {
  return { heardLogMs: logMs, heard: 1, hour: Math.floor(logMs / hourMs), pauseMs: 0, pauseBeforeMs: 0 }
}

/** It was heard again. */
export function heardAgain(state: SilenceState, logMs: number, config: DetectConfig['exporterStale']): SilenceState {
  const hour = Math.floor(logMs / hourMs)
  const pauseMs = Math.min(logMs - state.heardLogMs, config.mostMs)
  const same = hour === state.hour
  return {
    heardLogMs: logMs,
    heard: Math.min(state.heard + 1, config.heardLeast),
    hour,
    pauseMs: same ? Math.max(state.pauseMs, pauseMs) : pauseMs,
    pauseBeforeMs: same ? state.pauseBeforeMs : hour === state.hour + 1 ? state.pauseMs : 0,
  }
}

/** How long it may be silent: a multiple of the longest pause it usually makes. */
export function silenceMsMax(state: SilenceState, config: DetectConfig['exporterStale']): number {
  const usualMs = Math.max(state.pauseMs, state.pauseBeforeMs)
  return Math.min(Math.max(config.leastMs, config.pauses * usualMs), config.mostMs)
}

/** An exporter that used to send has fallen silent. */
export function exporterSilent(
  state: SilenceState,
  logMs: number,
  lastSeenMs: number,
  config: DetectConfig['exporterStale'],
): Finding {
  const silentMs = logMs - state.heardLogMs
  const limitMs = silenceMsMax(state, config)
  if (state.heard < config.heardLeast || silentMs <= limitMs) return undefined
  return {
    kind: 'active',
    severity: 'warning',
    windowStartMs: minuteStartMs(lastSeenMs),
    headline: 1,
    evidence: () => ({
      summary: `No flows came from it since ${clockTime(lastSeenMs)}; it was never silent for more than ${duration(limitMs / config.pauses)} before.`,
      action: "Check the device, its export's configuration and the way to the collector.",
      measured: { lastSeenAt: new Date(lastSeenMs).toISOString(), silentMs },
      expected: { silentMs: limitMs },
    }),
  }
}

export function sendsAgain(): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary: 'Flows come from it again.',
      action: 'Nothing to do.',
      measured: {},
      expected: {},
    }),
  }
}
