import {
  appendArcs,
  encodeOid,
  errorStatusNumber,
  type IfColumn,
  type Oid,
  scalarOids,
  type VarbindList,
} from '../../../libs/snmp/src/index.ts'
import { clockColumns } from './interface-columns.ts'
import type { InterfaceTable } from './interface-table.ts'
import type { PollErrors } from './poll-errors.ts'
import { getScalars, type ScalarAnswers } from './scalars.ts'
import type { SnmpFailure, SnmpSession } from './snmp-transport.ts'
import { WalkPace } from './walk-pace.ts'

const tooBig = errorStatusNumber('tooBig')
/** A name with its header and an empty value: what a cell takes in a request and, about as much, in a reply. */
const cellBytes = 22

/** Asks for chosen cells by name, some rows in one Get. */
export class FastReader {
  #cellsMost = Math.floor(WalkPace.replyBytesTarget / cellBytes)

  /** @returns why the reading broke off; undefined when all was asked */
  async read(
    session: SnmpSession,
    ifIndexes: readonly number[],
    columns: readonly IfColumn[],
    table: InterfaceTable,
  ): Promise<SnmpFailure | undefined> {
    const cells = ifIndexes.flatMap(ifIndex =>
      columns.map(column => ({ column, name: appendArcs(column.oid, ifIndex) })),
    )
    for (let from = 0; from < cells.length; ) {
      const asked = cells.slice(from, from + this.#cellsMost)
      const reply = await session.get([scalarOids.sysUpTime, ...asked.map(({ name }) => name)])
      if (reply.ok) {
        take(reply.varbinds, asked, table)
        from += asked.length
      } else if (reply.errorStatus === tooBig && this.#cellsMost > 1) {
        this.#cellsMost = Math.ceil(this.#cellsMost / 2)
      } else {
        return reply
      }
    }
    return undefined
  }

  /** The device's clocks, without which counters cannot be compared. */
  clocks(session: SnmpSession, errors: PollErrors): Promise<ScalarAnswers> {
    return getScalars(session, [scalarOids.sysUpTime, scalarOids.snmpEngineTime, scalarOids.hrSystemUptime], errors)
  }
}

function take(varbinds: VarbindList, asked: readonly { column: IfColumn; name: Oid }[], table: InterfaceTable): void {
  const first = varbinds.at(0)
  const upTime = first?.oid === scalarOids.sysUpTime && first.value.type === 'timeTicks' ? first.value.value : undefined
  const cell = varbinds.cursor()
  cell.next()
  for (let i = 0; cell.next() && i < asked.length; i++) {
    const { column, name } = asked[i]!
    // By name, not by place alone: an agent that answers another question gives no value to this one.
    if (cell.oid !== name) continue
    table.take(column, cell, cell.oidAt + encodeOid(column.oid).length, clockColumns.has(column) ? upTime : undefined)
  }
}
