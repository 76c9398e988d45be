import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { NetSnmpTransport } from './net-snmp-transport.ts'
import {
  emptyTransportCounters,
  type SnmpTarget,
  type SnmpTransport,
  type TransportCounters,
} from './snmp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

/** By our own transport, or by net-snmp's where the credentials ask for it. */
export function createTransport(clock: Clock, random: Random, warn?: (text: string) => void): SnmpTransport {
  const udp = new UdpTransport({ clock, random, ...(warn ? { warn } : {}) })
  const netSnmp = new NetSnmpTransport()
  return {
    open: (target: SnmpTarget) => (target.auth.codec === 'net-snmp' ? netSnmp : udp).open(target),
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
    total.sharedEngineIds += part.sharedEngineIds
    for (const reason of Object.keys(total.dropped) as (keyof TransportCounters['dropped'])[]) {
      total.dropped[reason] += part.dropped[reason]
    }
  }
  return total
}
