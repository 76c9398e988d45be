import { join } from 'node:path'
import type { Bus } from '../../libs/bus/src/index.ts'
import { createLocalBus } from '../../libs/bus/src/local/index.ts'
import { createMetrics, silentLogger } from '../../libs/kernel/src/index.ts'
import { topics } from '../../libs/model/src/index.ts'
import { createEmbeddedStore } from '../../libs/store/src/embedded/index.ts'
import type { Store } from '../../libs/store/src/index.ts'
import { committedOffsets } from './committed-offsets.ts'
import { recompute } from './recompute.ts'

/** What differs between the store and a recomputation from the log, and how much was compared. */
export interface Comparison {
  cells: number
  differences: string[]
  alarms: number
  alarmEvents: number
}

const windows = [
  ['1m', 60],
  ['5m', 300],
  ['1h', 3_600],
  ['1d', 86_400],
] as const

/** Opens the stopped system's folders and compares them. */
export async function compareFolders(dataFolder: string): Promise<Comparison> {
  const bus = createLocalBus({ path: join(dataFolder, 'log'), log: silentLogger })
  const store = createEmbeddedStore({ path: join(dataFolder, 'store'), log: silentLogger, metrics: createMetrics() })
  await bus.start()
  await store.start()
  try {
    return await compareWithLog(bus, store)
  } finally {
    await store.stop()
    await bus.stop()
  }
}

/**
 * Compares every window of every rollup, in the table and in each view, with a recomputation from the log up to the
 * committed offsets. The processors are stopped.
 */
export async function compareWithLog(bus: Bus, store: Store): Promise<Comparison> {
  const committed = await committedOffsets(bus, 'weir-processor', [topics.flowsRaw, topics.polls])
  const expected = await recompute(bus, committed)
  const comparison: Comparison = { cells: 0, differences: [], alarms: 0, alarmEvents: 0 }
  for (const [suffix, seconds] of windows) {
    const flows = await flowCells(store, `flow_${suffix}`)
    compareCells(comparison, `flow_${suffix}`, coarser(expected.flows, seconds), flows)
    const interfaces = await interfaceCells(store, `interface_${suffix}`)
    compareCells(comparison, `interface_${suffix}`, coarser(expected.interfaces, seconds), interfaces)
  }
  await compareAlarms(comparison, store)
  return comparison
}

/** Sums of one-minute cells (`key|window`) by the longer windows they lie in. */
function coarser<T extends object>(cells: ReadonlyMap<string, T>, seconds: number): Map<string, string> {
  const sums = new Map<string, Record<string, bigint>>()
  for (const [key, cell] of cells) {
    const bar = key.lastIndexOf('|')
    const window = Math.floor(Number(key.slice(bar + 1)) / seconds) * seconds
    const coarse = `${key.slice(0, bar)}|${window}`
    const sum = sums.get(coarse) ?? {}
    for (const [name, value] of Object.entries(cell)) sum[name] = (sum[name] ?? 0n) + (value as bigint)
    sums.set(coarse, sum)
  }
  return new Map([...sums].map(([key, sum]) => [key, Object.values(sum).join(' ')]))
}

async function flowCells(store: Store, table: string): Promise<Map<string, string>> {
  const rows = await store.query<Record<string, string>>(
    `SELECT exporter_id, toUnixTimestamp(window_start) AS time, sum(octets) AS o, sum(packets) AS p,
       sum(octets_exported) AS oe, sum(packets_exported) AS pe, sum(records) AS r
     FROM ${table} GROUP BY exporter_id, window_start`,
  )
  return new Map(rows.map(row => [`${row.exporter_id}|${row.time}`, [row.o, row.p, row.oe, row.pe, row.r].join(' ')]))
}

async function interfaceCells(store: Store, table: string): Promise<Map<string, string>> {
  const rows = await store.query<Record<string, string>>(
    `SELECT tenant_id, interface_id, toUnixTimestamp(window_start) AS time, sum(in_octets) AS i, sum(out_octets) AS o,
       sum(observed_ms) AS ms FROM ${table} GROUP BY tenant_id, interface_id, window_start`,
  )
  return new Map(
    rows.map(row => [`${row.tenant_id}|${row.interface_id}|${row.time}`, [row.i, row.o, row.ms].join(' ')]),
  )
}

function compareCells(
  comparison: Comparison,
  table: string,
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    comparison.cells++
    if (expected.get(key) === found.get(key)) continue
    comparison.differences.push(`${table} ${key}: expected ${expected.get(key)}, found ${found.get(key)}`)
  }
}

/** No alarm event is written twice, sequence numbers have no holes, and no resource has two open alarms of one type. */
async function compareAlarms(comparison: Comparison, store: Store): Promise<void> {
  const rows = await store.query<{
    alarm_id: string
    rows: string
    distinct: string
    last: number
    key: string
    json: string
  }>(
    `SELECT alarm_id, count() AS rows, uniqExact(seq) AS distinct, max(seq) AS last,
       any(concat(tenant_id, ' ', alarm_type, ' ', resource, ' ', qualifier)) AS key, argMax(alarm_json, seq) AS json
     FROM alarm_events GROUP BY alarm_id`,
  )
  const open = new Map<string, string>()
  for (const row of rows) {
    comparison.alarms++
    comparison.alarmEvents += Number(row.rows)
    if (row.rows !== row.distinct)
      comparison.differences.push(`alarm ${row.alarm_id}: ${row.rows} rows of ${row.distinct} events`)
    const alarm = JSON.parse(row.json) as { isCleared: boolean }
    if (alarm.isCleared) continue
    const other = open.get(row.key)
    if (other) comparison.differences.push(`two open alarms of ${row.key}: ${other} and ${row.alarm_id}`)
    open.set(row.key, row.alarm_id)
  }
}
