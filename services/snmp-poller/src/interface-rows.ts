import { type InterfacePoll, InterfacePollSchema } from '../../../libs/model/src/index.ts'
import { ifColumns as c, type IfColumn } from '../../../libs/snmp/src/index.ts'
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
  const wideIn = cells.bigint(c.ifHCInOctets)
  const wideOut = cells.bigint(c.ifHCOutOctets)
  const octetsWide = wide || wideIn !== undefined || wideOut !== undefined
  const packets = hasWidePackets(cells) ? widePackets : narrowPackets
  const wideFcsErrors = cells.bigint(c.dot3HCStatsFCSErrors)
  const fcsErrors = wideFcsErrors ?? cells.bigint(c.dot3StatsFCSErrors)
  // Written out whole, as one shape: made by `create` and filled field by field, rows were a sixth of a poll's cost.
  return {
    $typeName: InterfacePollSchema.typeName,
    ifIndex,
    ifName,
    ifDescr: slow?.ifDescr ?? '',
    ifAlias: slow?.ifAlias ?? '',
    ifType: slow?.ifType ?? 0,
    ifPhysAddress: slow?.physAddress ?? noOctets,
    speedBitsPerSecond: speedOf(cells.number(c.ifHighSpeed), slow?.ifSpeed),
    adminStatus: within(cells.number(c.ifAdminStatus), 3),
    operStatus: within(cells.number(c.ifOperStatus), 7),
    duplex: slow?.duplex ?? 0,
    lastChangeCs: cells.number(c.ifLastChange),
    counterDiscontinuityCs: cells.number(c.ifCounterDiscontinuityTime),
    octetCounterBits: octetsWide ? 64 : 32,
    packetCounterBits: packets === widePackets ? 64 : 32,
    inOctets: octetsWide ? wideIn : cells.bigint(c.ifInOctets),
    outOctets: octetsWide ? wideOut : cells.bigint(c.ifOutOctets),
    inUcastPkts: cells.bigint(packets.inUcast),
    outUcastPkts: cells.bigint(packets.outUcast),
    inMulticastPkts: cells.bigint(packets.inMulticast),
    outMulticastPkts: cells.bigint(packets.outMulticast),
    inBroadcastPkts: cells.bigint(packets.inBroadcast),
    outBroadcastPkts: cells.bigint(packets.outBroadcast),
    inErrors: cells.bigint(c.ifInErrors),
    outErrors: cells.bigint(c.ifOutErrors),
    inDiscards: cells.bigint(c.ifInDiscards),
    outDiscards: cells.bigint(c.ifOutDiscards),
    inUnknownProtos: cells.bigint(c.ifInUnknownProtos),
    fcsErrors,
    fcsCounterBits: fcsErrors === undefined ? 0 : wideFcsErrors === undefined ? 32 : 64,
    mtu: slow?.mtu,
    connectorPresent: slow?.connectorPresent,
    promiscuous: slow?.promiscuous,
    upTimeCs,
    lagIfIndex: undefined,
  }
}

const noOctets = new Uint8Array()

const widePackets = {
  inUcast: c.ifHCInUcastPkts,
  outUcast: c.ifHCOutUcastPkts,
  inMulticast: c.ifHCInMulticastPkts,
  outMulticast: c.ifHCOutMulticastPkts,
  inBroadcast: c.ifHCInBroadcastPkts,
  outBroadcast: c.ifHCOutBroadcastPkts,
}

const widePacketColumns = Object.values(widePackets)

const narrowPackets: Record<keyof typeof widePackets, IfColumn> = {
  inUcast: c.ifInUcastPkts,
  outUcast: c.ifOutUcastPkts,
  inMulticast: c.ifInMulticastPkts,
  outMulticast: c.ifOutMulticastPkts,
  inBroadcast: c.ifInBroadcastPkts,
  outBroadcast: c.ifOutBroadcastPkts,
}

/** All of one width: a sum of counters of two widths wraps nowhere that could be told. */
function hasWidePackets(cells: RowCells): boolean {
  for (const column of widePacketColumns) if (cells.has(column)) return true
  // None is good: what is wrong with those that came is noted by reading them.
  for (const column of widePacketColumns) cells.number(column)
  return false
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
