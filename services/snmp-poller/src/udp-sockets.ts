import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'

export interface UdpSocketsOptions {
  /** An address family. */
  readonly sockets: number
  readonly receiveBufferBytes: number
  readonly received: (bytes: Buffer, from: string) => void
}

/** A few sockets for all devices, so that a device costs no file descriptor. */
export class UdpSockets {
  readonly #options: UdpSocketsOptions
  readonly #pools = { udp4: [] as Socket[], udp6: [] as Socket[] }
  #next = 0

  constructor(options: UdpSocketsOptions) {
    this.#options = options
  }

  for(address: string): Socket {
    const family = isIPv6(address) ? 'udp6' : 'udp4'
    const pool = this.#pools[family]
    if (pool.length >= this.#options.sockets) return pool[this.#next++ % pool.length]!
    // Addresses are resolved by the session; the default look-up would cost a turn of the event loop a datagram.
    const socket = createSocket({
      type: family,
      lookup: (host, _, done) => done(null, host, family === 'udp6' ? 6 : 4),
    })
    socket.on('message', (bytes, from) => this.#options.received(bytes, from.address))
    socket.on('error', () => {})
    socket.bind(0, () => {
      try {
        socket.setRecvBufferSize(this.#options.receiveBufferBytes)
      } catch {
        // The kernel's limit is smaller; what it dropped comes back by repetition.
      }
    })
    pool.push(socket)
    return socket
  }

  close(): void {
    for (const socket of [...this.#pools.udp4, ...this.#pools.udp6]) socket.close()
    this.#pools.udp4 = []
    this.#pools.udp6 = []
  }
}
