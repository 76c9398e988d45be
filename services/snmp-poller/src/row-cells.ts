import { type CellType, type Column, displayText, judgeCell, type SnmpValue } from '../../../libs/snmp/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import type { TableRow } from './table-walk.ts'

type Typed<T extends CellType> = Extract<SnmpValue, { type: T }>['value']

/** Reads the cells of one row, refusing and noting those of a wrong type (F39). Read each once, or it is noted twice. */
export class RowCells {
  readonly #row: TableRow
  readonly #errors: PollErrors

  constructor(row: TableRow, errors: PollErrors) {
    this.#row = row
    this.#errors = errors
  }

  number(column: Column): number | undefined {
    const value = this.#cell(column)
    return typeof value === 'number' ? value : undefined
  }

  bigint(column: Column): bigint | undefined {
    const value = this.#cell(column)
    return typeof value === 'number' ? BigInt(value) : typeof value === 'bigint' ? value : undefined
  }

  octets(column: Column): Uint8Array | undefined {
    const value = this.#cell(column)
    return value instanceof Uint8Array ? value : undefined
  }

  text(column: Column): string | undefined {
    const octets = this.octets(column)
    return octets && displayText(octets)
  }

  /** TruthValue (RFC 2579): 1 true, 2 false. */
  truth(column: Column): boolean | undefined {
    const value = this.number(column)
    return value === 1 ? true : value === 2 ? false : undefined
  }

  #cell(column: Column): Typed<CellType> | undefined {
    const value = this.#row.cells.get(column)
    const verdict = judgeCell(value, column.type)
    if (verdict === 'good') return (value as Extract<SnmpValue, { type: CellType }>).value
    if (verdict !== 'missing') this.#errors.add(verdict, column.oid, `${column.name} as ${value!.type}`)
    return undefined
  }
}
