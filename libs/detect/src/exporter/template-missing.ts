import type { DetectConfig } from '../config.ts'
import type { Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { clockTime, duration, grouped } from '../wording.ts'
import { type ExporterMinute, minuteMs, sumOf } from './exporter-minutes.ts'
import type { ExporterObservation } from './observation.ts'

const recentMinutes = 5

/**
 * Data comes whose template does not (F11). It is held and read once the template is announced; what has to go
 * meanwhile is lost. Data that no longer comes is no reason: its template may have been given up.
 */
export function templateMissing(
  one: ExporterObservation,
  minutes: readonly ExporterMinute[],
  active: boolean,
  config: DetectConfig['templateMissing'],
): Finding {
  const { heldDropped } = sumOf(minutes, recentMinutes, one.atMs)
  const comes = one.heldSets > 0 && one.atMs - one.heldNewestMs < recentMinutes * minuteMs
  const waitedMs = comes ? one.atMs - one.heldOldestMs : 0
  if (heldDropped > 0 || waitedMs > config.waitMs) {
    const sinceMs = comes ? one.heldOldestMs : one.atMs
    return {
      kind: 'active',
      severity: heldDropped > 0 ? 'minor' : 'warning',
      windowStartMs: minuteStartMs(sinceMs),
      headline: 1,
      evidence: () => ({
        summary:
          heldDropped > 0
            ? `Its data waits for a template that does not come; ${grouped(heldDropped)} data sets had to be given up in the last ${recentMinutes} minutes.`
            : `Its data has waited for a template since ${clockTime(sinceMs)}, ${duration(waitedMs)}; ${grouped(one.heldSets)} data sets are held.`,
        action:
          'Set a template refresh interval of a minute or two on the exporter; restart its export if none ever comes.',
        measured: { heldSets: one.heldSets, waitedMs, givenUp: heldDropped },
        expected: { waitedMs: config.waitMs, givenUp: 0 },
      }),
    }
  }
  if (!active || comes) return undefined
  return {
    kind: 'clear',
    evidence: () => ({
      summary: 'No data of it waits for a template any more.',
      action: 'Nothing to do.',
      measured: { heldSets: one.heldSets },
      expected: { givenUp: 0 },
    }),
  }
}
