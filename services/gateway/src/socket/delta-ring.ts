import type { Alarm } from '../../../../libs/model/src/index.ts'
import { inScope, type Scope } from '../principal.ts'
import { SharedMessage } from './shared-message.ts'

export interface Delta {
  offset: number
  tenantId: string
  siteId: string | null
  message: SharedMessage
}

/**
 * The newest alarm deltas, for clients that come back. Offsets count from 1 in the life of a gateway:
 *
 *     gone for ever │ first … last │ next
 *                   └── kept ──────┘
 *
 * A client at offset o has everything up to o, so it can resume where o >= first - 1.
 */
export class DeltaRing {
  readonly #deltas: (Delta | undefined)[]
  readonly #bytesMax: number
  #first = 1
  #last = 0
  #bytes = 0

  constructor(limits: { eventsMax: number; bytesMax: number }) {
    this.#deltas = new Array<Delta | undefined>(limits.eventsMax)
    this.#bytesMax = limits.bytesMax
  }

  get last(): number {
    return this.#last
  }

  get bytes(): number {
    return this.#bytes
  }

  append(alarm: Alarm, serverTimeMs: number): Delta {
    const offset = this.#last + 1
    const message = SharedMessage.of({ type: 'alarm', offset, serverTimeMs, alarm })
    const delta: Delta = { offset, tenantId: alarm.tenantId, siteId: alarm.siteId, message }
    if (offset - this.#first >= this.#deltas.length) this.#dropFirst()
    this.#deltas[offset % this.#deltas.length] = delta
    this.#last = offset
    this.#bytes += message.json.length
    while (this.#bytes > this.#bytesMax && this.#first < this.#last) this.#dropFirst()
    return delta
  }

  /** Whether everything after `offset` is still here. */
  covers(offset: number): boolean {
    return offset >= this.#first - 1 && offset <= this.#last
  }

  /** The deltas of a scope after `offset`, oldest first. */
  *after(offset: number, scope: Scope): Iterable<Delta> {
    for (let at = Math.max(offset + 1, this.#first); at <= this.#last; at++) {
      const delta = this.#deltas[at % this.#deltas.length]!
      if (inScope(scope, delta.tenantId, delta.siteId)) yield delta
    }
  }

  #dropFirst(): void {
    const slot = this.#first % this.#deltas.length
    this.#bytes -= this.#deltas[slot]?.message.json.length ?? 0
    this.#deltas[slot] = undefined
    this.#first++
  }
}
