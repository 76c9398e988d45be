export interface RecentMapOptions<V> {
  /** Most entries. */
  max: number
  /** Most weight over all entries, and what one weighs. */
  weightMax?: number
  weightOf?: (value: V) => number
  /** An entry made room for others. */
  onEvict?: (value: V) => void
}

/**
 * A bounded map that keeps what is in use. Two generations stand in for a list by last use: a look-up carries an entry
 * into the young one, and when that is half full the old one, unused since, is let go. So a flood of keys costs no more
 * than the bound and constant time each, and leaves those in use alone (F10).
 */
export class RecentMap<K, V> {
  evicted = 0
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  #youngWeight = 0
  readonly #max: number
  readonly #weightMax: number
  readonly #weightOf: (value: V) => number
  readonly #onEvict: ((value: V) => void) | undefined

  constructor({ max, weightMax = Number.POSITIVE_INFINITY, weightOf = () => 0, onEvict }: RecentMapOptions<V>) {
    this.#max = max
    this.#weightMax = weightMax
    this.#weightOf = weightOf
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) {
      this.#old.delete(key)
      this.#insert(key, old)
    }
    return old
  }

  set(key: K, value: V): void {
    this.delete(key)
    this.#insert(key, value)
  }

  delete(key: K): boolean {
    const young = this.#young.get(key)
    if (young !== undefined) this.#youngWeight -= this.#weightOf(young)
    return this.#young.delete(key) || this.#old.delete(key)
  }

  *values(): Generator<V, void> {
    yield* this.#old.values()
    yield* this.#young.values()
  }

  /** All entries, those that would be let go first in front, and how many of them are of the old generation. */
  entries(): { old: number; all: [K, V][] } {
    return { old: this.#old.size, all: [...this.#old, ...this.#young] }
  }

  /** Takes back what `entries` gave. */
  restore(all: readonly (readonly [K, V])[], old: number): void {
    for (const [index, [key, value]] of all.entries()) {
      if (index < old) this.#old.set(key, value)
      else {
        this.#young.set(key, value)
        this.#youngWeight += this.#weightOf(value)
      }
    }
  }

  #insert(key: K, value: V): void {
    this.#young.set(key, value)
    this.#youngWeight += this.#weightOf(value)
    if (this.#young.size <= this.#max / 2 && this.#youngWeight <= this.#weightMax / 2) return
    this.evicted += this.#old.size
    if (this.#onEvict) for (const gone of this.#old.values()) this.#onEvict(gone)
    this.#old = this.#young
    this.#young = new Map()
    this.#youngWeight = 0
  }
}
