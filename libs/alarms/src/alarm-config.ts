import { z } from 'zod'
import { type AlarmType, alarmTypeSchema } from '../../model/src/index.ts'

const durationMs = z.int().nonnegative()

/**
 * How long a condition must hold before it is an alarm. Detectors that judge several windows have waited already; what
 * is judged by one window alone waits for a second.
 */
const pendingDefaults: Partial<Record<AlarmType, number>> = {
  'link-saturation': 60_000,
  'link-utilisation-high': 60_000,
  'congestion-drops': 60_000,
  microbursts: 0,
  'link-corruption': 0,
  'link-flapping': 0,
  'speed-downgrade': 0,
  'link-down': 0,
  'device-unreachable': 0,
  'snmp-failing': 0,
  'telemetry-stale': 0,
  'site-dark': 0,
  'probe-loss': 0,
  'probe-slow': 0,
  'power-on-battery': 0,
  'pipeline-lagging': 0,
  'export-loss': 0,
  'template-missing': 0,
  'sampling-unknown': 0,
  'clock-skew': 0,
}

/** Times of the alarm state machine; docs/reference/alarm-states.md says what each does. */
export const alarmConfigSchema = z.strictObject({
  /** By alarm type; over the built-in ones. */
  pendingMs: z.partialRecord(alarmTypeSchema, durationMs).default({}),
  /** For types that have no value of their own: two windows. */
  pendingDefaultMs: durationMs.default(120_000),
  /** A cleared condition is held for a share of the time it was active, between these bounds. */
  clearHoldShare: z.number().min(0).max(1).default(0.25),
  clearHoldMinMs: durationMs.default(120_000),
  clearHoldMaxMs: durationMs.default(900_000),
  /** What a message said and no detector confirmed is over after this: a poll of everything comes each minute. */
  confirmWithinMs: durationMs.default(90_000),
  /** Raised again within this time after it cleared, an alarm is the same alarm. */
  reopenMs: durationMs.default(900_000),
  /** More raises than this in the window make it flapping, until it was quiet for a while. */
  flapRaises: z.int().min(1).max(16).default(3),
  flapWindowMs: durationMs.default(1_800_000),
  flapQuietMs: durationMs.default(900_000),
  shelveMaxMs: durationMs.default(2_592_000_000),
  /** Cleared alarms stay this long, so that people can still acknowledge and comment them. */
  retainClearedMs: durationMs.default(86_400_000),
  /** Alarms of one tenant, cleared ones included; past it the oldest cleared go first. */
  alarmsMax: z.int().positive().default(20_000),
})

export type AlarmConfig = z.infer<typeof alarmConfigSchema>
export type AlarmConfigInput = z.input<typeof alarmConfigSchema>

export const alarmDefaults: AlarmConfig = alarmConfigSchema.parse({})

export function pendingMsOf(type: AlarmType, config: AlarmConfig): number {
  return config.pendingMs[type] ?? pendingDefaults[type] ?? config.pendingDefaultMs
}
