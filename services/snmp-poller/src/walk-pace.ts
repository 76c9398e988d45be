import type { Oid } from '../../../libs/snmp/src/index.ts'

/**
 * How much is asked of one device in a request, remembered from poll to poll. Replies are kept within one Ethernet frame:
 * larger ones travel as IP fragments, which firewalls drop and loss multiplies.
 */
export class WalkPace {
  static readonly replyBytesTarget = 1_400
  static readonly repetitionsMost = 50
  static readonly groupsMost = 8
  static readonly sizesMost = 64
  /** The most rows a request may ask for; halved by tooBig and by silence, and only silence is forgiven. */
  #repetitionsCeiling = WalkPace.repetitionsMost
  #repetitionsSoft = WalkPace.repetitionsMost
  #columnsMax = 32
  /** Moving mean of what a varbind takes, message header spread over them: of all replies, and by first column asked. */
  #varbindBytes = 22
  readonly #varbindBytesOf = new Map<Oid, number>()

  get columnsMax(): number {
    return this.#columnsMax
  }

  /** Rows to ask for at once, of so many columns beside one non-repeater. */
  repetitions(columns: number, firstColumn?: Oid): number {
    const varbindBytes = (firstColumn && this.#varbindBytesOf.get(firstColumn)) ?? this.#varbindBytes
    return this.#repetitionsOf(columns, varbindBytes)
  }

  /**
   * Into how many groups columns are best split: a row of twenty fills a reply three and a half times, and the half is
   * lost, where two groups of ten lose nothing. The fewest groups among those that take the fewest requests.
   */
  groups(columns: number, rows: number): number {
    let best = 1
    let fewest = Number.POSITIVE_INFINITY
    for (let groups = 1; groups <= Math.min(columns, WalkPace.groupsMost); groups++) {
      const repetitions = this.#repetitionsOf(Math.ceil(columns / groups), this.#varbindBytes)
      const requests = groups * Math.ceil(rows / repetitions)
      if (requests >= fewest) continue
      fewest = requests
      best = groups
    }
    return best
  }

  learn(bytes: number, varbinds: number, firstColumn?: Oid): void {
    if (varbinds === 0 || bytes === 0) return
    this.#varbindBytes += 0.2 * (bytes / varbinds - this.#varbindBytes)
    if (firstColumn === undefined) return
    const before = this.#varbindBytesOf.get(firstColumn) ?? this.#varbindBytes
    if (this.#varbindBytesOf.size >= WalkPace.sizesMost) this.#varbindBytesOf.clear()
    this.#varbindBytesOf.set(firstColumn, before + 0.2 * (bytes / varbinds - before))
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

  #repetitionsOf(columns: number, varbindBytes: number): number {
    const fitting = Math.floor((WalkPace.replyBytesTarget / varbindBytes - 1) / columns)
    return Math.max(1, Math.min(fitting, this.#repetitionsCeiling, this.#repetitionsSoft))
  }
}
