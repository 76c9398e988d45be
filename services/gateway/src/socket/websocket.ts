import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock, Logger } from '../../../../libs/kernel/src/index.ts'
import { liveCloseCodes, liveSubprotocol } from '../../../../libs/model/src/index.ts'
import { ProblemError, problemBody, problemContentType, problems } from '../http/problem.ts'
import type { RequestGuard } from '../http/request-guard.ts'
import type { ResolvePrincipal } from '../principal.ts'
import type { Admission } from './admission.ts'
import type { LiveHub } from './live-hub.ts'
import type { LiveTransport } from './transport.ts'

export const livePath = '/api/v1/live'

/** OWASP's bound for a message of a client; ours are a few hundred bytes. */
const inboundBytesMax = 64 * 1024

export interface WebSocketOptions {
  hub: LiveHub
  admission: Admission
  guard: RequestGuard
  resolvePrincipal: ResolvePrincipal
  clock: Clock
  log: Logger
}

/** Serves WebSockets on `server`: checks each upgrade, then lets the hub talk to the client. */
export function attachWebSockets(server: Server, options: WebSocketOptions): void {
  const { hub, admission, clock, log } = options
  // Compression stays off: against CRIME-like attacks and inflation bombs, and it costs 300 kB a client.
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: inboundBytesMax,
    handleProtocols: () => liveSubprotocol,
  })
  // What is wrong with the handshake itself (version, key) is answered with 400 by ws.
  sockets.on('wsClientError', (cause, socket) => {
    hub.counters.refused.add('handshake')
    refuse(socket, new ProblemError('parameters-invalid', cause.message))
  })

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const problem = checkUpgrade(request)
    if (problem) {
      hub.counters.refused.add(problem.code)
      return refuse(socket, problem)
    }
    const principal = options.resolvePrincipal(request)
    if (!principal) return refuse(socket, new ProblemError('not-authorised', 'no credentials'))
    sockets.handleUpgrade(request, socket, head, client => {
      const address = request.socket.remoteAddress ?? ''
      const release = admission.admit(address)
      if (!release) {
        hub.counters.closes.add(String(liveCloseCodes.tooManyConnections))
        client.close(liveCloseCodes.tooManyConnections, 'too many connections of this address')
        clock.after(1_000, () => client.terminate())
        return
      }
      const session = hub.open(webSocketTransport(client, socket as Socket), principal)
      client.on('message', (data, isBinary) => {
        if (isBinary) session.close(liveCloseCodes.badMessage, 'text only', clock.monotonicMs())
        else session.receive(String(data), clock.monotonicMs())
      })
      client.on('error', cause => log.debug({ err: cause, address }, 'a WebSocket client broke the protocol'))
      client.on('close', () => {
        release()
        hub.closed(session)
      })
    })
  })

  function checkUpgrade(request: IncomingMessage): ProblemError | undefined {
    const refused = options.guard(request.headers)
    if (refused) return new ProblemError(refused.code, refused.detail)
    if (pathOf(request) !== livePath) return new ProblemError('not-found', `WebSockets are served at ${livePath}`)
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
    if (!offered.includes(liveSubprotocol)) {
      return new ProblemError('subprotocol-unknown', `the subprotocol has to be ${liveSubprotocol}`)
    }
    return admission.isFull ? tooManyConnections() : undefined
  }
}

export function tooManyConnections(): ProblemError {
  const options = { retryAfterSeconds: 5 }
  return new ProblemError('too-many-connections', 'the gateway serves as many clients as it may', options)
}

function webSocketTransport(client: WebSocket, socket: Socket): LiveTransport {
  return {
    encoding: 'websocket',
    get bufferedBytes() {
      return socket.writableLength
    },
    write(chunks) {
      if (client.readyState !== client.OPEN || !socket.writable) return
      // The chunks are whole frames; ws itself writes whole frames too, so that both may use the socket.
      socket.cork()
      for (const chunk of chunks) socket.write(chunk)
      socket.uncork()
    },
    close: (code, reason) => client.close(code, reason),
    destroy: () => client.terminate(),
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!
}

function refuse(socket: Duplex, problem: ProblemError): void {
  const body = JSON.stringify(problemBody(problem))
  const { status, title } = problems[problem.code]
  const retryAfter = problem.retryAfterSeconds === undefined ? '' : `Retry-After: ${problem.retryAfterSeconds}\r\n`
  const head = `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${problemContentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  socket.end(`${head}${retryAfter}Connection: close\r\n\r\n${body}`, () => socket.destroy())
}
