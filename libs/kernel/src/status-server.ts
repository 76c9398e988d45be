import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { Component, Readiness } from './component.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

export const statusConfigSchema = z.strictObject({
  /** Loopback unless told otherwise: the metrics of a network are not for everybody (ASVS 13.4.5). */
  host: z.string().default('127.0.0.1'),
  /** Unless given, by service: 9470 for the gateway and for all in one, 9471 and on for the others of a host. */
  port: z.int().min(0).max(65_535).optional(),
})

/** Answers a GET on the status listener, or returns false to pass. */
export type StatusRoute = (path: string, query: URLSearchParams) => Promise<StatusAnswer | undefined>

/** What a POST to a path of the status listener does. */
export type StatusAction = () => Promise<StatusAnswer>

export interface StatusAnswer {
  status: number
  contentType: string
  body: string
}

export interface StatusServerOptions {
  config: { host: string; port: number }
  metrics: Metrics
  readiness: () => Readiness
  routes?: readonly StatusRoute[]
  /** By path. */
  actions?: Readonly<Record<string, StatusAction>>
  log: Logger
}

export interface StatusServer extends Component {
  /** The bound port; 0 before start. */
  readonly port: number
}

/** `/metrics`, `/-/healthy` and `/-/ready` of one process, beside what `routes` add. */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  let server: Server | undefined

  async function answer(url: URL): Promise<StatusAnswer> {
    switch (url.pathname) {
      case '/-/healthy':
        return text(200, 'healthy\n')
      case '/-/ready': {
        const state = options.readiness()
        return state.ready ? text(200, 'ready\n') : text(503, `not ready: ${state.reason ?? 'starting'}\n`)
      }
      case '/metrics': {
        const own = await options.metrics.text()
        const others = await answersOf('/metrics', url.searchParams)
        return { status: 200, contentType: own.contentType, body: own.body + others.map(other => other.body).join('') }
      }
      default:
        return (await answersOf(url.pathname, url.searchParams))[0] ?? text(404, 'not found\n')
    }
  }

  async function act(path: string, { headers }: IncomingMessage): Promise<StatusAnswer> {
    const action = Object.hasOwn(options.actions ?? {}, path) ? options.actions?.[path] : undefined
    if (!action) return text(405, 'GET only\n')
    // Pages of other sites can make a browser post here, and cannot hide that they do.
    if (headers.origin !== undefined) return text(403, 'not from a browser\n')
    return action()
  }

  async function answersOf(path: string, query: URLSearchParams): Promise<StatusAnswer[]> {
    const answers = await Promise.all((options.routes ?? []).map(route => route(path, query)))
    return answers.filter(one => one !== undefined)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://status')
      if (request.method === 'POST') return send(response, await act(url.pathname, request))
      if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, text(405, 'GET only\n'))
      send(response, await answer(url))
    } catch (cause) {
      options.log.error({ err: cause, url: request.url }, 'status request failed')
      send(response, text(500, 'internal error\n'))
    }
  }

  return {
    name: 'status-server',
    get port() {
      return (server?.address() as AddressInfo | null)?.port ?? 0
    },
    async start() {
      server = createServer((request, response) => void handle(request, response))
      await new Promise<void>((resolve, reject) => {
        server?.once('error', cause =>
          reject(
            new Error(`cannot listen on ${options.config.host}:${options.config.port}; set status.port to a free one`, {
              cause,
            }),
          ),
        )
        server?.listen(options.config.port, options.config.host, resolve)
      })
    },
    async stop() {
      server?.closeAllConnections()
      await new Promise(resolve => server?.close(resolve))
    },
  }
}

function text(status: number, body: string): StatusAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

function send(response: ServerResponse, answer: StatusAnswer): void {
  response.writeHead(answer.status, { 'content-type': answer.contentType, 'x-content-type-options': 'nosniff' })
  response.end(answer.body)
}
