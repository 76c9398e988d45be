import { type ChildProcess, fork } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type WebSocket, WebSocketServer } from 'ws'
import { silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import type { Alarm } from '../../libs/model/src/index.ts'
import { gatewayConfigSchema } from '../../services/gateway/src/index.ts'
import { LiveState } from '../../services/gateway/src/live/live-state.ts'
import { Admission } from '../../services/gateway/src/socket/admission.ts'
import { LiveHub } from '../../services/gateway/src/socket/live-hub.ts'
import { attachWebSockets } from '../../services/gateway/src/socket/websocket.ts'

/**
 * What does a delivery of an alarm to one of many live clients cost: the gateway's hub, which frames an alarm once and
 * writes what comes within 20 ms together, beside one `send` of ws for each alarm and client. The clients are another
 * process on the same machine and only count frames. Contestants take turns; deliveries a second until the last client
 * has everything, and CPU time of the serving process.
 * Run: `npm run build && node dist/bench/pipeline/websocket-fanout.js [clients] [rounds]`
 */
const clientCount = Number(process.argv[2] ?? 1_000)
const rounds = Number(process.argv[3] ?? 5)
/** How alarms come: all at once in an alarm flood, or steadily. */
const loads = [
  { name: 'flood: 200 alarms as fast as they are taken', alarms: 200, perSecond: Number.POSITIVE_INFINITY },
  { name: 'steady: 200 alarms at 200 a second', alarms: 200, perSecond: 200 },
  { name: 'quiet: 20 alarms at 20 a second', alarms: 20, perSecond: 20 },
]

interface Contestant {
  name: string
  server: Server
  publish(alarm: Alarm): void
}

interface Result {
  deliveriesPerSecond: number
  microsecondsPerDelivery: number
}

async function main(): Promise<void> {
  console.log(
    `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${clientCount} clients, ${Buffer.byteLength(JSON.stringify(alarm(1)))} bytes an alarm, ${rounds} rounds`,
  )
  const contestants = [gatewayHub(), plainSend()]
  const crowds: Crowd[] = []
  for (const { server } of contestants) {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    crowds.push(await Crowd.connect((server.address() as AddressInfo).port))
  }
  for (const load of loads) {
    const results = contestants.map((): Result[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, contestant] of contestants.entries()) results[i]!.push(await run(contestant, crowds[i]!, load))
    }
    console.log(load.name)
    for (const [i, { name }] of contestants.entries()) report(name, results[i]!)
  }
  for (const crowd of crowds) crowd.end()
  process.exit(0)
}

async function run(contestant: Contestant, crowd: Crowd, load: (typeof loads)[number]): Promise<Result> {
  const deliveries = load.alarms * clientCount
  const target = crowd.frames + deliveries
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  for (let i = 0; i < load.alarms; i++) {
    contestant.publish(alarm(i))
    const dueMs = startedMs + ((i + 1) * 1_000) / load.perSecond
    const waitMs = dueMs - performance.now()
    // The bus hands over batches, between which sockets are served.
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    else if (i % 10 === 9) await new Promise(resolve => setImmediate(resolve))
  }
  await crowd.reached(target)
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { deliveriesPerSecond: deliveries / seconds, microsecondsPerDelivery: (user + system) / deliveries }
}

function report(name: string, results: readonly Result[]): void {
  const rates = results.map(result => result.deliveriesPerSecond).sort((a, b) => b - a)
  const costs = results.map(result => result.microsecondsPerDelivery).sort((a, b) => a - b)
  const middle = Math.floor(results.length / 2)
  console.log(
    `  ${name}: ${Math.round(rates[middle]! / 1_000)} k deliveries/s (best ${Math.round(rates[0]! / 1_000)} k), ` +
      `${costs[middle]!.toFixed(2)} us CPU a delivery (best ${costs[0]!.toFixed(2)})`,
  )
}

function gatewayHub(): Contestant {
  const { live } = gatewayConfigSchema.parse({
    live: {
      connectionsMax: 10_000,
      connectionsPerAddressMax: 10_000,
      tileIntervalMs: 3_600_000,
      queueBytesMax: 1 << 30,
    },
  })
  const state = new LiveState({ tenants: [], sites: [], devices: [], circuits: [] }, live, Date.now())
  const hub = new LiveHub({ state, config: live, clock: systemClock, random: Math.random, buildId: 'bench' })
  const server = createServer()
  attachWebSockets(server, {
    hub,
    admission: new Admission(live),
    guard: () => undefined,
    resolvePrincipal: () => ({ name: 'bench', tenants: 'all' }),
    clock: systemClock,
    log: silentLogger,
  })
  return { name: 'gateway hub', server, publish: one => hub.publish(one) }
}

function plainSend(): Contestant {
  const server = createServer()
  const clients = new Set<WebSocket>()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', client => {
    clients.add(client)
    client.send('{"type":"welcome"}')
    client.send('{"type":"snapshot"}')
  })
  let offset = 0
  return {
    name: 'ws.send each ',
    server,
    publish(one) {
      const text = JSON.stringify({ type: 'alarm', offset: ++offset, serverTimeMs: Date.now(), alarm: one })
      for (const client of clients) client.send(text)
    },
  }
}

/** The clients of one server, in a process of their own. */
class Crowd {
  frames = 0
  readonly #process: ChildProcess
  #arrived: (() => void) | undefined

  private constructor(child: ChildProcess) {
    this.#process = child
    child.on('message', frames => {
      this.frames = frames as number
      this.#arrived?.()
    })
  }

  static async connect(port: number): Promise<Crowd> {
    const crowd = new Crowd(fork(fileURLToPath(import.meta.url), ['clients', String(clientCount), String(port)]))
    await crowd.reached(2 * clientCount)
    return crowd
  }

  async reached(frames: number): Promise<void> {
    while (this.frames < frames) {
      await new Promise<void>(resolve => {
        this.#arrived = resolve
      })
    }
  }

  end(): void {
    this.#process.kill()
  }
}

async function countFrames(clients: number, port: number): Promise<void> {
  let frames = 0
  for (let i = 0; i < clients; i++) {
    openClient(port, count => {
      frames += count
    })
  }
  let told = 0
  setInterval(() => {
    if (frames !== told) process.send?.(frames)
    told = frames
  }, 5)
}

/** Upgrades, says hello, and counts the frames that come: reading their lengths, skipping what is in them. */
function openClient(port: number, onFrames: (count: number) => void): void {
  const socket: Socket = connect(port, '127.0.0.1')
  const key =
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: weir.v1.json'
  socket.write(
    `GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
  )
  const hello = Buffer.from('{"type":"hello"}')
  let upgraded = false
  let skip = 0
  let header: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    let at = 0
    let count = 0
    if (!upgraded) {
      at = chunk.indexOf('\r\n\r\n') + 4
      upgraded = true
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | hello.length, 0, 0, 0, 0]), hello]))
    }
    while (at < chunk.length) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at)
        skip -= step
        at += step
        continue
      }
      header = Buffer.concat([header, chunk.subarray(at, at + 1)])
      at++
      const length = frameLength(header)
      if (length === undefined) continue
      skip = length
      header = Buffer.alloc(0)
      count++
    }
    if (count > 0) onFrames(count)
  })
}

/** Length of the payload, once the header is whole. */
function frameLength(header: Buffer): number | undefined {
  if (header.length < 2) return undefined
  const short = header[1]! & 0x7f
  if (short < 126) return short
  if (short === 126) return header.length < 4 ? undefined : header.readUInt16BE(2)
  return header.length < 10 ? undefined : Number(header.readBigUInt64BE(2))
}

function alarm(rev: number): Alarm {
  return {
    tenantId: 'acme',
    alarmId: '6f1c2b4e-5a3d-5f00-9c11-2f6b7c8d9e0f',
    alarmTypeId: 'link-down',
    resource: 'interface/core-1/xe-0/0/0',
    qualifier: '',
    deviceId: 'core-1',
    siteId: 'hq',
    perceivedSeverity: 'major',
    isCleared: false,
    condition: 'active',
    operatorState: 'none',
    shelving: 'unshelved',
    shelvedUntil: null,
    raisedAt: '2026-11-23T10:00:00.000Z',
    changedAt: '2026-11-23T10:00:00.000Z',
    clearedAt: null,
    evidence: { summary: 'xe-0/0/0 went down.', action: 'Check the optic.', measured: { operStatus: 2 }, expected: {} },
    incidentId: null,
    acknowledgedBy: null,
    occurrences: 1,
    rev,
  }
}

if (process.argv[2] === 'clients') await countFrames(Number(process.argv[3]), Number(process.argv[4]))
else await main()
