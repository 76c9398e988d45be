import { appendArcs, type Oid, oid, type SnmpValue } from '../../../snmp/src/index.ts'
import { ifTypes } from '../model/device-families.ts'
import type { CounterName } from '../model/interface-counters.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice, SimulatedPort } from '../model/topology.ts'
import { windowsBegun } from '../model/windows.ts'
import { cell, type MibCell } from './mib-view.ts'
import { counter32, counter64, gauge32, integer, objectId, octets, text, timeTicks, truth } from './snmp-values.ts'

/** What a column needs to know of a row. */
interface Row {
  model: NetworkModel
  device: SimulatedDevice
  port: SimulatedPort
  ifIndex: number
}

type Read = (row: Row, timeMs: number) => SnmpValue
type Columns = readonly (readonly [column: number, read: Read])[]

const count = ({ model, device, port }: Row, name: CounterName, timeMs: number): bigint =>
  model.counters(device).value(port, name, timeMs)
const low =
  (...names: CounterName[]): Read =>
  (row, timeMs) =>
    counter32(names.reduce((sum, name) => sum + count(row, name, timeMs), 0n))
const full =
  (name: CounterName): Read =>
  (row, timeMs) =>
    counter64(count(row, name, timeMs))
const always =
  (value: SnmpValue): Read =>
  () =>
    value

const none32 = always(counter32(0n))
const none64 = always(counter64(0n))
const none = new Uint8Array(0)

/** IF-MIB ifEntry (RFC 2863). */
const ifEntry: Columns = [
  [1, row => integer(row.ifIndex)],
  [2, row => text(row.port.ifDescr)],
  [3, row => integer(row.port.ifType)],
  [4, row => integer(row.port.ifType === ifTypes.loopback ? 65_535 : 1_500)],
  [5, row => gauge32(row.port.bitsPerSecond)],
  [6, row => octets(row.port.ifType === ifTypes.loopback ? none : row.port.mac)],
  [7, row => integer(row.port.adminUp ? 1 : 2)],
  [8, (row, timeMs) => integer(row.model.timeline.isUp(row.port, timeMs) ? 1 : 2)],
  [9, (row, timeMs) => timeTicks(lastChangeUptimeMs(row, timeMs))],
  [10, low('inOctets')],
  [11, low('inUnicast')],
  [12, low('inMulticast', 'inBroadcast')],
  [13, none32],
  [14, low('inErrors')],
  [15, none32],
  [16, low('outOctets')],
  [17, low('outUnicast')],
  [18, low('outMulticast', 'outBroadcast')],
  [19, none32],
  [20, none32],
  [21, always(gauge32(0))],
  [22, always(objectId(oid('0.0')))],
]

/** IF-MIB ifXEntry; the ifHC columns are those that old agents lack. */
const ifXEntry: Columns = [
  [1, row => text(row.port.ifName)],
  [2, low('inMulticast')],
  [3, low('inBroadcast')],
  [4, low('outMulticast')],
  [5, low('outBroadcast')],
  [6, full('inOctets')],
  [7, full('inUnicast')],
  [8, full('inMulticast')],
  [9, full('inBroadcast')],
  [10, full('outOctets')],
  [11, full('outUnicast')],
  [12, full('outMulticast')],
  [13, full('outBroadcast')],
  [14, always(integer(1))],
  [15, row => gauge32(Math.round(row.port.bitsPerSecond / 1_000_000))],
  [16, always(truth(false))],
  [17, row => truth(row.port.ifType === ifTypes.ethernet)],
  [18, row => text(row.port.ifAlias)],
  [19, always(timeTicks(0))],
]
const isHighCapacity = (column: number): boolean => column >= 6 && column <= 13

/** EtherLike-MIB dot3StatsEntry (RFC 3635); duplex is full where something is plugged in. */
const dot3StatsEntry: Columns = [
  [1, row => integer(row.ifIndex)],
  [2, none32],
  [3, low('inErrors')],
  ...[4, 5, 6, 7, 8, 9, 10, 11, 13, 16].map(column => [column, none32] as const),
  [17, always(objectId(oid('0.0')))],
  [18, none32],
  [19, (row, timeMs) => integer(row.model.timeline.isUp(row.port, timeMs) ? 3 : 1)],
  [20, always(truth(false))],
  [21, always(integer(1))],
]

/** EtherLike-MIB dot3HCStatsEntry: at 10 Gbit/s the 32-bit ones can roll over in five minutes. */
const dot3HCStatsEntry: Columns = [
  [1, none64],
  [2, full('inErrors')],
  [3, none64],
  [4, none64],
  [5, none64],
  [6, none64],
]

const entries = {
  ifEntry: oid('1.3.6.1.2.1.2.2.1'),
  ifXEntry: oid('1.3.6.1.2.1.31.1.1.1'),
  dot3StatsEntry: oid('1.3.6.1.2.1.10.7.2.1'),
  dot3HCStatsEntry: oid('1.3.6.1.2.1.10.7.11.1'),
}

/** Rows of IF-MIB and EtherLike-MIB, with the interface numbers that hold at `timeMs`. */
export function interfaceCells(model: NetworkModel, device: SimulatedDevice, timeMs: number): MibCell[] {
  const is64Bit = device.family.counterBits === 64
  return device.ports.flatMap(port => {
    const row: Row = { model, device, port, ifIndex: model.life(device).ifIndex(port, timeMs) }
    const extended = is64Bit ? ifXEntry : ifXEntry.filter(([column]) => !isHighCapacity(column))
    const cells = [...cellsOf(entries.ifEntry, ifEntry, row), ...cellsOf(entries.ifXEntry, extended, row)]
    if (port.ifType !== ifTypes.ethernet) return cells
    cells.push(...cellsOf(entries.dot3StatsEntry, dot3StatsEntry, row))
    if (is64Bit) cells.push(...cellsOf(entries.dot3HCStatsEntry, dot3HCStatsEntry, row))
    return cells
  })
}

function cellsOf(entry: Oid, columns: Columns, row: Row): MibCell[] {
  return columns.map(([column, read]) => cell(appendArcs(entry, column), [row.ifIndex], timeMs => read(row, timeMs)))
}

/** sysUpTime at the last change of ifOperStatus; 0 where it has not changed since boot. */
function lastChangeUptimeMs({ model, device, port }: Row, timeMs: number): number {
  if (!port.link) return 0
  const windows = model.timeline.downWindows(port.link)
  const last = windows[windowsBegun(windows, timeMs) - 1]
  if (!last) return 0
  const changedMs = timeMs >= last.endMs ? last.endMs : last.startMs
  const life = model.life(device)
  return Math.max(0, changedMs - life.bootMs(life.bootNumber(timeMs)))
}
