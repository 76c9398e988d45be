import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import type { DetectedCondition } from '../../../libs/detect/src/index.ts'
import { keys, LiveRecordSchema, SignalRecordSchema, topics } from '../../../libs/model/src/index.ts'
import type { Output, WorkContext } from './epoch-work.ts'

export type LiveBody = NonNullable<MessageInitShape<typeof LiveRecordSchema>['body']>

/**
 * Records derived from those of one partition, each with the position it comes from: a replay derives the same ones
 * under the same positions, so that readers can drop what they have seen.
 */
export class DerivedRecords {
  readonly #context: WorkContext
  #record: BusRecord | undefined
  #ordinal = 0
  #outputs: Output[] = []

  constructor(context: WorkContext) {
    this.#context = context
  }

  /** What is sent from now on comes from this record. */
  begin(record: BusRecord): void {
    this.#record = record
    this.#ordinal = 0
  }

  /** @param device id of the device, or address of the exporter, that keys the record */
  live(tenantId: string, device: string, body: LiveBody): void {
    this.liveUnder(keys.device(tenantId, device), tenantId, body)
  }

  /** As `live`, of what has keys of its own. */
  liveUnder(key: string, tenantId: string, body: LiveBody): void {
    const message = create(LiveRecordSchema, { ...this.#head(tenantId), body })
    this.#push(topics.live, key, toBinary(LiveRecordSchema, message))
  }

  condition(tenantId: string, condition: DetectedCondition): void {
    const { evidence, eventTimeMs, windowStartMs, ...rest } = condition
    this.#signal(tenantId, {
      case: 'condition',
      value: {
        ...rest,
        eventTimeMs: BigInt(eventTimeMs),
        windowStartMs: BigInt(windowStartMs),
        evidenceJson: JSON.stringify(evidence),
      },
    })
  }

  /** Tells the tenant's correlator that nobody watches the device any more. */
  deviceLeft(tenantId: string, deviceId: string, atMs: number): void {
    this.#signal(tenantId, { case: 'deviceLeft', value: { deviceId, atMs: BigInt(atMs) } })
  }

  /** Tells the tenant's correlator that time has passed. */
  heartbeat(tenantId: string): void {
    this.#signal(tenantId, { case: 'heartbeat', value: {} })
  }

  /** A record of another topic; null deletes the key of a compacted one. */
  other(topic: string, key: string, value: Uint8Array | null): void {
    this.#push(topic, key, value)
  }

  take(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  #signal(tenantId: string, body: NonNullable<MessageInitShape<typeof SignalRecordSchema>['body']>): void {
    const message = create(SignalRecordSchema, { ...this.#head(tenantId), body })
    this.#push(topics.signals, keys.tenant(tenantId), toBinary(SignalRecordSchema, message))
  }

  #head(tenantId: string) {
    const { topic, partition, offset } = this.#record!
    const { producerId, logId } = this.#context
    const source = { topic, partition, offset: BigInt(offset), ordinal: this.#ordinal++, logId }
    return { tenantId, producerId, source }
  }

  #push(topic: string, key: string, value: Uint8Array | null): void {
    this.#outputs.push({ topic, record: { key, value, timestampMs: this.#record!.timestampMs } })
  }
}
