import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Clock, Logger, Timer } from '../../../../libs/kernel/src/index.ts'

export interface DatagramListenerOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly log: Logger
  readonly receive: (datagram: Buffer, from: RemoteInfo, reply: (answer: Buffer) => void) => void
}

const retryMs = 10_000
const receiveBufferBytes = 4 * 1024 * 1024

/**
 * A UDP socket that is not worth stopping for: when its port is taken, polls go on without it, a warning says so, and it
 * is tried again each 10 s.
 */
export class DatagramListener {
  readonly #options: DatagramListenerOptions
  #socket: Socket | undefined
  #retry: Timer | undefined
  #stopped = false
  #warned = false

  constructor(options: DatagramListenerOptions) {
    this.#options = options
  }

  get listening(): boolean {
    return this.#socket !== undefined
  }

  /** 0 while it does not listen. */
  get port(): number {
    return this.#socket?.address().port ?? 0
  }

  get host(): string {
    return this.#options.host
  }

  async open(): Promise<void> {
    const { host, port, log, receive, clock } = this.#options
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    try {
      socket.bind(port, host)
      await once(socket, 'listening')
    } catch (cause) {
      socket.close()
      if (!this.#warned) log.warn({ err: cause, host, port }, 'cannot listen; trying again each 10 s')
      this.#warned = true
      if (!this.#stopped) this.#retry = clock.after(retryMs, () => void this.open())
      return
    }
    if (this.#stopped) {
      socket.close()
      return
    }
    try {
      socket.setRecvBufferSize(receiveBufferBytes)
    } catch {
      // The kernel's limit is smaller.
    }
    socket.on('error', error => log.warn({ err: error, host, port }, 'socket error'))
    socket.on('message', (datagram, from) => {
      // An answer that cannot be sent is lost like any datagram; its sender asks again.
      receive(datagram, from, answer => socket.send(answer, from.port, from.address, () => {}))
    })
    this.#socket = socket
    if (this.#warned) log.info({ host, port }, 'listening now')
    this.#warned = false
  }

  async close(): Promise<void> {
    this.#stopped = true
    this.#retry?.cancel()
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await new Promise<void>(resolve => socket.close(() => resolve()))
  }
}
