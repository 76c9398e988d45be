import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { generateDatagrams } from '../../libs/simulator/src/index.ts'
import { createExporterDecoder, FlowColumns } from '../../libs/wire/src/index.ts'

/**
 * How many flow records a second does one thread read into columns, at what CPU time and with how much garbage.
 * Run: `npx tsc -b && node --expose-gc dist/bench/micro/flow-decode.js [records] [rounds] [folder]`
 * With a folder the datagrams are written there for the peers under bench/peers, each with its length before it.
 */
const records = Number(process.argv[2] ?? 480_000)
const rounds = Number(process.argv[3] ?? 9)
const folder = process.argv[4]
const seed = 1
const batchDatagrams = 256

console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${records} records each, seed ${seed}, ${rounds} rounds by turns`,
)

const protocols = ['netflow-v5', 'netflow-v9', 'ipfix', 'sflow'] as const
const loads = protocols.map(protocol => {
  const generated = generateDatagrams({ protocol, records, seed })
  // As they lie in a batch of the bus: one buffer, one datagram after the other.
  const joined = new Uint8Array(Buffer.concat(generated.datagrams))
  let at = 0
  const datagrams = generated.datagrams.map(({ length }) => {
    at += length
    return joined.subarray(at - length, at)
  })
  if (folder) {
    mkdirSync(folder, { recursive: true })
    const framed = generated.datagrams.flatMap(datagram => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(datagram.length)
      return [length, datagram]
    })
    writeFileSync(join(folder, `${protocol}.bin`), Buffer.concat(framed))
  }
  return {
    ...generated,
    protocol,
    datagrams,
    octetsOnWire: joined.length,
    rates: [] as number[],
    cpu: [] as number[],
    heap: [] as number[],
  }
})

const out = new FlowColumns(16_384)
for (let round = -2; round < rounds; round++) {
  for (const load of loads) {
    const decoder = createExporterDecoder()
    const { datagrams, exportMs } = load
    let octets = 0n
    let decoded = 0
    ;(globalThis as { gc?: () => void }).gc?.()
    const heapBefore = process.memoryUsage().heapUsed
    const cpuBefore = process.cpuUsage()
    const startedNs = process.hrtime.bigint()
    for (let at = 0; at < datagrams.length; at++) {
      decoded += decoder.decode(datagrams[at]!, 2_055, exportMs[at]! + 20, out).records
      if (at % batchDatagrams === batchDatagrams - 1) out.reset()
    }
    const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9
    const cpu = process.cpuUsage(cpuBefore)
    const heap = process.memoryUsage().heapUsed - heapBefore
    out.reset()
    if (round < 0) {
      // The figures are only worth something when the records are right: once over, with all sums.
      const check = createExporterDecoder()
      for (const [index, datagram] of datagrams.entries()) {
        check.decode(datagram, 2_055, exportMs[index]! + 20, out)
        for (let row = 0; row < out.length; row++) octets += out.octets[row]!
        out.reset()
      }
      if (octets !== load.octets) throw new Error(`${load.protocol}: ${octets} octets of ${load.octets}`)
      continue
    }
    if (decoded !== load.records) throw new Error(`${load.protocol}: ${decoded} records of ${load.records}`)
    load.rates.push(load.records / seconds / 1e6)
    load.cpu.push((cpu.user + cpu.system) / load.records)
    load.heap.push(heap / load.records)
  }
}

console.log(
  '| protocol | octets a record | M records/s | CPU-s per M records | heap, KB per M records |\n|---|---|---|---|---|',
)
for (const { protocol, octetsOnWire, records: count, rates, cpu, heap } of loads) {
  const best = (values: number[], of: (...values: number[]) => number): string => of(...values).toFixed(3)
  console.log(
    `| ${protocol} | ${(octetsOnWire / count).toFixed(0)} | ${median(rates).toFixed(1)} (${Math.max(...rates).toFixed(1)}) | ` +
      `${median(cpu).toFixed(3)} (${best(cpu, Math.min)}) | ${((median(heap) * 1e6) / 1024).toFixed(0)} |`,
  )
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
