import { bitCount } from './bits.ts'
import type { DetectConfig } from './config.ts'
import type { Finding } from './episode.ts'
import type { InterfaceObservation, IntervalObservation } from './observation.ts'
import { grouped, percent, rounded } from './wording.ts'

/** Plain JSON; absent while nothing was dropped lately. */
export interface MicroburstState {
  /** The open minute and what was dropped in it at low load. */
  minute: number
  drops: number
  /** One bit for each of the last 20 minutes, the newest lowest: enough was dropped at low load. */
  minutes: number
  /** Dropped since the first of them. */
  dropped: number
}

const minuteMs = 60_000
const kept = 20
const judged = 10

/**
 * A link drops packets though it is far from full: bursts of tens of microseconds overflow its queue, which no poll sees
 * as load. Drops in three of ten minutes at less than half load; over after 20 minutes without.
 */
export function microbursts(
  before: MicroburstState | undefined,
  active: boolean,
  explained: boolean,
  one: InterfaceObservation,
  interval: IntervalObservation,
  config: DetectConfig['microbursts'],
): { state: MicroburstState | undefined; finding: Finding } {
  const { outDiscards } = interval.deltas
  const utilisation = interval.rates.utilisationOut
  if (outDiscards === undefined || utilisation === null) return { state: before, finding: undefined }
  const drops = utilisation < config.utilisationBelow ? Number(outDiscards) : 0
  if (!before && drops === 0 && !active) return { state: undefined, finding: undefined }
  const state = withDrops(before, Math.floor(interval.toMs / minuteMs), drops, config.dropsInMinute)
  const count = bitCount(state.minutes & (2 ** judged - 1))
  const evidence = (words: string) => () => ({
    summary: `${one.ifName} out: ${words}`,
    action: 'Look for many senders to one receiver or a step down in speed; deepen queues, pace or spread the traffic.',
    measured: { minutesWithDrops: count, drops: state.dropped, utilisationOut: rounded(utilisation) },
    expected: { minutesWithDrops: config.raiseMinutes, utilisationBelow: config.utilisationBelow },
  })
  if (count >= config.raiseMinutes && (active || !explained)) {
    const words = `dropped packets in ${count} of ${judged} minutes (${grouped(state.dropped)}) at ${percent(utilisation)} utilisation: bursts shorter than a poll.`
    const windowStartMs = (state.minute - judged + 1) * minuteMs
    return {
      state,
      finding: { kind: 'active', severity: 'minor', windowStartMs, headline: 1, evidence: evidence(words) },
    }
  }
  if (state.minutes !== 0 || state.drops > 0) return { state, finding: undefined }
  return {
    state: undefined,
    finding: active ? { kind: 'clear', evidence: evidence(`no drops at low load for ${kept} minutes.`) } : undefined,
  }
}

function withDrops(
  before: MicroburstState | undefined,
  minute: number,
  drops: number,
  dropsInMinute: number,
): MicroburstState {
  const state = before ? { ...before } : { minute, drops: 0, minutes: 0, dropped: 0 }
  const passed = Math.min(kept, minute - state.minute)
  if (passed > 0) {
    const closed = (state.minutes << 1) | (state.drops >= dropsInMinute ? 1 : 0)
    state.minutes = passed >= kept ? 0 : (closed << (passed - 1)) & (2 ** kept - 1)
    state.minute = minute
    state.drops = 0
    if (state.minutes === 0) state.dropped = 0
  }
  state.drops += drops
  state.dropped += drops
  return state
}
