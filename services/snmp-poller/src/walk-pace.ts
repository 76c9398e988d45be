import { type Column, ifColumnCount } from '../../../libs/snmp/src/index.ts'

/**
 * How much is asked of one device in a request, remembered from poll to poll. Replies are kept within one Ethernet frame:
 * larger ones travel as IP fragments, which firewalls drop and loss multiplies.
 */
export class WalkPace {
  static readonly replyBytesTarget = 1_440
  static readonly repetitionsMost = 50
  /** The most rows a request may ask for; halved by tooBig and by silence, and only silence is forgiven. */
  #repetitionsCeiling = WalkPace.repetitionsMost
  #repetitionsSoft = WalkPace.repetitionsMost
  #columnsMax = 32
  /** Moving means: of a reply's octets beside its cells, of a cell of any column, and of one of each interface column. */
  #headBytes = 60
  #cellBytes = 20
  #cellBytesOf: Float32Array | undefined

  get columnsMax(): number {
    return this.#columnsMax
  }

  /** Rows to ask for at once, of these columns beside one non-repeater. */
  repetitions(columns: readonly Column[]): number {
    let rowBytes = 0
    for (const column of columns) rowBytes += this.#bytesOf(column)
    return this.#repetitionsOf(rowBytes)
  }

  /**
   * Splits columns into runs that are asked for in turn, so that the whole table takes the fewest requests: a row of twenty
   * fills a reply three and a half times, and the half is lost, where two runs of ten lose nothing. Of splits that take as
   * many, the one of fewest runs.
   */
  runs<C extends Column>(columns: readonly C[], rows: number): C[][] {
    // Requests for the columns from i on, split at best, and where its first run ends.
    const count = columns.length
    const fewest = new Array<number>(count + 1).fill(0)
    const runEnd = new Array<number>(count + 1).fill(count)
    for (let from = count - 1; from >= 0; from--) {
      let rowBytes = 0
      fewest[from] = Number.POSITIVE_INFINITY
      for (let end = from + 1; end <= Math.min(count, from + this.#columnsMax); end++) {
        rowBytes += this.#bytesOf(columns[end - 1]!)
        // A little more for each run, so that of equal splits the one of fewest runs is taken.
        const requests = Math.ceil(rows / this.#repetitionsOf(rowBytes)) + 0.001 + fewest[end]!
        if (requests > fewest[from]!) continue
        fewest[from] = requests
        runEnd[from] = end
      }
    }
    const runs: C[][] = []
    for (let from = 0; from < count; from = runEnd[from]!) runs.push(columns.slice(from, runEnd[from]))
    return runs
  }

  /** A reply came: octets of it, of its cells, and how many cells. */
  learn(bytes: number, cellBytes: number, cells: number): void {
    if (cells === 0 || bytes === 0) return
    this.#headBytes += 0.2 * (bytes - cellBytes - this.#headBytes)
    this.#cellBytes += 0.2 * (cellBytes / cells - this.#cellBytes)
  }

  /** What cells of a column took. */
  learnColumn({ place }: Column, cellBytes: number, cells: number): void {
    if (place === undefined || cells === 0) return
    this.#cellBytesOf ??= new Float32Array(ifColumnCount)
    const before = this.#cellBytesOf[place] || cellBytes / cells
    this.#cellBytesOf[place] = before + 0.5 * (cellBytes / cells - before)
  }

  /** The agent said tooBig to `repetitions` of `columns`. False when no smaller request is left. */
  tooBig(repetitions: number, columns: number): boolean {
    if (repetitions > 1) this.#repetitionsCeiling = Math.floor(repetitions / 2)
    else if (columns > 1) this.#columnsMax = Math.ceil(columns / 2)
    else return false
    return true
  }

  /** Nothing came: perhaps the reply was fragmented. False when the request was as small as it gets. */
  silence(repetitions: number): boolean {
    if (repetitions <= 1) return false
    this.#repetitionsSoft = Math.floor(repetitions / 2)
    return true
  }

  /** After a poll in which everything came. */
  allCame(): void {
    this.#repetitionsSoft = Math.min(WalkPace.repetitionsMost, this.#repetitionsSoft + 1)
  }

  #bytesOf({ place }: Column): number {
    return (place !== undefined && this.#cellBytesOf?.[place]) || this.#cellBytes
  }

  #repetitionsOf(rowBytes: number): number {
    const fitting = Math.floor((WalkPace.replyBytesTarget - this.#headBytes) / rowBytes)
    return Math.max(1, Math.min(fitting, this.#repetitionsCeiling, this.#repetitionsSoft))
  }
}
