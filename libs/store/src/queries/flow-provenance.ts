import { defaultRetention } from '../retention.ts'
import type { FlowDeduplication } from './flow-deduplication.ts'
import { type FlowDimension, type FlowFilters, type FlowSource, flowSourceFor, isBounded } from './flow-dimensions.ts'
import { segmentsOf, type TimeRange, talkerSegments, type WindowContext } from './time-windows.ts'

export interface FlowProvenance {
  /** Tables that an answer about these dimensions and this range is read from, in alphabetical order. */
  tables: string[]
  /** Rows from before this time are gone, milliseconds since the Unix epoch. */
  keptSinceMs: number
}

/**
 * Where a ranking comes from, or a series where `stepSeconds` is given, so that an answer can say it.
 */
export function flowProvenance(
  query: TimeRange &
    WindowContext & {
      by: readonly FlowDimension[]
      filters: FlowFilters
      stepSeconds?: number | undefined
      deduplicate?: FlowDeduplication | undefined
    },
): FlowProvenance {
  const { nowMs = Date.now(), retention = defaultRetention } = query
  const source = seriesSourceFor(query.by, query.filters, query.stepSeconds, query.deduplicate)
  const days = {
    rollup: retention['1d'],
    talkers: retention.talkers,
    conversations: retention.talkers,
    raw: retention.flows,
  }[source]
  return { tables: [...new Set(tablesOf(source, query))].sort(), keptSinceMs: nowMs - days * 86_400_000 }
}

/** As `flowSourceFor`, but hosts and conversations are by the hour: finer steps would show them as spikes. */
export function seriesSourceFor(
  by: readonly FlowDimension[],
  filters: FlowFilters,
  stepSeconds: number | undefined,
  deduplicate?: FlowDeduplication,
): FlowSource {
  const source = flowSourceFor(by, filters, deduplicate)
  return isBounded(source) && stepSeconds !== undefined && stepSeconds % 3_600 !== 0 ? 'raw' : source
}

function tablesOf(source: FlowSource, range: TimeRange & WindowContext): string[] {
  switch (source) {
    case 'rollup':
      return segmentsOf(range, range).map(segment => `flow_${segment.level}`)
    case 'talkers':
    case 'conversations': {
      const { hours, raw } = talkerSegments(range, range)
      return [
        ...(hours ? [source === 'talkers' ? 'talker_1h' : 'conversation_1h'] : []),
        ...(raw.length > 0 ? ['flows'] : []),
      ]
    }
    case 'raw':
      return ['flows']
  }
}
