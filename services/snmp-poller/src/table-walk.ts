import {
  type Column,
  formatOid,
  isWithin,
  type Oid,
  type SnmpValue,
  scalarOids,
  suffixOf,
  type Varbind,
} from '../../../libs/snmp/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import type { SnmpFailure, SnmpSession, SnmpSuccess } from './snmp-transport.ts'
import type { WalkPace } from './walk-pace.ts'

export interface WalkOptions {
  readonly columns: readonly Column[]
  /** Rows the table had last time: the last request then asks for one more and no further. */
  readonly rowsExpected?: number
  readonly rowsMax: number
  readonly pace: WalkPace
  readonly errors: PollErrors
  /** Cells of these columns stamp their row with the reply's sysUpTime. */
  readonly clockColumns?: ReadonlySet<Column>
  /** Rows of an earlier walk with the same index, to which cells are added. */
  readonly into?: Map<Oid, TableRow>
}

export interface TableRow {
  readonly cells: Map<Column, SnmpValue>
  /** Device's time of the reply that brought one of `clockColumns`, hundredths of a second. */
  upTimeCs: number | undefined
}

export interface WalkResult {
  /** By index: the arcs behind the column's OID. Every row that came is here, also when the walk did not end well. */
  readonly rows: Map<Oid, TableRow>
  /** All columns were read to their end. */
  readonly complete: boolean
  /** The deadline was reached or the device refuses us: further walks are in vain. */
  readonly stopped: boolean
  /** Columns that ended in order without a single cell: the agent does not have them. */
  readonly absent: ReadonlySet<Column>
}

interface ColumnState {
  readonly column: Column
  /** Where to go on: the column itself, then its last cell. */
  last: Oid
  cells: number
  ended: 'no' | 'in-order' | 'failed'
}

/**
 * Walks columns that share an index, several in one GetBulk. It ends on any agent: each column's OIDs must strictly
 * increase (F36; npm net-snmp's own walk asks 20 000 times a second for ever), rows are bounded, an empty reply ends it
 * (F37), and no request is repeated unless it has become smaller. A column that fails does not take the others with it.
 */
export async function walkTable(session: SnmpSession, options: WalkOptions): Promise<WalkResult> {
  const states = options.columns.map((column): ColumnState => ({ column, last: column.oid, cells: 0, ended: 'no' }))
  const walk = new Walk(session, options)
  const groups: ColumnState[][] = [states]
  for (let group = groups.shift(); group && !walk.stopped; group = groups.shift()) {
    groups.unshift(...(await walk.group(group)))
  }
  return {
    rows: walk.rows,
    complete: states.every(state => state.ended === 'in-order'),
    stopped: walk.stopped,
    absent: new Set(states.filter(state => state.ended === 'in-order' && state.cells === 0).map(state => state.column)),
  }
}

class Walk {
  readonly rows: Map<Oid, TableRow>
  stopped = false
  #silentGroups = 0
  readonly #session: SnmpSession
  readonly #options: WalkOptions

  constructor(session: SnmpSession, options: WalkOptions) {
    this.#session = session
    this.#options = options
    this.rows = options.into ?? new Map()
  }

  /** Walks the columns to their ends; what it gives back is to be walked in smaller groups. */
  async group(states: readonly ColumnState[]): Promise<ColumnState[][]> {
    const { pace } = this.#options
    let silences = 0
    for (;;) {
      const open = states.filter(state => state.ended === 'no')
      if (open.length === 0) return []
      if (open.length > pace.columnsMax) return inChunks(open, pace.columnsMax)
      const repetitions = this.#repetitions(open)
      const reply = await this.#session.getBulk([sysUpTimeObject, ...open.map(state => state.last)], 1, repetitions)
      if (reply.ok) {
        silences = 0
        this.#silentGroups = 0
        this.#take(open, reply)
        continue
      }
      switch (reply.code) {
        case 'snmp-too-big':
          if (pace.tooBig(repetitions, open.length)) continue
          this.#failAll(open, reply)
          return []
        case 'snmp-error-status': {
          const blamed = open[(reply.errorIndex ?? 0) - 2]
          if (blamed) this.#failAll([blamed], reply)
          else if (open.length > 1) return inChunks(open, Math.ceil(open.length / 2))
          else this.#failAll(open, reply)
          continue
        }
        case 'snmp-timeout':
        case 'snmp-malformed-reply': {
          if (++silences === 1 && pace.silence(repetitions)) continue
          // One table that the agent chokes on must not cost the others.
          const tables = byTable(open)
          if (tables.length > 1) return tables
          this.#failAll(open, reply)
          // Two in a row: it is the device that fell silent, not a table.
          this.stopped = ++this.#silentGroups >= 2
          return []
        }
        default:
          this.#failAll(open, reply)
          this.stopped = true
          return []
      }
    }
  }

  #repetitions(open: readonly ColumnState[]): number {
    const fitting = this.#options.pace.repetitions(open.length + 1)
    const fewest = Math.min(...open.map(state => state.cells))
    const left = (this.#options.rowsExpected ?? 0) - fewest + 1
    return left > 0 ? Math.min(fitting, left) : fitting
  }

  #take(open: readonly ColumnState[], reply: SnmpSuccess): void {
    const { errors, pace, clockColumns } = this.#options
    pace.learn(reply.bytes, reply.varbinds.length)
    const upTimeCs = upTimeOf(reply.varbinds[0])
    // Without the non-repeater in its place nothing can be told apart.
    for (let i = 1; i < reply.varbinds.length; i++) {
      const state = open[(i - 1) % open.length]!
      if (state.ended !== 'no') continue
      const { oid, value } = reply.varbinds[i]!
      if (value.type === 'endOfMibView' || !isWithin(oid, state.column.oid)) {
        state.ended = 'in-order'
      } else if (oid <= state.last) {
        errors.add('walk-not-increasing', state.column.oid, `${formatOid(oid)} after ${formatOid(state.last)}`)
        state.ended = 'failed'
      } else if (!this.#keep(state, oid, value, clockColumns?.has(state.column) ? upTimeCs : undefined)) {
        errors.add('walk-rows-max', state.column.oid, `more than ${this.#options.rowsMax} rows`)
        state.ended = 'failed'
      }
    }
    if (reply.varbinds.length <= 1) {
      for (const state of open) {
        errors.add('walk-empty-reply', state.column.oid)
        state.ended = 'failed'
      }
    }
  }

  #keep(state: ColumnState, oid: Oid, value: SnmpValue, upTimeCs: number | undefined): boolean {
    const index = suffixOf(oid, state.column.oid)
    let row = this.rows.get(index)
    if (row === undefined) {
      if (this.rows.size >= this.#options.rowsMax) return false
      row = { cells: new Map(), upTimeCs: undefined }
      this.rows.set(index, row)
    }
    row.cells.set(state.column, value)
    row.upTimeCs ??= upTimeCs
    state.last = oid
    state.cells++
    return true
  }

  #failAll(states: readonly ColumnState[], failure: SnmpFailure): void {
    for (const state of states) {
      this.#options.errors.add(failure.code, state.column.oid, failure.detail)
      state.ended = 'failed'
    }
  }
}

/** GetBulk's non-repeater is a GetNext: the object without its instance yields sysUpTime.0. */
const sysUpTimeObject = scalarOids.sysUpTime.slice(0, -2) as Oid

function upTimeOf(varbind: Varbind | undefined): number | undefined {
  return varbind?.oid === scalarOids.sysUpTime && varbind.value.type === 'timeTicks' ? varbind.value.value : undefined
}

function inChunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Columns of one conceptual row, whose OIDs differ in the last arc. */
function byTable(states: readonly ColumnState[]): ColumnState[][] {
  const tables = new Map<string, ColumnState[]>()
  for (const state of states) {
    const entry = state.column.oid.slice(0, -2)
    tables.set(entry, [...(tables.get(entry) ?? []), state])
  }
  return [...tables.values()]
}
