import { type Oid, oid } from './oid.ts'

/** SNMPv2-MIB (RFC 3418), SNMP-FRAMEWORK-MIB (RFC 3411), HOST-RESOURCES-MIB (RFC 2790), IF-MIB (RFC 2863): scalars. */
export const scalarOids = {
  sysDescr: oid('1.3.6.1.2.1.1.1.0'),
  sysObjectID: oid('1.3.6.1.2.1.1.2.0'),
  sysUpTime: oid('1.3.6.1.2.1.1.3.0'),
  sysContact: oid('1.3.6.1.2.1.1.4.0'),
  sysName: oid('1.3.6.1.2.1.1.5.0'),
  sysLocation: oid('1.3.6.1.2.1.1.6.0'),
  ifNumber: oid('1.3.6.1.2.1.2.1.0'),
  ifTableLastChange: oid('1.3.6.1.2.1.31.1.5.0'),
  snmpEngineTime: oid('1.3.6.1.6.3.10.2.1.3.0'),
  hrSystemUptime: oid('1.3.6.1.2.1.25.1.1.0'),
} as const

export const ifEntry = oid('1.3.6.1.2.1.2.2.1')
export const ifXEntry = oid('1.3.6.1.2.1.31.1.1.1')
const dot3StatsEntry = '1.3.6.1.2.1.10.7.2.1'
const dot3HCStatsEntry = '1.3.6.1.2.1.10.7.11.1'

/** SMI types of cells: a value of another type is no value. */
export type CellType = 'integer' | 'octets' | 'counter32' | 'gauge32' | 'timeTicks' | 'counter64'

export interface Column {
  readonly name: string
  readonly oid: Oid
  readonly type: CellType
  /** Of columns of an interface's row: its place among them, from 0. */
  readonly place?: number
}

/** A column of an interface's row. */
export interface IfColumn extends Column {
  readonly place: number
}

let places = 0

function column<const Name extends string>(name: Name, dotted: string, type: CellType): IfColumn & { name: Name } {
  return { name, oid: oid(dotted), type, place: places++ }
}

const ifTable = (sub: number): string => `1.3.6.1.2.1.2.2.1.${sub}`
const ifXTable = (sub: number): string => `1.3.6.1.2.1.31.1.1.1.${sub}`

/** Columns of ifTable and ifXTable (RFC 2863) and of EtherLike-MIB (RFC 3635), by name; all have ifIndex as index. */
export const ifColumns = {
  ifDescr: column('ifDescr', ifTable(2), 'octets'),
  ifType: column('ifType', ifTable(3), 'integer'),
  ifMtu: column('ifMtu', ifTable(4), 'integer'),
  ifSpeed: column('ifSpeed', ifTable(5), 'gauge32'),
  ifPhysAddress: column('ifPhysAddress', ifTable(6), 'octets'),
  ifAdminStatus: column('ifAdminStatus', ifTable(7), 'integer'),
  ifOperStatus: column('ifOperStatus', ifTable(8), 'integer'),
  ifLastChange: column('ifLastChange', ifTable(9), 'timeTicks'),
  ifInOctets: column('ifInOctets', ifTable(10), 'counter32'),
  ifInUcastPkts: column('ifInUcastPkts', ifTable(11), 'counter32'),
  ifInDiscards: column('ifInDiscards', ifTable(13), 'counter32'),
  ifInErrors: column('ifInErrors', ifTable(14), 'counter32'),
  ifInUnknownProtos: column('ifInUnknownProtos', ifTable(15), 'counter32'),
  ifOutOctets: column('ifOutOctets', ifTable(16), 'counter32'),
  ifOutUcastPkts: column('ifOutUcastPkts', ifTable(17), 'counter32'),
  ifOutDiscards: column('ifOutDiscards', ifTable(19), 'counter32'),
  ifOutErrors: column('ifOutErrors', ifTable(20), 'counter32'),
  ifName: column('ifName', ifXTable(1), 'octets'),
  ifInMulticastPkts: column('ifInMulticastPkts', ifXTable(2), 'counter32'),
  ifInBroadcastPkts: column('ifInBroadcastPkts', ifXTable(3), 'counter32'),
  ifOutMulticastPkts: column('ifOutMulticastPkts', ifXTable(4), 'counter32'),
  ifOutBroadcastPkts: column('ifOutBroadcastPkts', ifXTable(5), 'counter32'),
  ifHCInOctets: column('ifHCInOctets', ifXTable(6), 'counter64'),
  ifHCInUcastPkts: column('ifHCInUcastPkts', ifXTable(7), 'counter64'),
  ifHCInMulticastPkts: column('ifHCInMulticastPkts', ifXTable(8), 'counter64'),
  ifHCInBroadcastPkts: column('ifHCInBroadcastPkts', ifXTable(9), 'counter64'),
  ifHCOutOctets: column('ifHCOutOctets', ifXTable(10), 'counter64'),
  ifHCOutUcastPkts: column('ifHCOutUcastPkts', ifXTable(11), 'counter64'),
  ifHCOutMulticastPkts: column('ifHCOutMulticastPkts', ifXTable(12), 'counter64'),
  ifHCOutBroadcastPkts: column('ifHCOutBroadcastPkts', ifXTable(13), 'counter64'),
  ifHighSpeed: column('ifHighSpeed', ifXTable(15), 'gauge32'),
  ifPromiscuousMode: column('ifPromiscuousMode', ifXTable(16), 'integer'),
  ifConnectorPresent: column('ifConnectorPresent', ifXTable(17), 'integer'),
  ifAlias: column('ifAlias', ifXTable(18), 'octets'),
  ifCounterDiscontinuityTime: column('ifCounterDiscontinuityTime', ifXTable(19), 'timeTicks'),
  dot3StatsDuplexStatus: column('dot3StatsDuplexStatus', `${dot3StatsEntry}.19`, 'integer'),
  dot3StatsFCSErrors: column('dot3StatsFCSErrors', `${dot3StatsEntry}.3`, 'counter32'),
  dot3HCStatsFCSErrors: column('dot3HCStatsFCSErrors', `${dot3HCStatsEntry}.2`, 'counter64'),
} as const

export type IfColumnName = keyof typeof ifColumns

export const ifColumnCount = places
