/** What the receiving thread is started with. */
export interface ReceiverOptions {
  listeners: readonly { host: string; port: number }[]
  batchBytesMax: number
  batchAgeMs: number
  bufferBytesMax: number
  exporterDatagramsPerSecondMax: number
  exportersMax: number
  receiveBufferBytes: number
  heartbeatIntervalMs: number
  /** See `counterCells`. */
  counters: SharedArrayBuffer
}

/** To the receiving thread. */
export type ReceiverRequest =
  /** The bus has taken batches of so many bytes: there is room for more. */
  | { kind: 'released'; bytes: number }
  /** Payloads that were encoded; their memory may be used again. */
  | { kind: 'givenBack'; memory: ArrayBuffer[] }
  /** Take what has arrived, hand everything over, and end. */
  | { kind: 'stop' }

/** From the receiving thread, in order. */
export type ReceiverReport =
  | { kind: 'listening'; sockets: BoundSocket[] }
  | { kind: 'failed'; message: string }
  | { kind: 'batches'; batches: SourceBatch[] }
  /** Everything that arrived up to `atMs` was handed over before. */
  | { kind: 'heartbeat'; atMs: number }
  | { kind: 'stopped' }

export interface BoundSocket {
  port: number
  /** SO_RCVBUF as the kernel reports it; Linux reports twice what may be used for payload. */
  receiveBufferBytes: number
}

/** Datagrams of one source address at one listener; one of `count` 0 only carries drops. */
export interface SourceBatch {
  listener: number
  /** As the socket tells it, with an IPv6 scope where there is one. */
  sourceAddress: string
  count: number
  /** Arrival of the first, microseconds since the Unix epoch. */
  firstReceivedUs: number
  lastReceivedUs: number
  /** Three columns of `count` one after another: microseconds after the first, source port, length. */
  columns: Uint32Array<ArrayBuffer>
  payload: Uint8Array<ArrayBuffer>
  rateLimitDrops: number
  bufferDrops: number
  /** What it weighs in the buffer until it is released. */
  bytes: number
}

/**
 * Counters of the receiving thread, one Float64 each in shared memory: a listener's follow one another, the thread alone
 * writes them and the metrics read them as they stand.
 */
export const counterCells = {
  receivedDatagrams: 0,
  receivedBytes: 1,
  rateLimited: 2,
  bufferFull: 3,
  tooManyExporters: 4,
  handedOver: 5,
} as const

export const cellsPerListener = Object.keys(counterCells).length

export function countersFor(listeners: number): SharedArrayBuffer {
  return new SharedArrayBuffer(listeners * cellsPerListener * Float64Array.BYTES_PER_ELEMENT)
}
