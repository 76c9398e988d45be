import type { DetectConfig } from '../config.ts'
import type { Finding } from '../episode.ts'
import { duration } from '../wording.ts'
import { minuteMs } from './exporter-minutes.ts'

/** Plain JSON: since when the clock has been on the other side of the rule that would change things. */
export interface SkewState {
  sinceMs: number
}

/** Where flow decoding stops to believe the exporter's times and goes by arrival (docs/reference/flow-decoding.md). */
const believedMs = 300_000

/** An exporter's clock is off (F18). Judged when datagrams came, since a clock that is not heard has nothing to say. */
export function clockSkew(
  before: SkewState | undefined,
  active: boolean,
  skewMs: number,
  atMs: number,
  config: DetectConfig['clockSkew'],
): { state: SkewState | undefined; finding: Finding } {
  const off = Math.abs(skewMs)
  const turns = active ? off < config.clearBelowMs : off >= config.raiseFromMs
  const state = turns ? (before ?? { sinceMs: atMs }) : undefined
  const turned = state !== undefined && atMs - state.sinceMs >= config.holdMs
  const words = `${duration(off)} ${skewMs > 0 ? 'ahead' : 'behind'}`
  if (active && turned) {
    return {
      state: undefined,
      finding: {
        kind: 'clear',
        evidence: () => ({
          summary: `Its clock is right again (${words}).`,
          action: 'Nothing to do.',
          measured: { clockSkewMs: skewMs },
          expected: { clockSkewMs: config.clearBelowMs },
        }),
      },
    }
  }
  if (!active && !turned) return { state, finding: undefined }
  const believed = off <= believedMs
  return {
    state: active ? state : undefined,
    finding: {
      kind: 'active',
      severity: believed ? 'warning' : 'minor',
      windowStartMs: Math.floor((before?.sinceMs ?? atMs) / minuteMs) * minuteMs,
      headline: off,
      evidence: () => ({
        summary: believed
          ? `Its clock is ${words}: its flows lie in the wrong minutes by as much.`
          : `Its clock is ${words}: its times are not believed, flows are placed by their arrival.`,
        action: 'Set its clock by NTP, and check its time zone.',
        measured: { clockSkewMs: skewMs },
        expected: { clockSkewMs: config.raiseFromMs },
      }),
    },
  }
}
