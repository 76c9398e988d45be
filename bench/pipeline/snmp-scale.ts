import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromBinary } from '@bufbuild/protobuf'
import { createLocalBus } from '../../libs/bus/src/local/index.ts'
import { createMetrics, seededRandom, silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import { inventorySchema, PollRecordSchema, topics } from '../../libs/model/src/index.ts'
import { createSnmpPoller, snmpPollerConfigSchema } from '../../services/snmp-poller/src/index.ts'
import { switchValues } from '../../services/snmp-poller/test/test-agent.ts'
import { BenchAgents } from './snmp-agents.ts'

/**
 * How much of a machine does it take to poll many devices in a cycle, and how much memory is each? The whole poller with
 * the embedded bus, as a process of its own, against agents on addresses of 127.x in others; a share of the devices may be
 * dead and as many slow (three seconds an answer). Two cycles to begin with, then as many as are measured.
 * Run: `npm run build && node dist/bench/pipeline/snmp-scale.js [devices] [ports] [cycle seconds] [cycles] [bad share]`
 */
const agentProcesses = 2
const port = 16_100
const slowMs = 3_000

const [role, ...rest] = process.argv.slice(2)
if (role === 'agents') await serve(Number(rest[0]), Number(rest[1]), Number(rest[2]), Number(rest[3]))
else if (role === 'poller') await poll(Number(rest[0]), Number(rest[1]), Number(rest[2]))
else await measure([role, ...rest].map(Number))

function addressOf(device: number): string {
  return `127.${1 + (device >> 16)}.${(device >> 8) & 0xff}.${device & 0xff}`
}

/** Dead and slow devices are spread among the good ones. */
function kindOf(device: number, badShare: number): 'good' | 'dead' | 'slow' {
  const every = badShare > 0 ? Math.round(1 / badShare) : Number.POSITIVE_INFINITY
  return device % every === 1 ? 'dead' : device % every === 2 ? 'slow' : 'good'
}

interface Report {
  polls: Record<'good' | 'dead' | 'slow', number>
  unanswered: number
  interfaces: number
  cpuSeconds: number
  lateMs: number[]
  wallSeconds: number
  residentBytes: number
  heapBytes: number
}

async function measure(args: readonly number[]): Promise<void> {
  const [devices = 10_000, ports = 30, cycleSeconds = 60, cycles = 2, badShare = 0] = args.filter(Number.isFinite)
  const self = fileURLToPath(import.meta.url)
  const agents = Array.from({ length: agentProcesses }, (_, i) =>
    fork(self, ['agents', ...[i, devices, ports, badShare].map(String)]),
  )
  await Promise.all(agents.map(one => once(one, 'message')))
  const poller = fork(self, ['poller', ...[devices, cycleSeconds, badShare].map(String)])
  const [emptyBytes] = (await once(poller, 'message')) as [number]
  // The first polls come at once, the second ones up to a cycle and a half later: then each has its place.
  await new Promise(resolve => setTimeout(resolve, 1_000 * (2 * cycleSeconds + 10)))
  poller.send('begin')
  await once(poller, 'message')
  await new Promise(resolve => setTimeout(resolve, 1_000 * cycleSeconds * cycles))
  poller.send('end')
  const [report] = (await once(poller, 'message')) as [Report]
  poller.kill()
  for (const one of agents) one.kill()

  const { polls, cpuSeconds, wallSeconds, lateMs, interfaces, residentBytes, heapBytes } = report
  const all = polls.good + polls.dead + polls.slow
  const late = (share: number): string => `${lateMs[Math.floor(share * (lateMs.length - 1))]?.toFixed(0)} ms`
  console.log(`${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}, seed 1`)
  console.log(`${devices} devices of ${ports} ports, every ${cycleSeconds} s, ${cycles} cycles; bad share ${badShare}`)
  console.log(
    `polls: ${all} of ${devices * cycles} due; ${report.unanswered} without an answer; ${interfaces} interfaces`,
  )
  console.log(
    `CPU: ${(cpuSeconds / wallSeconds).toFixed(3)} of one; ${((1_000 * cpuSeconds) / all).toFixed(2)} s a 1000 polls`,
  )
  console.log(
    `good devices' time between polls off the cycle: median ${late(0.5)}, 99 % ${late(0.99)}, most ${late(1)}`,
  )
  console.log(
    `memory: ${((residentBytes - emptyBytes) / devices / 1_024).toFixed(1)} KiB a device resident, ${(heapBytes / devices / 1_024).toFixed(1)} KiB heap`,
  )
}

async function serve(process_: number, devices: number, ports: number, badShare: number): Promise<void> {
  const agents = new BenchAgents(switchValues(ports))
  for (let device = process_; device < devices; device += agentProcesses) {
    const kind = kindOf(device, badShare)
    if (kind !== 'good') agents.delays.set(addressOf(device), kind === 'slow' ? slowMs : Number.POSITIVE_INFINITY)
    await agents.listen(addressOf(device), port)
  }
  process.send!('ready')
}

async function poll(devices: number, cycleSeconds: number, badShare: number): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'weir-scale-'))
  process.on('exit', () => rmSync(path, { recursive: true, force: true }))
  process.on('SIGTERM', () => process.exit(0))
  const bus = createLocalBus({ path, clock: systemClock, log: silentLogger, metrics: createMetrics() })
  await bus.start()
  await bus.createTopics(
    [topics.polls, topics.events, topics.pollers].map(name => ({
      name,
      partitions: 2,
      retentionMs: 600_000,
      retentionBytes: 1e9,
      compacted: false,
    })),
  )
  process.send!(process.memoryUsage().rss)
  const inventory = inventorySchema.parse({
    tenants: [{ id: 't' }],
    sites: [{ id: 's', tenant: 't' }],
    devices: Array.from({ length: devices }, (_, i) => ({
      id: `d${i}`,
      tenant: 't',
      site: 's',
      address: addressOf(i),
      snmp: { auth: 'all', port, intervalMs: 1_000 * cycleSeconds },
    })),
  })
  const config = {
    auths: { all: { version: 'v2c', community: 'public' } },
    producerId: 'scale',
    traps: { enabled: false },
    reachability: { enabled: false },
  }
  const poller = createSnmpPoller({
    config: snmpPollerConfigSchema.parse(config),
    inventory,
    bus,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLogger,
    metrics: createMetrics(),
  })
  await poller.start()
  let from: number[] = []
  const [message] = await once(process, 'message')
  if (message !== 'begin') throw new Error('told to end before the beginning')
  from = (await bus.bounds(topics.polls)).map(({ high }) => high)
  const [started, before] = [performance.now(), process.cpuUsage()]
  process.send!('begun')
  await once(process, 'message')
  const used = process.cpuUsage(before)
  const wallSeconds = (performance.now() - started) / 1_000
  const { rss, heapUsed } = process.memoryUsage()
  await poller.stop()
  process.send!({
    ...(await readBack(bus, from, cycleSeconds, badShare)),
    cpuSeconds: (used.user + used.system) / 1e6,
    wallSeconds,
    residentBytes: rss,
    heapBytes: heapUsed,
  } satisfies Report)
}

/** What was published since. */
async function readBack(
  bus: ReturnType<typeof createLocalBus>,
  from: readonly number[],
  cycleSeconds: number,
  badShare: number,
): Promise<Pick<Report, 'polls' | 'unanswered' | 'interfaces' | 'lateMs'>> {
  const found = { polls: { good: 0, dead: 0, slow: 0 }, unanswered: 0, interfaces: 0, lateMs: [] as number[] }
  const last = new Map<string, number>()
  const tail = await bus.tail({
    topic: topics.polls,
    from: { offsets: new Map(from.map((offset, partition) => [partition, offset])) },
    records: batch => {
      for (const { value } of batch) {
        const { body } = fromBinary(PollRecordSchema, value!)
        if (body.case !== 'poll') continue
        const { deviceId, startedMs, health, interfaces } = body.value
        const kind = kindOf(Number(deviceId.slice(1)), badShare)
        found.polls[kind]++
        found.interfaces += interfaces.length
        if (!health?.reachable) found.unanswered++
        const before = last.get(deviceId)
        if (before !== undefined && kind === 'good') {
          found.lateMs.push(Math.abs(Number(startedMs) - before - 1_000 * cycleSeconds))
        }
        last.set(deviceId, Number(startedMs))
      }
    },
  })
  await tail.caughtUp
  await tail.close()
  found.lateMs.sort((a, b) => a - b)
  return found
}
