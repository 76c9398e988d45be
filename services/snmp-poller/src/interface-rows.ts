import { create } from '@bufbuild/protobuf'
import { type InterfacePoll, InterfacePollSchema } from '../../../libs/model/src/index.ts'
import { ifColumns as c } from '../../../libs/snmp/src/index.ts'
import type { RowCells } from './row-cells.ts'

/** What changes slowly of one interface, as last read. */
export interface SlowFacts {
  ifName: string
  /** It had nothing but this when it was read. */
  bare: boolean
  ifDescr: string
  ifAlias: string
  ifType: number
  mtu: number | undefined
  /** ifSpeed, bits a second; 4 294 967 295 is "more than I can say". */
  ifSpeed: number | undefined
  physAddress: Uint8Array
  connectorPresent: boolean | undefined
  promiscuous: boolean | undefined
  /** dot3StatsDuplexStatus; 0 not answered. */
  duplex: number
}

export function slowFacts(cells: RowCells): Omit<SlowFacts, 'ifName' | 'bare'> {
  return {
    ifDescr: cells.text(c.ifDescr) ?? '',
    ifAlias: cells.text(c.ifAlias) ?? '',
    ifType: cells.number(c.ifType) ?? 0,
    mtu: nonNegative(cells.number(c.ifMtu)),
    ifSpeed: cells.number(c.ifSpeed),
    physAddress: cells.octets(c.ifPhysAddress) ?? new Uint8Array(),
    connectorPresent: cells.truth(c.ifConnectorPresent),
    promiscuous: cells.truth(c.ifPromiscuousMode),
    duplex: within(cells.number(c.dot3StatsDuplexStatus), 3),
  }
}

/**
 * One row of the record. A counter that did not come, or came as no counter, is absent.
 * @param wide the interface is known to count octets in 64 bits, whatever came this time
 */
export function interfaceRow(
  ifIndex: number,
  ifName: string,
  upTimeCs: number | undefined,
  cells: RowCells,
  slow: Omit<SlowFacts, 'ifName' | 'bare'> | undefined,
  wide: boolean,
): InterfacePoll {
  const row = create(InterfacePollSchema, {
    ifIndex,
    ifName,
    ifDescr: slow?.ifDescr ?? '',
    ifAlias: slow?.ifAlias ?? '',
    ifType: slow?.ifType ?? 0,
    ifPhysAddress: slow?.physAddress ?? new Uint8Array(),
    speedBitsPerSecond: speedOf(cells.number(c.ifHighSpeed), slow?.ifSpeed),
    adminStatus: within(cells.number(c.ifAdminStatus), 3),
    operStatus: within(cells.number(c.ifOperStatus), 7),
    duplex: slow?.duplex ?? 0,
  })
  assign(row, 'upTimeCs', upTimeCs)
  assign(row, 'lastChangeCs', cells.number(c.ifLastChange))
  assign(row, 'counterDiscontinuityCs', cells.number(c.ifCounterDiscontinuityTime))
  assign(row, 'mtu', slow?.mtu)
  assign(row, 'connectorPresent', slow?.connectorPresent)
  assign(row, 'promiscuous', slow?.promiscuous)
  assign(row, 'inErrors', cells.bigint(c.ifInErrors))
  assign(row, 'outErrors', cells.bigint(c.ifOutErrors))
  assign(row, 'inDiscards', cells.bigint(c.ifInDiscards))
  assign(row, 'outDiscards', cells.bigint(c.ifOutDiscards))
  assign(row, 'inUnknownProtos', cells.bigint(c.ifInUnknownProtos))
  setOctets(row, cells, wide)
  setPackets(row, cells)
  setFcsErrors(row, cells)
  return row
}

/** Exact optional fields: an absent one is not set at all. */
function assign<K extends keyof InterfacePoll>(row: InterfacePoll, key: K, value: InterfacePoll[K] | undefined): void {
  if (value !== undefined) row[key] = value
}

function setOctets(row: InterfacePoll, cells: RowCells, knownWide: boolean): void {
  const wideIn = cells.bigint(c.ifHCInOctets)
  const wideOut = cells.bigint(c.ifHCOutOctets)
  const wide = knownWide || wideIn !== undefined || wideOut !== undefined
  row.octetCounterBits = wide ? 64 : 32
  assign(row, 'inOctets', wide ? wideIn : cells.bigint(c.ifInOctets))
  assign(row, 'outOctets', wide ? wideOut : cells.bigint(c.ifOutOctets))
}

const packetColumns = [
  ['inUcastPkts', c.ifHCInUcastPkts, c.ifInUcastPkts],
  ['outUcastPkts', c.ifHCOutUcastPkts, c.ifOutUcastPkts],
  ['inMulticastPkts', c.ifHCInMulticastPkts, c.ifInMulticastPkts],
  ['outMulticastPkts', c.ifHCOutMulticastPkts, c.ifOutMulticastPkts],
  ['inBroadcastPkts', c.ifHCInBroadcastPkts, c.ifInBroadcastPkts],
  ['outBroadcastPkts', c.ifHCOutBroadcastPkts, c.ifOutBroadcastPkts],
] as const

/** All of one width: a sum of counters of two widths wraps nowhere that could be told. */
function setPackets(row: InterfacePoll, cells: RowCells): void {
  const wide = packetColumns.map(([, column]) => cells.bigint(column))
  const anyWide = wide.some(value => value !== undefined)
  row.packetCounterBits = anyWide ? 64 : 32
  for (const [i, [field, , narrow]] of packetColumns.entries()) {
    assign(row, field, anyWide ? wide[i] : cells.bigint(narrow))
  }
}

function setFcsErrors(row: InterfacePoll, cells: RowCells): void {
  const wide = cells.bigint(c.dot3HCStatsFCSErrors)
  const value = wide ?? cells.bigint(c.dot3StatsFCSErrors)
  if (value === undefined) return
  row.fcsErrors = value
  row.fcsCounterBits = wide === undefined ? 32 : 64
}

const megabit = 1_000_000
/** ifSpeed's way to say "more than I can hold" (RFC 2863). */
const gaugeMax = 4_294_967_295
/** 100 Tb/s in one interface: beyond it, ifHighSpeed is noise. */
const highSpeedMax = 100_000_000

/**
 * ifHighSpeed is whole megabits, rounded; where ifSpeed says the same and more exactly (a T1's 1 544 000), ifSpeed. 0 is
 * unknown: a tunnel's ifHighSpeed 0 divides nothing (F44).
 */
function speedOf(ifHighSpeed: number | undefined, ifSpeed: number | undefined): bigint {
  const exact = ifSpeed !== undefined && ifSpeed > 0 && ifSpeed < gaugeMax ? ifSpeed : 0
  const rounded = ifHighSpeed !== undefined && ifHighSpeed <= highSpeedMax ? ifHighSpeed * megabit : 0
  if (rounded === 0) return BigInt(exact)
  return BigInt(exact > 0 && Math.abs(exact - rounded) < megabit ? exact : rounded)
}

function within(value: number | undefined, max: number): number {
  return value !== undefined && value >= 1 && value <= max ? value : 0
}

function nonNegative(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined
}
