import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMetrics, seededRandom, silentLogger } from '../../libs/kernel/src/index.ts'
import { createEmbeddedStore } from '../../libs/store/src/embedded/index.ts'
import { FlowColumns } from '../../libs/wire/src/index.ts'
import { FlowTalkers } from '../../services/stream-processor/src/flows/flow-talkers.ts'

/**
 * What hosts and conversations of bounded number cost: CPU-seconds per million records in JavaScript and for the insert
 * (chdb is in this process, so its threads are counted), rows a million records, and how wide the bounds are.
 * Run: `npm run build && node dist/bench/micro/flow-talkers.js [records per epoch] [epochs]`
 */
const perEpoch = Number(process.argv[2] ?? 100_000)
const epochs = Number(process.argv[3] ?? 12)
const startMs = Date.now()

/** A source and a destination among so many, the k-th of them with a weight of 1/k. */
const crowds: Readonly<Record<string, (random: () => number) => readonly [number, number]>> = {
  '200 hosts': random => [zipf(random, 200), zipf(random, 200)],
  '20,000 hosts': random => [zipf(random, 20_000), zipf(random, 20_000)],
  '1,000,000 hosts': random => [zipf(random, 1_000_000), zipf(random, 1_000_000)],
  'forged sources': random => [Math.floor(random() * 2 ** 32), 1],
}

console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${epochs} epochs of ${perEpoch} records of one exporter, seed 1`,
)
for (const [name, pick] of Object.entries(crowds)) await run(name, pick)

async function run(name: string, pick: (random: () => number) => readonly [number, number]): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const store = createEmbeddedStore({ path, log: silentLogger, metrics: createMetrics() })
  await store.start()
  const random = seededRandom(1)
  const talkers = new FlowTalkers()
  const sketching: number[] = []
  const inserting: number[] = []
  let rows = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const flows = recordsOf(random, pick)
    const before = process.cpuUsage()
    const exporter = talkers.exporter({ tenantId: 'acme', exporterId: 'acme/c1/192.0.2.1' })
    for (let i = 0; i < perEpoch; i++) talkers.add(exporter, startMs, flows, i)
    const taken = talkers.take()
    sketching.push(perMillion(process.cpuUsage(before)))
    const between = process.cpuUsage()
    await store.insert('talker_1h', taken.talkers, `hosts-${epoch}`)
    await store.insert('conversation_1h', taken.conversations, `pairs-${epoch}`)
    inserting.push(perMillion(process.cpuUsage(between)))
    rows += taken.talkers.length + taken.conversations.length
  }
  const [bound] = await store.query<{ listed: string; all: string; most: string }>(
    `SELECT sumIf(octets, side = 0) AS listed, sum(octets) AS all, sumIf(octets_unlisted_max, side = 2) AS most
     FROM talker_1h WHERE side IN (0, 2)`,
  )
  const { listed, all, most } = bound!
  console.log(
    `${name}: sketch ${summary(sketching)}, insert ${summary(inserting)} CPU-s per million records; ` +
      `${Math.round((rows * 1e6) / (perEpoch * epochs))} rows per million; sources listed with ${share(listed, all)} of the octets, ` +
      `another one at most ${share(most, all)}`,
  )
  await store.stop()
  rmSync(path, { recursive: true, force: true })
}

function recordsOf(random: () => number, pick: (random: () => number) => readonly [number, number]): FlowColumns {
  const flows = new FlowColumns(perEpoch)
  flows.length = perEpoch
  for (let i = 0; i < perEpoch; i++) {
    const [source, destination] = pick(random)
    flows.sourceAddressWords[4 * i + 3] = source
    flows.destinationAddressWords[4 * i + 3] = destination
    flows.inputInterface[i] = 1 + (source % 8)
    flows.outputInterface[i] = 1 + (destination % 8)
    flows.octetsWords[2 * i] = 64 + Math.floor(random() * 1_436)
    flows.packetsWords[2 * i] = 1
    flows.samplingRate[i] = 1
  }
  return flows
}

function zipf(random: () => number, hosts: number): number {
  return Math.floor(Math.exp(random() * Math.log(hosts + 1)))
}

function perMillion({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / perEpoch
}

function summary(costs: number[]): string {
  const sorted = costs.toSorted((a, b) => a - b)
  return `${sorted[0]!.toFixed(2)} best, ${sorted[sorted.length >> 1]!.toFixed(2)} median`
}

function share(part: string, all: string): string {
  return `${((100 * Number(part)) / Number(all)).toFixed(3)} %`
}
