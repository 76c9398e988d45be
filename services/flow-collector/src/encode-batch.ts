import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { DatagramBatchSchema, FlowsRawRecordSchema } from '../../../libs/model/src/index.ts'
import type { SourceBatch } from './receiver/messages.ts'

/** What every record of `weir.flows.raw.v1` begins with. */
export interface RecordHead {
  tenantId: string
  collectorId: string
  producerId: string
  sequence: bigint
}

/** What the main thread adds to a batch of the receiving one. */
export interface BatchFacts {
  exporterAddress: Uint8Array
  listeningPort: number
  kernelDrops: number
  assumedSamplingRate: number
}

const inRecord = FlowsRawRecordSchema.field
const inBatch = DatagramBatchSchema.field

/**
 * A `FlowsRawRecord` with a `DatagramBatch`, the bytes that `toBinary` makes of it. It copies the payload once, where
 * `toBinary` does so at each level of nesting and wants the columns as arrays.
 */
export function encodeBatch(head: RecordHead, batch: SourceBatch, about: BatchFacts): Uint8Array {
  const { count, columns, payload } = batch
  const before = new BinaryWriter()
  before.tag(inBatch.exporterAddress.number, WireType.LengthDelimited).bytes(about.exporterAddress)
  writeNumber(before, inBatch.listeningPort.number, about.listeningPort)
  writeNumber(before, inBatch.firstReceivedUs.number, batch.firstReceivedUs)
  writePacked(before, inBatch.receivedOffsetUs.number, columns.subarray(0, count))
  writePacked(before, inBatch.sourcePort.number, columns.subarray(count, count * 2))
  writePacked(before, inBatch.length.number, columns.subarray(count * 2))
  if (payload.length > 0) before.tag(inBatch.payload.number, WireType.LengthDelimited).uint32(payload.length)
  const after = new BinaryWriter()
  writeNumber(after, inBatch.kernelDrops.number, about.kernelDrops)
  writeNumber(after, inBatch.rateLimitDrops.number, batch.rateLimitDrops)
  writeNumber(after, inBatch.bufferDrops.number, batch.bufferDrops)
  writeNumber(after, inBatch.assumedSamplingRate.number, about.assumedSamplingRate)
  const [start, end] = [before.finish(), after.finish()]
  const outer = encodeHead(head, start.length + payload.length + end.length)
  const bytes = Buffer.allocUnsafe(outer.length + start.length + payload.length + end.length)
  bytes.set(outer, 0)
  bytes.set(start, outer.length)
  bytes.set(payload, outer.length + start.length)
  bytes.set(end, outer.length + start.length + payload.length)
  return bytes
}

function encodeHead({ tenantId, collectorId, producerId, sequence }: RecordHead, batchBytes: number): Uint8Array {
  const writer = new BinaryWriter()
  writeText(writer, inRecord.tenantId.number, tenantId)
  writeText(writer, inRecord.collectorId.number, collectorId)
  writeText(writer, inRecord.producerId.number, producerId)
  if (sequence !== 0n) writer.tag(inRecord.sequence.number, WireType.Varint).uint64(sequence)
  return writer.tag(inRecord.batch.number, WireType.LengthDelimited).uint32(batchBytes).finish()
}

/** As proto3 has it, what is zero or empty is left out. */
function writeText(writer: BinaryWriter, field: number, text: string): void {
  if (text) writer.tag(field, WireType.LengthDelimited).string(text)
}

function writeNumber(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).uint64(value)
}

function writePacked(writer: BinaryWriter, field: number, values: Uint32Array): void {
  if (values.length === 0) return
  writer.tag(field, WireType.LengthDelimited).fork()
  for (const value of values) writer.uint32(value)
  writer.join()
}
