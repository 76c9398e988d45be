import type { Oid, SnmpValue } from '../../../snmp/src/index.ts'

/** One object instance; `read` may answer nothing where the instance is not to be had at that time. */
export interface MibCell {
  oid: Oid
  read(timeMs: number): SnmpValue
}

/** All instances of an agent in the order of the MIB. */
export class MibView {
  readonly #cells: readonly MibCell[]

  constructor(cells: readonly MibCell[]) {
    this.#cells = [...cells].sort((a, b) => (a.oid < b.oid ? -1 : 1))
  }

  get size(): number {
    return this.#cells.length
  }

  cell(oid: Oid): MibCell | undefined {
    const cell = this.#cells[this.#firstNotBefore(oid)]
    return cell?.oid === oid ? cell : undefined
  }

  /** Whether the object exists in some instance: tells noSuchInstance from noSuchObject. */
  hasInstanceNear(object: Oid): boolean {
    return this.#cells[this.#firstNotBefore(object)]?.oid.startsWith(object) ?? false
  }

  /** Place of the first cell after `oid`; `at` takes it. */
  placeAfter(oid: Oid): number {
    const place = this.#firstNotBefore(oid)
    return this.#cells[place]?.oid === oid ? place + 1 : place
  }

  at(place: number): MibCell | undefined {
    return this.#cells[place]
  }

  #firstNotBefore(oid: Oid): number {
    let low = 0
    let high = this.#cells.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#cells[middle]!.oid < oid) low = middle + 1
      else high = middle
    }
    return low
  }
}
