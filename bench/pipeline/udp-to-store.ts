/**
 * CPU-seconds per million flow records: Weir's collector (UDP to Kafka) and processor (Kafka to rows, rollups and
 * detection in ClickHouse), each a process of its own, beside goflow2 (UDP to Kafka) on the same broker in the same run.
 *
 *   node dist/bench/pipeline/udp-to-store.js [records per second] [seconds]     WEIR_GOFLOW2=path of goflow2
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKafkaBus, kafkaBusConfigSchema } from '../../libs/bus/src/kafka/index.ts'
import { silentLogger } from '../../libs/kernel/src/index.ts'
import { generateDatagrams } from '../../libs/simulator/src/index.ts'
import { startDistributed } from '../../test/support/distributed.ts'
import { freeUdpPort, until } from '../../test/support/weir-process.ts'

const perSecond = Number(process.argv[2] ?? 50_000)
const seconds = Number(process.argv[3] ?? 20)
/** Until the compilers of V8 are done with what runs often: a service runs for weeks, not for the seconds measured here. */
const warmUpSeconds = 15
const idleSeconds = 5
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
const port = await freeUdpPort()
const system = await startDistributed(folder, {
  collector: { listeners: [{ host: '127.0.0.1', port }], exporterDatagramsPerSecondMax: 1_000_000 },
})

try {
  console.log(
    `NetFlow v9, ${perSecond} records/s for ${seconds} s; ${availableParallelism()} x ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
  )
  const [collector, processor] = [await system.start('collector'), await system.start('processor')]
  await send(port, warmUpSeconds)
  const idle = await idleShare({ collector: collector.pid, processor: processor.pid })
  const before = { collector: cpuSeconds(collector.pid), processor: cpuSeconds(processor.pid) }
  const startedMs = performance.now()
  const recordsBefore = await counter(processor.metrics, 'weir_flow_records_total')
  const sent = await send(port, seconds)
  const records = await until(
    'the processor has the records',
    async () => {
      const now = (await counter(processor.metrics, 'weir_flow_records_total')) - recordsBefore
      return now >= sent * 0.999 ? now : undefined
    },
    120_000,
  ).catch(async () => (await counter(processor.metrics, 'weir_flow_records_total')) - recordsBefore)
  const cpu = {
    collector: cpuSeconds(collector.pid) - before.collector,
    processor: cpuSeconds(processor.pid) - before.processor,
  }
  const measuredSeconds = (performance.now() - startedMs) / 1_000
  report('weir collector (UDP to Kafka)', cpu.collector, idle.collector * measuredSeconds, records, sent)
  report('weir processor (Kafka to ClickHouse)', cpu.processor, idle.processor * measuredSeconds, records, sent)
  collector.signal('SIGTERM')
  processor.signal('SIGTERM')
  await Promise.all([collector.ended, processor.ended])
  if (process.env.WEIR_GOFLOW2) await goflow2(process.env.WEIR_GOFLOW2)
  else console.log('goflow2 left out: WEIR_GOFLOW2 does not name its binary')
} finally {
  await system.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)

async function goflow2(binary: string): Promise<void> {
  const bus = createKafkaBus({
    config: kafkaBusConfigSchema.parse({ brokers: system.kafka.brokers }),
    log: silentLogger,
  })
  await bus.start()
  await bus.createTopics([
    { name: 'flow-messages', partitions: 4, retentionMs: 3_600_000, retentionBytes: 2 ** 30, compacted: false },
  ])
  const own = await freeUdpPort()
  const args = [
    ...['-listen', `netflow://127.0.0.1:${own}`, '-format', 'bin', '-transport', 'kafka'],
    ...['-transport.kafka.brokers', system.kafka.brokers.join(','), '-transport.kafka.topic', 'flow-messages'],
    ...['-transport.kafka.flushfreq', '200ms', '-transport.kafka.flushbytes', '1048576', '-addr', '127.0.0.1:0'],
  ]
  const child: ChildProcess = spawn(binary, args, { stdio: 'ignore', env: { ...process.env, GOMAXPROCS: '1' } })
  await new Promise(resolve => setTimeout(resolve, 2_000))
  await send(own, warmUpSeconds)
  await settled(bus)
  const idle = await idleShare({ goflow2: child.pid! })
  const recordsBefore = await settled(bus)
  const cpuBefore = cpuSeconds(child.pid!)
  const startedMs = performance.now()
  const sent = await send(own, seconds)
  const records = (await settled(bus)) - recordsBefore
  const cpu = cpuSeconds(child.pid!) - cpuBefore
  const measuredSeconds = (performance.now() - startedMs) / 1_000
  report('goflow2 2.2.6 (UDP to Kafka, protobuf)', cpu, idle.goflow2 * measuredSeconds, records, sent)
  child.kill('SIGKILL')
  await bus.stop()
}

/** Records of the topic once their number stands still. */
async function settled(bus: ReturnType<typeof createKafkaBus>): Promise<number> {
  let last = -1
  for (;;) {
    const now = (await bus.bounds('flow-messages')).reduce((sum, bounds) => sum + bounds.high, 0)
    if (now === last) return now
    last = now
    await new Promise(resolve => setTimeout(resolve, 1_500))
  }
}

/** Sends at the given rate from one socket, in slices of 10 ms; returns the records sent. */
async function send(to: number, forSeconds: number): Promise<number> {
  const load = generateDatagrams({
    protocol: 'netflow-v9',
    records: perSecond * forSeconds,
    recordsPerSecond: perSecond,
    startMs: Date.now(),
    seed: forSeconds,
  })
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.connect(to, '127.0.0.1', resolve))
  const startedMs = performance.now()
  const perMs = load.datagrams.length / (forSeconds * 1_000)
  let next = 0
  while (next < load.datagrams.length) {
    const due = Math.min(load.datagrams.length, Math.ceil((performance.now() - startedMs) * perMs))
    for (; next < due; next++) socket.send(load.datagrams[next]!)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  socket.close()
  return load.records
}

/** User and system time of a process, all its threads, from /proc (hundredths of a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** CPU-seconds a second of each process while nothing is sent. */
async function idleShare<Name extends string>(pids: Record<Name, number>): Promise<Record<Name, number>> {
  await new Promise(resolve => setTimeout(resolve, 3_000))
  const names = Object.keys(pids) as Name[]
  const before = names.map(name => cpuSeconds(pids[name]))
  await new Promise(resolve => setTimeout(resolve, idleSeconds * 1_000))
  const shares = names.map((name, i) => [name, (cpuSeconds(pids[name]) - before[i]!) / idleSeconds])
  return Object.fromEntries(shares) as Record<Name, number>
}

async function counter(url: string, name: string): Promise<number> {
  const text = await (await fetch(url)).text()
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  )
}

function report(what: string, cpu: number, idleCpu: number, records: number, sent: number): void {
  const lost = ((1 - records / sent) * 100).toFixed(2)
  const perMillion = (cpuSeconds: number) => ((cpuSeconds / records) * 1e6).toFixed(2).padStart(6)
  console.log(
    `${what.padEnd(40)}${perMillion(cpu)} CPU-s per million records (${perMillion(cpu - idleCpu)} without its idle share), ${records} records, ${lost} % lost`,
  )
}
