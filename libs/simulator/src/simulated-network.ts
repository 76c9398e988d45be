import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Clock, type Component, every, type Logger, type Metrics, type Timer } from '../../kernel/src/index.ts'
import type { Inventory } from '../../model/src/index.ts'
import { SimulatedAgent } from './agent/agent.ts'
import { AgentSocket } from './agent/agent-socket.ts'
import { EchoResponder } from './agent/echo-responder.ts'
import { ProbeServices } from './agent/probe-services.ts'
import { TrapSender } from './agent/trap-sender.ts'
import { defaultExporterOptions, type ExporterOptions, SimulatedExporter } from './exporters/exporter.ts'
import { type CollectorAddressTable, collectorAddressTable, inventoryOf, probeServiceAddresses } from './inventory.ts'
import type { ExpectedAlarm, IncidentSpec } from './model/incidents.ts'
import type { CounterName } from './model/interface-counters.ts'
import { counterNames } from './model/interface-counters.ts'
import { NetworkModel } from './model/network-model.ts'
import { deviceById, type ExporterSpec } from './model/topology.ts'

export interface SimulatedNetworkOptions {
  seed: number
  clock: Clock
  log: Logger
  /** Milliseconds since the Unix epoch; the same start continues the same network, a new one looks like reboots. */
  startMs: number
  /** When the script of incidents begins anew, `startMs` first: see `continueHistory`. Default: at the start only. */
  runsMs?: readonly number[]
  /** Where the collector listens; without it nothing is exported. */
  flowsTo?: { host: string; ports: { netflow: number; ipfix: number; sflow: number } }
  /** Where traps are received; without it none are sent. */
  trapsTo?: { host: string; port: number }
  /** UDP port of all agents, each on its device's own address. */
  agentPort?: number
  /** First two octets of the devices' addresses, within 127.0.0.0/8. */
  loopbackPrefix?: string
  community?: string
  /** Multiplies the number of flows, not the traffic. */
  scale?: number
  incidents?: readonly IncidentSpec[]
  exporter?: Partial<ExporterOptions>
  /** Devices that export although nobody entered them: they are not in the address table. */
  unlistedExporters?: Readonly<Record<string, ExporterSpec>>
  metrics?: Metrics
}

/** One happening, for the terminal and for tests. */
export interface ScheduledIncident {
  id: string
  atMs: number
  endsMs: number
  title: string
  expected: string
  expectedAlarms: readonly ExpectedAlarm[]
}

export interface SimulatedNetwork extends Component {
  readonly model: NetworkModel
  /** Devices as the poller finds them on loopback; the auth is named `demo`. */
  readonly inventory: Inventory
  readonly collectorAddressTable: CollectorAddressTable
  /** What stands for the poller's fping: see there. */
  readonly echo: EchoResponder
  /** Of each the time that goes on or comes next, seen from the making of the network; in order. */
  readonly incidents: readonly ScheduledIncident[]
  /** What the interface shows at a time, exactly; undefined where no interface has the number then. */
  trueCounters(deviceId: string, ifIndex: number, atMs: number): Record<CounterName, bigint> | undefined
  /** Sent and lost by now. */
  readonly counters: { datagrams: number; traps: number; sendErrors: number }
}

/** A pause longer than this (a suspended laptop) is one step and not a step a second. */
const stepMs = 1_000
const stepsAtOnceMax = 10
/** How soon after a change of a link its trap is sent at the latest. */
const trapStepMs = 250

/** The network behind `npm start`: an SNMP agent for every device, flow exporters, and incidents on schedule. */
export function createSimulatedNetwork(options: SimulatedNetworkOptions): SimulatedNetwork {
  const { clock, log, flowsTo, trapsTo } = options
  const agentPort = options.agentPort ?? 1_161
  const model = new NetworkModel({
    seed: options.seed,
    startMs: options.startMs,
    ...(options.loopbackPrefix !== undefined && { loopbackPrefix: options.loopbackPrefix }),
    ...(options.incidents && { incidents: options.incidents }),
    ...(options.runsMs && { runsMs: options.runsMs }),
    ...(options.scale !== undefined && { demandsPerHost: options.scale }),
  })
  const agents = model.topology.devices.map(device => new SimulatedAgent(model, device, options.community ?? 'public'))
  const agentSockets = agents.map(agent => new AgentSocket(agent, clock, log))
  const trapSenders = model.topology.devices.map(device => new TrapSender(model, device, options.community ?? 'public'))
  const exporters = model.topology.devices.flatMap(device => {
    const spec = device.exporter ?? options.unlistedExporters?.[device.id]
    return spec ? [new SimulatedExporter(model, device, spec, { ...defaultExporterOptions, ...options.exporter })] : []
  })
  const counters = { datagrams: 0, traps: 0, sendErrors: 0 }
  const exporterSockets: Socket[] = []
  const probeServices = new ProbeServices(log)
  let timer: Timer | undefined
  let steppedMs = 0
  let trapTimer: Timer | undefined
  let trappedMs = 0

  options.metrics?.counters('weir_simulator_agent_requests_total', 'Requests to simulated agents', ['outcome'], () => {
    const sum = (read: (agent: SimulatedAgent) => number): number =>
      agents.reduce((total, agent) => total + read(agent), 0)
    return [
      [{ outcome: 'answered' }, sum(agent => agent.counters.replies)],
      [{ outcome: 'malformed' }, sum(agent => agent.counters.malformed)],
      [{ outcome: 'wrong-community' }, sum(agent => agent.counters.wrongCommunity)],
      [{ outcome: 'silent' }, sum(agent => agent.counters.unanswered)],
    ]
  })
  options.metrics?.counters(
    'weir_simulator_datagrams_total',
    'Flow datagrams of simulated exporters',
    ['outcome'],
    () => [
      [{ outcome: 'sent' }, counters.datagrams],
      [{ outcome: 'failed' }, counters.sendErrors],
    ],
  )
  options.metrics?.counters('weir_simulator_traps_total', 'Traps of simulated devices', [], () => [
    [{}, counters.traps],
  ])

  function step(): void {
    const nowMs = Math.floor(clock.nowMs() / stepMs) * stepMs
    if (nowMs - steppedMs > stepsAtOnceMax * stepMs) steppedMs = nowMs - stepMs
    while (steppedMs < nowMs) {
      steppedMs += stepMs
      for (const [i, exporter] of exporters.entries()) {
        for (const datagram of exporter.advance(steppedMs)) send(exporterSockets[i]!, exporter, datagram)
      }
    }
  }

  /** What happened during a pause (a suspended laptop) was sent into nothing: only its end is told. */
  function sendTraps(): void {
    const nowMs = clock.nowMs()
    for (const [i, sender] of trapSenders.entries()) {
      for (const trap of sender.between(trappedMs, nowMs)) {
        agentSockets[i]!.send(trap, trapsTo!, error => {
          if (error) counters.sendErrors++
          else counters.traps++
        })
      }
    }
    trappedMs = nowMs
  }

  function send(socket: Socket, exporter: SimulatedExporter, datagram: Buffer): void {
    const { host, ports } = flowsTo!
    const { protocol } = exporter.spec
    const port = protocol === 'sflow' ? ports.sflow : protocol === 'ipfix' ? ports.ipfix : ports.netflow
    socket.send(datagram, port, host, error => {
      if (error) counters.sendErrors++
      else counters.datagrams++
    })
  }

  async function release(): Promise<void> {
    timer?.cancel()
    timer = undefined
    trapTimer?.cancel()
    trapTimer = undefined
    await Promise.all([
      probeServices.close(),
      ...agentSockets.map(socket => socket.close()),
      ...exporterSockets.splice(0).map(socket => new Promise<void>(resolve => socket.close(() => resolve()))),
    ])
  }

  return {
    name: 'simulated-network',
    model,
    inventory: inventoryOf(model, agentPort),
    collectorAddressTable: collectorAddressTable(model),
    echo: new EchoResponder(model, clock),
    incidents: scheduleOf(model, clock.nowMs()),
    counters,
    async start() {
      try {
        for (const socket of agentSockets) await socket.open(agentPort)
        const { service, resolver } = probeServiceAddresses(model)
        await probeServices.open(service, resolver, agentPort)
        if (flowsTo) {
          for (const exporter of exporters) exporterSockets.push(await exporterSocket(exporter, log))
          steppedMs = Math.floor(clock.nowMs() / stepMs) * stepMs - stepMs
          timer = every(clock, stepMs, step)
        }
        if (trapsTo) {
          trappedMs = clock.nowMs()
          trapTimer = every(clock, trapStepMs, sendTraps)
        }
      } catch (cause) {
        await release()
        throw cause
      }
    },
    stop: release,
    trueCounters(deviceId, ifIndex, atMs) {
      const device = deviceById(model.topology, deviceId)
      const port = model.life(device).portAt(ifIndex, atMs)
      if (!port) return undefined
      const own = model.counters(device)
      return Object.fromEntries(counterNames.map(name => [name, own.value(port, name, atMs)])) as Record<
        CounterName,
        bigint
      >
    },
  }
}

async function exporterSocket(exporter: SimulatedExporter, log: Logger): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('error', error => log.warn({ err: error, device: exporter.device.id }, 'simulated exporter: socket error'))
  socket.bind(0, exporter.device.loopbackAddress)
  await once(socket, 'listening')
  return socket
}

function scheduleOf(model: NetworkModel, nowMs: number): ScheduledIncident[] {
  return model.incidents
    .flatMap(({ spec, windows }) => {
      const next = windows.find(window => window.endMs > nowMs)
      if (!next) return []
      const { id, title, expected, expectedAlarms } = spec
      return [{ id, atMs: next.startMs, endsMs: next.endMs, title, expected, expectedAlarms }]
    })
    .sort((a, b) => a.atMs - b.atMs)
}
