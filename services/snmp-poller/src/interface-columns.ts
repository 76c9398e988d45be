import { ifColumns as c, type IfColumn } from '../../../libs/snmp/src/index.ts'

/**
 * Read at every poll. ifName is among them because it is the interface's identity: an index that has come to mean
 * another port must be noticed before its counters are believed (F43).
 */
export const everyPollColumns: readonly IfColumn[] = [
  c.ifHCInOctets,
  c.ifHCOutOctets,
  c.ifName,
  c.ifAdminStatus,
  c.ifOperStatus,
  c.ifLastChange,
  c.ifHCInUcastPkts,
  c.ifHCOutUcastPkts,
  c.ifHCInMulticastPkts,
  c.ifHCOutMulticastPkts,
  c.ifHCInBroadcastPkts,
  c.ifHCOutBroadcastPkts,
  c.ifInErrors,
  c.ifOutErrors,
  c.ifInDiscards,
  c.ifOutDiscards,
  c.ifInUnknownProtos,
  c.ifHighSpeed,
  c.ifCounterDiscontinuityTime,
  c.dot3StatsFCSErrors,
  c.dot3HCStatsFCSErrors,
]

/** Read at every poll of a device of which some interface lacks the 64-bit ones (RFC 2863 §3.1.6 allows it to slow ones). */
export const narrowColumns: readonly IfColumn[] = [
  c.ifInOctets,
  c.ifOutOctets,
  c.ifInUcastPkts,
  c.ifOutUcastPkts,
  c.ifInMulticastPkts,
  c.ifOutMulticastPkts,
  c.ifInBroadcastPkts,
  c.ifOutBroadcastPkts,
]

/** Read when the table changed, and now and then. */
export const slowColumns: readonly IfColumn[] = [
  c.ifDescr,
  c.ifAlias,
  c.ifType,
  c.ifMtu,
  c.ifSpeed,
  c.ifPhysAddress,
  c.ifConnectorPresent,
  c.ifPromiscuousMode,
  c.dot3StatsDuplexStatus,
]

/** A row is stamped with the device's time of the reply that brought its octets. */
export const clockColumns: ReadonlySet<IfColumn> = new Set([c.ifHCInOctets, c.ifInOctets])
