/** Counts live connections against their limits, in all and by client address. */
export class Admission {
  readonly #max: number
  readonly #perAddressMax: number
  readonly #byAddress = new Map<string, number>()
  #open = 0

  constructor(limits: { connectionsMax: number; connectionsPerAddressMax: number }) {
    this.#max = limits.connectionsMax
    this.#perAddressMax = limits.connectionsPerAddressMax
  }

  get open(): number {
    return this.#open
  }

  get isFull(): boolean {
    return this.#open >= this.#max
  }

  /** Takes a place and returns what gives it back; undefined when there is none. */
  admit(address: string): (() => void) | undefined {
    const ofAddress = this.#byAddress.get(address) ?? 0
    if (this.isFull || ofAddress >= this.#perAddressMax) return undefined
    this.#open++
    this.#byAddress.set(address, ofAddress + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      this.#open--
      const left = this.#byAddress.get(address)! - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }
}
