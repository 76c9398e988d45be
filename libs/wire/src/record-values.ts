import { highWord, lowWord } from './column-kernels.ts'
import type { PlanField } from './record-plan.ts'

/** Fields of the record that is being read where lengths vary: its start and length by field. One record at a time. */
export const located = {
  starts: new Int32Array(4_096),
  lengths: new Int32Array(4_096),
}

/**
 * Octets 1 to 8 of a field as a number; exact to 2^53, which lengths, rates, ids and times never reach.
 * @param record position of the record, or -1 for the one in `located`
 */
export function integerAt(field: PlanField, view: DataView, record: number): number {
  const position = record < 0 ? located.starts[field.field]! : record + field.offset
  const length = record < 0 ? located.lengths[field.field]! : field.length
  const low = lowWord(view, position, length)
  return length > 4 ? highWord(view, position, length) * 4_294_967_296 + low : low
}
