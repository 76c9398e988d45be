import { type Bus, BusError, type NewRecord } from '../../../libs/bus/src/index.ts'
import { type Clock, CounterByCode, type Logger } from '../../../libs/kernel/src/index.ts'

const sendBytesMax = 4 * 1024 * 1024
const sendRecordsMax = 1_024
const pauseMs = { first: 100, max: 5_000 }

export interface QueuedRecord {
  record: NewRecord
  /** Datagrams in it. */
  datagrams: number
  /** What it weighs in the receiving thread's buffer. */
  heldBytes: number
}

export interface SendQueueOptions {
  bus: Bus
  topic: string
  clock: Clock
  log: Logger
  /** Records that left the queue, sent or dropped. */
  onSettled(records: readonly QueuedRecord[], droppedBecause: string | undefined): void
}

/**
 * Sends records in order, one call at a time, and again until the bus takes them: what came first matters most to the
 * templates in it. The receiving thread bounds what can wait here.
 */
export class SendQueue {
  readonly #options: SendQueueOptions
  #waiting: QueuedRecord[] = []
  #running: Promise<void> | undefined
  #abandoned = false
  #cutPause: (() => void) | undefined
  /** Since when the bus refuses, on the steady clock. */
  failingSinceMs: number | undefined
  lastFailure = ''
  readonly failures = new CounterByCode()

  constructor(options: SendQueueOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#waiting.length
  }

  add(records: readonly QueuedRecord[]): void {
    if (records.length === 0) return
    for (const record of records) this.#waiting.push(record)
    this.#running ??= this.#run()
  }

  /** Resolves when all is sent, or dropped because it took longer than `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    const timer = this.#options.clock.after(patienceMs, () => {
      this.#abandoned = true
      this.#cutPause?.()
    })
    await this.#running
    timer.cancel()
  }

  async #run(): Promise<void> {
    for (let attempts = 0; this.#waiting.length > 0; ) {
      const next = this.#waiting.slice(0, this.#nextCount())
      if (this.#abandoned) {
        this.#settle(next, 'stopped')
        continue
      }
      try {
        await this.#options.bus.send(
          this.#options.topic,
          next.map(({ record }) => record),
        )
        this.failingSinceMs = undefined
        attempts = 0
        this.#settle(next, undefined)
      } catch (cause) {
        await this.#failed(cause, next, ++attempts)
      }
    }
    this.#running = undefined
  }

  #nextCount(): number {
    let bytes = 0
    let count = 0
    for (const { record } of this.#waiting) {
      bytes += record.value?.length ?? 0
      if (count > 0 && (bytes > sendBytesMax || count >= sendRecordsMax)) break
      count++
    }
    return count
  }

  #settle(records: readonly QueuedRecord[], droppedBecause: string | undefined): void {
    this.#waiting.splice(0, records.length)
    this.#options.onSettled(records, droppedBecause)
  }

  async #failed(cause: unknown, records: readonly QueuedRecord[], attempts: number): Promise<void> {
    const code = cause instanceof BusError ? cause.code : 'unexpected'
    this.failures.add(code)
    if (code === 'record-too-large') return this.#settle(records, code)
    this.failingSinceMs ??= this.#options.clock.monotonicMs()
    this.lastFailure = (cause as Error).message
    if (attempts === 1)
      this.#options.log.warn({ err: cause }, 'the bus takes no flows; they are held as far as the buffer goes')
    await this.#pause(Math.min(pauseMs.max, pauseMs.first * 2 ** Math.min(attempts - 1, 10)))
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#abandoned) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.#options.clock.after(delayMs, resolve)
      this.#cutPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}
