import { appendArcs, arcCount, type Oid, oid, type SnmpValue } from '../../../snmp/src/index.ts'

/** One instance of an object. */
export interface MibCell {
  /** The object: a scalar, or a column of a table. */
  object: Oid
  /** The object's OID and the instance's index. */
  oid: Oid
  read(timeMs: number): SnmpValue
}

/** An instance of a column. */
export function cell(column: Oid, index: readonly number[], read: MibCell['read']): MibCell {
  return { object: column, oid: appendArcs(column, ...index), read }
}

/** A scalar by its instance's name, which ends in `.0`. */
export function scalar(name: string, read: MibCell['read']): MibCell {
  const object = oid(name.slice(0, -2))
  return { object, oid: appendArcs(object, 0), read }
}

/** All instances of an agent in the order of the MIB. */
export class MibView {
  readonly #cells: readonly MibCell[]
  readonly #objects: ReadonlySet<Oid>

  constructor(cells: readonly MibCell[]) {
    this.#objects = new Set(cells.map(cell => cell.object))
    this.#cells = [...cells].sort((a, b) => (a.oid < b.oid ? -1 : 1))
  }

  get size(): number {
    return this.#cells.length
  }

  cell(oid: Oid): MibCell | undefined {
    const cell = this.#cells[this.#firstNotBefore(oid)]
    return cell?.oid === oid ? cell : undefined
  }

  /** Whether `name` lies below an object that has instances: tells noSuchInstance from noSuchObject. */
  hasObjectAbove(name: Oid): boolean {
    // An OID holds two UTF-16 units an arc.
    for (let units = 2 * arcCount(name); units > 0; units -= 2) {
      if (this.#objects.has(name.slice(0, units) as Oid)) return true
    }
    return false
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
