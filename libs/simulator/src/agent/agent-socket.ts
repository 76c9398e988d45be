import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Clock, Logger } from '../../../kernel/src/index.ts'
import type { SimulatedAgent } from './agent.ts'

/** Where an agent listens: its device's own loopback address. */
export class AgentSocket {
  readonly #agent: SimulatedAgent
  readonly #clock: Clock
  readonly #log: Logger
  #socket: Socket | undefined

  constructor(agent: SimulatedAgent, clock: Clock, log: Logger) {
    this.#agent = agent
    this.#clock = clock
    this.#log = log
  }

  /** @param port 0 lets the system choose; the chosen one is returned */
  async open(port: number): Promise<number> {
    const { loopbackAddress, id } = this.#agent.device
    const socket = createSocket('udp4')
    try {
      socket.bind(port, loopbackAddress)
      await once(socket, 'listening')
    } catch (cause) {
      socket.close()
      throw new Error(
        `the simulated agent of ${id} cannot listen on ${loopbackAddress}:${port}; another simulated network may be running: stop it, or give this one another loopback prefix or port`,
        { cause },
      )
    }
    socket.on('error', error => this.#log.warn({ err: error, device: id }, 'simulated agent: socket error'))
    socket.on('message', (datagram, from) => {
      const reply = this.#agent.answer(datagram, this.#clock.nowMs())
      // A reply that cannot be sent is lost like any datagram; the error shows up as an event.
      if (reply) socket.send(reply, from.port, from.address)
    })
    this.#socket = socket
    return socket.address().port
  }

  /** Sends from the agent's own address and port. */
  send(datagram: Buffer, to: { host: string; port: number }, done: (error: Error | null) => void): void {
    this.#socket?.send(datagram, to.port, to.host, done)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await new Promise<void>(resolve => socket.close(() => resolve()))
  }
}
