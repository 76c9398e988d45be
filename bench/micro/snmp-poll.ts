import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { seededRandom, systemClock } from '../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../libs/model/src/index.ts'
import { decodeMessage, encodeMessage, type Message } from '../../libs/snmp/src/index.ts'
import { DevicePoller } from '../../services/snmp-poller/src/device-poller.ts'
import { NetSnmpTransport } from '../../services/snmp-poller/src/net-snmp-transport.ts'
import type { SnmpTransport } from '../../services/snmp-poller/src/snmp-transport.ts'
import { UdpTransport } from '../../services/snmp-poller/src/udp-transport.ts'
import { honestReply, switchValues } from '../../services/snmp-poller/test/test-agent.ts'

/**
 * What does a poll of a 48-port device cost the poller: CPU-seconds for 1 000 polls of all columns (20 of IF-MIB and one of
 * EtherLike-MIB at every poll) with our own codec and with npm net-snmp, interleaved. The agent is another process.
 * Run: `npm run build && node dist/bench/micro/snmp-poll.js [polls a round] [rounds]`
 */
const ports = 48
const inFlight = 20

if (process.argv[2] === 'agent') await serve()
else await measure(Number(process.argv[2] ?? 400), Number(process.argv[3] ?? 5))

async function measure(polls: number, rounds: number): Promise<void> {
  console.log(
    `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${polls} polls a round, ${ports} ports`,
  )
  const agent = fork(fileURLToPath(import.meta.url), ['agent'])
  const [port] = (await once(agent, 'message')) as [number]
  const results: Record<string, number[]> = { 'own codec': [], 'net-snmp': [] }
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 === 0 ? Object.keys(results) : Object.keys(results).reverse()) {
      const seconds = await cpuOf(name === 'own codec' ? ownTransport() : new NetSnmpTransport(), port, polls)
      // The first round warms up the compiler.
      if (round >= 0) results[name]!.push((1_000 * seconds) / polls)
    }
  }
  agent.kill()
  for (const [name, values] of Object.entries(results)) {
    const sorted = [...values].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]!
    console.log(
      `${name}: ${median.toFixed(2)} CPU-s a 1000 polls (best ${sorted[0]!.toFixed(2)}), ${((1_000 * ports) / median).toFixed(0)} interfaces a CPU-s`,
    )
  }
}

function ownTransport(): SnmpTransport {
  return new UdpTransport({ clock: systemClock, random: seededRandom(1) })
}

async function cpuOf(transport: SnmpTransport, port: number, polls: number): Promise<number> {
  const pollers = Array.from({ length: inFlight }, (_, i) => {
    const session = transport.open({
      host: '127.0.0.1',
      port,
      auth: { version: 'v2c', community: 'public' },
      timeoutMs: 5_000,
      retries: 3,
    })
    const device = deviceSchema.parse({ id: `d${i}`, tenant: 't', site: 's', address: '127.0.0.1' })
    return new DevicePoller({
      device,
      session,
      clock: systemClock,
      intervalMs: 60_000,
      budgetMs: 60_000,
      slowRefreshMs: 600_000,
      interfacesMax: 1_000,
    })
  })
  await Promise.all(pollers.map(poller => poller.poll()))
  const before = process.cpuUsage()
  await Promise.all(
    pollers.map(async poller => {
      for (let i = 0; i < polls / inFlight; i++) {
        const { poll } = await poller.poll()
        if (poll.interfaces.length !== ports) throw new Error(`a poll brought ${poll.interfaces.length} interfaces`)
      }
    }),
  )
  const used = process.cpuUsage(before)
  for (const poller of pollers) poller.close()
  transport.close()
  return (used.user + used.system) / 1e6
}

/** Answers from what it has answered before: only the request id is new. */
async function serve(): Promise<void> {
  const values = switchValues(ports)
  const known = new Map<string, Message>()
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok || !('requestId' in decoded.message.pdu)) return
    const { pdu } = decoded.message
    const key = JSON.stringify([
      pdu.kind,
      'maxRepetitions' in pdu ? pdu.maxRepetitions : 0,
      pdu.varbinds.map(one => one.oid),
    ])
    const answer = known.get(key) ?? honestReply(decoded.message, values)
    known.set(key, answer)
    const message = { ...answer, pdu: { ...answer.pdu, requestId: pdu.requestId } } as Message
    socket.send(encodeMessage(message), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  process.send?.(socket.address().port)
}
