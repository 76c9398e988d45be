import type { DatagramContext } from './datagram-context.ts'
import type { FlowColumns } from './flow-columns.ts'
import type { RecordPlan } from './record-plan.ts'
import type { RecordTallies } from './record-tallies.ts'
import { integerAt } from './record-values.ts'

const dayMs = 86_400_000
/** sysUptime's 32 bits hold 49.7 days: no flow lasts longer, and none is reported later. */
export const flowMsMax = 49 * dayMs

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
    if (!asWritten || !sound) settleTime(plan, view, record, out, i, context, tallies)
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
    const duration = durationOf(plan, view, record)
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

function durationOf(plan: RecordPlan, view: DataView, record: number): number {
  if (plan.durationMilliseconds) return integerAt(plan.durationMilliseconds, view, record)
  if (plan.durationMicroseconds) return Math.floor(integerAt(plan.durationMicroseconds, view, record) / 1000)
  return -1
}
