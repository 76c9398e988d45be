import type { MessageInitShape } from '@bufbuild/protobuf'
import { create, toBinary } from '@bufbuild/protobuf'
import type { NewRecord } from '../../../libs/bus/src/index.ts'
import {
  type DatagramBatchSchema,
  FlowsRawRecordSchema,
  heartbeatIntervalMs,
  keys,
} from '../../../libs/model/src/index.ts'
import { addressBytes } from './addresses.ts'
import type { SourceBatch } from './receiver/messages.ts'

/** Who sent a batch, after the address table. */
export interface BatchOrigin {
  tenantId: string
  collectorId: string
  exporterAddress: string
}

/** Makes the records of one producer: each has the next sequence number. */
export class RecordEncoder {
  readonly #producerId: string
  readonly #collectorId: string
  #sequence = 0n

  constructor(producerId: string, collectorId: string) {
    this.#producerId = producerId
    this.#collectorId = collectorId
  }

  batch(batch: SourceBatch, origin: BatchOrigin, listeningPort: number, kernelDrops: number): NewRecord {
    const { count, columns } = batch
    const value: MessageInitShape<typeof DatagramBatchSchema> = {
      exporterAddress: addressBytes(origin.exporterAddress),
      listeningPort,
      firstReceivedUs: BigInt(batch.firstReceivedUs),
      receivedOffsetUs: Array.from(columns.subarray(0, count)),
      sourcePort: Array.from(columns.subarray(count, count * 2)),
      length: Array.from(columns.subarray(count * 2)),
      payload: batch.payload,
      kernelDrops: BigInt(kernelDrops),
      rateLimitDrops: BigInt(batch.rateLimitDrops),
      bufferDrops: BigInt(batch.bufferDrops),
    }
    return {
      key: keys.flowsRaw(origin.tenantId, origin.collectorId, origin.exporterAddress),
      value: this.#encode(origin.tenantId, origin.collectorId, { case: 'batch', value }),
      timestampMs: Math.floor(batch.lastReceivedUs / 1_000),
    }
  }

  /** One a partition: a heartbeat belongs to no tenant. */
  heartbeats(partitions: number, atMs: number): NewRecord[] {
    return Array.from({ length: partitions }, (_, partition) => ({
      key: `heartbeat/${this.#producerId}`,
      value: this.#encode('', this.#collectorId, { case: 'heartbeat', value: { intervalMs: heartbeatIntervalMs } }),
      timestampMs: atMs,
      partition,
    }))
  }

  #encode(
    tenantId: string,
    collectorId: string,
    body: NonNullable<MessageInitShape<typeof FlowsRawRecordSchema>['body']>,
  ): Uint8Array {
    const record = create(FlowsRawRecordSchema, {
      tenantId,
      collectorId,
      producerId: this.#producerId,
      sequence: this.#sequence++,
      body,
    })
    return toBinary(FlowsRawRecordSchema, record)
  }
}
