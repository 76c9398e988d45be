import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics, seededRandom, silentLogger } from '../../libs/kernel/src/index.ts'
import { encodeArrowStream } from '../../libs/store/src/arrow/encode-block.ts'
import { createEmbeddedStore } from '../../libs/store/src/embedded/index.ts'
import type { ColumnBlock, TableName } from '../../libs/store/src/index.ts'
import { tables } from '../../libs/store/src/index.ts'

/**
 * What does a million rows cost on their way into ClickHouse: the encoding in JavaScript, Arrow beside JSONEachRow, and
 * the whole insert with ClickHouse's own work (chdb is in this process, so its threads are counted). CPU-seconds per
 * million rows, A and B by turns, best and median of the rounds.
 * Run: `npm run build && node dist/bench/micro/store-insert.js [rows per block] [rounds]`
 */
const blockRows = Number(process.argv[2] ?? 50_000)
const rounds = Number(process.argv[3] ?? 9)
const seed = 1

const flows = flowBlock(blockRows)
const rollup = rollupBlock(blockRows)

console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; blocks of ${blockRows} rows, seed ${seed}`,
)
compare('encode flows', [
  ['Arrow', () => encodeArrowStream('flows', flows)],
  ['JSONEachRow', () => encodeJsonRows('flows', flows)],
])
compare('encode flow_1m', [
  ['Arrow', () => encodeArrowStream('flow_1m', rollup)],
  ['JSONEachRow', () => encodeJsonRows('flow_1m', rollup)],
])
await inserts()

function compare(name: string, contestants: readonly (readonly [string, () => Uint8Array])[]): void {
  const costs = new Map(contestants.map(([label]) => [label, [] as number[]]))
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    for (const [label, encode] of contestants) {
      const before = process.cpuUsage()
      bytes = encode().byteLength
      costs.get(label)!.push(cpuSeconds(before) * (1e6 / blockRows))
      if (round === 0) console.log(`${name}, ${label}: ${(bytes / blockRows).toFixed(0)} bytes a row`)
    }
  }
  report(name, costs)
}

async function inserts(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const store = createEmbeddedStore({ path, log: silentLogger, metrics: createMetrics() })
  await store.start()
  const costs = new Map<string, number[]>([
    ['flows', []],
    ['flow_1m and its three views', []],
  ])
  for (let round = 0; round < rounds; round++) {
    for (const [label, table, block] of [
      ['flows', 'flows', flows],
      ['flow_1m and its three views', 'flow_1m', rollup],
    ] as const) {
      const before = process.cpuUsage()
      await store.insert(table, block, `bench/${round}/${table}`)
      costs.get(label)!.push(cpuSeconds(before) * (1e6 / blockRows))
    }
  }
  report('insert, ClickHouse included', costs)
  await store.stop()
  rmSync(path, { recursive: true, force: true })
}

function report(name: string, costs: ReadonlyMap<string, readonly number[]>): void {
  for (const [label, values] of costs) {
    const sorted = [...values].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]!
    console.log(`${name}, ${label}: ${median.toFixed(3)} CPU-s per million rows (best ${sorted[0]!.toFixed(3)})`)
  }
}

function cpuSeconds(before: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

/** What a writer of JSONEachRow does: an object a row, 64-bit numbers as texts, addresses spelled out. */
function encodeJsonRows(table: TableName, block: ColumnBlock): Uint8Array {
  const columns = Object.entries(tables[table])
  const lines: string[] = []
  for (let row = 0; row < block.length; row++) {
    const object: Record<string, unknown> = {}
    for (const [name, type] of columns) {
      const values = block.columns[name]!
      if (type === 'IPv6') object[name] = addressText(values as Uint8Array, row)
      else if (type === 'UInt64') object[name] = String(values[row])
      else if (type === 'DateTime64(3)') object[name] = new Date(values[row] as number).toISOString()
      else object[name] = values[row]
    }
    lines.push(JSON.stringify(object))
  }
  return Buffer.from(lines.join('\n'))
}

function addressText(bytes: Uint8Array, row: number): string {
  const at = row * 16 + 12
  return `::ffff:${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
}

function flowBlock(length: number): ColumnBlock {
  const random = seededRandom(seed)
  const below = (max: number) => Math.floor(random() * max)
  const nowMs = Date.now()
  const addresses = () => {
    const bytes = new Uint8Array(length * 16)
    for (let row = 0; row < length; row++) {
      bytes.set([0xff, 0xff, 10, below(4), below(256), below(256)], row * 16 + 10)
    }
    return bytes
  }
  const exporters = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`)
  // Sorted by exporter, as an epoch's rows are.
  const exporterOf = (row: number) => exporters[Math.floor((row / length) * exporters.length)]!
  const octets = BigUint64Array.from({ length }, () => BigInt(below(1e6)))
  return {
    length,
    columns: {
      tenant_id: new Array(length).fill('acme'),
      collector_id: new Array(length).fill('collector-1'),
      exporter: Array.from({ length }, (_, row) => exporterOf(row)),
      received_at: Float64Array.from({ length }, () => nowMs - below(5_000)),
      started_at: Float64Array.from({ length }, () => nowMs - below(60_000)),
      ended_at: Float64Array.from({ length }, () => nowMs - below(5_000)),
      protocol_version: new Uint8Array(length).fill(9),
      source_address: addresses(),
      destination_address: addresses(),
      next_hop: addresses(),
      source_port: Uint16Array.from({ length }, () => below(65_536)),
      destination_port: Uint16Array.from({ length }, () => [443, 53, 22, 80][below(4)]!),
      protocol: Uint8Array.from({ length }, () => [6, 17][below(2)]!),
      tcp_flags: Uint16Array.from({ length }, () => below(32)),
      tos: new Uint8Array(length),
      input_interface: Uint32Array.from({ length }, () => below(48)),
      output_interface: Uint32Array.from({ length }, () => below(48)),
      source_as: Uint32Array.from({ length }, () => 64_496 + below(100)),
      destination_as: Uint32Array.from({ length }, () => 64_496 + below(100)),
      source_mask: new Uint8Array(length).fill(24),
      destination_mask: new Uint8Array(length).fill(24),
      vlan: new Uint16Array(length),
      direction: new Uint8Array(length),
      sampling_rate: new Uint32Array(length).fill(100),
      octets,
      packets: octets,
      observation_domain: new Uint32Array(length),
    },
  }
}

/** Sorted by the table's key, as the stream makes it. */
function rollupBlock(length: number): ColumnBlock {
  const random = seededRandom(seed)
  const below = (max: number) => Math.floor(random() * max)
  const minute = Math.floor(Date.now() / 60_000) * 60
  const rows = Array.from({ length }, (_, row) => ({
    exporter: Math.floor((row / length) * 20),
    numbers: [minute - 60 * below(3), below(48), below(48), [6, 17][below(2)]!, below(1_000), below(100), below(100)],
  }))
  rows.sort((a, b) => a.exporter - b.exporter || compareNumbers(a.numbers, b.numbers))
  const number = (at: number) => Uint32Array.from(rows, row => row.numbers[at]!)
  const sums = () => BigUint64Array.from({ length }, () => BigInt(below(1e9)))
  return {
    length,
    columns: {
      window_start: number(0),
      tenant_id: new Array(length).fill('acme'),
      exporter_id: rows.map(row => `acme/collector-1/192.0.2.${row.exporter}`),
      input_interface: number(1),
      output_interface: number(2),
      protocol: Uint8Array.from(number(3)),
      service_port: Uint16Array.from(number(4)),
      source_as: number(5),
      destination_as: number(6),
      octets: sums(),
      packets: sums(),
      octets_exported: sums(),
      packets_exported: sums(),
      records: sums(),
      unscaled_records: sums(),
    },
  }
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}
