export type { DeviceChange } from './changes/change.ts'
export { type ChangeOutcome, type ChangeState, detectChanges } from './changes/detect-changes.ts'
export type { DeviceFacts } from './changes/system-changes.ts'
export * from './condition.ts'
export * from './config.ts'
export * from './detect-device.ts'
export type { InterfaceDetectState } from './detect-interface.ts'
export { answersInPart, isBlindPoll, type ReachState, reachStateOf } from './device-health.ts'
export type { Episode } from './episode.ts'
export {
  detectExporter,
  type ExporterDetectState,
  exporterLoss,
  exporterSilentMs,
  forgetExporter,
} from './exporter/detect-exporter.ts'
export type { ExporterObservation, ExporterTotals } from './exporter/observation.ts'
export {
  type Advisory,
  advisoryListSchema,
  advisorySchema,
  type FirmwarePolicy,
  noPolicy,
  wantedVersionSchema,
} from './firmware/advisory.ts'
export { firmwareOutdated } from './firmware/firmware-outdated.ts'
export { type FirmwareFacts, type FirmwarePosture, firmwarePosture } from './firmware/posture.ts'
export { PostureCache } from './firmware/posture-cache.ts'
export { compareVersions } from './firmware/version-order.ts'
export { detectHardware, type HardwareDetectState, type HardwareOutcome } from './hardware/detect-hardware.ts'
export type { HardwareObservation } from './hardware/observation.ts'
export * from './observation.ts'
export { poissonLower95, poissonUpper95 } from './poisson.ts'
export * from './poller-sight.ts'
export * from './polls-silent.ts'
export * from './power-on-battery.ts'
export * from './probes.ts'
export { judgeValue, newSeries, type SeriesJudgement, type SeriesState } from './series/series-detector.ts'
export * from './site-dark.ts'
export { type Trend, theilSen } from './theil-sen.ts'
export { type ToldEvent, toldByDevice } from './told-by-device.ts'
