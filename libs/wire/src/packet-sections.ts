import type { FlowColumns } from './flow-columns.ts'
import { readEthernetFrame } from './frame-headers.ts'
import { readIpPacket } from './ip-headers.ts'
import type { RecordPlan } from './record-plan.ts'
import { integerAt, located } from './record-values.ts'

/**
 * Reads the packet that a record carries (IE 315, 313, 104) into its row. Octets that the record does not count itself are
 * the frame's size, else the IP packet's length.
 */
export function readSections(
  plan: RecordPlan,
  view: DataView,
  record: number,
  out: FlowColumns,
  row: number,
  inner: boolean,
): void {
  const section = plan.frameSection ?? plan.ipSection
  if (!section) return
  const at = record < 0 ? located.starts[section.field]! : record + section.offset
  const end = at + (record < 0 ? located.lengths[section.field]! : section.length)
  const ipLength = plan.frameSection
    ? readEthernetFrame(view, at, end, out, row, inner)
    : readIpPacket(view, at, end, out, row, inner)
  const { octetsWords, packetsWords } = out
  if (octetsWords[2 * row] === 0 && octetsWords[2 * row + 1] === 0) {
    const frameSize = plan.frameSize ? integerAt(plan.frameSize, view, record) : 0
    octetsWords[2 * row] = frameSize > 0 ? frameSize : ipLength
  }
  if (packetsWords[2 * row] === 0 && packetsWords[2 * row + 1] === 0) packetsWords[2 * row] = 1
}
