import {
  type Data,
  type DataType,
  Field,
  FixedSizeBinary,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'
import { encodeStrings } from './arrow-strings.ts'
import { type ColumnBlock, type ColumnValues, StoreError } from './store.ts'
import { type ColumnType, type TableName, tables } from './tables.ts'

/**
 * Encodes a checked block as one Arrow IPC stream of one record batch, columns in the order of `tables.ts`. The buffers
 * are filled here and handed to apache-arrow for framing only: its builders would box every 64-bit value.
 *
 * ClickHouse reads DateTime from Uint32 seconds, DateTime64(3) from a millisecond timestamp and IPv6 from 16 fixed bytes.
 */
export function encodeArrowStream(table: TableName, block: ColumnBlock): Uint8Array {
  const schema = schemaOf(table)
  const children = schema.fields.map(field => {
    const type = (tables[table] as Readonly<Record<string, ColumnType>>)[field.name]!
    return columnData(table, field.name, type, field.type, block.columns[field.name]!, block.length)
  })
  const struct = makeData({ type: new Struct(schema.fields), length: block.length, nullCount: 0, children })
  const writer = new RecordBatchStreamWriter()
  writer.write(new RecordBatch(schema, struct))
  writer.finish()
  return writer.toUint8Array(true)
}

const schemas = new Map<TableName, Schema>()

function schemaOf(table: TableName): Schema {
  let schema = schemas.get(table)
  if (!schema) {
    schema = new Schema(Object.entries(tables[table]).map(([name, type]) => new Field(name, arrowType(type), false)))
    schemas.set(table, schema)
  }
  return schema
}

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

function columnData(
  table: TableName,
  name: string,
  type: ColumnType,
  arrow: DataType,
  values: ColumnValues,
  length: number,
): Data {
  if (type === 'String') {
    const { offsets, bytes } = encodeStrings(values as readonly string[], problem => malformed(table, name, problem))
    return makeData({ type: arrow as Utf8, length, nullCount: 0, valueOffsets: offsets, data: bytes })
  }
  const data = fixedWidth(type, values, problem => malformed(table, name, problem))
  return makeData({ type: arrow as Uint8, length, nullCount: 0, data: data as Uint8Array })
}

type Complain = (problem: string) => StoreError

function fixedWidth(type: ColumnType, values: ColumnValues, complain: Complain): ArrayBufferView {
  switch (type) {
    case 'UInt8':
      return values instanceof Uint8Array ? values : integers(Uint8Array, 0xff, values, complain)
    case 'UInt16':
      return values instanceof Uint16Array ? values : integers(Uint16Array, 0xffff, values, complain)
    case 'UInt32':
    case 'DateTime':
      return values instanceof Uint32Array ? values : integers(Uint32Array, 0xffff_ffff, values, complain)
    case 'UInt64':
      return values instanceof BigUint64Array ? values : bigIntegers(values as readonly bigint[], complain)
    case 'Float64':
      return values instanceof Float64Array ? values : Float64Array.from(values as readonly number[])
    case 'DateTime64(3)':
      return milliseconds(values as ArrayLike<number>, complain)
    default:
      return values as Uint8Array
  }
}

function integers<T extends Uint8Array | Uint16Array | Uint32Array>(
  Typed: new (length: number) => T,
  max: number,
  values: ColumnValues,
  complain: Complain,
): T {
  const numbers = values as ArrayLike<number>
  const result = new Typed(numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!
    // Written so that NaN fails too. DateTime takes fractions of a second from careless arithmetic: cut, not refused.
    if (!(value >= 0 && value <= max)) throw complain(`row ${i} holds ${value}, outside 0..${max}`)
    result[i] = value
  }
  return result
}

function bigIntegers(values: readonly bigint[], complain: Complain): BigUint64Array {
  const result = new BigUint64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw complain(`row ${i} holds ${value}, outside 64 bits`)
    result[i] = value
  }
  return result
}

/** ClickHouse's DateTime64 ends in the year 2299; before 1970 nothing here happens. */
const timestampMaxMs = 10_413_791_999_999

/** Milliseconds as int64, written in halves: a BigInt a row would cost an allocation each. */
function milliseconds(values: ArrayLike<number>, complain: Complain): BigInt64Array {
  const result = new BigInt64Array(values.length)
  const halves = new Uint32Array(result.buffer)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!(value >= 0 && value <= timestampMaxMs)) throw complain(`row ${i} holds ${value}, no time in milliseconds`)
    const high = Math.floor(value / 4_294_967_296)
    halves[2 * i] = value - high * 4_294_967_296
    halves[2 * i + 1] = high
  }
  return result
}

function malformed(table: TableName, column: string, problem: string): StoreError {
  return new StoreError('block-malformed', `rows for table ${table}: column "${column}" ${problem}`)
}
