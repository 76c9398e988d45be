import type { Worker } from 'node:worker_threads'
import { startWorker } from '../../../kernel/src/index.ts'
import { exceptionNumber, fromClickHouse, type StatementKind } from '../clickhouse-errors.ts'
import { StoreError } from '../store.ts'
import { openedId, type WorkerData, type WorkerReply, type WorkerRequest } from './worker-protocol.ts'

type RequestBody = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never

interface Pending {
  kind: StatementKind
  resolve(bytes: Uint8Array): void
  reject(error: StoreError): void
}

/** The main thread's end of chdb's worker: requests by id, and one failure for all of them when the worker dies. */
export class ChdbWorker {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #lastId = openedId
  #dead: StoreError | undefined

  constructor(data: WorkerData) {
    this.#worker = startWorker(import.meta.url, './worker.ts', { workerData: data, name: 'weir-store' })
    this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply))
    this.#worker.on('error', cause => this.#die(`chdb's thread failed: ${cause.message}`, cause))
    this.#worker.on('exit', code => this.#die(`chdb's thread ended (${code})`))
  }

  /** Why nothing can be asked any more; undefined while all is well. */
  get dead(): StoreError | undefined {
    return this.#dead
  }

  /** Resolves once the data folder is open. */
  opened(): Promise<Uint8Array> {
    return this.#await(openedId, 'query')
  }

  ask(body: RequestBody): Promise<Uint8Array> {
    if (this.#dead) return Promise.reject(this.#dead)
    const id = ++this.#lastId
    const answer = this.#await(id, body.kind === 'insert' ? 'insert' : 'query')
    this.#worker.postMessage({ ...body, id })
    return answer
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #await(id: number, kind: StatementKind): Promise<Uint8Array> {
    return new Promise((resolve, reject) => this.#pending.set(id, { kind, resolve, reject }))
  }

  #settle(reply: WorkerReply): void {
    const pending = this.#pending.get(reply.id)
    if (!pending) return
    this.#pending.delete(reply.id)
    if (reply.ok) pending.resolve(reply.bytes ?? new Uint8Array())
    else pending.reject(errorOf(pending.kind, reply))
  }

  #die(message: string, cause?: unknown): void {
    this.#dead ??= new StoreError('store-closed', message, { cause })
    for (const pending of this.#pending.values()) pending.reject(this.#dead)
    this.#pending.clear()
  }
}

function errorOf(kind: StatementKind, reply: WorkerReply & { ok: false }): StoreError {
  return fromClickHouse(kind, reply.clickhouseCode ?? exceptionNumber(reply.message), reply.message)
}
