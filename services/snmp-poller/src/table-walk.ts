import { type Column, type Oid, type SnmpValue, suffixOf, type VarbindCursor } from '../../../libs/snmp/src/index.ts'
import { type WalkOptions, type WalkResult, type WalkSink, walkColumns } from './column-walk.ts'
import type { SnmpSession } from './snmp-transport.ts'

export interface TableRow {
  readonly cells: Map<Column, SnmpValue>
}

export interface TableWalked extends WalkResult {
  /** By index: the arcs behind the column's OID. Every row that came is here, also when the walk did not end well. */
  readonly rows: Map<Oid, TableRow>
}

/** Walks columns that share an index, of any table, into a map of rows. */
export async function walkTable(
  session: SnmpSession,
  { rowsMax, ...options }: Omit<WalkOptions, 'sink' | 'clockColumns'> & { rowsMax: number },
): Promise<TableWalked> {
  const sink = new TableRows(rowsMax)
  const result = await walkColumns(session, { ...options, sink })
  return { ...result, rows: sink.rows }
}

class TableRows implements WalkSink {
  readonly rows = new Map<Oid, TableRow>()
  readonly rowsMax: number

  constructor(rowsMax: number) {
    this.rowsMax = rowsMax
  }

  take(column: Column, cell: VarbindCursor): boolean {
    const index = suffixOf(cell.oid, column.oid)
    let row = this.rows.get(index)
    if (row === undefined) {
      if (this.rows.size >= this.rowsMax) return false
      row = { cells: new Map() }
      this.rows.set(index, row)
    }
    row.cells.set(column, cell.value)
    return true
  }
}
