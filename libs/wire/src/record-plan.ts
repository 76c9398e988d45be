import {
  deltaMicrosecondsToMs,
  type Kernel,
  millisecondsToMs,
  ntpToMs,
  secondsToMs,
  uptimeToMs,
} from './column-kernels.ts'
import { forwardOnly, kernelFor, mirrored, sectionColumns, targets } from './column-targets.ts'
import { type ColumnIndex, column } from './flow-columns.ts'
import { pairKernel } from './pair-kernels.ts'
import { type TemplateField, variableLength } from './template-field.ts'

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
}

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
  const steps = columnSteps(forward)
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

function columnSteps(fields: readonly Found[]): PlanStep[] {
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
  }
  return steps
}

/** Indexes of fields whose length no element of their kind can have (RFC 7011 §6.2): they are not read. Octet arrays have any. */
export function invalidFields(fields: readonly TemplateField[]): number[] {
  return [...fields.keys()].filter(index => {
    const { enterprise, element, length } = fields[index]!
    const to = enterprise === 0 && length !== variableLength ? targets.get(element) : undefined
    return to !== undefined && to.kind !== 'app' && to.kind !== 'label' && kernelFor(to, length, false) === undefined
  })
}

function familyOrder(element: number): number {
  return targets.get(element)?.kind === 'ipv6' ? 1 : 0
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
  return [...steps, ...columnSteps(reversed)]
}
