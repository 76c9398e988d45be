import { datagramProtocol } from './datagram-protocol.ts'
import type { SourceBatch } from './receiver/messages.ts'

export interface UnknownLimits {
  readonly holdMs: number
  readonly holdBytesPerExporterMax: number
  readonly holdBytesMax: number
  readonly exportersMax: number
}

/** A source that nobody knows, and what of it waits for somebody to adopt it. */
export interface UnknownSource {
  readonly address: string
  readonly listener: number
  readonly tenantId: string
  sourcePort: number
  readonly protocols: Set<string>
  readonly firstSeenMs: number
  lastSeenMs: number
  datagrams: number
  bytes: number
  rejected: boolean
  /** Oldest first. */
  readonly held: SourceBatch[]
  heldDatagrams: number
  heldBytes: number
}

/** One that was silent for this long is no longer listed. */
const forgottenAfterMs = 3_600_000

/**
 * Names sources that nobody knows and holds their newest datagrams, within bounds of age, of bytes and of their number,
 * so that nothing of the first minutes is lost to whoever adopts one.
 */
export class UnknownExporters {
  readonly #limits: UnknownLimits
  /** Told of datagrams that will not be held any longer. */
  readonly #onDropped: (datagrams: number, source: UnknownSource) => void
  /** The one heard longest ago first. */
  readonly #sources = new Map<string, UnknownSource>()
  #heldBytes = 0
  /** Sources that made room for others. */
  unnamed = 0

  constructor(limits: UnknownLimits, onDropped: (datagrams: number, source: UnknownSource) => void) {
    this.#limits = limits
    this.#onDropped = onDropped
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  list(): readonly UnknownSource[] {
    return [...this.#sources.values()]
  }

  /** Takes the batch over; its payload must not be used by anybody else. */
  note(batch: SourceBatch, address: string, tenantId: string, rejected: boolean): void {
    const key = keyOf(address, batch.listener)
    const source = this.#sources.get(key) ?? newSource(batch, address, tenantId)
    this.#sources.delete(key)
    this.#sources.set(key, source)
    source.lastSeenMs = batch.lastReceivedUs / 1_000
    source.rejected = rejected
    if (batch.count > 0) {
      source.datagrams += batch.count
      source.bytes += batch.payload.length
      source.sourcePort = batch.columns[batch.count * 2 - 1]!
      source.protocols.add(datagramProtocol(batch.payload.subarray(0, batch.columns[batch.count * 2])))
    }
    if (rejected || this.#limits.holdMs === 0) {
      this.#onDropped(batch.count, source)
      this.#drop(source, source.held.length)
    } else {
      source.held.push(batch)
      source.heldDatagrams += batch.count
      source.heldBytes += batch.bytes
      this.#heldBytes += batch.bytes
    }
    this.#keepBounds(source)
  }

  /** What is held of a source, oldest first: it leaves the list. */
  take(address: string, listener: number): SourceBatch[] {
    const source = this.#sources.get(keyOf(address, listener))
    if (!source) return []
    this.#sources.delete(keyOf(address, listener))
    this.#heldBytes -= source.heldBytes
    return source.held
  }

  /** Time has passed. */
  expire(nowMs: number): void {
    for (const [key, source] of this.#sources) {
      const old = source.held.findIndex(batch => nowMs - batch.lastReceivedUs / 1_000 <= this.#limits.holdMs)
      this.#drop(source, old < 0 ? source.held.length : old)
      if (nowMs - source.lastSeenMs > forgottenAfterMs) this.#sources.delete(key)
    }
  }

  /** Nobody can adopt them any more. */
  clear(): void {
    for (const source of this.#sources.values()) this.#drop(source, source.held.length)
    this.#sources.clear()
  }

  #keepBounds(newest: UnknownSource): void {
    const { holdBytesPerExporterMax, holdBytesMax, exportersMax } = this.#limits
    while (newest.heldBytes > holdBytesPerExporterMax) this.#drop(newest, 1)
    for (const [key, source] of this.#sources) {
      if (this.#sources.size <= exportersMax) break
      this.#drop(source, source.held.length)
      this.#sources.delete(key)
      this.unnamed++
    }
    // Whoever holds most gives: a flood of one source leaves the others theirs.
    while (this.#heldBytes > holdBytesMax) {
      const largest = [...this.#sources.values()].reduce((most, one) => (one.heldBytes > most.heldBytes ? one : most))
      this.#drop(largest, 1)
    }
  }

  #drop(source: UnknownSource, batches: number): void {
    for (const { count, bytes } of source.held.splice(0, batches)) {
      source.heldDatagrams -= count
      source.heldBytes -= bytes
      this.#heldBytes -= bytes
      this.#onDropped(count, source)
    }
  }
}

function newSource(batch: SourceBatch, address: string, tenantId: string): UnknownSource {
  return {
    address,
    listener: batch.listener,
    tenantId,
    sourcePort: 0,
    protocols: new Set(),
    firstSeenMs: batch.firstReceivedUs / 1_000,
    lastSeenMs: 0,
    datagrams: 0,
    bytes: 0,
    rejected: false,
    held: [],
    heldDatagrams: 0,
    heldBytes: 0,
  }
}

function keyOf(address: string, listener: number): string {
  return `${listener} ${address}`
}
