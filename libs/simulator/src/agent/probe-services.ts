import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Logger } from '../../../kernel/src/index.ts'

/** What TCP and DNS probes of the network find: a service that takes connections, and a resolver, both of real sockets. */
export class ProbeServices {
  readonly #log: Logger
  #server: Server | undefined
  #resolver: UdpSocket | undefined
  readonly counters = { connections: 0, queries: 0 }

  constructor(log: Logger) {
    this.#log = log
  }

  /** Binds the service (TCP) and the resolver (UDP) to the same port, each on its own address. */
  async open(serviceAddress: string, resolverAddress: string, port: number): Promise<void> {
    const server = createServer(socket => {
      this.counters.connections++
      socket.on('error', () => undefined)
      socket.end()
    })
    this.#server = server
    server.on('error', error => this.#log.warn({ err: error }, 'simulated service: socket error'))
    server.listen(port, serviceAddress)
    await once(server, 'listening')
    const resolver = createSocket('udp4')
    this.#resolver = resolver
    resolver.on('error', error => this.#log.warn({ err: error }, 'simulated resolver: socket error'))
    resolver.on('message', (query, from) => {
      const answer = answerTo(query)
      if (!answer) return
      this.counters.queries++
      resolver.send(answer, from.port, from.address, () => undefined)
    })
    resolver.bind(port, resolverAddress)
    await once(resolver, 'listening')
  }

  async close(): Promise<void> {
    const [server, resolver] = [this.#server, this.#resolver]
    this.#server = undefined
    this.#resolver = undefined
    await Promise.all([
      server && new Promise<void>(resolve => server.close(() => resolve())),
      resolver && new Promise<void>(resolve => resolver.close(() => resolve())),
    ])
  }
}

/** Every name has the address 192.0.2.80 (RFC 1035 §4.1); undefined for what is no query. */
function answerTo(query: Buffer): Buffer | undefined {
  if (query.length < 17 || (query[2]! & 0x80) !== 0 || query.readUInt16BE(4) !== 1) return undefined
  const header = Buffer.from(query.subarray(0, 12))
  header[2] = 0x81
  header[3] = 0x80
  header.writeUInt16BE(1, 6)
  header.writeUInt32BE(0, 8)
  // A pointer to the question's name, type A, class IN, a minute to live, four octets.
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80])
  return Buffer.concat([header, query.subarray(12), answer])
}
