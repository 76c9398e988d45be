import type { Severity } from '../../model/src/index.ts'
import type { DetectConfig } from './config.ts'
import type { Episode, Finding } from './episode.ts'
import type { PollObservation } from './observation.ts'
import { clockTime, duration } from './wording.ts'

const minuteMs = 60_000

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

/** A device does not answer: three polls in a row, that is two intervals and the poll's timeouts after the first miss. */
export function deviceUnreachable(
  failed: RunState | undefined,
  episode: Episode | undefined,
  poll: PollObservation,
  role: string,
  config: DetectConfig['deviceUnreachable'],
): Finding {
  if (poll.reachable) {
    if (!episode) return undefined
    return {
      kind: 'clear',
      evidence: () => ({
        summary: `Answers again since ${clockTime(poll.atMs)}.`,
        action: 'Nothing to do.',
        measured: { failedPolls: 0 },
        expected: { failedPolls: 0 },
      }),
    }
  }
  if (!failed || failed.count < config.polls) return undefined
  return {
    kind: 'active',
    severity: severityByRole[role] ?? 'major',
    windowStartMs: Math.floor(failed.fromMs / minuteMs) * minuteMs,
    headline: 1,
    evidence: () => ({
      summary: `Has not answered ${failed.count} polls in a row, since ${clockTime(failed.fromMs)}.`,
      action: 'Check power and the way there: its uplink, its neighbours, its site; then SNMP access.',
      measured: { failedPolls: failed.count, code: poll.errors[0]?.code ?? null },
      expected: { failedPolls: 0 },
    }),
  }
}

/** Errors that leave rows or columns out; a single cell that makes no sense is no failing device. */
export function answersInPart(poll: Pick<PollObservation, 'errors'>): PollObservation['errors'] {
  return poll.errors.filter(error => !error.code.startsWith('cell-'))
}

/** A device answers in part only: some of what is asked fails, poll after poll. */
export function snmpFailing(
  failing: RunState | undefined,
  episode: Episode | undefined,
  poll: PollObservation,
  config: DetectConfig['snmpFailing'],
): Finding {
  if (!poll.reachable) return undefined
  const errors = answersInPart(poll)
  const [first] = errors
  if (failing && first && failing.count >= config.polls) {
    return {
      kind: 'active',
      severity: 'warning',
      windowStartMs: Math.floor(failing.fromMs / minuteMs) * minuteMs,
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
    windowStartMs: Math.floor(lastMs / minuteMs) * minuteMs,
    headline: 1,
    evidence: () => ({
      summary: `No poll since ${clockTime(lastMs)}, ${duration(watermarkMs - lastMs)} ago; it is polled every ${duration(intervalMs)}.`,
      action: 'Check the poller of its site; what is shown of the device is its last known state.',
      measured: { lastPollAt: new Date(lastMs).toISOString(), silentMs: watermarkMs - lastMs },
      expected: { silentMs: limitMs },
    }),
  }
}
