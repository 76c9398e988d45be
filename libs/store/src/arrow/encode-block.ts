import { columnsOf } from '../block.ts'
import { type ColumnBlock, type ColumnValues, StoreError } from '../store.ts'
import { type ColumnType, type TableName, tables } from '../tables.ts'
import { columnWidths, writeFixed } from './fixed-columns.ts'
import { type BodyBuffer, batchHeaderBytes, writeBatchHeader } from './record-batch.ts'
import { schemaMessage } from './schema-message.ts'
import { measureTexts, type TextColumn, textBytesMax } from './text-column.ts'

interface Placed {
  name: string
  type: ColumnType
  values: ColumnValues
  /** Set for texts. */
  text: TextColumn | undefined
  /** From the start of the body: offsets and bytes of a text, else the values. */
  buffers: readonly BodyBuffer[]
}

const endOfStreamBytes = 8

/**
 * Encodes a checked block as one Arrow IPC stream of one record batch, columns in the order of `tables.ts`, into memory of
 * its own that may be handed over.
 * @throws StoreError `block-malformed` for a value outside its column's type
 */
export function encodeArrowStream(table: TableName, block: ColumnBlock): Uint8Array<ArrayBuffer> {
  const { columns, bodyBytes } = place(table, block)
  // Two or three buffers a column: validity, which is empty without nulls, offsets of texts, values.
  const buffers = columns.flatMap(({ buffers: [first, ...rest] }) => [{ ...first!, byteLength: 0 }, first!, ...rest])
  const schema = schemaMessage(
    table,
    columns.map(({ name }) => name),
  )
  const headerBytes = batchHeaderBytes(columns.length, buffers.length)
  const bodyAt = schema.byteLength + headerBytes
  const stream = new ArrayBuffer(bodyAt + bodyBytes + endOfStreamBytes)

  new Uint8Array(stream).set(schema)
  writeBatchHeader(
    new DataView(stream, schema.byteLength, headerBytes),
    block.length,
    columns.length,
    buffers,
    bodyBytes,
  )
  for (const column of columns) writeColumn(table, column, stream, bodyAt)
  new DataView(stream).setUint32(stream.byteLength - endOfStreamBytes, 0xffff_ffff, true)
  return new Uint8Array(stream)
}

function place(table: TableName, block: ColumnBlock): { columns: Placed[]; bodyBytes: number } {
  let bodyBytes = 0
  const take = (byteLength: number): BodyBuffer => {
    const offset = bodyBytes
    bodyBytes += byteLength + ((8 - (byteLength % 8)) % 8)
    return { offset, byteLength }
  }
  const types: Readonly<Record<string, ColumnType>> = tables[table]
  const columns = columnsOf(table, block).map((name): Placed => {
    const type = types[name]!
    const values = block.columns[name]!
    if (type !== 'String') {
      return { name, type, values, text: undefined, buffers: [take(block.length * columnWidths[type])] }
    }
    const text = measureTexts(values as readonly string[])
    if ('badRow' in text) throw malformed(table, name, `row ${text.badRow} holds no text`)
    if (text.byteLength > textBytesMax)
      throw malformed(table, name, `holds ${text.byteLength} bytes, too many for one block`)
    return { name, type, values, text, buffers: [take(4 * (block.length + 1)), take(text.byteLength)] }
  })
  return { columns, bodyBytes }
}

function writeColumn(table: TableName, column: Placed, stream: ArrayBuffer, bodyAt: number): void {
  const [first, second] = column.buffers
  if (column.text) {
    column.text.write(
      new Int32Array(stream, bodyAt + first!.offset, first!.byteLength / 4),
      Buffer.from(stream, bodyAt + second!.offset, second!.byteLength),
    )
    return
  }
  const type = column.type as Exclude<ColumnType, 'String'>
  const bad = writeFixed(type, column.values, stream, bodyAt + first!.offset)
  if (bad >= 0) throw malformed(table, column.name, `row ${bad} holds ${column.values[bad]}, no ${type}`)
}

function malformed(table: string, column: string, problem: string): StoreError {
  return new StoreError('block-malformed', `rows for table ${table}: column "${column}" ${problem}`)
}
