import {
  addToWords,
  anyToInteger,
  anyToWords,
  deltaMicrosecondsToMs,
  dscpToU8,
  icmpCodeToU16,
  icmpTypeToU16,
  ipv4ToWords,
  ipv6ToWords,
  ipv6ToWordsIfSet,
  type Kernel,
  labelToU32,
  macToWords,
  millisecondsToMs,
  ntpToMs,
  pairKernel,
  secondsToMs,
  u8ToU8,
  u8ToU16,
  u16ToU16,
  u16ToU32,
  u32ToU32,
  u32ToWords,
  u64ToWords,
  uptimeToMs,
} from './column-kernels.ts'
import { type ColumnIndex, column } from './flow-columns.ts'
import { type TemplateField, variableLength } from './template.ts'

/** Enterprise number under which RFC 5103 exports an element's value for the reverse direction. */
export const reverseEnterprise = 29_305

/** One field of a template on its way into one column. */
export interface PlanStep {
  field: number
  /** Octets from the record's start; meaningless in a template with variable lengths. */
  offset: number
  length: number
  column: ColumnIndex
  kernel: Kernel
  /** Column of the next field, where the kernel moves both; else the same column. */
  second: ColumnIndex
}

/** A field that is read by hand, not by a kernel. */
export interface PlanField {
  field: number
  offset: number
  length: number
}

/**
 * What a template's records become, worked out when the template comes: which field goes into which column, with the
 * fallbacks decided, so that records of all templates run through the same few loops.
 */
export interface RecordPlan {
  steps: readonly PlanStep[]
  /** Start and end, apart because a record can bring its own systemInitTimeMilliseconds. */
  times: readonly PlanStep[]
  /** The reverse half of a biflow, with source and destination exchanged; empty for one-way records. */
  reverse: readonly PlanStep[]
  usedLow: number
  usedHigh: number
  hasStart: boolean
  hasEnd: boolean
  /** Start or end are the exporter's wall clock, not relative to the header. */
  absoluteTimes: boolean
  /** Start or end count milliseconds of sysUptime. */
  usesUptime: boolean
  systemInit: PlanField | undefined
  durationMilliseconds: PlanField | undefined
  durationMicroseconds: PlanField | undefined
  /** Sampling said by the record itself, and the sampler it names (docs/reference/flow-decoding.md). */
  samplingInterval: PlanField | undefined
  samplingAlgorithm: PlanField | undefined
  samplingRun: PlanField | undefined
  samplingSpace: PlanField | undefined
  samplingPopulation: PlanField | undefined
  samplingSize: PlanField | undefined
  samplerId: PlanField | undefined
  /** Whether the record itself says how it was sampled. */
  samplesItself: boolean
  /** ICMP type and code may sit in the destination port. */
  icmpFromPort: boolean
  /** A packet section to read the flow from (IE 315, 313, 104), and the lengths beside it. */
  frameSection: PlanField | undefined
  ipSection: PlanField | undefined
  frameSize: PlanField | undefined
  /** Fields whose length no element of their kind can have; they are not read. */
  invalidFields: readonly number[]
}

type Kind = 'integer' | 'counter' | 'ipv4' | 'ipv6' | 'mac' | 'label' | 'dscp' | 'icmpType' | 'icmpCode' | 'app'

interface Target {
  column: ColumnIndex
  kind: Kind
  /** Of several elements for one column the one with the lowest rank stands; `add` elements come together. */
  rank: number
  add?: boolean
}

const target = (index: ColumnIndex, kind: Kind, rank = 0): Target => ({ column: index, kind, rank })

/** IANA elements (and NetFlow v9's field types, which are the same numbers below 128) that have a column. */
const targets: ReadonlyMap<number, Target> = new Map<number, Target>([
  [1, target(column.octets, 'counter')],
  [85, target(column.octets, 'counter', 1)],
  [231, { column: column.octets, kind: 'counter', rank: 2, add: true }],
  [232, { column: column.octets, kind: 'counter', rank: 2, add: true }],
  [2, target(column.packets, 'counter')],
  [86, target(column.packets, 'counter', 1)],
  [298, { column: column.packets, kind: 'counter', rank: 2, add: true }],
  [299, { column: column.packets, kind: 'counter', rank: 2, add: true }],
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
  [230, target(column.event, 'integer')],
  [233, target(column.event, 'integer', 1)],
  // Cisco ASA's own numbers before it took IANA's (NetFlow v9 only: IPFIX elements end at 32,767).
  [40_001, target(column.postNatSourceAddress, 'ipv4', 1)],
  [40_002, target(column.postNatDestinationAddress, 'ipv4', 1)],
  [40_003, target(column.postNatSourcePort, 'integer', 1)],
  [40_004, target(column.postNatDestinationPort, 'integer', 1)],
  [40_005, target(column.event, 'integer', 2)],
  [95, target(column.applicationId, 'app')],
  [136, target(column.flowEndReason, 'integer')],
  [89, target(column.forwardingStatus, 'integer')],
])

/** Time elements, best first: what says more, or needs less trust in the header, stands. */
const startTimes: readonly [number, Kernel][] = [
  [152, millisecondsToMs],
  [156, ntpToMs],
  [154, ntpToMs],
  [150, secondsToMs],
  [158, deltaMicrosecondsToMs],
  [22, uptimeToMs],
  [323, millisecondsToMs],
  [325, ntpToMs],
  [324, ntpToMs],
  [322, secondsToMs],
]
const endTimes: readonly [number, Kernel][] = [
  [153, millisecondsToMs],
  [157, ntpToMs],
  [155, ntpToMs],
  [151, secondsToMs],
  [159, deltaMicrosecondsToMs],
  [21, uptimeToMs],
  [323, millisecondsToMs],
  [325, ntpToMs],
  [324, ntpToMs],
  [322, secondsToMs],
]

/** The columns that change places in the reverse half of a biflow. */
const mirrored: ReadonlyMap<number, ColumnIndex> = new Map<number, ColumnIndex>(
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
      [column.postNatSourceAddress, column.postNatDestinationAddress],
      [column.postNatSourcePort, column.postNatDestinationPort],
    ] as const
  ).flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
)

/** Columns whose forward value says nothing about the reverse direction. */
const forwardOnly = new Set<number>([column.octets, column.packets, column.tcpFlags, column.tos, column.flowEndReason])

interface Found extends PlanField {
  element: number
}

export function compileRecordPlan(fields: readonly TemplateField[], variable: boolean): RecordPlan {
  const forward: Found[] = []
  const reversed: Found[] = []
  let offset = 0
  for (const [field, { enterprise, element, length }] of fields.entries()) {
    const found = { field, offset: variable ? 0 : offset, length, element }
    if (enterprise === 0) forward.push(found)
    else if (enterprise === reverseEnterprise) reversed.push(found)
    offset += length
  }
  const invalidFields: number[] = []
  const steps = columnSteps(forward, invalidFields)
  const used = new Set<number>(steps.map(step => step.column))
  const start = timeStep(forward, startTimes, column.startMs)
  const end = timeStep(forward, endTimes, column.endMs)
  const times = [start, end].filter(step => step !== undefined)
  const find = (...elements: number[]): PlanField | undefined =>
    forward.find(found => elements.includes(found.element) && found.length > 0 && found.length <= 8)
  const section = (element: number): PlanField | undefined => forward.find(found => found.element === element)
  const frameSection = section(315) ?? section(104)
  const ipSection = section(313)
  if (frameSection || ipSection) for (const index of sectionColumns) used.add(index)
  const reverse = reverseSteps(reversed, steps)
  for (const step of reverse) used.add(step.column)
  const icmpFromPort = used.has(column.protocol) && used.has(column.destinationPort) && !used.has(column.icmpTypeCode)
  if (icmpFromPort) used.add(column.icmpTypeCode)
  for (const index of alwaysWritten) used.add(index)
  return {
    steps: variable ? steps : paired(steps),
    reverse,
    usedLow: maskOf(used, 0),
    usedHigh: maskOf(used, 32),
    times: variable || find(160) ? times : paired(times),
    hasStart: start !== undefined,
    hasEnd: end !== undefined,
    absoluteTimes: times.some(step => !relativeKernels.has(step.kernel)),
    usesUptime: times.some(step => step.kernel === uptimeToMs),
    systemInit: find(160),
    durationMilliseconds: find(161),
    durationMicroseconds: find(162),
    samplingInterval: find(34, 50),
    samplingAlgorithm: find(35, 49, 304),
    samplingRun: find(305),
    samplingSpace: find(306),
    samplingPopulation: find(310),
    samplingSize: find(309),
    samplerId: find(48, 302),
    samplesItself: find(34, 50, 305, 310) !== undefined,
    icmpFromPort,
    frameSection,
    ipSection,
    frameSize: find(312),
    invalidFields,
  }
}

const alwaysWritten: readonly number[] = [
  column.startMs,
  column.endMs,
  column.samplingRate,
  column.version,
  column.observationDomain,
]

const relativeKernels: ReadonlySet<Kernel> = new Set([uptimeToMs, deltaMicrosecondsToMs])

/** Columns that a packet section can fill. */
const sectionColumns: readonly ColumnIndex[] = [
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
  column.icmpTypeCode,
]

export function maskOf(columns: ReadonlySet<number>, from: 0 | 32): number {
  let mask = 0
  for (const index of columns) if (index >= from && index < from + 32) mask |= 1 << (index - from)
  return mask
}

/** Joins steps whose fields are neighbours of one kind; the order of all others stays. */
function paired(steps: readonly PlanStep[]): PlanStep[] {
  const rest = [...steps]
  const result: PlanStep[] = []
  for (let step = rest.shift(); step; step = rest.shift()) {
    const { offset, length, kernel } = step
    const pair = pairKernel(kernel, length)
    const after = rest.findIndex(
      next => next.kernel === kernel && next.length === length && next.offset === offset + length,
    )
    const before = rest.findIndex(
      next => next.kernel === kernel && next.length === length && next.offset === offset - length,
    )
    if (pair && after >= 0) result.push({ ...step, kernel: pair, second: rest.splice(after, 1)[0]!.column })
    else if (pair && before >= 0) {
      const first = rest.splice(before, 1)[0]!
      result.push({ ...first, kernel: pair, second: step.column })
    } else result.push(step)
  }
  return result
}

function columnSteps(fields: readonly Found[], invalidFields: number[]): PlanStep[] {
  const best = new Map<ColumnIndex, number>()
  for (const { element, length } of fields) {
    const to = targets.get(element)
    if (to && length > 0 && length !== variableLength) best.set(to.column, Math.min(best.get(to.column) ?? 9, to.rank))
  }
  const steps: PlanStep[] = []
  const seen = new Set<number>()
  // IPv4 first: where both families are in one template, the IPv6 field then overrules only when it is set.
  const ordered = [...fields].sort((a, b) => familyOrder(a.element) - familyOrder(b.element))
  for (const { field, element, offset, length } of ordered) {
    const to = targets.get(element)
    // The first of repeated elements is the original one (RFC 7011 §8).
    if (!to || length === 0 || length === variableLength || to.rank !== best.get(to.column) || seen.has(element))
      continue
    seen.add(element)
    const second = steps.some(step => step.column === to.column)
    const kernel = kernelFor(to, length, second)
    if (kernel) steps.push({ field, offset, length, column: to.column, kernel, second: to.column })
    else invalidFields.push(field)
  }
  return steps
}

function familyOrder(element: number): number {
  return targets.get(element)?.kind === 'ipv6' ? 1 : 0
}

const u8Columns = new Set<number>([
  column.protocol,
  column.tos,
  column.sourceMask,
  column.destinationMask,
  column.direction,
  column.event,
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
function kernelFor(to: Target, length: number, second: boolean): Kernel | undefined {
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
      return length <= 4 ? anyToInteger : undefined
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

function timeStep(
  fields: readonly Found[],
  candidates: readonly [number, Kernel][],
  index: ColumnIndex,
): PlanStep | undefined {
  for (const [element, kernel] of candidates) {
    const found = fields.find(
      field => field.element === element && field.length > 0 && timeLengthFits(kernel, field.length),
    )
    if (!found) continue
    const { field, offset, length } = found
    return { field, offset, length, column: index, kernel, second: index }
  }
  return undefined
}

function timeLengthFits(kernel: Kernel, length: number): boolean {
  if (kernel === uptimeToMs) return length === 4
  if (kernel === ntpToMs) return length === 8
  return length <= 8
}

/** Steps for the reverse half: what the exporter counted there, and the forward keys exchanged (RFC 5103 §6.3). */
function reverseSteps(reversed: readonly Found[], forward: readonly PlanStep[]): PlanStep[] {
  if (!reversed.some(({ element }) => targets.get(element)?.kind === 'counter')) return []
  const steps: PlanStep[] = []
  for (const step of forward) {
    if (forwardOnly.has(step.column)) continue
    const index = mirrored.get(step.column) ?? step.column
    steps.push({ ...step, column: index, second: index })
  }
  // Written after the exchanged keys, so that an explicit reverse value stands.
  return [...steps, ...columnSteps(reversed, [])]
}
