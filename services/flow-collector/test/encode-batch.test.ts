import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { FlowsRawRecordSchema } from '../../../libs/model/src/index.ts'
import { encodeBatch } from '../src/encode-batch.ts'
import type { SourceBatch } from '../src/receiver/messages.ts'

const head = { tenantId: 'acme', collectorId: 'c-1', producerId: 'c-1:incarnation', sequence: 2n ** 40n }

function batchOf(count: number, datagramBytes: number): SourceBatch {
  const columns = new Uint32Array(count * 3)
  for (let i = 0; i < count; i++) {
    columns[i] = i * 1_000
    columns[count + i] = 1_024 + i
    columns[count * 2 + i] = datagramBytes
  }
  return {
    listener: 0,
    sourceAddress: '192.0.2.1',
    count,
    firstReceivedUs: 1_700_000_000_123_456,
    lastReceivedUs: 1_700_000_000_999_999,
    columns,
    payload: Uint8Array.from({ length: count * datagramBytes }, (_, i) => i * 31),
    rateLimitDrops: 0,
    bufferDrops: 0,
    bytes: 0,
  }
}

/** The same record by the generated code. */
function viaBufbuild(from: SourceBatch, address: Uint8Array, kernelDrops: number): Uint8Array {
  const { count, columns } = from
  const value = {
    exporterAddress: address,
    listeningPort: 2055,
    firstReceivedUs: BigInt(from.firstReceivedUs),
    receivedOffsetUs: Array.from(columns.subarray(0, count)),
    sourcePort: Array.from(columns.subarray(count, count * 2)),
    length: Array.from(columns.subarray(count * 2)),
    payload: from.payload,
    kernelDrops: BigInt(kernelDrops),
    rateLimitDrops: BigInt(from.rateLimitDrops),
    bufferDrops: BigInt(from.bufferDrops),
    assumedSamplingRate: 512,
  }
  return toBinary(FlowsRawRecordSchema, create(FlowsRawRecordSchema, { ...head, body: { case: 'batch', value } }))
}

describe('encoding of a batch', () => {
  const cases: [string, SourceBatch, Uint8Array, number][] = [
    ['of many datagrams', batchOf(77, 1_296), Uint8Array.of(192, 0, 2, 1), 0],
    ['of one datagram from an IPv6 exporter', batchOf(1, 40), new Uint8Array(16).fill(0xfe), 3],
    ['of empty datagrams', batchOf(2, 0), Uint8Array.of(10, 0, 0, 1), 0],
    [
      'that carries drops alone',
      { ...batchOf(0, 0), rateLimitDrops: 2 ** 33, bufferDrops: 1 },
      Uint8Array.of(1, 2, 3, 4),
      5,
    ],
  ]
  it.each(cases)('%s makes the bytes of the generated code', (_, batch, address, kernelDrops) => {
    const bytes = encodeBatch(head, batch, {
      exporterAddress: address,
      listeningPort: 2055,
      kernelDrops,
      assumedSamplingRate: 512,
    })
    expect(Buffer.compare(bytes, viaBufbuild(batch, address, kernelDrops))).toBe(0)
    const { body } = fromBinary(FlowsRawRecordSchema, bytes)
    expect(body.case === 'batch' && body.value.receivedOffsetUs.length).toBe(batch.count)
  })
})
