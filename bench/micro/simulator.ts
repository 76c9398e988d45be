import { cpus } from 'node:os'
import { silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import {
  createSimulatedNetwork,
  defaultExporterOptions,
  generateDatagrams,
  SimulatedAgent,
  SimulatedExporter,
} from '../../libs/simulator/src/index.ts'
import { appendArcs, decodeMessage, encodeMessage, type Oid, oid } from '../../libs/snmp/src/index.ts'

/**
 * What share of a core does the simulated network take: forty devices, each asked for all columns of IF-MIB and
 * EtherLike-MIB every 5 s, and five exporters stepped each second. Event time runs as fast as it can, sockets are left
 * out, decoding the replies (the poller's work) is not counted.
 * Run: `npm run build && node dist/bench/micro/simulator.js [seconds of network time] [rounds]`
 */
const seconds = Number(process.argv[2] ?? 120)
const rounds = Number(process.argv[3] ?? 5)
const seed = 1
const startMs = Date.UTC(2026, 9, 21, 10)
const pollSeconds = 5
const repetitions = 25

console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${seconds} s of the network, seed ${seed}`,
)

const columns = [
  ...[2, 3, 5, 6, 7, 8, 9, 10, 13, 14, 16, 19, 20].map(column => appendArcs(oid('1.3.6.1.2.1.2.2.1'), column)),
  ...[1, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 19].map(column => appendArcs(oid('1.3.6.1.2.1.31.1.1.1'), column)),
  ...[3, 19].map(column => appendArcs(oid('1.3.6.1.2.1.10.7.2.1'), column)),
]
const community = new TextEncoder().encode('public')

const costs = { agents: [] as number[], exporters: [] as number[], building: [] as number[] }
const seen = { requests: 0, cells: 0, datagrams: 0, octets: 0 }
for (let round = 0; round < rounds; round++) {
  seen.requests = seen.cells = seen.datagrams = seen.octets = 0
  const before = process.cpuUsage()
  const { model } = createSimulatedNetwork({ seed, startMs, clock: systemClock, log: silentLogger })
  costs.building.push(cpuSeconds(before))
  const agents = model.topology.devices.map(device => new SimulatedAgent(model, device, 'public'))
  const exporters = model.topology.devices.flatMap(device =>
    device.exporter ? [new SimulatedExporter(model, device, device.exporter, defaultExporterOptions)] : [],
  )
  let agentSeconds = 0
  let exporterSeconds = 0
  for (let second = 0; second < seconds; second++) {
    const atMs = startMs + second * 1_000
    const exporting = process.cpuUsage()
    for (const exporter of exporters) {
      for (const datagram of exporter.advance(atMs)) {
        seen.datagrams++
        seen.octets += datagram.length
      }
    }
    exporterSeconds += cpuSeconds(exporting)
    for (const [i, agent] of agents.entries()) {
      // A fifth of the devices each second, as a poller spreads them.
      if (i % pollSeconds === second % pollSeconds) agentSeconds += poll(agent, atMs + i * 20)
    }
  }
  costs.agents.push(agentSeconds / seconds)
  costs.exporters.push(exporterSeconds / seconds)
}
console.log(
  `in one round: ${seen.requests} requests, ${seen.cells} cells; ${seen.datagrams} datagrams, ${seen.octets} octets`,
)
for (const [part, values] of Object.entries(costs)) {
  const sorted = [...values].sort((a, b) => a - b)
  const unit = part === 'building' ? ' s once' : ' % of a core'
  const shown = (value: number): string => (part === 'building' ? value.toFixed(2) : (100 * value).toFixed(2))
  console.log(`${part}: ${shown(sorted[Math.floor(sorted.length / 2)]!)}${unit} (best ${shown(sorted[0]!)})`)
}

for (const protocol of ['netflow-v5', 'netflow-v9', 'ipfix', 'sflow'] as const) {
  const before = process.cpuUsage()
  const { records } = generateDatagrams({ protocol, records: 200_000, seed })
  console.log(`generateDatagrams ${protocol}: ${(records / cpuSeconds(before)).toFixed(0)} records per CPU-second`)
}

/** Walks the columns as a poller would; returns the agent's CPU seconds. */
function poll(agent: SimulatedAgent, atMs: number): number {
  let spent = 0
  for (const column of columns) {
    let at: Oid = column
    for (let more = true; more; ) {
      const request = encodeMessage({
        version: 'v2c',
        community,
        pdu: {
          kind: 'getBulkRequest',
          requestId: seen.requests++,
          nonRepeaters: 0,
          maxRepetitions: repetitions,
          varbinds: [{ oid: at, value: { type: 'null' } }],
        },
      })
      const before = process.cpuUsage()
      const reply = agent.answer(request, atMs)
      spent += cpuSeconds(before)
      if (!reply) return spent
      const decoded = decodeMessage(reply)
      if (!decoded.ok || decoded.message.pdu.kind !== 'response') throw new Error('the agent answered nonsense')
      more = false
      for (const varbind of decoded.message.pdu.varbinds) {
        more = varbind.oid.startsWith(column) && varbind.value.type !== 'endOfMibView'
        if (!more) break
        at = varbind.oid
        seen.cells++
      }
    }
  }
  return spent
}

function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
