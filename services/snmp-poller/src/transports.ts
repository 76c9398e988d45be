import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { NetSnmpTransport } from './net-snmp-transport.ts'
import {
  emptyTransportCounters,
  type SnmpTarget,
  type SnmpTransport,
  type TransportCounters,
} from './snmp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

/** Communities by our own transport, SNMPv3 by net-snmp's. */
export function createTransport(clock: Clock, random: Random): SnmpTransport {
  const udp = new UdpTransport({ clock, random })
  const netSnmp = new NetSnmpTransport()
  return {
    open: (target: SnmpTarget) => (target.auth.version === 'v3' ? netSnmp : udp).open(target),
    close: () => {
      udp.close()
      netSnmp.close()
    },
    get counters() {
      return sum(udp.counters, netSnmp.counters)
    },
  }
}

function sum(a: TransportCounters, b: TransportCounters): TransportCounters {
  const total = emptyTransportCounters()
  for (const part of [a, b]) {
    total.datagramsSent += part.datagramsSent
    total.datagramsReceived += part.datagramsReceived
    total.retries += part.retries
    total.timeouts += part.timeouts
    for (const reason of Object.keys(total.dropped) as (keyof TransportCounters['dropped'])[]) {
      total.dropped[reason] += part.dropped[reason]
    }
  }
  return total
}
