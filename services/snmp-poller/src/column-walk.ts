import {
  type Column,
  compareOidOctets,
  encodeOid,
  formatOid,
  type Oid,
  type OidOctets,
  oidOf,
  type SnmpErrorCode,
  scalarOids,
  tags,
  unsigned32Content,
  type VarbindCursor,
} from '../../../libs/snmp/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import type { SnmpFailure, SnmpSession, SnmpSuccess } from './snmp-transport.ts'
import type { WalkPace } from './walk-pace.ts'

export interface WalkOptions<C extends Column = Column> {
  readonly columns: readonly C[]
  readonly sink: WalkSink<C>
  /** Rows the table had last time: the last request then asks for one more and no further. */
  readonly rowsExpected?: number
  readonly pace: WalkPace
  readonly errors: PollErrors
  /** Cells of these columns come with the reply's sysUpTime. */
  readonly clockColumns?: ReadonlySet<Column>
}

/** Where a walk puts what it finds. */
export interface WalkSink<C extends Column = Column> {
  readonly rowsMax: number
  /**
   * Takes the cell under the cursor; the octets of its index begin at `indexAt`. False when it would begin a row beyond
   * `rowsMax`.
   * @param upTimeCs the device's time of the reply, where the column is one of `clockColumns`
   */
  take(column: C, cell: VarbindCursor, indexAt: number, upTimeCs: number | undefined): boolean
}

export interface WalkResult {
  /** All columns were read to their end. */
  readonly complete: boolean
  /** The deadline was reached or the device refuses us: further walks are in vain. */
  readonly stopped: boolean
  /** Columns that ended in order without a single cell: the agent does not have them. */
  readonly absent: ReadonlySet<Column>
}

/** Its octets are the name of its last cell, or of the column before there is one: where to go on. */
interface ColumnState<C extends Column> extends OidOctets {
  readonly column: C
  readonly prefix: Uint8Array
  readonly hasClock: boolean
  bytes: Uint8Array
  start: number
  end: number
  cells: number
  cellBytes: number
  ended: 'no' | 'in-order' | 'failed'
}

/**
 * Walks columns that share an index, several in one GetBulk. It ends on any agent: each column's OIDs must strictly
 * increase (F36; npm net-snmp's own walk asks 20 000 times a second for ever), rows are bounded, an empty reply ends it
 * (F37), and no request is repeated unless it has become smaller. A column that fails does not take the others with it.
 */
export async function walkColumns<C extends Column>(
  session: SnmpSession,
  options: WalkOptions<C>,
): Promise<WalkResult> {
  const states = options.columns.map((column): ColumnState<C> => {
    const prefix = prefixOf(column)
    const hasClock = options.clockColumns?.has(column) ?? false
    return {
      column,
      prefix,
      hasClock,
      bytes: prefix,
      start: 0,
      end: prefix.length,
      cells: 0,
      cellBytes: 0,
      ended: 'no',
    }
  })
  const walk = new Walk(session, options)
  const { pace, rowsExpected = 0 } = options
  // One row more shows that there is none.
  const groups = rowsExpected > 0 ? runsOf(states, pace.runs(options.columns, rowsExpected + 1)) : [states]
  for (let group = groups.shift(); group && !walk.stopped; group = groups.shift()) {
    groups.unshift(...(await walk.group(group)))
  }
  for (const { column, cellBytes, cells } of states) pace.learnColumn(column, cellBytes, cells)
  return {
    complete: states.every(state => state.ended === 'in-order'),
    stopped: walk.stopped,
    absent: new Set(states.filter(state => state.ended === 'in-order' && state.cells === 0).map(state => state.column)),
  }
}

/** The states as their columns were split, in order. */
function runsOf<T>(states: readonly T[], runs: readonly (readonly unknown[])[]): T[][] {
  let from = 0
  return runs.map(run => {
    from += run.length
    return states.slice(from - run.length, from)
  })
}

/** A column's OID in octets, kept while the column is. */
const prefixes = new WeakMap<Column, Uint8Array>()

function prefixOf(column: Column): Uint8Array {
  let prefix = prefixes.get(column)
  if (prefix === undefined) {
    prefix = encodeOid(column.oid)
    prefixes.set(column, prefix)
  }
  return prefix
}

class Walk<C extends Column> {
  stopped = false
  #silentGroups = 0
  readonly #session: SnmpSession
  readonly #options: WalkOptions<C>

  constructor(session: SnmpSession, options: WalkOptions<C>) {
    this.#session = session
    this.#options = options
  }

  /** Walks the columns to their ends; what it gives back is to be walked in smaller groups. */
  async group(states: readonly ColumnState<C>[]): Promise<ColumnState<C>[][]> {
    const { pace } = this.#options
    let silences = 0
    for (;;) {
      const open = states.filter(state => state.ended === 'no')
      if (open.length === 0) return []
      if (open.length > pace.columnsMax) return inChunks(open, pace.columnsMax)
      const repetitions = this.#repetitions(open)
      const reply = await this.#session.getBulk([sysUpTimeObject, ...open], 1, repetitions)
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

  #repetitions(open: readonly ColumnState<C>[]): number {
    const fitting = this.#options.pace.repetitions(open.map(state => state.column))
    const fewest = Math.min(...open.map(state => state.cells))
    const left = (this.#options.rowsExpected ?? 0) - fewest + 1
    return left > 0 ? Math.min(fitting, left) : fitting
  }

  #take(open: readonly ColumnState<C>[], reply: SnmpSuccess): void {
    this.#options.pace.learn(reply.bytes, reply.varbinds.bytes, reply.varbinds.length)
    const cell = reply.varbinds.cursor()
    if (!cell.next() || reply.varbinds.length === 1) {
      for (const state of open) this.#fail(state, 'walk-empty-reply')
      return
    }
    // Without the non-repeater in its place nothing can be told apart.
    const upTimeCs = upTimeOf(cell)
    for (let i = 0; cell.next(); i++) {
      const state = open[i % open.length]!
      if (state.ended === 'no') this.#takeCell(state, cell, upTimeCs)
    }
  }

  #takeCell(state: ColumnState<C>, cell: VarbindCursor, upTimeCs: number | undefined): void {
    const { bytes, oidAt, oidEnd } = cell
    if (cell.isEndOfMibView || !startsWith(bytes, oidAt, oidEnd, state.prefix)) {
      state.ended = 'in-order'
    } else if (compareOidOctets(cell.bytes, oidAt, oidEnd, state.bytes, state.start, state.end) <= 0) {
      this.#fail(state, 'walk-not-increasing', `${formatOid(cell.oid)} after ${formatOid(oidOf(state))}`)
    } else if (
      !this.#options.sink.take(state.column, cell, oidAt + state.prefix.length, state.hasClock ? upTimeCs : undefined)
    ) {
      this.#fail(state, 'walk-rows-max', `more than ${this.#options.sink.rowsMax} rows`)
    } else {
      state.bytes = bytes
      state.start = oidAt
      state.end = oidEnd
      state.cells++
      state.cellBytes += cell.bytesTaken
    }
  }

  #fail(state: ColumnState<C>, code: SnmpErrorCode, detail?: string): void {
    this.#options.errors.add(code, state.column.oid, detail)
    state.ended = 'failed'
  }

  #failAll(states: readonly ColumnState<C>[], failure: SnmpFailure): void {
    for (const state of states) this.#fail(state, failure.code, failure.detail)
  }
}

/** GetBulk's non-repeater is a GetNext: the object without its instance yields sysUpTime.0. */
const sysUpTimeObject = scalarOids.sysUpTime.slice(0, -2) as Oid

const sysUpTimeName = encodeOid(scalarOids.sysUpTime)

function upTimeOf(cell: VarbindCursor): number | undefined {
  const isUpTime =
    cell.tag === tags.timeTicks &&
    cell.oidEnd - cell.oidAt === sysUpTimeName.length &&
    startsWith(cell.bytes, cell.oidAt, cell.oidEnd, sysUpTimeName)
  return isUpTime ? unsigned32Content(cell.bytes, cell.valueAt, cell.valueLength) : undefined
}

function startsWith(bytes: Uint8Array, at: number, end: number, prefix: Uint8Array): boolean {
  if (end - at < prefix.length) return false
  // Columns of a table differ in their last arc.
  for (let i = prefix.length - 1; i >= 0; i--) if (bytes[at + i] !== prefix[i]) return false
  return true
}

function inChunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Columns of one conceptual row, whose OIDs differ in the last arc. */
function byTable<C extends Column>(states: readonly ColumnState<C>[]): ColumnState<C>[][] {
  const tables = new Map<string, ColumnState<C>[]>()
  for (const state of states) {
    const entry = state.column.oid.slice(0, -2)
    tables.set(entry, [...(tables.get(entry) ?? []), state])
  }
  return [...tables.values()]
}
