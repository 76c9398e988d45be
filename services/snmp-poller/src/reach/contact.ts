import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Clock } from '../../../../libs/kernel/src/index.ts'

/** A sign of life without echo requests: who answered how, and after how long. */
export interface Contact {
  readonly method: 'tcp' | 'udp'
  readonly microseconds: number
}

export interface ContactOptions {
  readonly clock: Clock
  readonly tcpPorts: readonly number[]
  readonly timeoutMs: number
}

/** traceroute's first port: nobody listens there, and a living host says so (RFC 1122 §4.1.3.1). */
const closedUdpPort = 33_434

/**
 * Knocks at a host by TCP and UDP at once: a connection that is made or refused, or a port that is unreachable, is an
 * answer. undefined when nothing came in time. (A firewall on the way may refuse in the host's name; and many drop.)
 */
export async function contact(address: string, options: ContactOptions): Promise<Contact | undefined> {
  const startedMs = options.clock.monotonicMs()
  const ending = new AbortController()
  const attempts = [
    ...options.tcpPorts.map(port =>
      knockTcp(address, port, options.timeoutMs, { refusalIsAnswer: true, signal: ending.signal }),
    ),
    knockUdp(address, options.timeoutMs, ending.signal),
  ]
  try {
    const method = await Promise.any(attempts)
    return { method, microseconds: Math.round((options.clock.monotonicMs() - startedMs) * 1_000) }
  } catch {
    return undefined
  } finally {
    ending.abort()
  }
}

/**
 * Resolves when a connection was made.
 * @param refusalIsAnswer or refused: a host that refuses lives
 */
export function knockTcp(
  address: string,
  port: number,
  timeoutMs: number,
  { refusalIsAnswer, signal }: { refusalIsAnswer: boolean; signal?: AbortSignal },
): Promise<'tcp'> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port })
    const done = (act: () => void): void => {
      socket.destroy()
      signal?.removeEventListener('abort', end)
      act()
    }
    const end = (): void => done(() => reject(new Error('ended')))
    signal?.addEventListener('abort', end, { once: true })
    socket.setTimeout(timeoutMs, () => done(() => reject(new Error('no answer'))))
    socket.on('connect', () => done(() => resolve('tcp')))
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      const refused = cause.code === 'ECONNREFUSED' || cause.code === 'ECONNRESET'
      done(() => (refused && refusalIsAnswer ? resolve('tcp') : reject(cause)))
    })
  })
}

/** Resolves when the host says that nobody listens: a connected socket is told (udp(7)). */
function knockUdp(address: string, timeoutMs: number, signal: AbortSignal): Promise<'udp'> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const done = (act: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      try {
        socket.close()
      } catch {
        // Closed already.
      }
      act()
    }
    const end = (): void => done(() => reject(new Error('ended')))
    const timer = setTimeout(end, timeoutMs)
    signal.addEventListener('abort', end, { once: true })
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      done(() => (cause.code === 'ECONNREFUSED' ? resolve('udp') : reject(cause))),
    )
    socket.connect(closedUdpPort, address, () => socket.send('', () => undefined))
  })
}
