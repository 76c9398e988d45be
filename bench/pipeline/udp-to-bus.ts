import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLocalBus } from '../../libs/bus/src/local/index.ts'
import { createMetrics, silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import { topics } from '../../libs/model/src/index.ts'
import { createFlowCollector, flowCollectorConfigSchema } from '../../services/flow-collector/src/index.ts'

/**
 * What does it cost to bring datagrams from the socket into the durable local log? NetFlow v9 datagrams of 1296 bytes with
 * 24 records each, offered at rising rates; CPU of the collector's process with all its threads, the sender apart.
 * Run: `npm run build && node dist/bench/pipeline/udp-to-bus.js [seconds] [exporters]`
 */
const seconds = Number(process.argv[2] ?? 5)
const exporters = Number(process.argv[3] ?? 20)
const recordsPerDatagram = 24
const datagramBytes = 1_296

console.log(
  `${cpus()[0]?.model} x ${cpus().length}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} before; ${seconds} s each, ${exporters} exporters`,
)
console.log('offered/s  received  kernel-drops  other-drops  sent    loss %   CPU s   CPU s per M records  log MB')
for (const perSecond of [2_000, 10_000, 20_000, 40_000, 60_000, 100_000]) console.log(await measure(perSecond))

async function measure(perSecond: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const bus = createLocalBus({ path: folder, log: silentLogger })
  await bus.start()
  await bus.createTopics([
    { name: topics.flowsRaw, partitions: 8, retentionMs: 86_400_000, retentionBytes: 4e9, compacted: false },
  ])
  const collector = createFlowCollector({
    config: flowCollectorConfigSchema.parse({ listeners: [{ port: 0 }], exporterDatagramsPerSecondMax: 1_000_000 }),
    inventory: { devices: [] },
    bus,
    clock: systemClock,
    log: silentLogger,
    metrics: createMetrics(),
  })
  await collector.start()
  const before = process.cpuUsage()
  const offered = await send(collector.ports[0]!, perSecond)
  await collector.stop()
  const { user, system } = process.cpuUsage(before)
  const { received, sent, dropped, kernelDrops } = collector.counts()
  const bounds = await bus.bounds(topics.flowsRaw)
  await bus.stop()
  rmSync(folder, { recursive: true })
  const cpuSeconds = (user + system) / 1e6
  const perMillion = cpuSeconds / ((sent * recordsPerDatagram) / 1e6)
  const logBytes = sent * datagramBytes
  if (received + kernelDrops !== offered) console.log(`not accounted for: ${offered - received - kernelDrops}`)
  if (bounds.length !== 8) throw new Error('the log lost its partitions')
  return [
    String(Math.round(offered / seconds)).padEnd(9),
    String(received).padEnd(8),
    String(kernelDrops).padEnd(12),
    String(dropped).padEnd(11),
    String(sent).padEnd(6),
    (100 * (1 - sent / offered)).toFixed(3).padEnd(7),
    cpuSeconds.toFixed(2).padEnd(6),
    perMillion.toFixed(3).padEnd(19),
    (logBytes / 1e6).toFixed(0),
  ].join('  ')
}

async function send(port: number, perSecond: number): Promise<number> {
  const sender = join(dirname(fileURLToPath(import.meta.url)), 'udp-sender.js')
  const args = [port, perSecond, seconds, datagramBytes, exporters].map(String)
  const child = spawn(process.execPath, [sender, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  return Number(output)
}
