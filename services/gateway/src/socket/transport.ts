import type { Encoding } from './shared-message.ts'

/** The way to one client: a WebSocket or an event stream. */
export interface LiveTransport {
  readonly encoding: Encoding
  /** Bytes taken but not yet handed to the kernel. */
  readonly bufferedBytes: number
  /** Sends what was encoded for `encoding`, in one system call where the kernel has room. */
  write(chunks: readonly Buffer[]): void
  /** Ends politely, after what was written. */
  close(code: number, reason: string): void
  /** Ends at once. */
  destroy(): void
}
