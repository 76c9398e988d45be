import {
  addToWords,
  anyToInteger,
  anyToWords,
  applicationToU32,
  dscpToU8,
  icmpCodeToU16,
  icmpTypeToU16,
  ipv4ToWords,
  ipv6ToWords,
  ipv6ToWordsIfSet,
  type Kernel,
  labelToU32,
  macToWords,
  u8ToU8,
  u8ToU16,
  u16ToU16,
  u16ToU32,
  u32ToU32,
  u32ToWords,
  u64ToWords,
} from './column-kernels.ts'
import { type ColumnIndex, column } from './flow-columns.ts'

export type Kind = 'integer' | 'counter' | 'ipv4' | 'ipv6' | 'mac' | 'label' | 'dscp' | 'icmpType' | 'icmpCode' | 'app'

export interface Target {
  column: ColumnIndex
  kind: Kind
  /** Of several elements for one column the one with the lowest rank stands; `add` elements come together. */
  rank: number
  add?: boolean
}

const target = (index: ColumnIndex, kind: Kind, rank = 0): Target => ({ column: index, kind, rank })

/** IANA elements (and NetFlow v9's field types, which are the same numbers below 128) that have a column. */
export const targets: ReadonlyMap<number, Target> = new Map<number, Target>([
  [1, target(column.octets, 'counter')],
  [85, target(column.octets, 'counter', 1)],
  [231, { column: column.octets, kind: 'counter', rank: 2, add: true }],
  [232, { column: column.octets, kind: 'counter', rank: 2, add: true }],
  // Egress records of some exporters count nothing else.
  [23, target(column.octets, 'counter', 3)],
  [2, target(column.packets, 'counter')],
  [86, target(column.packets, 'counter', 1)],
  [298, { column: column.packets, kind: 'counter', rank: 2, add: true }],
  [299, { column: column.packets, kind: 'counter', rank: 2, add: true }],
  [24, target(column.packets, 'counter', 3)],
  [4, target(column.protocol, 'integer')],
  [5, target(column.tos, 'integer')],
  [195, target(column.tos, 'dscp', 1)],
  [6, target(column.tcpFlags, 'integer')],
  [7, target(column.sourcePort, 'integer')],
  [180, target(column.sourcePort, 'integer', 1)],
  [182, target(column.sourcePort, 'integer', 2)],
  [11, target(column.destinationPort, 'integer')],
  [181, target(column.destinationPort, 'integer', 1)],
  [183, target(column.destinationPort, 'integer', 2)],
  [8, target(column.sourceAddress, 'ipv4')],
  [27, target(column.sourceAddress, 'ipv6')],
  [44, target(column.sourceAddress, 'ipv4', 1)],
  [170, target(column.sourceAddress, 'ipv6', 1)],
  [12, target(column.destinationAddress, 'ipv4')],
  [28, target(column.destinationAddress, 'ipv6')],
  [45, target(column.destinationAddress, 'ipv4', 1)],
  [169, target(column.destinationAddress, 'ipv6', 1)],
  [15, target(column.nextHop, 'ipv4')],
  [62, target(column.nextHop, 'ipv6')],
  [18, target(column.bgpNextHop, 'ipv4')],
  [63, target(column.bgpNextHop, 'ipv6')],
  [10, target(column.inputInterface, 'integer')],
  [252, target(column.inputInterface, 'integer', 1)],
  [14, target(column.outputInterface, 'integer')],
  [253, target(column.outputInterface, 'integer', 1)],
  [16, target(column.sourceAs, 'integer')],
  [17, target(column.destinationAs, 'integer')],
  [9, target(column.sourceMask, 'integer')],
  [29, target(column.sourceMask, 'integer', 1)],
  [13, target(column.destinationMask, 'integer')],
  [30, target(column.destinationMask, 'integer', 1)],
  [58, target(column.vlan, 'integer')],
  [243, target(column.vlan, 'integer', 1)],
  [59, target(column.postVlan, 'integer')],
  [254, target(column.postVlan, 'integer', 1)],
  [245, target(column.customerVlan, 'integer')],
  [61, target(column.direction, 'integer')],
  [56, target(column.sourceMac, 'mac')],
  [81, target(column.sourceMac, 'mac', 1)],
  [80, target(column.destinationMac, 'mac')],
  [57, target(column.destinationMac, 'mac', 1)],
  [70, target(column.mplsTopLabel, 'label')],
  [71, target(column.mplsLabel2, 'label')],
  [72, target(column.mplsLabel3, 'label')],
  [129, target(column.previousAs, 'integer')],
  [128, target(column.nextAs, 'integer')],
  [234, target(column.ingressVrf, 'integer')],
  [235, target(column.egressVrf, 'integer')],
  [32, target(column.icmpTypeCode, 'integer')],
  [139, target(column.icmpTypeCode, 'integer', 1)],
  [176, target(column.icmpTypeCode, 'icmpType', 2)],
  [177, target(column.icmpTypeCode, 'icmpCode', 2)],
  [178, target(column.icmpTypeCode, 'icmpType', 3)],
  [179, target(column.icmpTypeCode, 'icmpCode', 3)],
  [225, target(column.postNatSourceAddress, 'ipv4')],
  [281, target(column.postNatSourceAddress, 'ipv6')],
  [226, target(column.postNatDestinationAddress, 'ipv4')],
  [282, target(column.postNatDestinationAddress, 'ipv6')],
  [227, target(column.postNatSourcePort, 'integer')],
  [228, target(column.postNatDestinationPort, 'integer')],
  [230, target(column.natEvent, 'integer')],
  [233, target(column.firewallEvent, 'integer')],
  // Cisco ASA's own numbers before it took IANA's (NetFlow v9 only: IPFIX elements end at 32,767).
  [40_001, target(column.postNatSourceAddress, 'ipv4', 1)],
  [40_002, target(column.postNatDestinationAddress, 'ipv4', 1)],
  [40_003, target(column.postNatSourcePort, 'integer', 1)],
  [40_004, target(column.postNatDestinationPort, 'integer', 1)],
  [40_005, target(column.firewallEvent, 'integer', 1)],
  [95, target(column.applicationId, 'app')],
  [136, target(column.flowEndReason, 'integer')],
  [89, target(column.forwardingStatus, 'integer')],
])

const u8Columns = new Set<number>([
  column.protocol,
  column.tos,
  column.sourceMask,
  column.destinationMask,
  column.direction,
  column.natEvent,
  column.firewallEvent,
  column.flowEndReason,
  column.forwardingStatus,
])
const u16Columns = new Set<number>([
  column.sourcePort,
  column.destinationPort,
  column.tcpFlags,
  column.vlan,
  column.postVlan,
  column.customerVlan,
  column.icmpTypeCode,
  column.postNatSourcePort,
  column.postNatDestinationPort,
])

/** The kernel for a field of `length` octets, or nothing where no such field can be (RFC 7011 §6.2). */
export function kernelFor(to: Target, length: number, second: boolean): Kernel | undefined {
  switch (to.kind) {
    case 'ipv4':
      return length === 4 ? ipv4ToWords : undefined
    case 'ipv6':
      return length === 16 ? (second ? ipv6ToWordsIfSet : ipv6ToWords) : undefined
    case 'mac':
      return length === 6 ? macToWords : undefined
    case 'label':
      return length === 3 || length === 4 ? labelToU32 : undefined
    case 'app':
      return length === 4 ? u32ToU32 : applicationToU32
    default:
  }
  if (length > 8) return undefined
  switch (to.kind) {
    case 'counter':
      if (to.add) return addToWords
      return length === 4 ? u32ToWords : length === 8 ? u64ToWords : anyToWords
    case 'dscp':
      return dscpToU8
    case 'icmpType':
      return icmpTypeToU16
    case 'icmpCode':
      return icmpCodeToU16
    default:
      return integerKernel(to.column, length)
  }
}

function integerKernel(index: ColumnIndex, length: number): Kernel {
  if (u8Columns.has(index)) return length === 1 ? u8ToU8 : anyToInteger
  if (u16Columns.has(index)) return length === 2 ? u16ToU16 : length === 1 ? u8ToU16 : anyToInteger
  return length === 4 ? u32ToU32 : length === 2 ? u16ToU32 : anyToInteger
}

/** The columns that change places in the reverse half of a biflow. */
export const mirrored: ReadonlyMap<number, ColumnIndex> = new Map<number, ColumnIndex>(
  (
    [
      [column.sourceAddress, column.destinationAddress],
      [column.sourcePort, column.destinationPort],
      [column.inputInterface, column.outputInterface],
      [column.sourceAs, column.destinationAs],
      [column.sourceMask, column.destinationMask],
      [column.sourceMac, column.destinationMac],
      [column.ingressVrf, column.egressVrf],
      [column.vlan, column.postVlan],
      [column.previousAs, column.nextAs],
      [column.postNatSourceAddress, column.postNatDestinationAddress],
      [column.postNatSourcePort, column.postNatDestinationPort],
    ] as const
  ).flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
)

/** Columns whose forward value says nothing about the reverse direction. */
export const forwardOnly = new Set<number>([
  column.octets,
  column.packets,
  column.tcpFlags,
  column.tos,
  column.flowEndReason,
])

/** Columns that a packet section can fill. */
export const sectionColumns: readonly ColumnIndex[] = [
  column.octets,
  column.packets,
  column.sourceAddress,
  column.destinationAddress,
  column.sourcePort,
  column.destinationPort,
  column.protocol,
  column.tcpFlags,
  column.tos,
  column.vlan,
  column.customerVlan,
  column.sourceMac,
  column.destinationMac,
  column.mplsTopLabel,
  column.mplsLabel2,
  column.mplsLabel3,
  column.icmpTypeCode,
]
