import { deviceKey, exporterId } from './identity.ts'

/** Topic names; the version of the message format is part of the name. */
export const topics = {
  flowsRaw: 'weir.flows.raw.v1',
  templates: 'weir.templates.v1',
  polls: 'weir.polls.v1',
  events: 'weir.events.v1',
  pollers: 'weir.pollers.v1',
  live: 'weir.live.v1',
  signals: 'weir.signals.v1',
  alarms: 'weir.alarms.v1',
  config: 'weir.config.v1',
  deadLetters: 'weir.dead-letters.v1',
} as const

export type Topic = (typeof topics)[keyof typeof topics]

export const keys = {
  flowsRaw: exporterId,
  device: deviceKey,
  poller: (group: string, producerId: string): string => `${group}/${producerId}`,
  probe: (tenantId: string, probeId: string): string => `${tenantId}/probe/${probeId}`,
  tenant: (tenantId: string): string => tenantId,
  alarm: (tenantId: string, alarm: string): string => `${tenantId}/${alarm}`,
} as const

/** Collectors and pollers write a heartbeat to every partition at this interval (milliseconds). */
export const heartbeatIntervalMs = 5_000

/**
 * Bounds of an epoch, part of each topic's version: they never change under a live topic, because owner, successor
 * and zombie must choose the same bounds (docs/explanation/epochs.md).
 */
export const epochBounds = {
  'weir.flows.raw.v1': { lengthMs: 10_000, recordsMax: 256 },
  'weir.polls.v1': { lengthMs: 10_000, recordsMax: 1_024 },
  'weir.events.v1': { lengthMs: 10_000, recordsMax: 1_024 },
  'weir.signals.v1': { lengthMs: 10_000, recordsMax: 4_096 },
} as const satisfies Partial<Record<Topic, EpochBounds>>

export interface EpochBounds {
  /** An epoch closes before the first record stamped more than this after the epoch's first record (milliseconds). */
  lengthMs: number
  /** An epoch closes after this many records. */
  recordsMax: number
}
