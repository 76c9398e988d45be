import type { DatagramContext } from './datagram-context.ts'

/** A data set that waits for its template, with all that its records will be read against. */
export interface HeldSet {
  templateKey: number
  sessionKey: number
  context: DatagramContext
  octets: Uint8Array
}

/**
 * Data sets whose template has not come, bounded in octets, number and age; the eldest make room (F11). v9 and IPFIX
 * over UDP repeat templates every few minutes, so a collector that starts meanwhile would lose all data until then.
 */
export class HeldSets {
  /** Sets that were let go because of a bound. */
  dropped = 0
  #sets: HeldSet[] = []
  /** Sets held by template, so that a flood of templates nobody waits for costs one look-up each. */
  #waiting = new Map<number, number>()
  #octets = 0
  #octetsMax: number
  #setsMax: number
  #ageMsMax: number

  constructor(octetsMax: number, setsMax: number, ageMsMax: number) {
    this.#octetsMax = octetsMax
    this.#setsMax = setsMax
    this.#ageMsMax = ageMsMax
  }

  get size(): number {
    return this.#sets.length
  }

  all(): readonly HeldSet[] {
    return this.#sets
  }

  /** Keys of the templates that are waited for. */
  templateKeys(): number[] {
    return [...this.#waiting.keys()]
  }

  /** @returns sets that had to go, for the caller to count */
  add(set: HeldSet): number {
    this.#sets.push(set)
    this.#octets += set.octets.length
    this.#waiting.set(set.templateKey, (this.#waiting.get(set.templateKey) ?? 0) + 1)
    let gone = 0
    while (
      this.#octets > this.#octetsMax ||
      this.#sets.length > this.#setsMax ||
      set.context.receivedMs - this.#sets[0]!.context.receivedMs > this.#ageMsMax
    ) {
      this.#letGo(this.#sets.shift()!)
      gone++
      if (this.#sets.length === 0) break
    }
    this.dropped += gone
    return gone
  }

  /** Takes out the sets of one template, eldest first. */
  take(templateKey: number): HeldSet[] {
    if (!this.#waiting.has(templateKey)) return []
    const taken = this.#sets.filter(set => set.templateKey === templateKey)
    this.#sets = this.#sets.filter(set => set.templateKey !== templateKey)
    for (const set of taken) this.#letGo(set)
    return taken
  }

  #letGo({ templateKey, octets }: HeldSet): void {
    this.#octets -= octets.length
    const left = this.#waiting.get(templateKey)! - 1
    if (left > 0) this.#waiting.set(templateKey, left)
    else this.#waiting.delete(templateKey)
  }
}
