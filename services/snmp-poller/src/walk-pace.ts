/**
 * How much is asked of one device in a request, remembered from poll to poll. Replies are kept within one Ethernet frame:
 * larger ones travel as IP fragments, which firewalls drop and loss multiplies.
 */
export class WalkPace {
  static readonly replyBytesTarget = 1_400
  static readonly repetitionsMost = 50
  /** The most rows a request may ask for; halved by tooBig and by silence, and only silence is forgiven. */
  #repetitionsCeiling = WalkPace.repetitionsMost
  #repetitionsSoft = WalkPace.repetitionsMost
  #columnsMax = 32
  /** Moving mean of what a varbind takes, message header spread over them. */
  #bytesPerVarbind = 22

  get columnsMax(): number {
    return this.#columnsMax
  }

  repetitions(columns: number): number {
    const fitting = Math.floor(WalkPace.replyBytesTarget / (columns * this.#bytesPerVarbind))
    return Math.max(1, Math.min(fitting, this.#repetitionsCeiling, this.#repetitionsSoft))
  }

  learn(bytes: number, varbinds: number): void {
    if (varbinds > 0 && bytes > 0) this.#bytesPerVarbind += 0.2 * (bytes / varbinds - this.#bytesPerVarbind)
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
}
