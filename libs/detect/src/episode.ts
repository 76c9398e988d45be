import { type Evidence, type Severity, severityRank } from '../../model/src/index.ts'

/** A condition that has begun and not ended, as its detector remembers it. Plain JSON. */
export interface Episode {
  severity: Severity
  /** Start of the window that raised it: names the alarm for its life. */
  windowStartMs: number
  /** When it was last reported, and the figure reported. */
  reportedMs: number
  headline: number
}

/** What a detector finds after one observation. */
export type Finding =
  /** Neither rule decides: what was, stays. */
  | undefined
  | {
      kind: 'active'
      severity: Severity
      windowStartMs: number
      /** The one figure whose change makes the evidence another. */
      headline: number
      evidence: () => Evidence
    }
  | { kind: 'clear'; evidence: () => Evidence }

/** Ends what a detector said before its tenant switched it off. */
export const switchedOff: Finding = {
  kind: 'clear',
  evidence: () => ({
    summary: 'This detector was switched off.',
    action: 'Nothing to do.',
    measured: {},
    expected: {},
  }),
}

export interface EpisodeReport {
  state: 'active' | 'cleared'
  severity: Severity
  windowStartMs: number
  evidence: Evidence
}

/** A changed figure is news when it moved by a quarter, and not more often than this. */
const newsIntervalMs = 300_000
const newsRatio = 0.25

/**
 * Turns findings into reports: the beginning, the end, a higher severity at once, a lower one or a changed figure at
 * most every five minutes.
 */
export function episodeStep(
  episode: Episode | undefined,
  finding: Finding,
  atMs: number,
): { episode: Episode | undefined; report: EpisodeReport | undefined } {
  if (!finding) return { episode, report: undefined }
  if (finding.kind === 'clear') {
    if (!episode) return { episode, report: undefined }
    const { severity, windowStartMs } = episode
    return { episode: undefined, report: { state: 'cleared', severity, windowStartMs, evidence: finding.evidence() } }
  }
  if (episode && !isNews(episode, finding, atMs)) return { episode, report: undefined }
  const windowStartMs = episode?.windowStartMs ?? finding.windowStartMs
  const { severity, headline } = finding
  return {
    episode: { severity, windowStartMs, reportedMs: atMs, headline },
    report: { state: 'active', severity, windowStartMs, evidence: finding.evidence() },
  }
}

function isNews(episode: Episode, finding: { severity: Severity; headline: number }, atMs: number): boolean {
  if (severityRank(finding.severity) > severityRank(episode.severity)) return true
  if (atMs - episode.reportedMs < newsIntervalMs) return false
  if (finding.severity !== episode.severity) return true
  return Math.abs(finding.headline - episode.headline) > newsRatio * Math.abs(episode.headline)
}
