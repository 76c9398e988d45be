import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ReachState } from '../../../../libs/detect/src/index.ts'
import type { DevicePoll, InterfaceLiveSchema, InterfacePoll } from '../../../../libs/model/src/index.ts'
import type { TrackedInterface, TrackedPoll } from '../../../../libs/stream/src/index.ts'
import type { LiveBody } from '../derived-records.ts'

/** Names under which snmp_exporter's if_mib knows the counters of a poll. */
const counterNames = {
  wide: {
    inOctets: 'ifHCInOctets',
    outOctets: 'ifHCOutOctets',
    inUcastPkts: 'ifHCInUcastPkts',
    outUcastPkts: 'ifHCOutUcastPkts',
    inMulticastPkts: 'ifHCInMulticastPkts',
    outMulticastPkts: 'ifHCOutMulticastPkts',
    inBroadcastPkts: 'ifHCInBroadcastPkts',
    outBroadcastPkts: 'ifHCOutBroadcastPkts',
  },
  narrow: {
    inOctets: 'ifInOctets',
    outOctets: 'ifOutOctets',
    inUcastPkts: 'ifInUcastPkts',
    outUcastPkts: 'ifOutUcastPkts',
    inMulticastPkts: 'ifInMulticastPkts',
    outMulticastPkts: 'ifOutMulticastPkts',
    inBroadcastPkts: 'ifInBroadcastPkts',
    outBroadcastPkts: 'ifOutBroadcastPkts',
  },
  always: {
    inErrors: 'ifInErrors',
    outErrors: 'ifOutErrors',
    inDiscards: 'ifInDiscards',
    outDiscards: 'ifOutDiscards',
    inUnknownProtos: 'ifInUnknownProtos',
    fcsErrors: 'dot3StatsFCSErrors',
  },
} as const

/** What the record of `weir.live.v1` says that one poll yields. */
export function deviceLive(poll: DevicePoll, tracked: TrackedPoll, reachState: ReachState): LiveBody {
  const system = poll.system
  const { reach } = tracked
  return {
    case: 'device',
    value: {
      deviceId: tracked.deviceId,
      siteId: tracked.siteId,
      polledAtMs: BigInt(tracked.atMs),
      intervalMs: tracked.intervalMs,
      reachable: tracked.reachable,
      partial: tracked.partial,
      pollDurationMs: tracked.pollDurationMs,
      reachState,
      ...(reach && reach.sent > 0 ? { reachLoss: 1 - reach.received / reach.sent } : {}),
      ...(reach && reach.rttUs.length > 0 ? { reachRttMs: mean(reach.rttUs) / 1_000 } : {}),
      ...(tracked.upTimeSeconds === null ? {} : { uptimeS: tracked.upTimeSeconds }),
      ...(system
        ? { system: { sysName: system.sysName, vendor: system.vendor, os: system.os, version: system.version } }
        : {}),
      interfaces: tracked.interfaces.map(interfaceLive),
    },
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function interfaceLive(one: TrackedInterface): MessageInitShape<typeof InterfaceLiveSchema> {
  const rates = one.interval?.rates
  return {
    interfaceId: one.interfaceId,
    ifIndex: one.ifIndex,
    ifName: one.ifName,
    ifDescr: one.ifDescr,
    ifAlias: one.ifAlias,
    ifType: one.ifType,
    speedBitsPerSecond: BigInt(one.speedBitsPerSecond),
    adminStatus: one.adminStatus,
    operStatus: one.operStatus,
    ...(rates
      ? present({
          inBitsPerSecond: rates.inBitsPerSecond,
          outBitsPerSecond: rates.outBitsPerSecond,
          utilisationIn: rates.utilisationIn,
          utilisationOut: rates.utilisationOut,
          inErrorsPerSecond: rates.inErrorsPerSecond,
          outErrorsPerSecond: rates.outErrorsPerSecond,
          inDiscardsPerSecond: rates.inDiscardsPerSecond,
          outDiscardsPerSecond: rates.outDiscardsPerSecond,
        })
      : {}),
    gapReason: one.gap ?? '',
    counters: rawCounters(one.poll),
  }
}

/** The members that are known; protobuf's absent is not null. */
function present<K extends string>(values: Readonly<Record<K, number | null>>): Partial<Record<K, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<Record<K, number>>
}

function rawCounters(row: InterfacePoll): Record<string, bigint> {
  const counters: Record<string, bigint> = {}
  const octets = row.octetCounterBits === 64 ? counterNames.wide : counterNames.narrow
  const packets = row.packetCounterBits === 64 ? counterNames.wide : counterNames.narrow
  for (const field of Object.keys(counterNames.wide) as (keyof typeof counterNames.wide)[]) {
    const value = row[field]
    if (value !== undefined) counters[(field.endsWith('Octets') ? octets : packets)[field]] = value
  }
  for (const [field, name] of Object.entries(counterNames.always) as [keyof typeof counterNames.always, string][]) {
    const value = row[field]
    if (value !== undefined) counters[name] = value
  }
  return counters
}
