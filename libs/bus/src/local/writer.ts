import type { Clock } from '../../../kernel/src/index.ts'
import { BusError } from '../bus.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Storage, Writes } from './storage.ts'

const groupBytesMax = 8 * 1024 * 1024
const groupOperationsMax = 1_024
/** Values of records that callers have sent and the storage has not taken yet. */
const waitingBytesMax = 256 * 1024 * 1024
/** After a failed transaction all are refused for so long: each attempt on a full disk risks LMDB's own buffers. */
const pauseAfterFailureMs = 5_000

/** What a transaction is made of: `apply` adds writes and may touch partitions, whose changes show after the commit. */
export interface Operation {
  readonly bytes: number
  /** Never shares a transaction: removals must not fail with the appends that fill the disk. */
  readonly alone?: boolean
  apply(writes: Writes, touch: (log: PartitionLog) => void): void
  /** Runs after the commit, before the next transaction is filled. */
  committed?(): void
}

interface Waiting {
  operation: Operation
  resolve(): void
  reject(cause: unknown): void
}

/**
 * The only writer of the log: operations wait in order and go to the storage in groups, one transaction at a time, so
 * that a failed one takes nothing with it and the cost of a commit is shared.
 */
export class Writer {
  readonly #storage: Storage
  #queue: Waiting[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #closed = false
  readonly #clock: Clock
  #failedAtMs = 0
  /** Why the last transaction failed; undefined after one that did not. */
  failure: BusError | undefined

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /**
   * Resolves when the operation is durable.
   * @throws BusError `log-full`, `bus-closed`
   */
  write(operation: Operation): Promise<void> {
    if (this.#closed) return Promise.reject(new BusError('bus-closed', 'the log is closed'))
    if (this.failure && this.#clock.monotonicMs() - this.#failedAtMs < pauseAfterFailureMs)
      return Promise.reject(this.failure)
    if (this.#waitingBytes + operation.bytes > waitingBytesMax && this.#queue.length > 0) {
      const message = `${this.#waitingBytes} bytes wait to be written already: send less, or await what was sent`
      return Promise.reject(new BusError('log-full', message))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, resolve, reject })
      this.#waitingBytes += operation.bytes
      this.#running ??= this.#run()
    })
  }

  /** Takes no more and resolves when what was taken is written. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // Everything sent in one turn of the event loop shares the first transaction.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#writeGroup(this.#takeGroup())
    this.#running = undefined
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { operation } of this.#queue) {
      const full = count >= groupOperationsMax || bytes + operation.bytes > groupBytesMax
      if (count > 0 && (full || operation.alone)) break
      bytes += operation.bytes
      count++
      if (operation.alone) break
    }
    this.#waitingBytes -= bytes
    return this.#queue.splice(0, count)
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const touched = new Set<PartitionLog>()
    try {
      await this.#storage.write(writes => {
        for (const { operation } of group) operation.apply(writes, log => touched.add(log))
        for (const log of touched) log.seal(writes)
      })
    } catch (cause) {
      if (cause instanceof BusError) this.failure = cause
      this.#failedAtMs = this.#clock.monotonicMs()
      for (const log of touched) log.discard()
      for (const { reject } of group) reject(cause)
      return
    }
    this.failure = undefined
    for (const log of touched) log.publish()
    for (const { operation } of group) operation.committed?.()
    for (const { resolve } of group) resolve()
  }
}
