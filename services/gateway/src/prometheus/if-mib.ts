import type { InterfaceLive } from '../../../../libs/model/src/index.ts'

export type MetricType = 'counter' | 'gauge'

/** One column of IF-MIB (RFC 2863) under the name and type that snmp_exporter's module `if_mib` gives it. */
export interface IfMibMetric {
  name: string
  type: MetricType
  help: string
  /** undefined where the device did not answer the column. */
  value(live: InterfaceLive): number | undefined
}

/**
 * snmp_exporter wraps Counter64 at 2^53, because a sample is a double and beyond that a counter would advance in steps
 * of more than one; `rate()` takes the wrap for a reset. Weir does the same here and nowhere else.
 */
const wrap = 1n << 53n

/** ifSpeed is a Gauge32 and stays at its maximum for faster interfaces (RFC 2863 §3.1.12). */
const ifSpeedMax = 4_294_967_295n

export const ifMibMetrics: readonly IfMibMetric[] = [
  counter('ifHCInOctets', 'Octets received, with framing', '1.3.6.1.2.1.31.1.1.1.6'),
  counter('ifHCOutOctets', 'Octets sent, with framing', '1.3.6.1.2.1.31.1.1.1.10'),
  counter('ifHCInUcastPkts', 'Unicast packets received', '1.3.6.1.2.1.31.1.1.1.7'),
  counter('ifHCOutUcastPkts', 'Unicast packets to send', '1.3.6.1.2.1.31.1.1.1.11'),
  counter('ifHCInMulticastPkts', 'Multicast packets received', '1.3.6.1.2.1.31.1.1.1.8'),
  counter('ifHCOutMulticastPkts', 'Multicast packets to send', '1.3.6.1.2.1.31.1.1.1.12'),
  counter('ifHCInBroadcastPkts', 'Broadcast packets received', '1.3.6.1.2.1.31.1.1.1.9'),
  counter('ifHCOutBroadcastPkts', 'Broadcast packets to send', '1.3.6.1.2.1.31.1.1.1.13'),
  counter('ifInOctets', 'Octets received, with framing, 32 bits', '1.3.6.1.2.1.2.2.1.10'),
  counter('ifOutOctets', 'Octets sent, with framing, 32 bits', '1.3.6.1.2.1.2.2.1.16'),
  counter('ifInUcastPkts', 'Unicast packets received, 32 bits', '1.3.6.1.2.1.2.2.1.11'),
  counter('ifOutUcastPkts', 'Unicast packets to send, 32 bits', '1.3.6.1.2.1.2.2.1.17'),
  counter('ifInMulticastPkts', 'Multicast packets received, 32 bits', '1.3.6.1.2.1.31.1.1.1.2'),
  counter('ifOutMulticastPkts', 'Multicast packets to send, 32 bits', '1.3.6.1.2.1.31.1.1.1.4'),
  counter('ifInBroadcastPkts', 'Broadcast packets received, 32 bits', '1.3.6.1.2.1.31.1.1.1.3'),
  counter('ifOutBroadcastPkts', 'Broadcast packets to send, 32 bits', '1.3.6.1.2.1.31.1.1.1.5'),
  counter('ifInErrors', 'Packets received with errors', '1.3.6.1.2.1.2.2.1.14'),
  counter('ifOutErrors', 'Packets not sent for errors', '1.3.6.1.2.1.2.2.1.20'),
  counter('ifInDiscards', 'Good packets received and discarded', '1.3.6.1.2.1.2.2.1.13'),
  counter('ifOutDiscards', 'Good packets discarded instead of sent', '1.3.6.1.2.1.2.2.1.19'),
  counter('ifInUnknownProtos', 'Packets received of an unknown protocol', '1.3.6.1.2.1.2.2.1.15'),
  {
    ...gauge('ifAdminStatus', 'Desired state: 1 up, 2 down, 3 testing', '1.3.6.1.2.1.2.2.1.7'),
    value: live => live.adminStatus || undefined,
  },
  {
    ...gauge('ifOperStatus', 'Operational state: 1 up, 2 down … 7 lowerLayerDown', '1.3.6.1.2.1.2.2.1.8'),
    value: live => live.operStatus || undefined,
  },
  {
    ...gauge('ifHighSpeed', 'Speed in units of 1,000,000 bits per second', '1.3.6.1.2.1.31.1.1.1.15'),
    value: ({ speedBitsPerSecond }) => (speedBitsPerSecond > 0n ? Number(speedBitsPerSecond) / 1e6 : undefined),
  },
  {
    ...gauge('ifSpeed', 'Speed in bits per second, at most 4,294,967,295', '1.3.6.1.2.1.2.2.1.5'),
    value: ({ speedBitsPerSecond: speed }) =>
      speed > 0n ? Number(speed < ifSpeedMax ? speed : ifSpeedMax) : undefined,
  },
  gauge('ifMtu', 'Largest packet in octets', '1.3.6.1.2.1.2.2.1.4'),
  gauge('ifLastChange', 'sysUpTime when the operational state was entered', '1.3.6.1.2.1.2.2.1.9'),
  gauge('ifOutQLen', 'Packets in the output queue', '1.3.6.1.2.1.2.2.1.21'),
  gauge('ifConnectorPresent', 'Whether there is a physical connector: 1 true, 2 false', '1.3.6.1.2.1.31.1.1.1.17'),
  gauge('ifPromiscuousMode', 'Whether all packets are accepted: 1 true, 2 false', '1.3.6.1.2.1.31.1.1.1.16'),
  gauge('ifCounterDiscontinuityTime', 'sysUpTime when the counters last were discontinuous', '1.3.6.1.2.1.31.1.1.1.19'),
]

/** Names of IANAifType-MIB for the types that networks have; others show their number, as snmp_exporter does. */
export const ifTypeNames: Readonly<Record<number, string>> = {
  1: 'other',
  6: 'ethernetCsmacd',
  23: 'ppp',
  24: 'softwareLoopback',
  33: 'rs232',
  37: 'atm',
  39: 'sonet',
  53: 'propVirtual',
  56: 'fibreChannel',
  62: 'fastEther',
  71: 'ieee80211',
  94: 'adsl',
  96: 'sdsl',
  97: 'vdsl',
  117: 'gigabitEthernet',
  131: 'tunnel',
  135: 'l2vlan',
  136: 'l3ipvlan',
  142: 'ipForward',
  150: 'mplsTunnel',
  161: 'ieee8023adLag',
  166: 'mpls',
  209: 'bridge',
  238: 'adsl2plus',
  250: 'gpon',
}

function counter(name: string, help: string, oid: string): IfMibMetric {
  return { name, type: 'counter', help: `${help} - ${oid}`, value: polled(name) }
}

function gauge(name: string, help: string, oid: string): IfMibMetric {
  return { name, type: 'gauge', help: `${help} - ${oid}`, value: polled(name) }
}

function polled(name: string): IfMibMetric['value'] {
  return ({ counters }) => {
    const value = counters[name]
    return value === undefined ? undefined : Number(value < wrap ? value : value % wrap)
  }
}
