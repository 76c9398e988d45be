import { createReadStream, existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { WebSocket, WebSocketServer } from 'ws'
import { packageRoot } from '../../../../libs/kernel/src/index.ts'
import {
  type Alarm,
  clientMessageSchema,
  liveSubprotocol,
  type ServerMessage,
  serverMessageSchema,
  type Tiles,
} from '../../../../libs/model/src/index.ts'

/**
 * Test equipment: serves the built wall under the strictest policy it must live with, and speaks the live protocol with
 * whatever a test gives it. Every message it sends has passed the protocol's own schema.
 */
export interface LiveServer {
  readonly port: number
  wallUrl(query?: string): string
  setAlarms(alarms: readonly Alarm[]): void
  setTiles(tiles: Tiles): void
  pushAlarm(alarm: Alarm): void
  pushTiles(tiles: Tiles): void
  /** A new incarnation: its history and offsets are forgotten. */
  newStream(streamId: string): void
  setBuild(buildId: string): void
  /** Keeps sockets open and says nothing more, as a dead link does. */
  silence(silent: boolean): void
  /** Closes sockets with a code. */
  closeAll(code: number, reason?: string): void
  /** Everything clients said, oldest first. */
  readonly heard: { type: string; streamId?: string | undefined; offset?: number | undefined }[]
  readonly connected: number
  stop(): Promise<void>
}

const dist = join(packageRoot, 'dist/services/gateway/web')
export const wallIsBuilt = existsSync(join(dist, 'index.html'))

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain',
}
const historyMax = 1_000

export async function startLiveServer({
  port = 0,
  heartbeatMs = 1_000,
}: {
  port?: number
  heartbeatMs?: number
} = {}): Promise<LiveServer> {
  let streamId = 'stream-1'
  let buildId = 'build-1'
  let offset = 0
  let silent = false
  let history: { offset: number; alarm: Alarm }[] = []
  let tiles: Tiles = {}
  const alarms = new Map<string, Alarm>()
  const heard: LiveServer['heard'] = []
  const clients = new Set<WebSocket>()
  const sockets = new Set<Socket>()

  const http: Server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0]!)).replace(/^\/wall\/?/, '')
    const file = join(dist, path === '' || path === '/' ? 'index.html' : path)
    if (!file.startsWith(dist) || !existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    })
    createReadStream(file).pipe(response)
  })
  http.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const webSockets = new WebSocketServer({ server: http, path: '/api/v1/live', handleProtocols: () => liveSubprotocol })

  const send = (client: WebSocket, message: ServerMessage) => {
    if (silent || client.readyState !== WebSocket.OPEN) return
    client.send(JSON.stringify(serverMessageSchema.parse(message)))
  }
  const broadcast = (message: ServerMessage) => {
    for (const client of clients) send(client, message)
  }

  webSockets.on('connection', client => {
    client.on('message', data => {
      const message = clientMessageSchema.parse(JSON.parse(String(data)))
      if (heard.length < historyMax) heard.push(message)
      if (message.type !== 'hello') return
      clients.add(client)
      const wished = message.streamId !== undefined
      const from = message.offset ?? -1
      const resumed = message.streamId === streamId && from <= offset && from >= (history[0]?.offset ?? offset + 1) - 1
      send(client, {
        type: 'welcome',
        streamId,
        offset,
        serverTimeMs: Date.now(),
        buildId,
        heartbeatMs,
        resumed,
        ...(wished && !resumed && { resumeRefused: 'not in history' }),
      })
      if (resumed) {
        for (const missed of history.filter(entry => entry.offset > from)) {
          send(client, { type: 'alarm', serverTimeMs: Date.now(), ...missed })
        }
        send(client, { type: 'tiles', serverTimeMs: Date.now(), tiles })
      } else {
        send(client, {
          type: 'snapshot',
          streamId,
          offset,
          serverTimeMs: Date.now(),
          alarms: [...alarms.values()],
          tiles,
        })
      }
    })
    client.on('close', () => clients.delete(client))
  })

  const beat = setInterval(
    () => broadcast({ type: 'ping', at: Date.now(), serverTimeMs: Date.now(), offset }),
    heartbeatMs,
  )
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', resolve)
  })
  const bound = (http.address() as AddressInfo).port

  return {
    port: bound,
    wallUrl: (query = '') => `http://127.0.0.1:${bound}/wall/${query}`,
    setAlarms(given) {
      alarms.clear()
      for (const alarm of given) alarms.set(alarm.alarmId, alarm)
    },
    setTiles(given) {
      tiles = given
    },
    pushAlarm(alarm) {
      alarms.set(alarm.alarmId, alarm)
      offset++
      history = [...history, { offset, alarm }].slice(-historyMax)
      broadcast({ type: 'alarm', offset, serverTimeMs: Date.now(), alarm })
    },
    pushTiles(given) {
      tiles = { ...tiles, ...given }
      broadcast({ type: 'tiles', serverTimeMs: Date.now(), tiles: given })
    },
    newStream(id) {
      streamId = id
      history = []
      offset = 0
    },
    setBuild(id) {
      buildId = id
    },
    silence(value) {
      silent = value
    },
    closeAll(code, reason = '') {
      for (const client of clients) client.close(code, reason)
    },
    heard,
    get connected() {
      return clients.size
    },
    async stop() {
      clearInterval(beat)
      for (const client of webSockets.clients) client.terminate()
      for (const socket of sockets) socket.destroy()
      webSockets.close()
      await new Promise<void>(resolve => http.close(() => resolve()))
    },
  }
}
