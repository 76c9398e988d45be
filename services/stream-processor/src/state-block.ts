import type { ColumnBlock } from '../../../libs/store/src/index.ts'

export interface StatePosition {
  logId: string
  topic: string
  partition: number
  offset: number
}

/** Rows of `stream_state`, sorted by key so that a replayed token brings the same block. */
export function stateBlock(
  position: StatePosition,
  entries: readonly { key: string; slot: 0 | 1; state: string }[],
): ColumnBlock {
  const sorted = [...entries].sort((a, b) => (a.key < b.key ? -1 : 1))
  const all = <T>(value: T): T[] => new Array<T>(sorted.length).fill(value)
  return {
    length: sorted.length,
    columns: {
      log_id: all(position.logId),
      topic: all(position.topic),
      partition: all(position.partition),
      key: sorted.map(entry => entry.key),
      slot: sorted.map(entry => entry.slot),
      offset: all(BigInt(position.offset)),
      state: sorted.map(entry => entry.state),
    },
  }
}
