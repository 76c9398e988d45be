/** What a datagram's sequence number says about those before it. */
export type Arrival = 'first' | 'in-order' | 'gap' | 'late' | 'duplicate' | 'restart'

/** Numbers remembered to tell a datagram that came twice from one that came late. */
const rememberedMax = 32
/** A jump past this many units is no loss but another counter: 4-billion losses are restarts. */
const gapMax = 10_000_000
const gapsMax = 8
/** So many datagrams in a row must count by another unit before that unit is believed. */
const habitLength = 3

/** Plain state, as it goes into a snapshot. */
export interface SequenceState {
  /** Next number; -1 before the first datagram, -2 where the last datagram's units are unknown. */
  expected: number
  last: number
  alternate: number
  habit: number
  /** The exporter counts datagrams where its protocol counts records (or the other way round). */
  swapped: boolean
  stuck: number
  /** Start of a run of old numbers: the next one in the run proves a restart. */
  resumed: number
  /** Ring of numbers and fingerprints seen, in pairs, and where the next pair goes. */
  recent: number[]
  recentAt: number
  gaps: [from: number, to: number][]
}

export function createSequenceState(): SequenceState {
  return {
    expected: -1,
    last: -1,
    alternate: -1,
    habit: 0,
    swapped: false,
    stuck: 0,
    resumed: -1,
    recent: [],
    recentAt: 0,
    gaps: [],
  }
}

/**
 * Sequence numbers of one stream, in whatever unit its protocol counts: flows (v5), datagrams (v9, sFlow), data records
 * (IPFIX), samples. Counters are kept across restarts of the exporter; numbers are modulo 2^32.
 */
export class SequenceTracker {
  /** Units that came, in the unit in which this exporter counts: what losses are a share of. */
  received = 0
  lost = 0
  late = 0
  duplicates = 0
  restarts = 0
  #state: SequenceState

  constructor(state = createSequenceState()) {
    this.#state = state
  }

  get state(): SequenceState {
    return this.#state
  }

  /** The usual case, without a look at the datagram: it need not be judged. */
  isNext(sequence: number): boolean {
    const state = this.#state
    if (sequence !== state.expected) return false
    state.habit = 0
    state.stuck = 0
    state.resumed = -1
    return true
  }

  /**
   * Judges a datagram that is not the next one.
   * @param fingerprint of the datagram: the same number with another content is no duplicate
   * @param restarted the exporter's uptime says that it restarted
   */
  judge(sequence: number, fingerprint: number, restarted: boolean): Arrival {
    const state = this.#state
    if (state.expected === -1) return 'first'
    if (this.#seen(sequence, fingerprint)) {
      this.duplicates++
      return 'duplicate'
    }
    if (restarted) return this.#restart()
    if (state.expected === -2) return 'in-order'
    if (sequence === state.last) {
      // Exporters that never count (a constant number) have nothing to tell.
      state.stuck++
      return 'in-order'
    }
    if (sequence === state.alternate) {
      if (++state.habit >= habitLength) {
        state.swapped = !state.swapped
        state.habit = 0
      }
      return 'in-order'
    }
    if (sequence === state.resumed) return this.#restart()
    const distance = (sequence - state.expected) | 0
    if (distance > 0 && distance <= gapMax) {
      this.lost += distance
      if (state.gaps.length >= gapsMax) state.gaps.shift()
      state.gaps.push([state.expected, sequence])
      return 'gap'
    }
    if (distance < 0 && distance >= -gapMax) {
      this.late++
      return 'late'
    }
    return this.#restart()
  }

  /**
   * Tells how many units the datagram held, once it is parsed.
   * @param units in the protocol's own unit; undefined where that cannot be known, such as sets without a template
   * @param otherUnits in the unit that some exporters count instead: datagrams for records and the other way round
   */
  advance(
    sequence: number,
    units: number | undefined,
    otherUnits: number | undefined,
    arrival: Arrival,
    fingerprint: number,
  ): void {
    const state = this.#state
    if (arrival === 'duplicate') return
    const [own, other] = state.swapped ? [otherUnits, units] : [units, otherUnits]
    this.received += own ?? 1
    const at = state.recentAt
    state.recent[at] = sequence
    state.recent[at + 1] = fingerprint
    state.recentAt = at + 2 === 2 * rememberedMax ? 0 : at + 2
    if (arrival === 'late') {
      state.resumed = own === undefined ? -1 : (sequence + own) >>> 0
      if (own !== undefined) this.#fillGap(sequence, own)
      return
    }
    state.last = sequence
    state.expected = own === undefined ? -2 : (sequence + own) >>> 0
    state.alternate = other === undefined ? -1 : (sequence + other) >>> 0
  }

  #seen(sequence: number, fingerprint: number): boolean {
    const { recent } = this.#state
    for (let at = 0; at < recent.length; at += 2) {
      if (recent[at] === sequence && recent[at + 1] === fingerprint) return true
    }
    return false
  }

  #restart(): Arrival {
    this.restarts++
    this.#state.gaps = []
    this.#state.recent = []
    this.#state.recentAt = 0
    this.#state.resumed = -1
    return 'restart'
  }

  /** What was counted as lost and came after all is not lost. */
  #fillGap(sequence: number, units: number): void {
    for (const [from, to] of this.#state.gaps) {
      if (((sequence - from) | 0) >= 0 && ((to - sequence) | 0) > 0) {
        this.lost -= Math.min(units, (to - sequence) | 0)
        return
      }
    }
  }
}
