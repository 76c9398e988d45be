import { readFileSync } from 'node:fs'

/** A UDP socket of this machine, as /proc/net/udp tells it. */
export interface ReceiveQueue {
  /** Bytes of kernel memory that wait in its receive buffer. */
  waitingBytes: number
  dropped: number
}

/** The sockets bound to `port`, together; undefined where there is none or the system does not tell. */
export function receiveQueue(port: number): ReceiveQueue | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let found: ReceiveQueue | undefined
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    for (const line of lines(file)) {
      const columns = line.trim().split(/\s+/)
      if (!columns[1]?.endsWith(suffix)) continue
      found ??= { waitingBytes: 0, dropped: 0 }
      found.waitingBytes += Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16)
      found.dropped += Number(columns.at(-1)) || 0
    }
  }
  return found
}

/** True where receivers can be seen at all. */
export function canSeeReceivers(): boolean {
  return lines('/proc/net/udp').length > 0
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').trim().split('\n').slice(1)
  } catch {
    return []
  }
}
