import type { Store, TableName } from '../src/index.ts'
import { workloadRows } from './epoch-workload.ts'
import type { SampleRow } from './sample-blocks.ts'

/** Tables and views whose content is not what epochs 0 to `epochs - 1` meant, recomputed row by row; empty when exact. */
export async function differencesOf(store: Store, epochs: number, day: number): Promise<string[]> {
  const found: string[] = []
  const compare = async (name: string, sql: string, meant: Map<string, bigint>) => {
    const rows = await store.query<{ key: string; total: string }>(sql)
    const wrong = rows.filter(row => meant.get(row.key) !== BigInt(row.total)).length
    if (wrong > 0 || rows.length !== meant.size) {
      found.push(`${name}: ${wrong} of ${rows.length} totals differ, ${meant.size} meant`)
    }
  }
  const levels = { '1m': 60, '5m': 300, '1h': 3_600, '1d': 86_400 }
  for (const [level, seconds] of Object.entries(levels)) {
    const window = (row: SampleRow) => Number(row.window_start) - (Number(row.window_start) % seconds)
    await compare(
      `flow_${level}`,
      `SELECT concat(toString(toUnixTimestamp(window_start)), '/', exporter_id) AS key, sum(octets) AS total
       FROM flow_${level} GROUP BY key`,
      totals('flow_1m', epochs, day, row => [`${window(row)}/${row.exporter_id}`, row.octets as bigint]),
    )
    await compare(
      `interface_${level}`,
      `SELECT concat(toString(toUnixTimestamp(window_start)), '/', interface_id) AS key, sum(in_octets) AS total
       FROM interface_${level} GROUP BY key`,
      totals('interface_1m', epochs, day, row => [`${window(row)}/${row.interface_id}`, row.in_octets as bigint]),
    )
  }
  await compare(
    'flows',
    'SELECT exporter AS key, sum(octets) AS total FROM flows GROUP BY key',
    totals('flows', epochs, day, row => [String(row.exporter), row.octets as bigint]),
  )
  await compare(
    'alarm_events',
    'SELECT toString(seq) AS key, count() AS total FROM alarm_events GROUP BY key',
    totals('alarm_events', epochs, day, row => [String(row.seq), 1n]),
  )
  await compare(
    'stream_state',
    'SELECT key, max(offset) AS total FROM stream_state GROUP BY key',
    newestOffsets(epochs, day),
  )
  return found
}

function totals(
  table: TableName,
  epochs: number,
  day: number,
  read: (row: SampleRow) => [key: string, value: bigint],
): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const row of workloadRows(table, epoch, day)) {
      const [key, value] = read(row)
      sums.set(key, BigInt.asUintN(64, (sums.get(key) ?? 0n) + value))
    }
  }
  return sums
}

function newestOffsets(epochs: number, day: number): Map<string, bigint> {
  const newest = new Map<string, bigint>()
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const row of workloadRows('stream_state', epoch, day)) newest.set(String(row.key), BigInt(epoch))
  }
  return newest
}
