import { StoreError } from './store.ts'

export interface LanesOptions {
  /** What waits, for messages and metrics. */
  name: string
  /** Statements at once. */
  count: number
  /** Statements that may wait beyond those; more are refused at once. */
  waitingMax: number
}

/** A fixed number of lanes, taken in order of arrival. */
export class Lanes {
  readonly name: string
  readonly #waitingMax: number
  readonly #free: number[]
  readonly #count: number
  #waiting: { enter: (lane: number) => void; refuse: (error: StoreError) => void }[] = []
  #closed: StoreError | undefined
  #idle: (() => void)[] = []

  constructor(options: LanesOptions) {
    this.name = options.name
    this.#waitingMax = options.waitingMax
    this.#count = options.count
    this.#free = Array.from({ length: options.count }, (_, lane) => options.count - 1 - lane)
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Runs `task` in a lane of its own; waits for one when all are taken. */
  async run<T>(task: (lane: number) => Promise<T>): Promise<T> {
    const lane = await this.#enter()
    try {
      return await task(lane)
    } finally {
      this.#leave(lane)
    }
  }

  /** Refuses all that waits and comes, and resolves when what runs has ended. */
  async close(reason: StoreError): Promise<void> {
    this.#closed = reason
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(reason)
    if (this.#free.length === this.#count) return
    await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  #enter(): Promise<number> {
    if (this.#closed) return Promise.reject(this.#closed)
    const lane = this.#free.pop()
    if (lane !== undefined) return Promise.resolve(lane)
    if (this.#waiting.length >= this.#waitingMax) {
      const message = `${this.#waiting.length} ${this.name} wait for the store already`
      return Promise.reject(new StoreError('store-unavailable', message, { retryable: true }))
    }
    return new Promise((enter, refuse) => this.#waiting.push({ enter, refuse }))
  }

  #leave(lane: number): void {
    const next = this.#waiting.shift()
    if (next) {
      next.enter(lane)
      return
    }
    this.#free.push(lane)
    if (this.#free.length === this.#count) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
