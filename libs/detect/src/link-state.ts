import type { Severity } from '../../model/src/index.ts'
import type { DetectConfig } from './config.ts'
import type { Episode, Finding } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import { adminUp, type InterfaceObservation, operUp } from './observation.ts'
import { bitRate, clockTime, duration } from './wording.ts'

const operDown = 2
const operNotPresent = 6
const operLowerLayerDown = 7
const lagType = 161
const fiveMinutesMs = 300_000
const hourMs = 3_600_000
const downsKept = 8

/**
 * Down by itself. lowerLayerDown says that the interface below is: that one has the alarm; a LAG without members has no
 * other.
 */
export function isDown(one: { operStatus: number; ifType: number }): boolean {
  if (one.operStatus === operLowerLayerDown) return one.ifType === lagType
  return one.operStatus === operDown || one.operStatus === operNotPresent
}

export function isUplink(one: { ifAlias: string }, words: readonly string[]): boolean {
  const alias = one.ifAlias.toLowerCase()
  return words.some(word => alias.includes(word.toLowerCase()))
}

const severityByRole: Readonly<Record<string, Severity>> = {
  core: 'critical',
  distribution: 'major',
  edge: 'major',
  firewall: 'major',
  server: 'minor',
  wireless: 'minor',
  other: 'minor',
  access: 'warning',
}

/** What hangs on an interface: uplinks and core links are critical, a desk's port is not. */
export function linkSeverity(role: string, uplink: boolean): Severity {
  return uplink ? 'critical' : (severityByRole[role] ?? 'minor')
}

/**
 * A link that was up went down while its administrator wants it up. At once: there is nothing to average. Over when it
 * is up, or switched off.
 */
export function linkDown(
  wasUp: boolean,
  episode: Episode | undefined,
  one: InterfaceObservation,
  atMs: number,
  severity: Severity,
): Finding {
  if (one.adminStatus === adminUp && isDown(one) && (wasUp || episode)) {
    return {
      kind: 'active',
      severity,
      windowStartMs: minuteStartMs(atMs),
      headline: 1,
      evidence: () => ({
        summary: `${one.ifName}${one.ifAlias ? ` (${one.ifAlias})` : ''} is down since the poll of ${clockTime(atMs)}; it should be up.`,
        action: 'Check the far end, then cable and module; shut the port down if it is meant to be off.',
        measured: { operStatus: one.operStatus, adminStatus: one.adminStatus },
        expected: { operStatus: operUp },
      }),
    }
  }
  if (!episode || (one.operStatus !== operUp && one.adminStatus === adminUp)) return undefined
  const words = one.operStatus === operUp ? 'is up again' : 'was switched off by its administrator'
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `${one.ifName} ${words}.`,
      action: 'Nothing to do.',
      measured: { operStatus: one.operStatus, adminStatus: one.adminStatus },
      expected: { operStatus: operUp },
    }),
  }
}

/** Plain JSON; absent for a link that has not gone down lately. */
export interface FlapState {
  /** Penalty as of the last down, and times of the last downs, 8 at most. */
  penalty: number
  downsMs: number[]
  /** When it came up last; null while it is down. */
  upSinceMs: number | null
}

/**
 * A link goes up and down: three downs in five minutes, five in an hour, or a decayed penalty as of route flap damping
 * (RFC 2439 §4.2). Polls alone miss flaps, so a moved ifLastChange between two polls of the same state counts as a down.
 */
export function linkFlapping(
  before: FlapState | undefined,
  episode: Episode | undefined,
  one: InterfaceObservation,
  wentDown: boolean,
  atMs: number,
  severity: Severity,
  config: DetectConfig['linkFlapping'],
): { state: FlapState | undefined; finding: Finding } {
  if (!before && !wentDown) return { state: undefined, finding: undefined }
  const lastDownMs = before?.downsMs.at(-1) ?? atMs
  const decayed = (before?.penalty ?? 0) * 2 ** (-(atMs - lastDownMs) / config.halfLifeMs)
  const downsMs = (before?.downsMs ?? []).filter(ms => atMs - ms < hourMs)
  const up = one.operStatus === operUp
  const upSinceMs = up ? (wentDown ? atMs : (before?.upSinceMs ?? atMs)) : null
  const penalty = decayed + (wentDown ? config.penaltyPerDown : 0)
  const downs = wentDown ? [...downsMs, atMs].slice(-downsKept) : downsMs
  const state: FlapState | undefined =
    downs.length === 0 && !episode
      ? undefined
      : {
          penalty: wentDown ? penalty : (before?.penalty ?? 0),
          downsMs: wentDown ? downs : (before?.downsMs ?? []),
          upSinceMs,
        }
  const recent = downs.filter(ms => atMs - ms <= fiveMinutesMs).length
  const evidence = (words: string) => () => ({
    summary: `${one.ifName} ${words}`,
    action: 'Check cable, module and the far end; keep it down until it is repaired if traffic suffers.',
    measured: { downsInFiveMinutes: recent, downsInHour: downs.length, penalty: Math.round(penalty) },
    expected: {
      downsInFiveMinutes: config.downsInFiveMinutes,
      downsInHour: config.downsInHour,
      penalty: config.raiseAt,
    },
  })
  if (
    wentDown &&
    (penalty >= config.raiseAt || recent >= config.downsInFiveMinutes || downs.length >= config.downsInHour)
  ) {
    return {
      state,
      finding: {
        kind: 'active',
        severity,
        windowStartMs: minuteStartMs(atMs),
        headline: downs.length,
        evidence: evidence(`went down ${recent} times in 5 minutes, ${downs.length} times in an hour.`),
      },
    }
  }
  const steady = penalty < config.clearBelow && upSinceMs !== null && atMs - upSinceMs >= config.clearUpMs
  if (episode && steady) {
    return { state, finding: { kind: 'clear', evidence: evidence(`has been up for ${duration(atMs - upSinceMs)}.`) } }
  }
  return { state, finding: undefined }
}

/** Plain JSON. */
export interface SpeedState {
  /** Speed the link had before it fell, bits per second. */
  reference: number
  /** Polls in a row below it. */
  below: number
}

/** A link runs slower than it did, for two polls while up: bad pair, dirty contact, lost LAG member, autonegotiation. */
export function speedDowngrade(
  before: SpeedState | undefined,
  episode: Episode | undefined,
  one: InterfaceObservation,
  atMs: number,
  config: DetectConfig['speedDowngrade'],
): { state: SpeedState | undefined; finding: Finding } {
  const speed = one.speedBitsPerSecond
  // A port that is down says 0 or its slowest speed.
  if (!one.physical || one.operStatus !== operUp || speed <= 0) return { state: before, finding: undefined }
  const reference = before?.reference ?? speed
  const below = speed < reference ? (before?.below ?? 0) + 1 : 0
  const state = { reference: Math.max(speed, reference), below: Math.min(below, config.polls) }
  const evidence = () => ({
    summary:
      speed < reference
        ? `${one.ifName} runs at ${bitRate(speed)}; it ran at ${bitRate(reference)}.`
        : `${one.ifName} runs at ${bitRate(speed)} again.`,
    action: speed < reference ? 'Check cable pairs, module and autonegotiation of both ends.' : 'Nothing to do.',
    measured: { speedBitsPerSecond: speed },
    expected: { speedBitsPerSecond: reference },
  })
  if (below >= config.polls) {
    const windowStartMs = minuteStartMs(atMs)
    return { state, finding: { kind: 'active', severity: 'major', windowStartMs, headline: speed, evidence } }
  }
  return { state, finding: episode && below === 0 ? { kind: 'clear', evidence } : undefined }
}
