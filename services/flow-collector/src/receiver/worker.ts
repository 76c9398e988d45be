import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { ArrivalClock } from './arrival-clock.ts'
import { Batcher } from './batcher.ts'
import type { BoundSocket, ReceiverOptions, ReceiverReport, ReceiverRequest, SourceBatch } from './messages.ts'

/**
 * The thread that receives: nothing else runs here, because it is pauses of the receiving loop that lose datagrams (30-50 %
 * CPU was enough to lose some in one busy thread). node:dgram makes one `recvmsg` a datagram, about 3.5 µs.
 */
const options = workerData as ReceiverOptions
const port = parentPort!
const sockets: Socket[] = []
const batcher = new Batcher(options, handOver)
const clock = new ArrivalClock()
let heartbeatDueMs = performance.now() + options.heartbeatIntervalMs
let received = 0
let flushTimer: NodeJS.Timeout | undefined

port.on('message', (request: ReceiverRequest) => {
  if (request.kind === 'released') batcher.released(request.bytes)
  else if (request.kind === 'givenBack') batcher.givenBack(request.memory)
  else void stop()
})

try {
  const bound: BoundSocket[] = []
  for (const [listener] of options.listeners.entries()) bound.push(await listen(listener))
  report({ kind: 'listening', sockets: bound })
  scheduleFlush()
} catch (cause) {
  for (const socket of sockets) socket.close()
  report({ kind: 'failed', message: (cause as Error).message })
  port.close()
}

async function listen(listener: number): Promise<BoundSocket> {
  const { host, port } = options.listeners[listener]!
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  socket.on('message', (datagram, { address, port }) => {
    received++
    batcher.add(listener, datagram, address, port, clock.nowUs())
  })
  socket.bind(port, host)
  await once(socket, 'listening')
  // A reset by an ICMP error of an earlier send cannot happen on a socket that only receives; what else comes is logged.
  socket.on('error', cause => report({ kind: 'failed', message: cause.message }))
  sockets.push(socket)
  try {
    socket.setRecvBufferSize(options.receiveBufferBytes)
  } catch {
    // Some kernels refuse more than their maximum instead of granting it; what was granted is reported either way.
  }
  return { port: socket.address().port, receiveBufferBytes: socket.getRecvBufferSize() }
}

function scheduleFlush(): void {
  flushTimer = setTimeout(() => {
    flush()
    scheduleFlush()
  }, batcher.batchAgeMs)
}

function flush(): void {
  clock.follow()
  const nowMs = Math.floor(clock.nowUs() / 1_000)
  batcher.flush(nowMs)
  if (performance.now() < heartbeatDueMs) return
  heartbeatDueMs = performance.now() + options.heartbeatIntervalMs
  report({ kind: 'heartbeat', atMs: nowMs })
}

/** Takes what lies in the sockets' buffers, as long as something comes with each turn and for half a second at most. */
async function stop(): Promise<void> {
  clearTimeout(flushTimer)
  const untilMs = performance.now() + 500
  for (let before = -1; before !== received && performance.now() < untilMs; ) {
    before = received
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  for (const socket of sockets) socket.close()
  batcher.flush(clock.nowUs() / 1_000)
  report({ kind: 'stopped' })
  port.close()
}

function handOver(batches: SourceBatch[]): void {
  const memory = batches.flatMap(({ columns, payload }) => [columns.buffer, payload.buffer])
  port.postMessage({ kind: 'batches', batches } satisfies ReceiverReport, memory)
}

function report(message: ReceiverReport): void {
  port.postMessage(message)
}
