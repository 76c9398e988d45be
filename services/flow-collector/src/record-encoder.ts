import { create, toBinary } from '@bufbuild/protobuf'
import type { NewRecord } from '../../../libs/bus/src/index.ts'
import {
  FlowsRawRecordSchema,
  HeartbeatSchema,
  heartbeatIntervalMs,
  keys,
  type UnknownExporters,
  UnknownExportersSchema,
} from '../../../libs/model/src/index.ts'
import { addressBytes } from './addresses.ts'
import { encodeBatch, type RecordHead } from './encode-batch.ts'
import type { SourceBatch } from './receiver/messages.ts'

/** Who sent a batch, after the address table. */
export interface BatchOrigin {
  tenantId: string
  collectorId: string
  exporterAddress: string
  /** 0 where nobody gave one. */
  assumedSamplingRate: number
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
    const record = this.#head(origin.tenantId, origin.collectorId)
    return {
      key: keys.flowsRaw(origin.tenantId, origin.collectorId, origin.exporterAddress),
      value: encodeBatch(record, batch, {
        exporterAddress: addressBytes(origin.exporterAddress),
        listeningPort,
        kernelDrops,
        assumedSamplingRate: origin.assumedSamplingRate,
      }),
      timestampMs: Math.floor(batch.lastReceivedUs / 1_000),
    }
  }

  /** One a partition: a heartbeat belongs to no tenant. */
  heartbeats(partitions: number, atMs: number): NewRecord[] {
    return Array.from({ length: partitions }, (_, partition) => ({
      key: `heartbeat/${this.#producerId}`,
      value: this.#heartbeat(),
      timestampMs: atMs,
      partition,
    }))
  }

  /** Who sends to a tenant's listeners and is not stored. */
  unknown(tenantId: string, list: Omit<UnknownExporters, '$typeName' | '$unknown'>, atMs: number): NewRecord {
    const value = create(UnknownExportersSchema, list)
    const record = { ...this.#head(tenantId, this.#collectorId), body: { case: 'unknownExporters' as const, value } }
    return {
      key: `unknown/${tenantId}/${this.#collectorId}`,
      value: toBinary(FlowsRawRecordSchema, create(FlowsRawRecordSchema, record)),
      timestampMs: atMs,
    }
  }

  #heartbeat(): Uint8Array {
    const value = create(HeartbeatSchema, { intervalMs: heartbeatIntervalMs })
    const record = { ...this.#head('', this.#collectorId), body: { case: 'heartbeat' as const, value } }
    return toBinary(FlowsRawRecordSchema, create(FlowsRawRecordSchema, record))
  }

  #head(tenantId: string, collectorId: string): RecordHead {
    return { tenantId, collectorId, producerId: this.#producerId, sequence: this.#sequence++ }
  }
}
