import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../principal.ts'
import type { LiveHub } from './live-hub.ts'
import type { Hello } from './session.ts'
import type { LiveTransport } from './transport.ts'

/** Browsers reconnect an event stream by themselves after this time. */
const retryMs = 2_000

/**
 * Serves the live stream as server-sent events (HTML §9.2): the messages of the WebSocket, each with its type as the
 * event's name and `streamId:offset` as its id, so that a browser's own `Last-Event-ID` resumes it.
 */
export function serveEventStream(options: {
  request: IncomingMessage
  response: ServerResponse
  hub: LiveHub
  principal: Principal
  asked: { tenant?: string | undefined; site?: string | undefined }
  release: () => void
}): void {
  const { request, response, hub } = options
  response.write(`retry: ${retryMs}\n\n`)
  const session = hub.open(eventStreamTransport(response), options.principal)
  response.on('close', () => {
    options.release()
    hub.closed(session)
  })
  hub.hello(session, { type: 'hello', ...given(options.asked), ...positionOf(request.headers['last-event-id']) })
}

/** `streamId:offset`, as the last event's id said; an offset that is no number resumes nothing. */
function positionOf(lastEventId: string | string[] | undefined): Pick<Hello, 'streamId' | 'offset'> {
  const match = /^([^:]{1,64}):(\d{1,15})$/.exec(String(lastEventId ?? ''))
  return match ? { streamId: match[1]!, offset: Number(match[2]) } : {}
}

function given(asked: { tenant?: string | undefined; site?: string | undefined }): Pick<Hello, 'tenant' | 'site'> {
  return {
    ...(asked.tenant === undefined ? {} : { tenant: asked.tenant }),
    ...(asked.site === undefined ? {} : { site: asked.site }),
  }
}

function eventStreamTransport(response: ServerResponse): LiveTransport {
  return {
    encoding: 'event-stream',
    get bufferedBytes() {
      return response.writableLength
    },
    write(chunks) {
      if (!response.writable) return
      response.cork()
      for (const chunk of chunks) response.write(chunk)
      response.uncork()
    },
    close(code, reason) {
      response.end(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`)
    },
    destroy: () => response.destroy(),
  }
}
