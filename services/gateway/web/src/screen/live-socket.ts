import type { ConnectionPorts } from '../state/connection.ts'

const subprotocol = 'weir.v1.json'
/** More than this waiting to be sent means that the socket is dead: the wall only ever sends a few bytes a heartbeat. */
const bufferedMax = 65_536

/** The browser's WebSocket to `/api/v1/live` of the page's own origin, and its clock and timers. */
export const browserPorts: ConnectionPorts = {
  open(handlers) {
    const address = new URL('/api/v1/live', location.href)
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address, subprotocol)
    const off = new AbortController()
    const { signal } = off
    socket.addEventListener('open', () => handlers.opened(), { signal })
    socket.addEventListener('message', event => handlers.received(String(event.data)), { signal })
    socket.addEventListener(
      'close',
      event => {
        off.abort()
        handlers.closed(event.code, event.reason)
      },
      { signal },
    )
    return {
      send(text) {
        if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < bufferedMax) socket.send(text)
      },
      abandon() {
        off.abort()
        socket.close()
      },
    }
  },
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}
