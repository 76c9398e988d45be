import { once } from 'node:events'
import type { CommandIo } from '../command.ts'

/** Lines are gathered to this many characters before they are written. */
const chunkLength = 65_536

export interface LineWriter {
  add(line: string): void
  readonly isFull: boolean
  /** The reader went away, as `| head` does. */
  readonly isClosed: boolean
  /** Resolves when the stream takes more. */
  flush(): Promise<void>
}

export function createLineWriter({ stdout }: Pick<CommandIo, 'stdout'>): LineWriter {
  let pending = ''
  let closed = false
  stdout.on('error', () => {
    closed = true
  })
  return {
    add: line => {
      pending += `${line}\n`
    },
    get isFull() {
      return pending.length >= chunkLength
    },
    get isClosed() {
      return closed
    },
    flush: async () => {
      const text = pending
      pending = ''
      if (text === '' || closed) return
      if (stdout.write(text)) return
      const waiting = new AbortController()
      const events = ['drain', 'close'].map(name => once(stdout, name, { signal: waiting.signal }))
      await Promise.race(events).catch(() => {})
      // Or each flush leaves a listener behind. The one that is let go rejects.
      for (const event of events) event.catch(() => {})
      waiting.abort()
    },
  }
}
