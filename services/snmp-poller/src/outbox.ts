import { type Bus, type NewRecord, recordBytesMax } from '../../../libs/bus/src/index.ts'
import type { Clock, Logger, Timer } from '../../../libs/kernel/src/index.ts'

export interface OutboxOptions {
  readonly bus: Bus
  readonly topic: string
  readonly clock: Clock
  readonly log: Logger
  readonly recordsMax: number
}

const batchRecordsMax = 500
const batchBytesMax = 1_000_000
const retryFirstMs = 250
const retryMostMs = 10_000

/**
 * Records on their way to the bus, in order, one batch at a time. While the bus refuses, they wait here up to
 * `recordsMax`; beyond it the oldest go, since a new poll says more than an old one, and each is counted. A batch that
 * failed is sent again whole: at least once.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #queue: NewRecord[] = []
  #sending: Promise<void> | undefined
  #retry: { timer: Timer; resume: () => void } | undefined
  #closing = false
  /** Since when the bus has refused; undefined while it takes records. */
  refusedSinceMs: number | undefined
  enqueued = 0
  sent = 0
  dropped = 0

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get held(): number {
    return this.#queue.length
  }

  add(records: readonly NewRecord[]): void {
    this.enqueued += records.length
    for (const record of records) {
      // One that no bus takes would be offered for ever, and hold up all behind it.
      if ((record.value?.length ?? 0) + record.key.length < recordBytesMax) this.#queue.push(record)
      else this.dropped++
    }
    const excess = this.#queue.length - this.#options.recordsMax
    if (excess > 0) {
      this.#queue.splice(0, excess)
      this.dropped += excess
    }
    this.#sending ??= this.#run().finally(() => {
      this.#sending = undefined
    })
  }

  /** Sends what it can within `withinMs`; what is left is counted as dropped. */
  async close(withinMs: number): Promise<void> {
    let timer: Timer | undefined
    const timeout = new Promise<void>(resolve => {
      timer = this.#options.clock.after(withinMs, resolve)
    })
    await Promise.race([this.#sending, timeout])
    timer?.cancel()
    this.#closing = true
    this.#retry?.timer.cancel()
    this.#retry?.resume()
    this.dropped += this.#queue.length
    this.#queue = []
  }

  async #run(): Promise<void> {
    let waitMs = retryFirstMs
    while (this.#queue.length > 0 && !this.#closing) {
      const batch = takeBatch(this.#queue)
      try {
        await this.#options.bus.send(this.#options.topic, batch)
        this.sent += batch.length
        this.#accepted()
        waitMs = retryFirstMs
      } catch (cause) {
        this.#refused(cause)
        this.#queue.unshift(...batch)
        await this.#pause(waitMs)
        waitMs = Math.min(2 * waitMs, retryMostMs)
      }
    }
  }

  #accepted(): void {
    if (this.refusedSinceMs === undefined) return
    this.refusedSinceMs = undefined
    this.#options.log.info({ topic: this.#options.topic, held: this.held }, 'the bus takes records again')
  }

  #refused(cause: unknown): void {
    if (this.refusedSinceMs !== undefined) return
    this.refusedSinceMs = this.#options.clock.monotonicMs()
    this.#options.log.warn({ topic: this.#options.topic, err: cause }, 'the bus refuses records; holding them')
  }

  #pause(ms: number): Promise<void> {
    if (this.#closing) return Promise.resolve()
    return new Promise(resolve => {
      this.#retry = { timer: this.#options.clock.after(ms, resolve), resume: resolve }
    })
  }
}

function takeBatch(queue: NewRecord[]): NewRecord[] {
  let bytes = 0
  let count = 0
  while (count < queue.length && count < batchRecordsMax) {
    bytes += queue[count]!.value?.length ?? 0
    if (count > 0 && bytes > batchBytesMax) break
    count++
  }
  return queue.splice(0, count)
}
