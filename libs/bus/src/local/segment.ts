/**
 * A run of a partition's offsets that is removed as a whole. The last one takes the new records; a partition has at
 * least one, so that `end`, the next offset, outlives the records.
 */
export interface Segment {
  readonly base: number
  /** The offset after the last. */
  readonly end: number
  readonly records: number
  readonly bytes: number
  /** Newest stamp of its records; -Infinity when it has none. */
  readonly stampMaxMs: number
  /** By the clock when it was begun. */
  readonly begunMs: number
}

export function emptySegment(base: number, begunMs: number): Segment {
  return { base, end: base, records: 0, bytes: 0, stampMaxMs: Number.NEGATIVE_INFINITY, begunMs }
}

export function encodeSegment(segment: Segment): Buffer {
  const { base, end, records, bytes, stampMaxMs, begunMs } = segment
  return Buffer.from(Float64Array.of(base, end, records, bytes, stampMaxMs, begunMs).buffer)
}

export function decodeSegment(row: Buffer): Segment {
  const [base = 0, end = 0, records = 0, bytes = 0, stampMaxMs = 0, begunMs = 0] = Array.from({ length: 6 }, (_, i) =>
    row.readDoubleLE(i * 8),
  )
  return { base, end, records, bytes, stampMaxMs, begunMs }
}
