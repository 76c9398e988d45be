import { seededRandom } from '../../kernel/src/index.ts'
import type { ColumnBlock, TableName } from '../src/index.ts'
import { blockOf, type SampleRow } from './sample-blocks.ts'

/** The tables an epoch of the kill test writes: plain, summing, aggregating and replacing engines, three views deep. */
export const workloadTables = ['flows', 'flow_1m', 'interface_1m', 'alarm_events', 'stream_state'] as const

const daySeconds = 86_400

/** Rows of one epoch and table: a function of its number alone, as an epoch's rows must be. */
export function workloadRows(table: TableName, epoch: number, day: number): SampleRow[] {
  const random = seededRandom(epoch * 31 + table.length)
  const count = 20 + Math.floor(random() * (epoch % 5 === 0 ? 3_000 : 300))
  return Array.from({ length: count }, (_, i) => {
    // Over two days, so that an insert makes parts in two partitions.
    const seconds = day - Math.floor(random() * 2 * daySeconds)
    const octets = BigInt(Math.floor(random() * 1e9)) * 4_294_967_311n
    switch (table) {
      case 'flows':
        return { tenant_id: 't', exporter: `e${i % 5}`, received_at: seconds * 1000, octets, packets: 1n }
      case 'flow_1m':
        return { tenant_id: 't', exporter_id: `e${i % 5}`, window_start: minute(seconds), octets, records: 1n }
      case 'interface_1m':
        return { tenant_id: 't', interface_id: `i${i % 9}`, window_start: minute(seconds), in_octets: octets }
      case 'alarm_events':
        return { tenant_id: 't', alarm_id: `a${i}`, seq: epoch, event_time: seconds * 1000 }
      default:
        return {
          log_id: 'l',
          topic: 't',
          key: `k${i % 20}`,
          slot: epoch % 2,
          offset: BigInt(epoch),
          state: `${i % 20}`,
        }
    }
  })
}

export function workloadBlock(table: TableName, epoch: number, day: number): ColumnBlock {
  return blockOf(table, workloadRows(table, epoch, day))
}

export function workloadToken(table: TableName, epoch: number): string {
  return `v1/5e0bd8f0-0000-4000-8000-000000000002/weir.flows.raw.v1/0/${epoch}-${epoch + 1}/${table}`
}

function minute(seconds: number): number {
  return seconds - (seconds % 60)
}
