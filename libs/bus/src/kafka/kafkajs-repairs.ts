import { createRequire } from 'node:module'
import { canEncode, ProduceEncoder, type ProduceRequest } from './produce-encoding.ts'

/**
 * What kafkajs 2.2.4 (its last release) does at a cost that shows, done otherwise. A kafkajs that looks different inside is
 * left as it is: all of this is about CPU alone.
 */
export function repairKafkajs(): void {
  if (repaired) return
  repaired = true
  const load = createRequire(import.meta.url)
  repairTimers(load('kafkajs/src/network/requestQueue') as Class<RequestQueue>)
  repairEncoder(load('kafkajs/src/protocol/encoder') as Class<Encoder>)
  repairProduce(load('kafkajs/src/protocol/requests/produce') as RequestDefinition)
}

let repaired = false

interface Class<T> {
  prototype: T
}

interface RequestQueue {
  pending: readonly unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests(): void
}

/**
 * With nothing pending and no throttling it sets a timer of a negative delay, which fires after 1 ms and sets the next one:
 * a thousand wake-ups a second for each connection, 2-3 % of a CPU while idle (tulios/kafkajs#1704).
 */
function repairTimers({ prototype }: Class<RequestQueue>): void {
  const schedule = prototype.scheduleCheckPendingRequests
  if (typeof schedule !== 'function') return
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}

interface Encoder {
  buf: Buffer
  offset: number
  ensureAvailable(bytes: number): void
}

const largeBytes = 64 * 1024

/** What is large comes last in a request: room for it alone, neither zeroed nor rounded up to a power of two. */
function repairEncoder({ prototype }: Class<Encoder>): void {
  const ensureAvailable = prototype.ensureAvailable
  if (typeof ensureAvailable !== 'function') return
  prototype.ensureAvailable = function (this: Encoder, bytes: number) {
    if (bytes < largeBytes || this.offset + bytes <= this.buf.length) return ensureAvailable.call(this, bytes)
    const larger = Buffer.allocUnsafeSlow(this.offset + bytes)
    this.buf.copy(larger, 0, 0, this.offset)
    this.buf = larger
  }
}

type Protocol = (request: ProduceRequest) => { request: { encode(): Promise<unknown> }; response: unknown }

interface RequestDefinition {
  protocol(choice: { version: number }): Protocol
}

/** Versions 3 to 7 have the same request. */
const [firstVersion, lastVersion] = [3, 7]

function repairProduce(definition: RequestDefinition): void {
  const protocol = definition.protocol
  if (typeof protocol !== 'function') return
  const encoder = new ProduceEncoder()
  definition.protocol = choice => {
    const original = protocol(choice)
    if (choice.version < firstVersion || choice.version > lastVersion) return original
    return request => {
      const made = original(request)
      if (!canEncode(request)) return made
      return { ...made, request: { ...made.request, encode: async () => new LateBytes(() => encoder.encode(request)) } }
    }
  }
}

/** Passes for a kafkajs encoder, which asks for `buffer` when it copies it, so that the memory can serve the next one. */
class LateBytes {
  readonly buf = Buffer.alloc(0)
  readonly #encode: () => Buffer

  constructor(encode: () => Buffer) {
    this.#encode = encode
  }

  get buffer(): Buffer {
    return this.#encode()
  }
}
