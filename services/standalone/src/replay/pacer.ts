import { setTimeout as sleep } from 'node:timers/promises'
import { receiveQueue } from './receive-queue.ts'

/** Sent between two looks at the receiver, as kernel memory: less than the smallest usual buffer of 208 KiB. */
const burstBytes = 64 * 1024
/** The receiver is waited for while more than this lies in its buffer. */
const waitingBytesMax = 32 * 1024
/** What a datagram takes of the buffer beside its payload, rounded up. */
const overheadBytes = 1_024
/** A receiver on another machine cannot be seen: 10,000 datagrams a second then. */
const blindPerMs = 10
const stalledPatienceMs = 10_000

/** Sends no faster than the receivers read, by looking at their buffers. */
export class Pacer {
  readonly #ports: readonly number[]
  readonly #visible: boolean
  #sentBytes = 0
  #sentBlind = 0

  constructor(ports: readonly number[], visible: boolean) {
    this.#ports = ports
    this.#visible = visible
  }

  /** @throws Error when a receiver stops reading */
  async beforeSending(bytes: number): Promise<void> {
    if (!this.#visible) {
      if (++this.#sentBlind % blindPerMs === 0) await sleep(1)
      return
    }
    this.#sentBytes += bytes + overheadBytes
    if (this.#sentBytes < burstBytes) return
    this.#sentBytes = bytes + overheadBytes
    const untilMs = performance.now() + stalledPatienceMs
    while (this.#ports.some(port => (receiveQueue(port)?.waitingBytes ?? 0) > waitingBytesMax)) {
      if (performance.now() > untilMs) throw new Error(`nobody reads from port ${this.#ports.join(', ')} any more`)
      await sleep(1)
    }
  }
}
