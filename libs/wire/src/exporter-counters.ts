import type { ExporterCounters } from './exporter-decoder.ts'
import type { ExporterState } from './exporter-state.ts'

/** The counters as they are when they are read. */
export function countersOf(of: () => ExporterState): ExporterCounters {
  return {
    get datagrams() {
      return of().datagrams
    },
    get records() {
      return of().recordsTotal
    },
    get optionsRecords() {
      return of().optionsRecordsTotal
    },
    get errorsByCode() {
      return of().errors.counts
    },
    get sequenceReceived() {
      return of().sequenceTotal('received')
    },
    get sequenceLost() {
      return of().sequenceTotal('lost')
    },
    get sequenceReordered() {
      return of().sequenceTotal('late')
    },
    get sequenceDuplicates() {
      return of().sequenceTotal('duplicates')
    },
    get sequenceRestarts() {
      return of().sequenceTotal('restarts')
    },
    get samplesLost() {
      return of().samplesLost
    },
    get templatesKnown() {
      return of().templates.size
    },
    get templatesRedefined() {
      return of().templatesRedefined
    },
    get templatesEvicted() {
      return of().templates.evicted
    },
    get templatesExpired() {
      return of().templatesExpired
    },
    get templateRefreshMs() {
      return of().templateRefreshMs
    },
    get heldDatagrams() {
      return of().held.size
    },
    get heldDropped() {
      return of().held.dropped
    },
    get heldOldestMs() {
      return of().held.all()[0]?.context.receivedMs ?? 0
    },
    get heldNewestMs() {
      return of().held.all().at(-1)?.context.receivedMs ?? 0
    },
    get counterSamples() {
      return of().counterSamples
    },
    get discardedPackets() {
      return of().discardedPackets
    },
    get countMismatches() {
      return of().countMismatches
    },
    get trailingDatagrams() {
      return of().trailingDatagrams
    },
    get timesClamped() {
      return of().timesClamped
    },
    get unscaledRecords() {
      return of().unscaledRecords
    },
    get reverseRecords() {
      return of().reverseRecords
    },
    get clockSkewMs() {
      return of().clockSkewMs
    },
    get clockSkewedDatagrams() {
      return of().clockSkewedDatagrams
    },
  }
}
