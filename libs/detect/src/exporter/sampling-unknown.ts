import type { DetectConfig } from '../config.ts'
import type { Finding } from '../episode.ts'
import { grouped, percent, rounded } from '../wording.ts'
import { type ExporterMinute, minuteMs, minutesKept, minutesWith, sumOf } from './exporter-minutes.ts'

const recentMinutes = 5

/**
 * Records say that they are sampled, and nobody says how (F21). They are kept as they came, so that traffic looks smaller
 * than it is. The first minute is forgiven: options data comes after the start.
 */
export function samplingUnknown(
  minutes: readonly ExporterMinute[],
  active: boolean,
  atMs: number,
  config: DetectConfig['samplingUnknown'],
): Finding {
  const { records, unscaled } = sumOf(minutes, recentMinutes, atMs)
  const share = records > 0 ? unscaled / records : 0
  if (
    unscaled >= config.recordsLeast &&
    share >= config.raiseFrom &&
    minutesWith(minutes, 'unscaled', recentMinutes, atMs) >= 2
  ) {
    return {
      kind: 'active',
      severity: 'minor',
      windowStartMs: (Math.floor(atMs / minuteMs) - recentMinutes + 1) * minuteMs,
      headline: share,
      evidence: () => ({
        summary: `${percent(share)} of its records are sampled at a rate that nobody told (${grouped(unscaled)} of ${grouped(records)}): they count as they came, so its traffic looks smaller than it is.`,
        action: 'Make the exporter send its sampler table (options data), or the sampling interval in its records.',
        measured: { unscaledShare: rounded(share), unscaledRecords: unscaled, records },
        expected: { unscaledShare: config.raiseFrom },
      }),
    }
  }
  const longer = sumOf(minutes, minutesKept, atMs)
  if (!active || longer.records === 0 || longer.unscaled > 0) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `The sampling rate of all its records of the last ${minutesKept} minutes is known.`,
      action: 'Nothing to do.',
      measured: { unscaledRecords: 0, records: longer.records },
      expected: { unscaledShare: config.raiseFrom },
    }),
  }
}
