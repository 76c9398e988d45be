import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const socketsMax = 512

/** Sockets to send from, by original exporter and source port; the least recently used is closed beyond the bound. */
export class ReplaySockets {
  readonly #addresses: ReadonlyMap<string, string>
  readonly #to: string
  readonly #open = new Map<string, Socket>()

  /** @param addresses original exporter → address to send from; without an entry the system chooses */
  constructor(addresses: ReadonlyMap<string, string>, to: string) {
    this.#addresses = addresses
    this.#to = to
  }

  async send(source: string, sourcePort: number, payload: Uint8Array, port: number): Promise<void> {
    const socket = await this.#socket(source, sourcePort)
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, port, this.#to, cause => (cause ? reject(cause) : resolve()))
    })
  }

  close(): void {
    for (const socket of this.#open.values()) socket.close()
    this.#open.clear()
  }

  async #socket(source: string, sourcePort: number): Promise<Socket> {
    const name = `${source} ${sourcePort}`
    const existing = this.#open.get(name)
    if (existing) {
      this.#open.delete(name)
      this.#open.set(name, existing)
      return existing
    }
    const socket = await this.#bind(this.#addresses.get(source), sourcePort)
    this.#open.set(name, socket)
    const [oldest] = this.#open.keys()
    if (this.#open.size > socketsMax && oldest) {
      this.#open.get(oldest)?.close()
      this.#open.delete(oldest)
    }
    return socket
  }

  /** The original source port, since line cards of one exporter may differ by it alone; another where it cannot be had. */
  async #bind(address: string | undefined, sourcePort: number): Promise<Socket> {
    for (const port of [sourcePort, 0]) {
      const socket = createSocket(this.#to.includes(':') ? 'udp6' : 'udp4')
      try {
        socket.bind({ port, exclusive: true, ...(address ? { address } : {}) })
        await once(socket, 'listening')
        return socket
      } catch (cause) {
        socket.close()
        if (port === 0) throw cause
      }
    }
    throw new Error('unreachable')
  }
}
