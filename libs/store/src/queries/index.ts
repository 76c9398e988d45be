export * from './alarm-history.ts'
export * from './device-changes.ts'
export * from './exporter-names.ts'
export { type FlowDeduplication, flowDeduplications } from './flow-deduplication.ts'
export { type FlowDimension, type FlowFilters, flowDimensions } from './flow-dimensions.ts'
export { type FlowProvenance, flowProvenance } from './flow-provenance.ts'
export * from './flow-series.ts'
export * from './hardware.ts'
export * from './interface-percentile.ts'
export * from './interface-series.ts'
export * from './inventory-lists.ts'
export type { Page, PageRequest } from './page-cursor.ts'
export * from './probe-series.ts'
export { limitMax, type QueryLimits } from './query-limits.ts'
export * from './reconciliation.ts'
export { type ReconciliationFinding, reconciliationFindings } from './reconciliation-finding.ts'
export * from './stations.ts'
export * from './stream-state.ts'
export { allTenants, type TenantScope } from './tenant-scope.ts'
export {
  chooseStepSeconds,
  type Level,
  levelForStep,
  type TimeRange,
  type WindowContext,
} from './time-windows.ts'
export * from './top-flows.ts'
