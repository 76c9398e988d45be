import {
  type DeviceForm,
  type DeviceInterface,
  type DevicePoll,
  hardwareForm,
  type InterfacePoll,
} from '../../../libs/model/src/index.ts'
import { adminStatusNames, ifTypeName, interfaceFlags, operStatusNames } from '../../../libs/snmp/src/index.ts'

/** One poll in the form of `weir.device.v1`. */
export function deviceForm(poll: DevicePoll): DeviceForm {
  const { system } = poll
  return {
    schema: 'weir.device.v1',
    polledAt: new Date(Number(poll.completedMs)).toISOString(),
    system: {
      vendor: system?.vendor || null,
      os: system?.os || null,
      version: system?.version || null,
      hardware: system?.hardware || null,
      serial: system?.serial || null,
      sysName: system?.sysName || null,
      sysDescr: system?.sysDescr || null,
      sysObjectID: system?.sysObjectId || null,
      location: system?.sysLocation || null,
      contact: system?.sysContact || null,
      uptimeSeconds: poll.sysUpTimeCs === undefined ? null : poll.sysUpTimeCs / 100,
    },
    interfaces: poll.interfaces.map(interfaceForm),
    ...hardwareForm(poll.hardware),
    poll: {
      durationMs: poll.health?.durationMs ?? 0,
      pdus: poll.health?.pdus ?? 0,
      errors: (poll.health?.errors ?? []).map(({ code, oid, detail }) => ({ code, oid, detail })),
    },
  }
}

function interfaceForm(row: InterfacePoll): DeviceInterface {
  return {
    ifIndex: row.ifIndex,
    ifName: row.ifName,
    ifDescr: row.ifDescr,
    ifAlias: row.ifAlias,
    ifType: ifTypeName(row.ifType),
    ifHighSpeed: row.speedBitsPerSecond === 0n ? null : Number(row.speedBitsPerSecond) / 1e6,
    ifPhysAddress: macText(row.ifPhysAddress),
    ifMtu: row.mtu ?? null,
    adminStatus: adminStatusNames[row.adminStatus] ?? 'unknown',
    operStatus: operStatusNames[row.operStatus] ?? 'unknown',
    ...(row.lagIfIndex === undefined ? {} : { lagId: row.lagIfIndex }),
    flags: interfaceFlags(row.ifType, row.ifName),
    counters: counters(row),
  }
}

function macText(octets: Uint8Array): string | null {
  return octets.length === 0 ? null : [...octets].map(octet => octet.toString(16).padStart(2, '0')).join(':')
}

function counters(row: InterfacePoll): Record<string, string> {
  const hc = (bits: number): string => (bits === 64 ? 'ifHC' : 'if')
  const octets = hc(row.octetCounterBits)
  const packets = hc(row.packetCounterBits)
  const named: [string, bigint | undefined][] = [
    [`${octets}InOctets`, row.inOctets],
    [`${octets}OutOctets`, row.outOctets],
    [`${packets}InUcastPkts`, row.inUcastPkts],
    [`${packets}OutUcastPkts`, row.outUcastPkts],
    [`${packets}InMulticastPkts`, row.inMulticastPkts],
    [`${packets}OutMulticastPkts`, row.outMulticastPkts],
    [`${packets}InBroadcastPkts`, row.inBroadcastPkts],
    [`${packets}OutBroadcastPkts`, row.outBroadcastPkts],
    ['ifInErrors', row.inErrors],
    ['ifOutErrors', row.outErrors],
    ['ifInDiscards', row.inDiscards],
    ['ifOutDiscards', row.outDiscards],
    ['ifInUnknownProtos', row.inUnknownProtos],
    [row.fcsCounterBits === 64 ? 'dot3HCStatsFCSErrors' : 'dot3StatsFCSErrors', row.fcsErrors],
  ]
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
}
