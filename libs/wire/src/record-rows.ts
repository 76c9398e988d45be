import type { DatagramContext } from './datagram-context.ts'
import { type ColumnView, column, type FlowColumns } from './flow-columns.ts'
import { readSections } from './packet-sections.ts'
import type { PlanField, PlanStep, RecordPlan } from './record-plan.ts'
import type { RecordTallies } from './record-tallies.ts'
import { integerAt, located } from './record-values.ts'
import type { SamplingTable } from './sampling.ts'
import { settleSampling } from './settle-sampling.ts'
import { settleTimes } from './settle-times.ts'
import { locateFields, type Template } from './template.ts'

export interface RowOptions {
  /** Whether the reverse half of a biflow becomes a record of its own. */
  reverse: boolean
  /** Whether packet sections are opened to the innermost packet. */
  inner: boolean
}

/**
 * Appends the records of one data set to the columns.
 * @param at first octet after the set's header
 * @param end of the set
 * @returns records appended, or -1 - records when one ran past the set
 */
export function appendRecords(
  template: Template,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  context: DatagramContext,
  sampling: SamplingTable,
  tallies: RecordTallies,
  options: RowOptions,
): number {
  if (template.variable) return appendVariable(template, view, at, end, out, context, sampling, tallies, options)
  const stride = template.recordLength
  const records = Math.floor((end - at) / stride)
  if (records > 0) appendFixed(template.plan, view, at, stride, records, out, context, sampling, tallies, options)
  return records
}

/** Field by field over all records: the inner loops are short, of one type, and allocate nothing. */
export function appendFixed(
  plan: RecordPlan,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  out: FlowColumns,
  context: DatagramContext,
  sampling: SamplingTable,
  tallies: RecordTallies,
  options: RowOptions,
): void {
  out.reserve(records)
  const row = out.length
  const views = out.views
  for (const step of plan.steps) runStep(step, view, at, stride, records, views, row, context)
  if (plan.usesUptime && plan.systemInit) {
    for (let i = 0; i < records; i++) {
      const record = at + i * stride
      takeSystemInit(plan.systemInit, view, record, context)
      runAt(plan.times, view, record, out, row + i, context)
    }
  } else {
    for (const step of plan.times) runStep(step, view, at, stride, records, views, row, context)
  }
  if (plan.frameSection || plan.ipSection) {
    for (let i = 0; i < records; i++) readSections(plan, view, at + i * stride, out, row + i, options.inner)
  }
  finishRows(plan, view, at, stride, records, out, row, context, sampling, tallies)
  out.append(records, plan.usedLow, plan.usedHigh)
  if (plan.reverse.length > 0 && options.reverse) {
    for (let i = 0; i < records; i++) appendReverse(plan, view, at + i * stride, row + i, out, context, tallies)
  }
}

/** Record by record: with variable lengths no field has a fixed place. */
function appendVariable(
  template: Template,
  view: DataView,
  at: number,
  end: number,
  out: FlowColumns,
  context: DatagramContext,
  sampling: SamplingTable,
  tallies: RecordTallies,
  options: RowOptions,
): number {
  const { plan, fields } = template
  let records = 0
  let position = at
  while (end - position >= template.recordLength) {
    const next = locateFields(fields, view, position, end, located.starts, located.lengths)
    if (next < 0) return -1 - records
    out.reserve(1)
    const row = out.length
    if (plan.usesUptime && plan.systemInit) {
      takeSystemInit(plan.systemInit, view, -1, context)
    }
    runLocated(plan.steps, view, out, row, context)
    runLocated(plan.times, view, out, row, context)
    if (plan.frameSection || plan.ipSection) readSections(plan, view, -1, out, row, options.inner)
    finishRows(plan, view, -1, 0, 1, out, row, context, sampling, tallies)
    out.append(1, plan.usedLow, plan.usedHigh)
    if (plan.reverse.length > 0 && options.reverse) appendReverse(plan, view, -1, row, out, context, tallies)
    records++
    position = next
  }
  return records
}

function runAt(
  steps: readonly PlanStep[],
  view: DataView,
  at: number,
  out: FlowColumns,
  row: number,
  context: DatagramContext,
): void {
  for (const step of steps) runStep(step, view, at, 0, 1, out.views, row, context)
}

function runStep(
  { kernel, offset, length, column: index, second }: PlanStep,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  views: readonly ColumnView[],
  row: number,
  context: DatagramContext,
): void {
  kernel(view, at + offset, stride, records, views[index] as never, row, length, context, views[second] as never)
}

function runLocated(
  steps: readonly PlanStep[],
  view: DataView,
  out: FlowColumns,
  row: number,
  context: DatagramContext,
): void {
  for (const { field, kernel, column: index, length } of steps) {
    const target = out.views[index] as never
    kernel(view, located.starts[field]!, 0, 1, target, row, length, context, target)
  }
}

/** IPFIX has no sysUptime in its header: it is the export time less the device's start, modulo 32 bits. */
function takeSystemInit(field: PlanField, view: DataView, record: number, context: DatagramContext): void {
  context.uptimeMs = (context.headerMs - integerAt(field, view, record)) % 4_294_967_296
  context.uptimeKnown = true
}

/** What every record gets, whatever its template: version, domain, settled times, sampling rate, ICMP from the port. */
function finishRows(
  plan: RecordPlan,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  out: FlowColumns,
  row: number,
  context: DatagramContext,
  sampling: SamplingTable,
  tallies: RecordTallies,
): void {
  const last = row + records
  const { version, observationDomain, samplingRate } = out
  const protocolVersion = context.version
  const domain = context.observationDomain
  const rate = sampling.fallback
  for (let i = row; i < last; i++) {
    version[i] = protocolVersion
    observationDomain[i] = domain
    samplingRate[i] = rate
  }
  if (plan.icmpFromPort) {
    const { protocol, destinationPort, icmpTypeCode } = out
    for (let i = row; i < last; i++) {
      const number = protocol[i]
      if (number === 1 || number === 58) icmpTypeCode[i] = destinationPort[i]!
    }
  }
  settleTimes(plan, view, at, stride, records, out, row, context, tallies)
  if (plan.samplesItself || plan.samplerId || sampling.interfaces.size > 0) {
    settleSampling(plan, view, at, stride, records, out, row, sampling, tallies)
  } else if (rate === 0) tallies.unscaledRecords += records
}

/** The reverse half of a biflow as a record of its own (RFC 5103), unless nothing went that way. */
function appendReverse(
  plan: RecordPlan,
  view: DataView,
  record: number,
  forwardRow: number,
  out: FlowColumns,
  context: DatagramContext,
  tallies: RecordTallies,
): void {
  out.reserve(1)
  const row = out.length
  if (record < 0) runLocated(plan.reverse, view, out, row, context)
  else runAt(plan.reverse, view, record, out, row, context)
  const { octetsWords, packetsWords } = out
  if ((octetsWords[2 * row]! | octetsWords[2 * row + 1]! | packetsWords[2 * row]! | packetsWords[2 * row + 1]!) === 0) {
    clearRow(plan, out, row)
    return
  }
  out.version[row] = context.version
  out.observationDomain[row] = context.observationDomain
  out.samplingRate[row] = out.samplingRate[forwardRow]!
  out.startMs[row] = out.startMs[forwardRow]!
  out.endMs[row] = out.endMs[forwardRow]!
  out.append(1, plan.usedLow, plan.usedHigh)
  tallies.reverseRecords++
}

function clearRow(plan: RecordPlan, out: FlowColumns, row: number): void {
  for (const step of plan.reverse) {
    const view = out.views[step.column]!
    const width = view.length / out.capacity
    view.fill(step.column === column.direction ? 255 : 0, row * width, (row + 1) * width)
  }
}
