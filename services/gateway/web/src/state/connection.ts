import type { ClientMessage, ServerMessage } from '../../../../../libs/model/src/index.ts'
import { backoffMs } from './backoff.ts'
import { parseServerMessage } from './protocol.ts'

/** What the connection needs of its surroundings; the page gives a WebSocket and its timers, a test its own. */
export interface ConnectionPorts {
  /** Opens a socket; handlers are never called before this returns, and not after `abandon`. */
  open(handlers: SocketHandlers): SocketHandle
  monotonicMs(): number
  random(): number
  /** Calls `then` once after `ms`; returns how to call it off. */
  after(ms: number, then: () => void): () => void
}

export interface SocketHandlers {
  opened(): void
  received(text: string): void
  closed(code: number, reason: string): void
}

export interface SocketHandle {
  send(text: string): void
  /** Closes and forgets: a half-open socket may take minutes to say that it is closed. */
  abandon(): void
}

export type LinkState =
  | { name: 'dialling'; sinceMs: number }
  | { name: 'open'; sinceMs: number }
  | { name: 'waiting'; sinceMs: number; retryAtMs: number; why: string }
  /** The gateway said not to come back at once (codes of 3500 and above). */
  | { name: 'refused'; sinceMs: number; retryAtMs: number; code: number; why: string }

export interface ConnectionCounters {
  dials: number
  received: number
  invalid: number
  droppedRows: number
  duplicates: number
  watchdog: number
}

export interface Connection {
  start(): void
  stop(): void
  /** Dials now instead of at the end of the wait: the network came back, or the page became visible. */
  nudge(): void
  state(): LinkState
  /** Monotonic time of the last frame, null before the first. */
  lastFrameMs(): number | null
  readonly counters: ConnectionCounters
}

export interface ConnectionOptions {
  ports: ConnectionPorts
  tenant?: string | undefined
  site?: string | undefined
  /** Every valid message of the socket in use, in order, each alarm offset once. */
  received(message: ServerMessage): void
  changed(state: LinkState): void
}

/** A socket that says nothing in this time after dialling is given up. */
const welcomeTimeoutMs = 10_000
/** Bounds on what a gateway may announce as its heartbeat, so that a wrong value cannot blind the watchdog. */
const heartbeatMinMs = 100
const heartbeatMaxMs = 10_000
/** How long a connection must have lasted to count as success: one that is closed at once must not dial twice a second. */
const steadyMs = 10_000
/** A refused screen tries again this rarely: what was refused is mended by a person, on the gateway. */
const refusedRetryMs = 60_000

/**
 * Keeps the live stream for ever: redials with back-off, resumes by stream id and offset, and tears down a socket on
 * which nothing was heard for two heartbeats (half-open TCP tells nobody).
 */
export function createConnection({ ports, tenant, site, received, changed }: ConnectionOptions): Connection {
  const counters: ConnectionCounters = {
    dials: 0,
    received: 0,
    invalid: 0,
    droppedRows: 0,
    duplicates: 0,
    watchdog: 0,
  }
  let state: LinkState = { name: 'dialling', sinceMs: ports.monotonicMs() }
  let socket: SocketHandle | undefined
  let position: { streamId: string; offset: number } | undefined
  let failures = 0
  let openedMs = 0
  let lastFrameMs: number | null = null
  let patienceMs = welcomeTimeoutMs
  let serverRetryMs: number | undefined
  let cancelRetry = () => {}
  let cancelWatchdog = () => {}
  let running = false

  const become = (next: LinkState) => {
    state = next
    changed(next)
  }

  function dial(): void {
    cancelRetry()
    counters.dials++
    const monotonicMs = ports.monotonicMs()
    openedMs = monotonicMs
    patienceMs = welcomeTimeoutMs
    serverRetryMs = undefined
    become({ name: 'dialling', sinceMs: monotonicMs })
    const own = ports.open({
      opened: () => {
        const hello: ClientMessage = { type: 'hello', ...(tenant && { tenant }), ...(site && { site }), ...position }
        own.send(JSON.stringify(hello))
      },
      received: text => frame(text),
      closed: (code, reason) => {
        socket = undefined
        lost(code, reason)
      },
    })
    socket = own
    watch(monotonicMs)
  }

  /** Looks again when the silence would have lasted too long; a frame in between only moves the next look. */
  function watch(fromMs: number): void {
    cancelWatchdog()
    cancelWatchdog = ports.after(Math.max(1, fromMs + patienceMs - ports.monotonicMs()), () => {
      // Before the welcome nothing counts as heard: a socket that pings and never welcomes shows nothing either.
      const heard = state.name === 'open' ? Math.max(openedMs, lastFrameMs ?? 0) : openedMs
      if (ports.monotonicMs() - heard < patienceMs) return watch(heard)
      counters.watchdog++
      drop('nothing heard from the gateway')
    })
  }

  function drop(why: string): void {
    socket?.abandon()
    socket = undefined
    lost(0, why)
  }

  function lost(code: number, why: string): void {
    cancelWatchdog()
    if (!running) return
    const monotonicMs = ports.monotonicMs()
    const refused = code >= 3500
    failures = state.name === 'open' && monotonicMs - state.sinceMs >= steadyMs ? 0 : failures
    const waitMs = refused
      ? refusedRetryMs
      : Math.max(backoffMs(failures, ports.random()), Math.min(serverRetryMs ?? 0, 60_000))
    failures++
    const retryAtMs = monotonicMs + waitMs
    become(
      refused
        ? { name: 'refused', sinceMs: monotonicMs, retryAtMs, code, why }
        : { name: 'waiting', sinceMs: monotonicMs, retryAtMs, why: why || `closed with code ${code}` },
    )
    cancelRetry = ports.after(waitMs, dial)
  }

  function frame(text: string): void {
    lastFrameMs = ports.monotonicMs()
    counters.received++
    const dropped = { rows: 0 }
    const { message, problem } = parseServerMessage(text, dropped)
    counters.droppedRows += dropped.rows
    if (problem !== undefined) {
      counters.invalid++
      return
    }
    if (message.type === 'ping') socket?.send(JSON.stringify({ type: 'pong', at: message.at } satisfies ClientMessage))
    if (message.type === 'bye') serverRetryMs = message.retryAfterMs
    if (message.type === 'welcome') {
      patienceMs = 2 * Math.min(heartbeatMaxMs, Math.max(heartbeatMinMs, message.heartbeatMs))
      watch(lastFrameMs)
      become({ name: 'open', sinceMs: lastFrameMs })
    }
    if (message.type === 'snapshot') position = { streamId: message.streamId, offset: message.offset }
    if (message.type === 'ping' && message.offset !== undefined) advance(message.offset)
    if (message.type === 'alarm' && !advance(message.offset)) {
      counters.duplicates++
      return
    }
    received(message)
  }

  /** Takes each offset once. A socket delivers in order, and a stream of some tenants or sites skips the others' offsets. */
  function advance(offset: number): boolean {
    if (position && offset <= position.offset) return false
    if (position) position = { ...position, offset }
    return true
  }

  return {
    start() {
      running = true
      dial()
    },
    stop() {
      running = false
      cancelRetry()
      cancelWatchdog()
      socket?.abandon()
      socket = undefined
    },
    nudge() {
      if (running && !socket && state.name === 'waiting') dial()
    },
    state: () => state,
    lastFrameMs: () => lastFrameMs,
    counters,
  }
}
