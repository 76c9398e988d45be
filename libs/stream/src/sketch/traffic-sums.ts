const wordSize = 4_294_967_296

/** Doubles of one row: eight for the four 64-bit sums, two for the counts of records. */
const width = 10

/**
 * What is summed of a flow record, or of its part in a window; one instance serves all records. 64-bit amounts come as
 * two 32-bit words, so that a record costs no BigInt.
 */
export class FlowAmounts {
  /** One row of `TrafficSums`. */
  readonly values = new Float64Array(width)

  /**
   * @param samplingRate up to 2^32 - 1; 0: not known, so that the amounts count as exported
   * @param records 1, or 0 for the later parts of a record that spans windows
   */
  set(
    octetsHigh: number,
    octetsLow: number,
    packetsHigh: number,
    packetsLow: number,
    samplingRate: number,
    records: number,
  ): void {
    const { values } = this
    this.#scale(0, octetsHigh, octetsLow, samplingRate || 1)
    this.#scale(2, packetsHigh, packetsLow, samplingRate || 1)
    values[4] = octetsHigh
    values[5] = octetsLow
    values[6] = packetsHigh
    values[7] = packetsLow
    values[8] = records
    values[9] = samplingRate === 0 ? records : 0
  }

  #scale(at: number, high: number, low: number, rate: number): void {
    const product = low * rate
    if (product <= Number.MAX_SAFE_INTEGER) {
      const carry = Math.floor(product / wordSize)
      this.values[at] = high * rate + carry
      this.values[at + 1] = product - carry * wordSize
      return
    }
    // Past 2^53: multiplied in two halves of 16 bits.
    const lowProduct = (low & 0xffff) * rate
    const midProduct = (low >>> 16) * rate
    const carry = Math.floor(midProduct / 65_536)
    const rest = lowProduct + (midProduct - carry * 65_536) * 65_536
    const restCarry = Math.floor(rest / wordSize)
    this.values[at] = high * rate + carry + restCarry
    this.values[at + 1] = rest - restCarry * wordSize
  }
}

/** The sums as a block's columns have them. */
export interface TrafficColumns {
  octets: BigUint64Array
  packets: BigUint64Array
  octets_exported: BigUint64Array
  packets_exported: BigUint64Array
  records: BigUint64Array
  unscaled_records: BigUint64Array
}

/** What a host, or whatever a row stands for, is ranked and bounded by. */
export const trafficMeasures = ['octets', 'packets', 'records'] as const
export type TrafficMeasure = (typeof trafficMeasures)[number]

/**
 * Sums of flow traffic, a row each: octets and packets scaled by the sampling rate, both as exported, records, and those
 * of unknown rate. A 64-bit sum is two doubles (units of 2^32 and of 1), each exact below 2^53.
 */
export class TrafficSums {
  #values: Float64Array

  constructor(rows: number) {
    this.#values = new Float64Array(rows * width)
  }

  /** Makes room for rows below `rows`; new ones are zero. */
  reserve(rows: number): void {
    if (rows * width <= this.#values.length) return
    const values = new Float64Array(rows * width)
    values.set(this.#values)
    this.#values = values
  }

  add(row: number, { values: added }: FlowAmounts): void {
    const values = this.#values
    const at = row * width
    for (let i = 0; i < width; i++) values[at + i]! += added[i]!
  }

  /** As `add` to a row of zeros. */
  set(row: number, { values: first }: FlowAmounts): void {
    const values = this.#values
    const at = row * width
    for (let i = 0; i < width; i++) values[at + i] = first[i]!
  }

  addRow(row: number, other: TrafficSums, otherRow: number): void {
    const at = row * width
    const from = otherRow * width
    for (let i = 0; i < width; i++) this.#values[at + i]! += other.#values[from + i]!
  }

  copyRow(row: number, from: number): void {
    this.#values.copyWithin(row * width, from * width, (from + 1) * width)
  }

  zero(rows: number): void {
    this.#values.fill(0, 0, rows * width)
  }

  /** The measure of a row as a double: exact up to 2^53, and of four digits more than people read beyond. */
  approximate(row: number, measure: TrafficMeasure): number {
    const at = row * width
    switch (measure) {
      case 'octets':
        return this.#values[at]! * wordSize + this.#values[at + 1]!
      case 'packets':
        return this.#values[at + 2]! * wordSize + this.#values[at + 3]!
      case 'records':
        return this.#values[at + 8]!
    }
  }

  /** Sums of the given rows, in their order, modulo 2^64 as the table's columns are. */
  columns(rows: readonly number[]): TrafficColumns {
    return {
      octets: this.#column(rows, 0),
      packets: this.#column(rows, 2),
      octets_exported: this.#column(rows, 4),
      packets_exported: this.#column(rows, 6),
      records: this.#counts(rows, 8),
      unscaled_records: this.#counts(rows, 9),
    }
  }

  #column(rows: readonly number[], part: number): BigUint64Array {
    const column = new BigUint64Array(rows.length)
    const words = new Uint32Array(column.buffer)
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i]! * width + part
      const low = this.#values[at + 1]!
      const carry = Math.floor(low / wordSize)
      words[2 * i] = low - carry * wordSize
      words[2 * i + 1] = this.#values[at]! + carry
    }
    return column
  }

  #counts(rows: readonly number[], part: number): BigUint64Array {
    const column = new BigUint64Array(rows.length)
    for (let i = 0; i < rows.length; i++) column[i] = BigInt(this.#values[rows[i]! * width + part]!)
    return column
  }
}
