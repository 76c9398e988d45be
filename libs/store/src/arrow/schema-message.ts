import {
  type DataType,
  Field,
  FixedSizeBinary,
  Float64,
  RecordBatchStreamWriter,
  Schema,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'
import { type ColumnType, type TableName, tables } from '../tables.ts'

const messages = new Map<string, Uint8Array>()
/** Sets of columns differ by what exporters send, so they are few; past this the messages are made anew. */
const messagesMax = 256

/** The message that opens a stream of rows with these columns of the table. Made once for each set of columns. */
export function schemaMessage(table: TableName, columns: readonly string[]): Uint8Array {
  const key = `${table} ${columns.join(' ')}`
  let message = messages.get(key)
  if (!message) {
    const types: Readonly<Record<string, ColumnType>> = tables[table]
    const fields = columns.map(name => new Field(name, arrowType(types[name]!), false))
    const writer = new RecordBatchStreamWriter()
    writer.reset(undefined, new Schema(fields))
    writer.finish()
    // Without the end of the stream, which is 8 bytes.
    message = writer.toUint8Array(true).slice(0, -8)
    if (messages.size >= messagesMax) messages.clear()
    messages.set(key, message)
  }
  return message
}

/**
 * As ClickHouse reads them: DateTime from seconds, DateTime64(3) from a millisecond timestamp, IPv6 from 16 fixed bytes.
 */
function arrowType(type: ColumnType): DataType {
  switch (type) {
    case 'UInt8':
      return new Uint8()
    case 'UInt16':
      return new Uint16()
    case 'UInt32':
    case 'DateTime':
      return new Uint32()
    case 'UInt64':
      return new Uint64()
    case 'Float64':
      return new Float64()
    case 'DateTime64(3)':
      return new TimestampMillisecond()
    case 'IPv6':
      return new FixedSizeBinary(16)
    case 'String':
      return new Utf8()
  }
}
