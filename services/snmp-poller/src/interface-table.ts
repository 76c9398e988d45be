import {
  type IfColumn,
  ifColumnCount,
  signedContent,
  tags,
  unsigned32Content,
  type VarbindCursor,
} from '../../../libs/snmp/src/index.ts'
import type { WalkSink } from './column-walk.ts'

/** `tags` value of a cell whose content breaks its type's rules, or whose type nobody knows. */
export const invalidTag = 0xff

const rowsFirst = 64

/**
 * The cells of a device's interfaces in typed columns: of each its tag (0: did not come) and 64 bits, so that reading a
 * thousand cells makes nothing. A number lies in `low`, sign and all; a Counter64 in `high` and `low`; octets are where
 * they came, `high` saying in which datagram and where, `low` how many. One table is used for poll after poll.
 */
export class InterfaceTable implements WalkSink<IfColumn> {
  rowsMax = Number.POSITIVE_INFINITY
  rows = 0
  ifIndex = new Uint32Array(rowsFirst)
  /** Device's time of the reply that brought the row's octets, hundredths of a second; -1 when unknown. */
  upTimeCs = new Float64Array(rowsFirst)
  #capacity = rowsFirst
  #tags = new Uint8Array(rowsFirst * ifColumnCount)
  #low = new Uint32Array(rowsFirst * ifColumnCount)
  #high = new Uint32Array(rowsFirst * ifColumnCount)
  readonly #rowOf = new Map<number, number>()
  readonly #datagrams: Uint8Array[] = []
  /** Where the last cell went: columns come in the order of their rows. */
  #lastRow = -1

  /** Empties it. */
  reset(rowsMax: number): void {
    this.rowsMax = rowsMax
    this.#tags.fill(0, 0, this.rows * ifColumnCount)
    this.rows = 0
    this.#rowOf.clear()
    this.#datagrams.length = 0
    this.#lastRow = -1
  }

  take(column: IfColumn, cell: VarbindCursor, indexAt: number, upTimeCs: number | undefined): boolean {
    const index = soleArc(cell.bytes, indexAt, cell.oidEnd)
    // A row of another index than ifIndex is no interface, and not worth the walk.
    if (index < 0) return true
    const row = this.#row(index)
    if (row < 0) return false
    this.#lastRow = row
    if (upTimeCs !== undefined && this.upTimeCs[row]! < 0) this.upTimeCs[row] = upTimeCs
    this.#store(row * ifColumnCount + column.place, cell)
    return true
  }

  /** The row of an interface; -1 when there is none. */
  rowOf(ifIndex: number): number {
    return this.#rowOf.get(ifIndex) ?? -1
  }

  /** 0 where the cell, or the row, did not come. */
  tag(row: number, column: IfColumn): number {
    if (row < 0) return 0
    return this.#tags[row * ifColumnCount + column.place]!
  }

  /** Of a cell that holds a number of 32 bits. */
  number(row: number, column: IfColumn): number {
    const at = row * ifColumnCount + column.place
    return this.#tags[at] === tags.integer ? this.#low[at]! | 0 : this.#low[at]!
  }

  /** Of a cell that holds a Counter64. */
  wide(row: number, column: IfColumn): bigint {
    const at = row * ifColumnCount + column.place
    const high = this.#high[at]!
    // Below 2^53 one conversion is exact; above, the halves are joined as BigInt.
    if (high < 0x20_0000) return BigInt(high * 4_294_967_296 + this.#low[at]!)
    return (BigInt(high) << 32n) | BigInt(this.#low[at]!)
  }

  /** A view of a cell that holds octets. */
  octets(row: number, column: IfColumn): Uint8Array {
    const at = row * ifColumnCount + column.place
    const start = this.#high[at]! & 0xffff
    return this.#datagrams[this.#high[at]! >>> 16]!.subarray(start, start + this.#low[at]!)
  }

  #row(ifIndex: number): number {
    const next = this.#lastRow + 1
    if (next < this.rows && this.ifIndex[next] === ifIndex) return next
    if (this.#lastRow >= 0 && this.ifIndex[this.#lastRow] === ifIndex) return this.#lastRow
    const known = this.#rowOf.get(ifIndex)
    if (known !== undefined) return known
    if (this.rows >= this.rowsMax) return -1
    if (this.rows === this.#capacity) this.#grow()
    const row = this.rows++
    this.ifIndex[row] = ifIndex
    this.upTimeCs[row] = -1
    this.#rowOf.set(ifIndex, row)
    return row
  }

  #store(at: number, cell: VarbindCursor): void {
    const { bytes, tag, valueAt, valueLength } = cell
    this.#tags[at] = tag
    switch (tag) {
      case tags.integer: {
        const value = signedContent(bytes, valueAt, valueLength)
        if (value === undefined) this.#tags[at] = invalidTag
        else this.#low[at] = value
        break
      }
      case tags.counter32:
      case tags.gauge32:
      case tags.timeTicks: {
        const value = unsigned32Content(bytes, valueAt, valueLength)
        if (value === undefined) this.#tags[at] = invalidTag
        else this.#low[at] = value
        break
      }
      case tags.counter64:
        this.#storeWide(at, bytes, valueAt, valueLength)
        break
      case tags.octets:
        if (this.#datagrams.at(-1) !== bytes) this.#datagrams.push(bytes)
        this.#high[at] = (this.#datagrams.length - 1) * 0x1_0000 + valueAt
        this.#low[at] = valueLength
        break
      case tags.null:
      case tags.noSuchObject:
      case tags.noSuchInstance:
        // A cell that does not exist: as if it had not come (F38).
        this.#tags[at] = 0
        break
      case tags.oid:
      case tags.ipAddress:
      case tags.opaque:
        break
      default:
        this.#tags[at] = invalidTag
    }
  }

  /** As `unsigned64Content` reads it, without making a BigInt of it yet. */
  #storeWide(at: number, bytes: Uint8Array, valueAt: number, length: number): void {
    const end = valueAt + length
    let from = valueAt
    let valid = length > 0 && (bytes[from]! < 0x80 || length === 8)
    while (end - from > 8) if (bytes[from++] !== 0) valid = false
    let high = 0
    let low = 0
    for (; end - from > 4; from++) high = high * 256 + bytes[from]!
    for (; from < end; from++) low = low * 256 + bytes[from]!
    this.#high[at] = high
    this.#low[at] = low
    if (!valid) this.#tags[at] = invalidTag
  }

  #grow(): void {
    this.#capacity *= 2
    this.ifIndex = grown(this.ifIndex, new Uint32Array(this.#capacity))
    this.upTimeCs = grown(this.upTimeCs, new Float64Array(this.#capacity))
    this.#tags = grown(this.#tags, new Uint8Array(this.#capacity * ifColumnCount))
    this.#low = grown(this.#low, new Uint32Array(this.#capacity * ifColumnCount))
    this.#high = grown(this.#high, new Uint32Array(this.#capacity * ifColumnCount))
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** The index, where it is one arc; -1 where it is none or several. */
function soleArc(bytes: Uint8Array, at: number, end: number): number {
  let arc = 0
  for (let i = at; i < end; i++) {
    arc = arc * 128 + (bytes[i]! & 0x7f)
    if (bytes[i]! < 0x80) return i === end - 1 ? arc : -1
  }
  return -1
}

/** Tables that wait for their next poll: as many as polls were under way at once, however many devices there are. */
export class InterfaceTables {
  static readonly keptMax = 64
  readonly #free: InterfaceTable[] = []

  take(rowsMax: number): InterfaceTable {
    const table = this.#free.pop() ?? new InterfaceTable()
    table.reset(rowsMax)
    return table
  }

  giveBack(table: InterfaceTable): void {
    // The datagrams it shows into are let go, too.
    table.reset(0)
    if (this.#free.length < InterfaceTables.keptMax) this.#free.push(table)
  }
}
