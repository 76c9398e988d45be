import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { generateDatagrams } from '../../libs/simulator/src/index.ts'
import { createExporterDecoder, FlowColumns } from '../../libs/wire/src/index.ts'
import { runNfcapd } from './nfcapd-peer.ts'

/**
 * How many flow records a second does one thread read into columns, at what CPU time and with how much garbage.
 * Run: `npx tsc -b && node --expose-gc dist/bench/micro/flow-decode.js [records] [rounds] [folder]`
 * With a folder the datagrams are written there, each with its length before it; and with WEIR_GOFLOW2 naming the program
 * that `go build` makes of bench/peers/goflow2, goflow2's decoders read the same files, one goroutine, by turns with ours.
 * With WEIR_NFCAPD=1, nfdump's collectors get the same datagrams over loopback at the end; their CPU is more than decoding.
 */
const records = Number(process.argv[2] ?? 480_000)
const rounds = Number(process.argv[3] ?? 9)
const folder = process.argv[4]
const seed = 1
const batchDatagrams = 256
const peer = folder === undefined ? undefined : process.env.WEIR_GOFLOW2

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
    peerCpu: [] as number[],
  }
})

type Load = (typeof loads)[number]
const out = new FlowColumns(16_384)
for (let round = -2; round < rounds; round++) {
  for (const load of loads) {
    if (round < 0) {
      check(load)
      continue
    }
    // The best of three passes, as for the peer: the first one finds caches cold.
    const passes = Array.from({ length: 3 }, () => pass(load))
    load.rates.push(Math.max(...passes.map(({ seconds }) => load.records / seconds / 1e6)))
    load.cpu.push(Math.min(...passes.map(({ cpuMicroseconds }) => cpuMicroseconds / load.records)))
    load.heap.push(passes[0]!.heapOctets / load.records)
    if (peer) load.peerCpu.push(goflow2CpuMicroseconds(load.protocol) / load.records)
  }
}

const nfcapdRounds = process.env.WEIR_NFCAPD ? 3 : 0
const nfcapdPort = 29_995
console.log(
  '| protocol | octets a record | M records/s | CPU-s per M records | heap, MB per M records | goflow2, CPU-s per M | ratio | nfcapd, CPU-s per M | ratio |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const load of loads) {
  const { protocol, octetsOnWire, records: count, rates, cpu, heap, peerCpu } = load
  const nfcapdCpu: number[] = []
  for (let round = 0; round < nfcapdRounds; round++) nfcapdCpu.push(await nfcapdCpuMicroseconds(load))
  console.log(
    `| ${protocol} | ${(octetsOnWire / count).toFixed(0)} | ${median(rates).toFixed(1)} (${Math.max(...rates).toFixed(1)}) | ` +
      `${median(cpu).toFixed(3)} (${Math.min(...cpu).toFixed(3)}) | ${median(heap).toFixed(1)} | ` +
      `${versus(peerCpu, cpu)} | ${versus(nfcapdCpu, cpu)} |`,
  )
}

function versus(theirs: readonly number[], ours: readonly number[]): string {
  if (theirs.length === 0) return '- | -'
  const ratio = median(theirs) / median(ours)
  return `${median(theirs).toFixed(3)} (${Math.min(...theirs).toFixed(3)}) | ${ratio.toFixed(1)}`
}

async function nfcapdCpuMicroseconds({ protocol, datagrams, records: sent }: Load): Promise<number> {
  const { cpuSeconds, records: stored } = await runNfcapd(protocol, datagrams, nfcapdPort)
  if (stored < 0.99 * sent) console.log(`nfcapd stored ${stored} of ${sent} ${protocol} records`)
  return (cpuSeconds * 1e6) / Math.max(stored, 1)
}

function pass({ datagrams, exportMs, records: expected }: Load): {
  seconds: number
  cpuMicroseconds: number
  heapOctets: number
} {
  const decoder = createExporterDecoder()
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
  const { user, system } = process.cpuUsage(cpuBefore)
  const heapOctets = process.memoryUsage().heapUsed - heapBefore
  out.reset()
  if (decoded !== expected) throw new Error(`${decoded} records of ${expected}`)
  return { seconds, cpuMicroseconds: user + system, heapOctets }
}

/** The figures are only worth something when the records are right: once over, with all sums. */
function check({ protocol, datagrams, exportMs, octets: expected }: Load): void {
  const decoder = createExporterDecoder()
  let octets = 0n
  for (const [index, datagram] of datagrams.entries()) {
    decoder.decode(datagram, 2_055, exportMs[index]! + 20, out)
    for (let row = 0; row < out.length; row++) octets += out.octets[row]!
    out.reset()
  }
  if (octets !== expected) throw new Error(`${protocol}: ${octets} octets of ${expected}`)
}

function goflow2CpuMicroseconds(protocol: string): number {
  const output = execFileSync(peer!, [join(folder!, `${protocol}.bin`), '3'], { encoding: 'utf8' })
  return Math.min(
    ...output
      .trim()
      .split('\n')
      .map(line => Number(line.split(' ')[2]) * 1e6),
  )
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
