import { createHash } from 'node:crypto'
import type { Clock } from '../../../../libs/kernel/src/index.ts'

/** IANA's number for examples (RFC 5612): Weir has none of its own. */
const enterprise = 32_473
const textFormat = 4
/** Boots are counted in seconds since then: they grow over restarts without anything being kept. */
const bootsFromMs = Date.UTC(2025, 0, 1)

/** This poller as an engine to which informs are sent (RFC 3411 §5, SnmpEngineID; RFC 3414 §2.2). */
export class UsmEngine {
  /** The same after every restart, another for every `producerId`. */
  readonly id: Uint8Array
  readonly boots: number
  readonly #clock: Clock
  readonly #startedMs: number

  constructor(producerId: string, clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
    this.boots = Math.max(1, Math.floor((clock.nowMs() - bootsFromMs) / 1_000))
    const head = Buffer.alloc(5)
    head.writeUInt32BE((0x8000_0000 | enterprise) >>> 0)
    head[4] = textFormat
    const name = `weir-${createHash('sha256').update(producerId).digest('hex').slice(0, 16)}`
    this.id = Buffer.concat([head, Buffer.from(name)])
  }

  /** Seconds since it booted. */
  get time(): number {
    return Math.floor((this.#clock.monotonicMs() - this.#startedMs) / 1_000)
  }
}
