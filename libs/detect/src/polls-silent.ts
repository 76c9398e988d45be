import { resource, topics } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import { put } from './put.ts'
import { clockTime } from './wording.ts'

/** How far a tenant's signals of polls are behind its other ones. Plain JSON. */
export interface PollsProgress {
  /** Newest stamp of a signal that came of polls, and of any. */
  pollsMs: number
  clockMs: number
  /** Time that passed by the other signals while those of polls were overdue. */
  waitedMs: number
  episode?: Episode
}

export interface PollsProgressOutcome {
  state: PollsProgress
  conditions: DetectedCondition[]
}

/** Pollers write a heartbeat each 5 s, and each one reaches the correlator. */
const overdueMs = 30_000
const raiseAfterMs = 60_000
/** One signal moves time by no more than this: what was down comes back with one long step, and not all at once. */
const stepMsMax = 10_000

/**
 * Judges whether polls still come, by the time that other signals tell: with no poller left no heartbeat moves the log
 * of polls, and nobody would say so.
 */
export function detectPollsSilent(
  before: PollsProgress | undefined,
  fromPolls: boolean,
  stampMs: number,
  config: DetectConfig = detectDefaults,
): PollsProgressOutcome | undefined {
  if (!before) {
    if (!fromPolls) return undefined
    return { state: { pollsMs: stampMs, clockMs: stampMs, waitedMs: 0 }, conditions: [] }
  }
  const clockMs = Math.max(before.clockMs, stampMs)
  const pollsMs = fromPolls ? Math.max(before.pollsMs, stampMs) : before.pollsMs
  const overdue = clockMs - pollsMs > overdueMs
  const step = fromPolls ? 0 : Math.min(stepMsMax, clockMs - before.clockMs)
  const waitedMs = overdue ? before.waitedMs + step : 0
  const state: PollsProgress = { ...before, pollsMs, clockMs, waitedMs }
  const finding: Finding = !config.pollerBlind.enabled
    ? switchedOff
    : !overdue
      ? comeAgain
      : waitedMs >= raiseAfterMs
        ? overdueSince(pollsMs, clockMs)
        : undefined
  const { episode, report } = episodeStep(before.episode, finding, clockMs)
  put(state, 'episode', episode)
  if (!report) return { state, conditions: [] }
  const condition: DetectedCondition = {
    alarmType: 'pipeline-lagging',
    resource: resource.pipeline(topics.polls),
    qualifier: '',
    deviceId: '',
    siteId: '',
    state: report.state,
    severity: report.severity,
    eventTimeMs: clockMs,
    windowStartMs: report.windowStartMs,
    evidence: report.evidence,
  }
  return { state, conditions: [condition] }
}

const comeAgain: Finding = {
  kind: 'clear',
  evidence: () => ({
    summary: 'Polls come again.',
    action: 'Nothing to do.',
    measured: { lagMs: 0 },
    expected: { lagMs: 0 },
  }),
}

function overdueSince(pollsMs: number, clockMs: number): Finding {
  return {
    kind: 'active',
    severity: 'critical',
    windowStartMs: minuteStartMs(pollsMs),
    headline: 1,
    evidence: () => ({
      summary: `No polls since ${clockTime(pollsMs)}: no poller writes, or what it writes is read too late.`,
      action: 'Check the pollers, then the lag of the processor. What is shown of devices is their last known state.',
      measured: { lagMs: clockMs - pollsMs },
      expected: { lagMs: overdueMs },
    }),
  }
}
