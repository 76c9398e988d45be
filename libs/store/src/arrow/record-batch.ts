/**
 * One Arrow IPC record batch message, laid out by hand: apache-arrow's writer joins buffers that share memory, so a block
 * with one array in two columns came out short, and it copies every column twice.
 *
 *     ffffffff  metadata size:i32  Message (flatbuffer)  body
 *
 * The flatbuffer (format/Message.fbs) has a fixed shape but for its two vectors:
 *
 *       0  root → 16
 *       4  vtable of Message: 12 20 16 18 4 8
 *      16  Message: vtable, header → 48, bodyLength:i64, version:i16 = V5, header_type:u8 = RecordBatch
 *      36  vtable of RecordBatch: 10 20 8 4 16
 *      48  RecordBatch: vtable, nodes →, length:i64, buffers →
 *      68  nodes: count, then {length:i64, null_count:i64} each
 *          buffers: count, then {offset:i64, length:i64} each
 */
export interface BodyBuffer {
  /** From the start of the body; a multiple of 8. */
  offset: number
  byteLength: number
}

const prefixBytes = 8
const nodesAt = 68

/** Bytes before the body. */
export function batchHeaderBytes(columns: number, buffers: number): number {
  return prefixBytes + nodesAt + 4 + columns * 16 + 8 + buffers * 16
}

/** Writes the header of a batch of `rows` rows and `columns` columns without nulls. */
export function writeBatchHeader(
  view: DataView,
  rows: number,
  columns: number,
  buffers: readonly BodyBuffer[],
  bodyBytes: number,
): void {
  const u16 = (at: number, values: readonly number[]) => {
    for (const [i, value] of values.entries()) view.setUint16(prefixBytes + at + 2 * i, value, true)
  }
  const u32 = (at: number, value: number) => view.setUint32(prefixBytes + at, value, true)
  // All counts and sizes here lie far below 2^53.
  const u64 = (at: number, value: number) => {
    u32(at, value % 4_294_967_296)
    u32(at + 4, Math.floor(value / 4_294_967_296))
  }
  view.setUint32(0, 0xffff_ffff, true)
  view.setUint32(4, batchHeaderBytes(columns, buffers.length) - prefixBytes, true)

  u32(0, 16)
  u16(4, [12, 20, 16, 18, 4, 8])
  u32(16, 16 - 4)
  u32(20, 48 - 20)
  u64(24, bodyBytes)
  u16(32, [4])
  view.setUint8(prefixBytes + 34, 3)

  const buffersAt = nodesAt + 4 + columns * 16 + 4
  u16(36, [10, 20, 8, 4, 16])
  u32(48, 48 - 36)
  u32(52, nodesAt - 52)
  u64(56, rows)
  u32(64, buffersAt - 64)
  u32(nodesAt, columns)
  for (let i = 0; i < columns; i++) u64(nodesAt + 4 + 16 * i, rows)
  u32(buffersAt, buffers.length)
  for (const [i, buffer] of buffers.entries()) {
    u64(buffersAt + 4 + 16 * i, buffer.offset)
    u64(buffersAt + 12 + 16 * i, buffer.byteLength)
  }
}
