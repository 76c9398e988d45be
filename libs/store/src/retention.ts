import { z } from 'zod'

const days = z.int().min(1).max(36_500)

/** How long rows are kept, days. Billing by the 95th percentile needs 13 months of 5-minute rows. */
export const retentionSchema = z.strictObject({
  flows: days.default(7),
  /** Hosts and conversations by the hour, after the raw flows are gone. */
  talkers: days.default(95),
  '1m': days.default(14),
  '5m': days.default(400),
  '1h': days.default(1_826),
  '1d': days.default(1_826),
})
export type Retention = z.infer<typeof retentionSchema>

export const defaultRetention: Retention = retentionSchema.parse({})

/** Days after which a table's TTL removes a row; undefined for tables that keep everything. */
export function retentionOf(table: string, retention: Retention): number | undefined {
  if (table === 'flows') return retention.flows
  if (table === 'talker_1h' || table === 'conversation_1h') return retention.talkers
  if (table === 'alarm_events') return retention['1d']
  if (table === 'stream_epochs') return retention['1m']
  const resolution = /_(1m|5m|1h|1d)$/.exec(table)?.[1]
  return resolution ? retention[resolution as keyof Retention] : undefined
}

/** Tables and views' targets with a TTL, with its expression's time. */
export const timeColumns: Readonly<Record<string, string>> = {
  flows: 'toDateTime(received_at)',
  alarm_events: 'toDateTime(event_time)',
  stream_epochs: 'toDateTime(last_stamp)',
  talker_1h: 'window_start',
  conversation_1h: 'window_start',
  sensor_5m: 'window_start',
  ...Object.fromEntries(
    ['flow', 'interface', 'probe'].flatMap(family =>
      ['1m', '5m', '1h', '1d'].map(size => [`${family}_${size}`, 'window_start']),
    ),
  ),
}
