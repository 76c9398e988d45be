import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics, seededRandom, silentLogger } from '../../libs/kernel/src/index.ts'
import { generateDatagrams } from '../../libs/simulator/src/index.ts'
import { encodeArrowStream } from '../../libs/store/src/arrow/encode-block.ts'
import { createEmbeddedStore } from '../../libs/store/src/embedded/index.ts'
import { FlowsBench } from '../../services/stream-processor/test/flows-bench.ts'

/**
 * What do the fields of raw flows cost: the processor's whole flow stage from batches to Arrow, the insert with
 * ClickHouse's own work, and bytes on disk, for exporters that send none of them, the frame's, or all that NAT gateways do.
 * Run: `npx tsc -b && node dist/bench/micro/flow-fields.js plain|frames|nat [epochs] [records an epoch]`
 */
const load = process.argv[2] ?? 'plain'
const epochs = Number(process.argv[3] ?? 12)
const records = Number(process.argv[4] ?? 50_000)
const datagramsPerBatch = 256
const seed = 1

const datagrams = load === 'nat' ? natDatagrams() : ordinaryDatagrams(load === 'frames' ? 'sflow' : 'netflow-v9')
console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${load}: ${epochs} epochs of ${records} records, seed ${seed}`,
)
const path = mkdtempSync(join(tmpdir(), 'weir-bench-'))
const store = createEmbeddedStore({ path, log: silentLogger, metrics: createMetrics() })
await store.start()
const bench = new FlowsBench()
bench.nowMs = Date.now()
const stage: number[] = []
const encode: number[] = []
const insert: number[] = []
let rows = 0
let bytes = 0
for (let epoch = 0; epoch < epochs; epoch++) {
  const from = Math.floor((datagrams.length * epoch) / epochs)
  const to = Math.floor((datagrams.length * (epoch + 1)) / epochs)
  let before = process.cpuUsage()
  for (let at = from; at < to; at += datagramsPerBatch) {
    bench.send(datagrams.slice(at, Math.min(to, at + datagramsPerBatch)))
  }
  const { block } = bench.closeEpoch().blocks.find(({ table }) => table === 'flows')!
  stage.push(perMillion(before, block.length))
  before = process.cpuUsage()
  bytes += encodeArrowStream('flows', block).byteLength
  encode.push(perMillion(before, block.length))
  before = process.cpuUsage()
  await store.insert('flows', block, `bench/${epoch}`)
  insert.push(perMillion(before, block.length))
  rows += block.length
  bench.outputs.length = 0
}
report('flow stage, batches to columns', stage)
report('Arrow', encode)
report('insert, Arrow and ClickHouse included', insert)
const [disk] = await store.query<{ rows: string; bytes: string }>(
  "SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'flows' AND database = currentDatabase()",
)
console.log(
  `Arrow ${(bytes / rows).toFixed(1)} bytes a row, on disk ${(Number(disk!.bytes) / Number(disk!.rows)).toFixed(2)}`,
)
await store.stop()
rmSync(path, { recursive: true, force: true })

function perMillion(before: NodeJS.CpuUsage, count: number): number {
  const used = process.cpuUsage(before)
  return (used.user + used.system) / count
}

function report(name: string, values: readonly number[]): void {
  // The first epochs warm up.
  const sorted = values.slice(2).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  console.log(`${name}: ${median.toFixed(3)} CPU-s per million records (best ${sorted[0]!.toFixed(3)})`)
}

function ordinaryDatagrams(protocol: 'netflow-v9' | 'sflow'): Uint8Array[] {
  return generateDatagrams({ protocol, records: epochs * records, seed, startMs: Date.now() }).datagrams
}

/** NetFlow v9 of a NAT gateway: element and octets of each field, and a value of it. */
function natDatagrams(): Uint8Array[] {
  const random = seededRandom(seed)
  const below = (max: number) => Math.floor(random() * max)
  const router = () => 0x0200_5e00_5300 + below(32)
  const fields: readonly (readonly [number, number, () => number])[] = [
    [8, 4, () => 0x0a00_0000 + below(65_536)],
    [12, 4, () => 0xcb00_7100 + below(4_096)],
    [7, 2, () => below(65_536)],
    [11, 2, () => [443, 53, 22, 80][below(4)]!],
    [4, 1, () => [6, 17][below(2)]!],
    [6, 1, () => below(32)],
    [10, 4, () => below(48)],
    [14, 4, () => below(48)],
    [2, 4, () => 1 + below(50)],
    [1, 4, () => below(50_000)],
    [56, 6, router],
    [80, 6, router],
    [58, 2, () => 100 + below(16)],
    [245, 2, () => 1_000 + below(200)],
    [70, 3, () => (16_000 + below(64)) << 4],
    [71, 3, () => (24_000 + below(256)) << 4],
    [234, 4, () => below(8)],
    [235, 4, () => below(8)],
    [225, 4, () => 0xc633_6400 + below(64)],
    [226, 4, () => 0xcb00_7100 + below(4_096)],
    [227, 2, () => below(65_536)],
    [228, 2, () => [443, 53, 22, 80][below(4)]!],
    [230, 1, () => 1 + below(2)],
    [233, 1, () => 1 + below(3)],
    [89, 1, () => 64],
    [136, 1, () => 1 + below(3)],
    [95, 4, () => (13 << 24) + below(200)],
    [18, 4, () => 0xc000_0200 + below(8)],
    [128, 4, () => 64_500 + below(8)],
    [129, 4, () => 64_500 + below(8)],
  ]
  const perDatagram = 12
  const width = fields.reduce((sum, [, octets]) => sum + octets, 0)
  const template = Buffer.alloc(8 + 4 * fields.length)
  for (const [i, word] of [
    0,
    template.length,
    300,
    fields.length,
    ...fields.flatMap(one => [one[0], one[1]]),
  ].entries()) {
    template.writeUInt16BE(word, 2 * i)
  }
  const result: Uint8Array[] = []
  for (let done = 0; done < epochs * records; done += perDatagram) {
    const header = Buffer.alloc(24)
    header.writeUInt16BE(9, 0)
    header.writeUInt16BE(perDatagram, 2)
    header.writeUInt32BE(10_000_000, 4)
    header.writeUInt32BE(Math.floor(Date.now() / 1_000), 8)
    header.writeUInt32BE(result.length, 12)
    header.writeUInt16BE(300, 20)
    header.writeUInt16BE(4 + perDatagram * width, 22)
    const data = Buffer.alloc(perDatagram * width)
    let at = 0
    for (let record = 0; record < perDatagram; record++) {
      for (const [, octets, value] of fields) {
        data.writeUIntBE(value(), at, octets)
        at += octets
      }
    }
    const sets = result.length === 0 ? [header.subarray(0, 20), template, header.subarray(20), data] : [header, data]
    result.push(Buffer.concat(sets))
  }
  return result
}
