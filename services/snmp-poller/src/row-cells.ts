import { displayText, type IfColumn, type SnmpType, tags } from '../../../libs/snmp/src/index.ts'
import { type InterfaceTable, invalidTag } from './interface-table.ts'
import type { PollErrors } from './poll-errors.ts'

/**
 * Reads the cells of one row of a table at a time, refusing and noting those of a wrong type (F39): a wrong type is never
 * converted, since a counter read as another type has another range and another meaning. Read each cell once, or it is
 * noted twice.
 */
export class RowCells {
  readonly #table: InterfaceTable
  readonly #errors: PollErrors
  row = 0

  constructor(table: InterfaceTable, errors: PollErrors) {
    this.#table = table
    this.#errors = errors
  }

  /** Whether a value came, of the column's type; a wrong one is not noted yet. */
  has(column: IfColumn): boolean {
    return this.#table.tag(this.row, column) === tags[column.type]
  }

  number(column: IfColumn): number | undefined {
    return this.#isGood(column) ? this.#table.number(this.row, column) : undefined
  }

  bigint(column: IfColumn): bigint | undefined {
    if (!this.#isGood(column)) return undefined
    return column.type === 'counter64'
      ? this.#table.wide(this.row, column)
      : BigInt(this.#table.number(this.row, column))
  }

  octets(column: IfColumn): Uint8Array | undefined {
    return this.#isGood(column) ? this.#table.octets(this.row, column) : undefined
  }

  text(column: IfColumn): string | undefined {
    const octets = this.octets(column)
    return octets && displayText(octets)
  }

  /** TruthValue (RFC 2579): 1 true, 2 false. */
  truth(column: IfColumn): boolean | undefined {
    const value = this.number(column)
    return value === 1 ? true : value === 2 ? false : undefined
  }

  #isGood(column: IfColumn): boolean {
    const tag = this.#table.tag(this.row, column)
    if (tag === tags[column.type]) return true
    if (tag !== 0) {
      const code = tag === invalidTag ? 'cell-invalid' : 'cell-wrong-type'
      this.#errors.add(code, column.oid, `${column.name} as ${typeOfTag.get(tag)}`)
    }
    return false
  }
}

const typeOfTag = new Map<number, SnmpType>([
  ...(Object.entries(tags) as [SnmpType, number][]).map(([type, tag]) => [tag, type] as const),
  [invalidTag, 'invalid'],
])
