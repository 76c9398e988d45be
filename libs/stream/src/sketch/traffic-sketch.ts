import { type FlowAmounts, type TrafficMeasure, TrafficSums, trafficMeasures } from './traffic-sums.ts'
import { WordTable } from './word-table.ts'

export interface TrafficSketchLimits {
  /** Keys that are told apart while traffic is added; past it the smaller half of them is let go. */
  keysMax: number
  /** Keys that `take` lists at most. */
  listedMax: number
  /** Links whose rest is told apart; keys of further ones count with link 0, 0. */
  linksMax: number
}

const measures = trafficMeasures.length
/** Keys whose median stands for that of all. */
const sampledKeys = 512
/** Hour, input and output interface: what leads every key. */
const linkWords = 3

/** One part of what `take` gives: rows, and the bounds that belong to them. */
export interface SketchRows {
  /** Number of rows. */
  length: number
  /** Words of a key: of the rest those of the link alone. */
  keyWords: number
  /** Word `i` of every row's key. */
  words(i: number): Uint32Array
  sums: ReturnType<TrafficSums['columns']>
  /**
   * In the rest of a link: a key of that link that is not listed has at most so much. In a listed row: how much of that
   * its key cannot have. So what a key has at most is its listed amounts, and the rest's bounds less its own.
   */
  unlistedMax: Readonly<Record<TrafficMeasure, BigUint64Array>>
}

/**
 * The largest keys of a stream of traffic in bounded memory, with what each has at least and at most, and a rest that
 * makes the totals exact. Keys begin with hour, input and output interface: the link, whose rest is kept apart.
 *
 * Lossy counting (Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002) over weights: when the
 * table is full the keys up to the median go to their link's rest, and the largest of them is what any key of the link can
 * have lost in that round. What is taken adds up: rows of several sketches, summed by key, are the sketch of all their
 * traffic, with bounds that hold (Agarwal et al., "Mergeable summaries", PODS 2012).
 */
export class TrafficSketch {
  readonly #limits: TrafficSketchLimits
  readonly #table: WordTable
  readonly #sums: TrafficSums
  /** Link of each key, and what the key can have lost before it came (back) into the table, by measure. */
  #linkOf: Uint32Array
  #lostBefore: Float64Array
  readonly #links = new WordTable(linkWords)
  readonly #rest: TrafficSums
  /** What a key of the link can have lost until now, and in the present round, by measure. */
  #lost: Float64Array
  #round: Float64Array
  #hasRest = false
  /** Keys that follow each other are often of one link. */
  #lastLink = 0

  constructor(keyWords: number, limits: TrafficSketchLimits) {
    this.#limits = limits
    this.#table = new WordTable(keyWords)
    this.#sums = new TrafficSums(this.#table.capacity)
    this.#linkOf = new Uint32Array(this.#table.capacity)
    this.#lostBefore = new Float64Array(this.#table.capacity * measures)
    this.#rest = new TrafficSums(this.#links.capacity)
    this.#lost = new Float64Array(this.#links.capacity * measures)
    this.#round = new Float64Array(this.#links.capacity * measures)
  }

  /** The key of the next `add`, written by the caller. */
  get key(): Uint32Array {
    return this.#table.key
  }

  /** Keys told apart now. */
  get keys(): number {
    return this.#table.count
  }

  add(amounts: FlowAmounts): void {
    const row = this.#table.find()
    if (row >= 0) this.#sums.add(row, amounts)
    else this.#insert(amounts)
  }

  /** The largest keys, and the rest of each link that has one; an empty sketch after. */
  take(): { listed: SketchRows; rest: SketchRows } {
    const listed = this.#choose()
    this.#letGo(listed)
    const withRest = Array.from({ length: this.#links.count }, (_, link) => link).filter(
      link => this.#rest.approximate(link, 'records') > 0 || this.#rest.approximate(link, 'octets') > 0,
    )
    const kept = Array.from({ length: this.#table.count }, (_, row) => row)
    const taken = {
      listed: rowsOf(this.#table, this.#sums, kept, (row, measure) => {
        const lost = this.#lost[this.#linkOf[row]! * measures + measure]!
        return lost - this.#lostBefore[row * measures + measure]!
      }),
      rest: rowsOf(this.#links, this.#rest, withRest, (link, measure) => this.#lost[link * measures + measure]!),
    }
    this.#clear()
    return taken
  }

  /** Adds to the current key, which has no row. */
  #insert(amounts: FlowAmounts): void {
    const isFull = this.#table.count >= this.#limits.keysMax
    if (isFull) this.#letGo(this.#largerHalf())
    const links = this.#links.count
    const link = this.#link()
    if (isFull || links >= this.#limits.linksMax) {
      // The key's place is another now, or its link has become 0, 0, under which it may be known.
      const known = this.#table.find()
      if (known >= 0) {
        this.#sums.add(known, amounts)
        return
      }
    }
    const row = this.#table.insert()
    if (row >= this.#linkOf.length) this.#reserve()
    this.#sums.set(row, amounts)
    this.#linkOf[row] = link
    for (let measure = 0; measure < measures; measure++) {
      this.#lostBefore[row * measures + measure] = this.#lost[link * measures + measure]!
    }
  }

  /** Link of the current key, whose interfaces are made 0 where there are too many links. */
  #link(): number {
    const { key } = this.#table
    const links = this.#links
    const last = this.#lastLink * linkWords
    if (
      this.#lastLink < links.count &&
      links.keys[last] === key[0] &&
      links.keys[last + 1] === key[1] &&
      links.keys[last + 2] === key[2]
    ) {
      return this.#lastLink
    }
    this.#lastLink = this.#findLink()
    return this.#lastLink
  }

  #findLink(): number {
    const { key } = this.#table
    const links = this.#links
    for (let word = 0; word < linkWords; word++) links.key[word] = key[word]!
    const found = links.find()
    if (found >= 0) return found
    if (links.count >= this.#limits.linksMax) {
      key[1] = 0
      key[2] = 0
      links.key[1] = 0
      links.key[2] = 0
      const other = links.find()
      if (other >= 0) return other
    }
    const link = links.insert()
    this.#rest.reserve(links.capacity)
    this.#lost = grown(this.#lost, links.capacity * measures)
    this.#round = grown(this.#round, links.capacity * measures)
    return link
  }

  /** Keys above the median of octets, as a part of them tells it; in ascending order of their rows. */
  #largerHalf(): number[] {
    const { count } = this.#table
    const stride = count > sampledKeys ? Math.floor(count / sampledKeys) : 1
    const sample = new Float64Array(Math.ceil(count / stride))
    for (let i = 0; i < sample.length; i++) sample[i] = this.#sums.approximate(i * stride, 'octets')
    const median = sample.sort()[sample.length >>> 1]!
    const larger: number[] = []
    // A part that tells it badly must not keep so many that the next key makes room again.
    const keptMax = (count * 3) >>> 2
    for (let row = 0; row < count && larger.length < keptMax; row++) {
      if (this.#sums.approximate(row, 'octets') > median) larger.push(row)
    }
    return larger
  }

  /**
   * Keys worth a row each, in ascending order of their rows: all while nothing was let go and they are few; else the
   * largest, without those so small that a flood of forged addresses consists of them.
   */
  #choose(): number[] {
    const { listedMax } = this.#limits
    const rows = Array.from({ length: this.#table.count }, (_, row) => row)
    if (rows.length <= listedMax && !this.#hasRest) return rows
    const octets = rows.map(row => this.#sums.approximate(row, 'octets'))
    let total = octets.reduce((sum, one) => sum + one, 0)
    for (let link = 0; link < this.#links.count; link++) total += this.#rest.approximate(link, 'octets')
    const least = total / (16 * listedMax)
    return rows
      .filter(row => octets[row]! >= least)
      .sort((a, b) => octets[b]! - octets[a]! || a - b)
      .slice(0, listedMax)
      .sort((a, b) => a - b)
  }

  /** Moves all keys but the given ones to the rest of their links. */
  #letGo(kept: readonly number[]): void {
    this.#round.fill(0)
    let next = 0
    for (let row = 0; row < this.#table.count; row++) {
      if (kept[next] === row) next++
      else this.#moveToRest(row)
    }
    for (let i = 0; i < this.#links.count * measures; i++) this.#lost[i]! += this.#round[i]!
    const { key } = this.#table
    const current = Uint32Array.from(key)
    for (let row = 0; row < kept.length; row++) this.#moveRow(row, kept[row]!)
    this.#table.keep(kept)
    key.set(current)
  }

  #moveToRest(row: number): void {
    const link = this.#linkOf[row]!
    this.#rest.addRow(link, this.#sums, row)
    this.#hasRest = true
    for (let measure = 0; measure < measures; measure++) {
      const amount = atLeast(this.#sums.approximate(row, trafficMeasures[measure]!))
      const at = link * measures + measure
      if (amount > this.#round[at]!) this.#round[at] = amount
    }
  }

  #moveRow(to: number, from: number): void {
    this.#sums.copyRow(to, from)
    this.#linkOf[to] = this.#linkOf[from]!
    this.#lostBefore.copyWithin(to * measures, from * measures, (from + 1) * measures)
  }

  #reserve(): void {
    const { capacity } = this.#table
    this.#sums.reserve(capacity)
    const linkOf = new Uint32Array(capacity)
    linkOf.set(this.#linkOf)
    this.#linkOf = linkOf
    this.#lostBefore = grown(this.#lostBefore, capacity * measures)
  }

  #clear(): void {
    this.#rest.zero(this.#links.count)
    this.#lost.fill(0)
    this.#table.clear()
    this.#links.clear()
    this.#hasRest = false
  }
}

function rowsOf(
  table: WordTable,
  sums: TrafficSums,
  rows: readonly number[],
  unlistedMax: (row: number, measure: number) => number,
): SketchRows {
  const { keys, keyWords } = table
  const words = Array.from({ length: keyWords }, (_, i) => {
    const column = new Uint32Array(rows.length)
    for (let row = 0; row < column.length; row++) column[row] = keys[rows[row]! * keyWords + i]!
    return column
  })
  const bounds = trafficMeasures.map((name, measure) => {
    const column = new BigUint64Array(rows.length)
    for (let row = 0; row < column.length; row++) {
      const bound = unlistedMax(rows[row]!, measure)
      if (bound > 0) column[row] = BigInt(bound)
    }
    return [name, column] as const
  })
  return {
    length: rows.length,
    keyWords,
    words: i => words[i]!,
    sums: sums.columns(rows),
    unlistedMax: Object.fromEntries(bounds) as Record<TrafficMeasure, BigUint64Array>,
  }
}

/** A double that is no less than the integer it was rounded from. */
function atLeast(amount: number): number {
  return amount <= Number.MAX_SAFE_INTEGER ? amount : amount * (1 + 2 ** -50)
}

function grown(values: Float64Array, length: number): Float64Array {
  if (values.length >= length) return values
  const larger = new Float64Array(length)
  larger.set(values)
  return larger
}
