const capacityMin = 16

/**
 * Numbers the distinct keys it is given, each a few 32-bit words: an open-addressing hash table over typed arrays, so
 * that neither a look nor a new key costs an object. Whoever uses it keeps sums beside it, by the row's number.
 */
export class WordTable {
  readonly keyWords: number
  /** The key that `find` and `insert` speak of; written by the caller. */
  readonly key: Uint32Array
  /** Key of row r: the words from `r * keyWords` on. */
  keys: Uint32Array
  #count = 0
  #capacity: number
  #index: Int32Array
  /** Where the last `find` that found nothing ended. */
  #free = 0

  constructor(keyWords: number, capacity = capacityMin) {
    this.keyWords = keyWords
    this.key = new Uint32Array(keyWords)
    this.#capacity = capacity
    this.keys = new Uint32Array(capacity * keyWords)
    this.#index = new Int32Array(capacity * 2).fill(-1)
  }

  get count(): number {
    return this.#count
  }

  /** Rows there is room for before the table grows; a power of two. */
  get capacity(): number {
    return this.#capacity
  }

  /** Row of the current key, or -1. */
  find(): number {
    const { keys, key, keyWords } = this
    const index = this.#index
    const mask = index.length - 1
    for (let probe = hashOf(key, 0, keyWords) & mask; ; probe = (probe + 1) & mask) {
      const row = index[probe]!
      if (row < 0) {
        this.#free = probe
        return -1
      }
      const at = row * keyWords
      let same = true
      for (let word = 0; word < keyWords; word++) {
        if (keys[at + word] !== key[word]) {
          same = false
          break
        }
      }
      if (same) return row
    }
  }

  /** New row of the current key, which the `find` just before did not find. */
  insert(): number {
    if (this.#count === this.#capacity) {
      this.#grow()
      this.find()
    }
    const row = this.#count++
    this.#index[this.#free] = row
    const { keys, key, keyWords } = this
    // `set` costs more than a loop for so few words.
    for (let word = 0; word < keyWords; word++) keys[row * keyWords + word] = key[word]!
    return row
  }

  /** Keeps these rows alone, given in ascending order; the first of them becomes row 0 and so on. */
  keep(rows: readonly number[]): void {
    const { keys, keyWords } = this
    for (let row = 0; row < rows.length; row++) {
      const from = rows[row]! * keyWords
      keys.copyWithin(row * keyWords, from, from + keyWords)
    }
    this.#count = rows.length
    this.#index.fill(-1)
    this.#addToIndex()
  }

  clear(): void {
    this.#count = 0
    this.#index.fill(-1)
  }

  #grow(): void {
    this.#capacity *= 2
    const keys = new Uint32Array(this.#capacity * this.keyWords)
    keys.set(this.keys)
    this.keys = keys
    this.#index = new Int32Array(this.#capacity * 2).fill(-1)
    this.#addToIndex()
  }

  #addToIndex(): void {
    const mask = this.#index.length - 1
    for (let row = 0; row < this.#count; row++) {
      let probe = hashOf(this.keys, row * this.keyWords, this.keyWords) & mask
      while (this.#index[probe]! >= 0) probe = (probe + 1) & mask
      this.#index[probe] = row
    }
  }
}

function hashOf(keys: Uint32Array, at: number, keyWords: number): number {
  let hash = 0x811c9dc5
  for (let word = 0; word < keyWords; word++) hash = Math.imul(hash ^ keys[at + word]!, 0x01000193) ^ (hash >>> 15)
  return hash
}
