import { z } from 'zod'

export const alarmTypes = [
  'link-saturation',
  'link-utilisation-high',
  'congestion-drops',
  'microbursts',
  'queue-drops',
  'link-corruption',
  'fec-margin',
  'optic-rx-low',
  'optic-degrading',
  'laser-ageing',
  'link-flapping',
  'duplex-mismatch',
  'silent-loss',
  'unidirectional-link',
  'lag-imbalance',
  'speed-downgrade',
  'link-down',
  'traffic-drop',
  'device-unreachable',
  'snmp-failing',
  'telemetry-stale',
  'site-dark',
  'probe-loss',
  'probe-slow',
  'power-on-battery',
  'disk-failing',
  'sensor-limit',
  'fan-failed',
  'psu-failed',
  'peer-down',
  'firmware-outdated',
  'capacity-exhaustion',
  'scan-horizontal',
  'scan-vertical',
  'syn-flood',
  'amplification',
  'volume-flood',
  'reflector',
  'exfiltration',
  'beaconing',
  'listed-address',
  'export-loss',
  'template-missing',
  'sampling-unknown',
  'clock-skew',
  'double-counting',
  'pipeline-lagging',
] as const
export const alarmTypeSchema = z.enum(alarmTypes)
export type AlarmType = z.infer<typeof alarmTypeSchema>

/** In rising order. Clear is a flag, not a severity (RFC 8632). */
export const severities = ['warning', 'minor', 'major', 'critical'] as const
export const severitySchema = z.enum(severities)
export type Severity = z.infer<typeof severitySchema>

export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

/** The condition axis: what the network says (docs/reference: alarm states). */
export const conditionStateSchema = z.enum([
  'normal',
  'pending',
  'unconfirmed',
  'active',
  'flapping',
  'clearing',
  'cleared',
  'unknown',
])
export type ConditionState = z.infer<typeof conditionStateSchema>

/** The operator axis: what people did. */
export const operatorStateSchema = z.enum(['none', 'ack', 'closed'])
export type OperatorState = z.infer<typeof operatorStateSchema>

/** The shelving axis. */
export const shelvingStateSchema = z.enum(['unshelved', 'shelved'])
export type ShelvingState = z.infer<typeof shelvingStateSchema>

/**
 * What was measured against what was expected, with the words an operator reads. Ratios are 0..1, rates in
 * `…PerSecond`; units stand last in each name.
 */
export const evidenceSchema = z.object({
  /** One sentence: what is wrong, with the numbers. */
  summary: z.string(),
  /** One suggested next step. */
  action: z.string(),
  measured: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  expected: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
})
export type Evidence = z.infer<typeof evidenceSchema>

const time = z.iso.datetime()

/** State of one alarm, as REST lists it, `weir.alarms.v1` carries it and screens show it. */
export const alarmSchema = z.object({
  tenantId: z.string(),
  alarmId: z.uuid(),
  alarmTypeId: alarmTypeSchema,
  resource: z.string(),
  qualifier: z.string(),
  deviceId: z.string().nullable(),
  siteId: z.string().nullable(),
  perceivedSeverity: severitySchema,
  isCleared: z.boolean(),
  condition: conditionStateSchema,
  operatorState: operatorStateSchema,
  shelving: shelvingStateSchema,
  shelvedUntil: time.nullable(),
  raisedAt: time,
  changedAt: time,
  clearedAt: time.nullable(),
  evidence: evidenceSchema,
  incidentId: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
  /** Raise/clear cycles so far; the first raise is 1. */
  occurrences: z.int().positive(),
  /** Number of the last event folded into this state; `(alarmId, rev)` is unique. */
  rev: z.int().nonnegative(),
})
export type Alarm = z.infer<typeof alarmSchema>

/** One transition on one axis. An alarm's state is the fold of its events in the order of `seq`. */
export const alarmEventSchema = z.object({
  tenantId: z.string(),
  alarmId: z.uuid(),
  seq: z.int().nonnegative(),
  axis: z.enum(['condition', 'operator', 'shelving', 'severity', 'evidence']),
  from: z.string(),
  to: z.string(),
  eventTime: time,
  /** Log position (`topic/partition/offset`) or `user:<name>`. */
  cause: z.string(),
  note: z.string(),
  /** Of shelving: when it ends by itself. */
  until: time.nullable().optional(),
  alarmTypeId: alarmTypeSchema,
  resource: z.string(),
  qualifier: z.string(),
  deviceId: z.string().nullable(),
  siteId: z.string().nullable(),
  perceivedSeverity: severitySchema,
  evidence: evidenceSchema,
})
export type AlarmEvent = z.infer<typeof alarmEventSchema>

/** CloudEvents 1.0 envelope around an alarm: one shape for `weir.alarms.v1`, webhooks and WebSocket. */
export const alarmCloudEventSchema = z.object({
  specversion: z.literal('1.0'),
  /** `<alarmId>/<rev>`: the same transition has the same id wherever it is seen. */
  id: z.string(),
  source: z.string(),
  type: z.literal('weir.alarm.v1'),
  subject: z.string(),
  time,
  datacontenttype: z.literal('application/json'),
  data: alarmSchema,
})
export type AlarmCloudEvent = z.infer<typeof alarmCloudEventSchema>

export function alarmCloudEvent(alarm: Alarm): AlarmCloudEvent {
  return {
    specversion: '1.0',
    id: `${alarm.alarmId}/${alarm.rev}`,
    source: `/tenants/${alarm.tenantId}`,
    type: 'weir.alarm.v1',
    subject: alarm.resource,
    time: alarm.changedAt,
    datacontenttype: 'application/json',
    data: alarm,
  }
}
