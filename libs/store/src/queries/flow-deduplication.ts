import { StoreError } from '../store.ts'
import type { FlowSource } from './flow-dimensions.ts'

/**
 * What is left out where more than one record tells of the same packets.
 * - `none`: nothing; every record counts. The default, because it hides nothing.
 * - `ingress`: records that say they were made as the packets left (flowDirection 1), for devices that export both.
 * - `by-observation-point`: these, and what an exporter tells of traffic that begins at another configured site, or that
 *   comes from outside and ends at another one: each flow counts at its own site. Rollups alone know it.
 */
export const flowDeduplications = ['none', 'ingress', 'by-observation-point'] as const
export type FlowDeduplication = (typeof flowDeduplications)[number]

const atOwnSite =
  "(f.exporter_site = '' OR multiIf(f.source_site != '', f.source_site = f.exporter_site, " +
  "f.destination_site != '', f.destination_site = f.exporter_site, 1))"

/** A condition on the rows of a source. @throws StoreError `store-rejected` where they cannot tell */
export function deduplicationSql(deduplicate: FlowDeduplication, source: FlowSource): string {
  if (deduplicate === 'none') return '1'
  if (source === 'rollup') {
    return deduplicate === 'ingress' ? 'f.direction != 2' : `f.direction != 2 AND ${atOwnSite}`
  }
  // An exporter that does not know 0 from 1 gives 255.
  if (deduplicate === 'ingress' && source === 'raw') return 'f.direction != 1'
  throw new StoreError('store-rejected', `flows by address cannot be deduplicated ${deduplicate}; use ingress or none`)
}
