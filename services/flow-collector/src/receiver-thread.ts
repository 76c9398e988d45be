import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { type Clock, type Logger, startWorker, type Timer } from '../../../libs/kernel/src/index.ts'
import type { BoundSocket, ReceiverOptions, ReceiverReport, ReceiverRequest } from './receiver/messages.ts'
import { givenBackBytesMin } from './receiver/payload-memory.ts'

const restartPauseMs = 1_000

export interface ReceiverThreadOptions {
  receiver: ReceiverOptions
  clock: Clock
  log: Logger
  /** Every report of the thread, in order. */
  onReport(report: ReceiverReport): void
  /** The thread died and what it held is lost. */
  onDeath(): void
}

/** The receiving thread and its life: a dead one is replaced, since every second without it loses datagrams. */
export class ReceiverThread {
  readonly #options: ReceiverThreadOptions
  #worker: Worker | undefined
  #restart: Timer | undefined
  #stopping = false
  sockets: readonly BoundSocket[] = []

  constructor(options: ReceiverThreadOptions) {
    this.#options = options
  }

  /** @throws Error when a socket cannot be bound */
  async start(): Promise<void> {
    const worker = startWorker(import.meta.url, './receiver/worker.ts', { workerData: this.#options.receiver })
    this.#worker = worker
    const [first] = (await once(worker, 'message')) as [ReceiverReport]
    if (first.kind !== 'listening') {
      this.#worker = undefined
      await worker.terminate()
      throw new Error(first.kind === 'failed' ? first.message : 'the receiving thread did not start')
    }
    this.sockets = first.sockets
    worker.on('message', (report: ReceiverReport) => this.#options.onReport(report))
    worker.on('error', cause => this.#options.log.error({ err: cause }, 'the receiving thread failed'))
    worker.on('exit', () => this.#exited(worker))
  }

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  release(bytes: number): void {
    this.#post({ kind: 'released', bytes })
  }

  /** Payloads of batches that are not needed any more. */
  giveBack(payloads: readonly Uint8Array<ArrayBuffer>[]): void {
    const memory = payloads.map(payload => payload.buffer).filter(({ byteLength }) => byteLength >= givenBackBytesMin)
    if (memory.length > 0) this.#worker?.postMessage({ kind: 'givenBack', memory } satisfies ReceiverRequest, memory)
  }

  /** Resolves when everything received was reported. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#restart?.cancel()
    const worker = this.#worker
    if (!worker) return
    const exited = once(worker, 'exit')
    this.#post({ kind: 'stop' })
    await exited
  }

  #post(request: ReceiverRequest): void {
    this.#worker?.postMessage(request)
  }

  #exited(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    if (this.#stopping) return
    this.#options.onDeath()
    this.#scheduleRestart()
  }

  #scheduleRestart(): void {
    this.#restart = this.#options.clock.after(restartPauseMs, () => {
      this.start().catch(cause => {
        this.#options.log.error({ err: cause }, 'the receiving thread did not come back')
        if (!this.#stopping) this.#scheduleRestart()
      })
    })
  }
}
