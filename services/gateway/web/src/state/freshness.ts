import type { ExporterTile, InterfaceTile, OverviewTile, SiteTile } from '../../../../../libs/model/src/index.ts'

/** How old a shown value is, against what its source's rhythm allows. Ages are by the server's clock. */
export interface Freshness {
  ageMs: number | null
  stale: boolean
}

/** The overview is sent at every change and at least with each heartbeat; twice the longest heartbeat is too old. */
export const overviewBudgetMs = 20_000
/** An exporter's rhythm is its active timeout: 60 s by common practice, 30 min at worst; five minutes of silence is news. */
export const exporterBudgetMs = 300_000
/** Over all exporters together something arrives all the time. */
export const flowBudgetMs = 180_000

export function freshness(asOfMs: number | null, budgetMs: number, nowMs: number): Freshness {
  if (asOfMs === null) return { ageMs: null, stale: false }
  const ageMs = Math.max(0, nowMs - asOfMs)
  return { ageMs, stale: ageMs > budgetMs }
}

/** A polled value may miss one poll; at the second it is stale. */
export function interfaceFreshness(tile: InterfaceTile, nowMs: number): Freshness {
  return freshness(tile.asOfMs, 2 * tile.intervalMs, nowMs)
}

/** A site is stale when its freshest device is; single stale devices are counted beside it. */
export function siteFreshness(tile: SiteTile, nowMs: number): Freshness {
  return freshness(tile.newestPollMs, 2 * tile.intervalMs, nowMs)
}

export function overviewFreshness(tile: OverviewTile | null, nowMs: number): Freshness {
  return freshness(tile?.asOfMs ?? null, overviewBudgetMs, nowMs)
}

export function exporterFreshness(tile: ExporterTile, nowMs: number): Freshness {
  return freshness(tile.lastSeenMs, exporterBudgetMs, nowMs)
}
