import { z } from 'zod'
import type { App } from '../http/app.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import type { Admission } from '../socket/admission.ts'
import { serveEventStream } from '../socket/event-stream.ts'
import type { LiveHub } from '../socket/live-hub.ts'
import { livePath, tooManyConnections } from '../socket/websocket.ts'

/** The event stream of `/api/v1/live`; upgrades to WebSocket never reach the router. */
export function addLiveRoute(app: App, { hub, admission }: { hub: LiveHub; admission: Admission }): void {
  app.get(
    livePath,
    {
      schema: {
        summary: 'The live stream',
        description:
          'WebSocket with subprotocol weir.v1.json, or server-sent events where text/event-stream is accepted: docs/reference/live-protocol.md.',
        tags: ['live'],
        produces: ['text/event-stream'],
        querystring: z.strictObject({ tenant: z.string().max(128).optional(), site: z.string().max(128).optional() }),
      },
    },
    (request, reply) => {
      if (!(request.headers.accept ?? '').includes('text/event-stream')) {
        reply.header('upgrade', 'websocket')
        throw new ProblemError(
          'upgrade-required',
          'this is a WebSocket; event streams have to accept text/event-stream',
        )
      }
      requestScope(request, request.query)
      const release = admission.admit(request.ip)
      if (!release) throw tooManyConnections()
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value)
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      serveEventStream({
        request: request.raw,
        response: reply.raw,
        hub,
        principal: request.principal,
        asked: request.query,
        release,
      })
    },
  )
}
