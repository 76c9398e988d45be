import type { DetectConfig } from '../config.ts'
import { severityOf } from '../congestion.ts'
import type { Finding } from '../episode.ts'
import { grouped, percent, rounded } from '../wording.ts'
import { type ExporterMinute, lossRatio, minuteMs, minutesKept, minutesWith, sumOf } from './exporter-minutes.ts'

export const lossWindowMinutes = 5

/**
 * Datagrams of an exporter do not arrive: its sequence numbers leave gaps. One gap alone is no trend: Weir itself may have
 * been away.
 */
export function exportLoss(
  minutes: readonly ExporterMinute[],
  active: boolean,
  atMs: number,
  config: DetectConfig['exportLoss'],
): Finding {
  const recent = sumOf(minutes, lossWindowMinutes, atMs)
  const ratio = lossRatio(recent)
  if (ratio === undefined) return undefined
  if (
    ratio >= config.raiseFrom &&
    recent.lost >= config.lostLeast &&
    minutesWith(minutes, 'lost', lossWindowMinutes, atMs) >= 2
  ) {
    const dropped = recent.collectorDrops > 0
    return {
      kind: 'active',
      severity: severityOf(ratio, config.severities),
      windowStartMs: (Math.floor(atMs / minuteMs) - lossWindowMinutes + 1) * minuteMs,
      headline: ratio,
      evidence: () => ({
        summary: `${percent(ratio)} of its export did not arrive in the last ${lossWindowMinutes} minutes (${grouped(recent.lost)} sequence units missing, ${grouped(recent.received)} came): its flows are incomplete by as much.`,
        action: dropped
          ? 'The collector itself dropped datagrams: raise its receive buffer (net.core.rmem_max) or its rate limit, or spread the exporters over more collectors.'
          : "Look for drops on the way from the exporter to the collector, and at the exporter's own export queue.",
        measured: {
          lossRatio: rounded(ratio),
          lost: recent.lost,
          received: recent.received,
          collectorDrops: recent.collectorDrops,
        },
        expected: { lossRatio: config.raiseFrom, clearBelow: config.clearBelow },
      }),
    }
  }
  const longer = lossRatio(sumOf(minutes, minutesKept, atMs))
  if (!active || longer === undefined || longer >= config.clearBelow) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `Its export arrives again: ${percent(longer)} missing in the last ${minutesKept} minutes.`,
      action: 'Nothing to do.',
      measured: { lossRatio: rounded(longer) },
      expected: { clearBelow: config.clearBelow },
    }),
  }
}
