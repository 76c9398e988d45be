import type { Severity } from '../../model/src/index.ts'
import type { DetectConfig } from './config.ts'
import type { Episode, Finding } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import type { PollObservation, ReachObservation, SightObservation } from './observation.ts'
import { clockTime, duration } from './wording.ts'

/** Polls in a row of one outcome, and when the row began. Plain JSON. */
export interface RunState {
  count: number
  fromMs: number
}

export function nextRun(
  before: RunState | undefined,
  continues: boolean,
  atMs: number,
  countMax: number,
): RunState | undefined {
  if (!continues) return undefined
  return before ? { count: Math.min(countMax, before.count + 1), fromMs: before.fromMs } : { count: 1, fromMs: atMs }
}

const severityByRole: Readonly<Record<string, Severity>> = {
  core: 'critical',
  distribution: 'critical',
  edge: 'critical',
  firewall: 'critical',
}

/** What a poll without an answer says of the device. */
export type Silence =
  /** Neither SNMP nor its host, which has answered before. */
  | 'confirmed'
  /** SNMP does not answer; nobody knows of its host. */
  | 'unconfirmed'
  /** Its host answers. */
  | 'snmp-only'

/** Answers that an agent gives, though none that was asked for; and polls that did not even ask. */
const agentLives: ReadonlySet<string> = new Set([
  'snmp-auth-failed',
  'snmp-not-in-time-window',
  'snmp-malformed-reply',
  'snmp-error-status',
  'snmp-too-big',
  'snmp-auth-paused',
  'snmp-auth-refused',
  'snmp-auth-unknown',
])

/** @param knownToAnswer its host has answered what is asked below SNMP before; many never do */
export function silenceOf(poll: PollObservation, knownToAnswer: boolean): Silence | undefined {
  if (poll.reachable) return undefined
  const { reach } = poll
  if (reach && reach.received > 0) return 'snmp-only'
  if (reach && reach.sent > 0 && knownToAnswer) return 'confirmed'
  return agentLives.has(poll.errors[0]?.code ?? '') ? 'snmp-only' : 'unconfirmed'
}

/** Whether the poller heard nobody at all for most of this poll: then it says nothing of the device. */
export function isBlindPoll(poll: PollObservation): boolean {
  const { sight, atMs, pollDurationMs } = poll
  if (poll.reachable || !sight) return false
  return hearsNobody(sight) && atMs + pollDurationMs - sight.heardMs >= pollDurationMs / 2
}

/** How a device stands after a poll, in one word for screens. */
export type ReachState = 'up' | 'snmp-failing' | 'down' | 'unknown'

export function reachStateOf(poll: PollObservation, { hostAnswers }: { hostAnswers?: true }): ReachState {
  if (isBlindPoll(poll)) return 'unknown'
  const silence = silenceOf(poll, hostAnswers ?? false)
  return silence === undefined ? 'up' : silence === 'snmp-only' ? 'snmp-failing' : 'down'
}

/** Nobody answers, on two sites or more: what they have in common is who asks. */
export function hearsNobody({ devices, answering, silentDevices, silentSites }: SightObservation): boolean {
  return silentSites >= 2 && silentDevices >= Math.min(3, answering || devices)
}

/** Polls in a row that a device did not answer: without a sign of life, and those in which its host was asked too. */
export interface FailedRuns {
  failed: RunState | undefined
  confirmed: RunState | undefined
}

/** A device does not answer: one poll where its host is asked too and is silent as well, else three polls in a row. */
export function deviceUnreachable(
  { failed, confirmed }: FailedRuns,
  episode: Episode | undefined,
  poll: PollObservation,
  role: string,
  config: DetectConfig['deviceUnreachable'],
): Finding {
  if (!failed) {
    if (!episode) return undefined
    return {
      kind: 'clear',
      evidence: () => ({
        summary: poll.reachable
          ? `Answers again since ${clockTime(poll.atMs)}.`
          : `Its host answers again since ${clockTime(poll.atMs)}; SNMP does not.`,
        action: poll.reachable ? 'Nothing to do.' : 'See what is said of its SNMP.',
        measured: { failedPolls: 0 },
        expected: { failedPolls: 0 },
      }),
    }
  }
  const isConfirmed = confirmed !== undefined && confirmed.count >= config.confirmedPolls
  if (!isConfirmed && failed.count < config.polls) return undefined
  const { reach } = poll
  const asked = isConfirmed && reach ? `, nor ${reach.sent} ${attemptWords(reach)}` : ''
  return {
    kind: 'active',
    severity: severityByRole[role] ?? 'major',
    windowStartMs: minuteStartMs(failed.fromMs),
    headline: 1,
    evidence: () => ({
      summary: `Has not answered ${failed.count === 1 ? 'its poll' : `${failed.count} polls in a row`}${asked}, since ${clockTime(failed.fromMs)}.`,
      action: 'Check power and the way there: its uplink, its neighbours, its site; then SNMP access.',
      measured: {
        failedPolls: failed.count,
        code: poll.errors[0]?.code ?? null,
        ...(reach ? { method: reach.method, answers: reach.received } : {}),
      },
      expected: { failedPolls: 0 },
    }),
  }
}

function attemptWords({ method, sent }: ReachObservation): string {
  if (method === 'icmp') return sent === 1 ? 'echo request' : 'echo requests'
  return `${method.toUpperCase()} ${sent === 1 ? 'attempt' : 'attempts'}`
}

/** Errors that leave rows or columns out; a single cell that makes no sense is no failing device. */
export function answersInPart(poll: Pick<PollObservation, 'errors'>): PollObservation['errors'] {
  return poll.errors.filter(error => !error.code.startsWith('cell-'))
}

/** A device answers in part only: some of what is asked fails, poll after poll; or its host answers and SNMP does not. */
export function snmpFailing(
  failing: RunState | undefined,
  mute: RunState | undefined,
  episode: Episode | undefined,
  poll: PollObservation,
  config: DetectConfig['snmpFailing'],
): Finding {
  if (!poll.reachable) return mute && mute.count >= config.silentPolls ? snmpSilent(mute, poll) : undefined
  const errors = answersInPart(poll)
  const [first] = errors
  if (failing && first && failing.count >= config.polls) {
    return {
      kind: 'active',
      severity: 'warning',
      windowStartMs: minuteStartMs(failing.fromMs),
      headline: errors.length,
      evidence: () => ({
        summary: `Answers in part only since ${clockTime(failing.fromMs)}: ${errors.length} errors a poll, first ${first.code} at ${first.oid}.`,
        action: "Check the device's SNMP view and load; lengthen its timeout if it is slow.",
        measured: { errors: errors.length, code: first.code, oid: first.oid },
        expected: { errors: 0 },
      }),
    }
  }
  if (!episode || failing) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: 'Answers in full again.',
      action: 'Nothing to do.',
      measured: { errors: 0 },
      expected: { errors: 0 },
    }),
  }
}

/** What is to be done about an agent that gives no answer, by the code of its polls. */
const silentAgents: Readonly<Record<string, { words: string; action: string }>> = {
  'snmp-auth-failed': {
    words: 'refuses our SNMP credentials',
    action: 'Check user, protocols and keys on the device and under `auths`.',
  },
  'snmp-not-in-time-window': {
    words: 'finds our SNMPv3 messages out of its time window',
    action: "Check the device's clock and engine boots; restart its SNMP agent.",
  },
  'snmp-auth-paused': {
    words: 'refuses our SNMP credentials and is asked no more for a while,',
    action: 'Check user, protocols and keys on the device and under `auths`.',
  },
  'snmp-auth-refused': {
    words: 'is not asked: its credentials are not for its tenant or address,',
    action: 'Widen what they are for under `auths`, or give the device others.',
  },
  'snmp-auth-unknown': {
    words: 'is not asked: its credentials are not configured,',
    action: 'Name them under `auths`, as the inventory does.',
  },
}

function snmpSilent(mute: RunState, poll: PollObservation): Finding {
  const { reach } = poll
  const code = poll.errors[0]?.code ?? null
  const known = silentAgents[code ?? '']
  const alive = reach?.received
    ? `Its host answers (${reach.method === 'icmp' ? 'echo' : reach.method.toUpperCase()}), but it `
    : 'It '
  return {
    kind: 'active',
    severity: 'minor',
    windowStartMs: minuteStartMs(mute.fromMs),
    headline: 1,
    evidence: () => ({
      summary: `${alive}${known?.words ?? 'does not answer SNMP'} since ${clockTime(mute.fromMs)}.`,
      action: known?.action ?? 'Check that its SNMP agent runs, its community or user, and its access list for us.',
      measured: {
        failedPolls: mute.count,
        code,
        ...(reach ? { method: reach.method, answers: reach.received } : {}),
      },
      expected: { failedPolls: 0 },
    }),
  }
}

/**
 * Nothing is known of a device any more: no poll, answered or not, for three intervals by the watermark of its
 * partition. The poller or the way from it is broken, not the device.
 */
export function telemetryStale(
  lastMs: number,
  intervalMs: number,
  watermarkMs: number,
  config: DetectConfig['telemetryStale'],
): Finding {
  const limitMs = Math.max(config.leastMs, config.intervals * intervalMs)
  if (watermarkMs - lastMs <= limitMs) return undefined
  return {
    kind: 'active',
    severity: 'warning',
    windowStartMs: minuteStartMs(lastMs),
    headline: 1,
    evidence: () => ({
      summary: `No poll since ${clockTime(lastMs)}, ${duration(watermarkMs - lastMs)} ago; it is polled every ${duration(intervalMs)}.`,
      action: 'Check the poller of its site; what is shown of the device is its last known state.',
      measured: { lastPollAt: new Date(lastMs).toISOString(), silentMs: watermarkMs - lastMs },
      expected: { silentMs: limitMs },
    }),
  }
}
