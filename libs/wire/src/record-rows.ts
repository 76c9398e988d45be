import { highWord, lowWord } from './column-kernels.ts'
import type { DatagramContext } from './datagram-context.ts'
import { type ColumnView, column, type FlowColumns } from './flow-columns.ts'
import { readEthernetFrame, readIpPacket } from './packet-headers.ts'
import type { PlanField, PlanStep, RecordPlan } from './record-plan.ts'
import { type SamplingTable, samplingRateOf } from './sampling.ts'
import { locateFields, type Template } from './template.ts'

const dayMs = 86_400_000
/** sysUptime's 32 bits hold 49.7 days: no flow lasts longer, and none is reported later. */
export const flowMsMax = 49 * dayMs

/** What was odd in records that were kept; plain counters of the exporter. */
export interface RecordTallies {
  timesClamped: number
  unscaledRecords: number
  reverseRecords: number
}

export interface RowOptions {
  /** Whether the reverse half of a biflow becomes a record of its own. */
  reverse: boolean
  /** Whether packet sections are opened to the innermost packet. */
  inner: boolean
}

const starts = new Int32Array(4_096)
const lengths = new Int32Array(4_096)

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
      takeSystemInit(view, record + plan.systemInit.offset, plan.systemInit.length, context)
      runAt(plan.times, view, record, out, row + i, context)
    }
  } else {
    for (const step of plan.times) runStep(step, view, at, stride, records, views, row, context)
  }
  if (plan.frameSection || plan.ipSection) {
    for (let i = 0; i < records; i++) readSections(plan, view, at + i * stride, undefined, out, row + i, options.inner)
  }
  finishRows(plan, view, at, stride, records, out, row, context, sampling, tallies, undefined)
  out.append(records, plan.usedLow, plan.usedHigh)
  if (plan.reverse.length > 0 && options.reverse) {
    for (let i = 0; i < records; i++) appendReverse(plan, view, at + i * stride, row + i, out, context, tallies, false)
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
    const next = locateFields(fields, view, position, end, starts, lengths)
    if (next < 0) return -1 - records
    out.reserve(1)
    const row = out.length
    if (plan.usesUptime && plan.systemInit) {
      takeSystemInit(view, starts[plan.systemInit.field]!, lengths[plan.systemInit.field]!, context)
    }
    runLocated(plan.steps, view, out, row, context)
    runLocated(plan.times, view, out, row, context)
    if (plan.frameSection || plan.ipSection) readSections(plan, view, 0, starts, out, row, options.inner)
    finishRows(plan, view, 0, 0, 1, out, row, context, sampling, tallies, starts)
    out.append(1, plan.usedLow, plan.usedHigh)
    if (plan.reverse.length > 0 && options.reverse) appendReverse(plan, view, 0, row, out, context, tallies, true)
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
    kernel(view, starts[field]!, 0, 1, target, row, length, context, target)
  }
}

/** IPFIX has no sysUptime in its header: it is the export time less the device's start, modulo 32 bits. */
function takeSystemInit(view: DataView, at: number, length: number, context: DatagramContext): void {
  const initMs = highWord(view, at, length) * 4_294_967_296 + lowWord(view, at, length)
  context.uptimeMs = (context.headerMs - initMs) % 4_294_967_296
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
  located: Int32Array | undefined,
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
  settleTimes(plan, view, at, stride, records, out, row, context, tallies, located)
  if (plan.samplesItself || plan.samplerId || sampling.interfaces.size > 0) {
    settleSampling(plan, view, at, stride, records, out, row, sampling, tallies, located)
  } else if (rate === 0) tallies.unscaledRecords += records
}

/** Fills missing ends, moves a skewed clock's times, and lets no flow end after its arrival or before its start. */
export function settleTimes(
  plan: RecordPlan,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  out: FlowColumns,
  row: number,
  context: DatagramContext,
  tallies: RecordTallies,
  located: Int32Array | undefined,
): void {
  const { startMs, endMs } = out
  const { receivedMs } = context
  const eldestMs = receivedMs - flowMsMax
  const asWritten =
    plan.hasStart &&
    plan.hasEnd &&
    (context.uptimeKnown || !plan.usesUptime) &&
    (context.shiftMs === 0 || !plan.absoluteTimes)
  for (let i = row, record = at; i < row + records; i++, record += stride) {
    const start = startMs[i]!
    const end = endMs[i]!
    // Nearly all records of a sound exporter: nothing to settle.
    const sound = start > 0 && start <= end && end <= receivedMs && start >= eldestMs
    if (!asWritten || !sound) settleTime(plan, view, record, out, i, context, tallies, located)
  }
}

function settleTime(
  plan: RecordPlan,
  view: DataView,
  record: number,
  out: FlowColumns,
  row: number,
  context: DatagramContext,
  tallies: RecordTallies,
  located: Int32Array | undefined,
): void {
  const { receivedMs, exportedMs, shiftMs } = context
  let start = plan.hasStart ? out.startMs[row]! : 0
  let end = plan.hasEnd ? out.endMs[row]! : 0
  if (plan.usesUptime && !context.uptimeKnown) {
    start = plan.hasStart && plan.hasEnd ? exportedMs - ((end - start) | 0) : exportedMs
    end = exportedMs
  }
  if (plan.absoluteTimes && shiftMs !== 0) {
    // A skewed header does not prove that the records' own clock is wrong (softflowd#37 puts the uptime there).
    const reference = end > 0 ? end : start
    if (reference > receivedMs + 300_000 || reference < receivedMs - 3_600_000) {
      if (start > 0) start += shiftMs
      if (end > 0) end += shiftMs
    }
  }
  // 0 (and what no calendar holds) is what exporters write when they do not know.
  if (!(start > 0 && start < 8.64e15)) start = 0
  if (!(end > 0 && end < 8.64e15)) end = 0
  if (start === 0 || end === 0) {
    const duration = durationOf(plan, view, record, located)
    if (end === 0) end = start !== 0 && duration >= 0 ? start + duration : Math.max(exportedMs, start)
    if (start === 0) start = duration > 0 ? end - duration : end
  }
  if (end > receivedMs) {
    // Small differences of the clocks: the flow keeps its length and ends when it arrived.
    start -= end - receivedMs
    end = receivedMs
  } else if (end < receivedMs - flowMsMax) {
    const exported = Math.min(exportedMs, receivedMs)
    start += exported - end
    end = exported
    tallies.timesClamped++
  }
  if (start > end || end - start > flowMsMax) {
    start = end
    tallies.timesClamped++
  }
  out.startMs[row] = start
  out.endMs[row] = end
}

function durationOf(plan: RecordPlan, view: DataView, record: number, located: Int32Array | undefined): number {
  if (plan.durationMilliseconds) return integerAt(plan.durationMilliseconds, view, record, located)
  if (plan.durationMicroseconds) return Math.floor(integerAt(plan.durationMicroseconds, view, record, located) / 1000)
  return -1
}

/** Octets 1 to 8 as a number; exact to 2^53, which lengths, rates, ids and times never reach. */
function integerAt(field: PlanField, view: DataView, record: number, located: Int32Array | undefined): number {
  const position = located ? located[field.field]! : record + field.offset
  const length = located ? lengths[field.field]! : field.length
  const low = lowWord(view, position, length)
  return length > 4 ? highWord(view, position, length) * 4_294_967_296 + low : low
}

function settleSampling(
  plan: RecordPlan,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  out: FlowColumns,
  row: number,
  sampling: SamplingTable,
  tallies: RecordTallies,
  located: Int32Array | undefined,
): void {
  const { samplingRate, inputInterface, outputInterface, direction } = out
  const own = plan.samplesItself
  let sampler = -1
  let samplerRate = 0
  for (let i = row, record = at; i < row + records; i++, record += stride) {
    let rate: number
    if (own) rate = ownRate(plan, view, record, located)
    else if (plan.samplerId) {
      const id = integerAt(plan.samplerId, view, record, located)
      if (id !== sampler) {
        sampler = id
        samplerRate = sampling.ofSampler(id)
      }
      rate = samplerRate
    } else {
      const index = direction[i] === 1 ? outputInterface[i]! : inputInterface[i]!
      rate = sampling.interfaces.get(index) ?? sampling.fallback
    }
    // A record with an empty interval and a sampler whose table told the rate is still known.
    if (rate === 0 && own && plan.samplerId) rate = sampling.ofSampler(integerAt(plan.samplerId, view, record, located))
    samplingRate[i] = rate
    if (rate === 0) tallies.unscaledRecords++
  }
}

function ownRate(plan: RecordPlan, view: DataView, record: number, located: Int32Array | undefined): number {
  const value = (field: PlanField | undefined): number | undefined =>
    field ? integerAt(field, view, record, located) : undefined
  return samplingRateOf({
    interval: value(plan.samplingInterval),
    algorithm: value(plan.samplingAlgorithm),
    run: value(plan.samplingRun),
    space: value(plan.samplingSpace),
    size: value(plan.samplingSize),
    population: value(plan.samplingPopulation),
  })
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
  variable: boolean,
): void {
  out.reserve(1)
  const row = out.length
  if (variable) runLocated(plan.reverse, view, out, row, context)
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

function readSections(
  plan: RecordPlan,
  view: DataView,
  record: number,
  located: Int32Array | undefined,
  out: FlowColumns,
  row: number,
  inner: boolean,
): void {
  const section = plan.frameSection ?? plan.ipSection
  if (!section) return
  const at = located ? located[section.field]! : record + section.offset
  const end = at + (located ? lengths[section.field]! : section.length)
  const ipLength = plan.frameSection
    ? readEthernetFrame(view, at, end, out, row, inner)
    : readIpPacket(view, at, end, out, row, inner)
  const { octetsWords, packetsWords } = out
  if (octetsWords[2 * row] === 0 && octetsWords[2 * row + 1] === 0) {
    const frameSize = plan.frameSize ? integerAt(plan.frameSize, view, record, located) : 0
    octetsWords[2 * row] = frameSize > 0 ? frameSize : ipLength
  }
  if (packetsWords[2 * row] === 0 && packetsWords[2 * row + 1] === 0) packetsWords[2 * row] = 1
}
