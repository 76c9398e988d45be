import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import {
  type ExporterLive,
  type FlowsRawRecordSchema as FlowsRaw,
  FlowsRawRecordSchema,
  inventorySchema,
  LiveRecordSchema,
  SignalRecordSchema,
  type TemplateRecord,
  templateRecordSchema,
  topics,
  type UnknownExporterSchema,
  type UnknownExportersLive,
} from '../../../libs/model/src/index.ts'
import type { EpochResult, Output } from '../src/epoch-work.ts'
import { FlowsWork, newFlowCounts } from '../src/flows/flows-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

export const startMs = Date.UTC(2026, 0, 1, 12)

const inventory = inventorySchema.parse({
  tenants: [{ id: 'acme' }],
  sites: [{ id: 'hq', tenant: 'acme' }],
  devices: [{ id: 'edge-1', tenant: 'acme', site: 'hq', address: '192.0.2.1' }],
})

/** One exporter, 192.0.2.1 of acme, at one collector that beats each 5 s, in front of a partition's flow stage. */
export class FlowsBench {
  work: FlowsWork
  nowMs = startMs
  offset = 0
  readonly outputs: Output[] = []
  readonly counts = newFlowCounts()
  readonly #states = new Map<string, string>()

  readonly #changingPorts: readonly string[]
  /** Of the next batches. */
  sourcePort = 50_000

  constructor(changingPorts: readonly string[] = []) {
    this.#changingPorts = changingPorts
    this.work = this.#newWork()
  }

  /** One batch, arrived now. */
  send(
    datagrams: readonly Uint8Array[],
    more: { kernelDrops?: bigint; rateLimitDrops?: bigint; assumedSamplingRate?: number } = {},
  ): void {
    this.#process({
      case: 'batch',
      value: {
        exporterAddress: Uint8Array.of(192, 0, 2, 1),
        listeningPort: 2_055,
        firstReceivedUs: BigInt(this.nowMs) * 1_000n,
        receivedOffsetUs: datagrams.map(() => 0),
        sourcePort: datagrams.map(() => this.sourcePort),
        length: datagrams.map(one => one.length),
        payload: Buffer.concat(datagrams),
        ...more,
      },
    })
  }

  /** A collector names sources that it does not store. */
  sendUnknown(exporters: MessageInitShape<typeof UnknownExporterSchema>[]): void {
    this.#process({ case: 'unknownExporters', value: { exporters } })
  }

  /** Lets time pass, with a heartbeat each 5 s; `each` runs before each of them. */
  pass(ms: number, each: () => void = () => {}): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 5_000
      each()
      this.#process({ case: 'heartbeat', value: { intervalMs: 5_000 } })
    }
  }

  /** Closes the epoch; its state rows are kept. */
  closeEpoch(): EpochResult {
    const result = this.work.closeEpoch()
    for (const [key, state] of result.states) {
      if (state === '') this.#states.delete(key)
      else this.#states.set(key, state)
    }
    return result
  }

  /**
   * Closes the epoch and hands the partition to a new owner, who has the state rows alone.
   * @param alter what an earlier version would have left
   */
  handOver(alter: (state: string) => string = state => state): void {
    this.closeEpoch()
    for (const [key, state] of this.#states) this.#states.set(key, alter(state))
    this.work = this.#newWork()
    this.work.restore(this.#states)
  }

  /** What screens were told of sources that are not stored, in order. */
  get unknowns(): UnknownExportersLive[] {
    return this.outputs.flatMap(({ topic, record }) => {
      if (topic !== topics.live) return []
      const { body } = fromBinary(LiveRecordSchema, record.value!)
      return body.case === 'unknownExporters' ? [body.value] : []
    })
  }

  /** What was sent of its health, in order. */
  get healths(): ExporterLive[] {
    return this.outputs.flatMap(({ topic, record }) => {
      if (topic !== topics.live) return []
      const { body } = fromBinary(LiveRecordSchema, record.value!)
      return body.case === 'exporter' ? [body.value] : []
    })
  }

  get health(): ExporterLive {
    return this.healths.at(-1)!
  }

  /** Records of the templates' topic, in order. */
  get templates(): { key: string; value: TemplateRecord | null }[] {
    return this.outputs
      .filter(({ topic }) => topic === topics.templates)
      .map(({ record: { key, value } }) => ({
        key,
        value: value && templateRecordSchema.parse(JSON.parse(Buffer.from(value).toString())),
      }))
  }

  /** `type state` of each condition signalled, in order. */
  get said(): string[] {
    return this.conditions.map(one => `${one.alarmType} ${one.state}`)
  }

  get conditions() {
    return this.outputs.flatMap(({ topic, record }) => {
      if (topic !== topics.signals) return []
      const { body } = fromBinary(SignalRecordSchema, record.value!)
      return body.case === 'condition' ? [body.value] : []
    })
  }

  #newWork(): FlowsWork {
    const config = streamConfigOf(
      inventory,
      detectConfigSchema.parse({}),
      alarmConfigSchema.parse({}),
      undefined,
      undefined,
      this.#changingPorts,
    )
    const context = { topic: topics.flowsRaw, partition: 0, logId: 'log', producerId: 'p', config }
    return new FlowsWork(context, this.counts, { digests: {} })
  }

  #process(body: NonNullable<MessageInitShape<typeof FlowsRaw>['body']>): void {
    const isBatch = body.case === 'batch'
    const message = create(FlowsRawRecordSchema, {
      tenantId: isBatch ? 'acme' : '',
      collectorId: 'c1',
      producerId: 'collector-1',
      sequence: BigInt(this.offset),
      body,
    })
    this.work.process({
      topic: topics.flowsRaw,
      partition: 0,
      offset: this.offset++,
      key: 'acme/c1/192.0.2.1',
      value: toBinary(FlowsRawRecordSchema, message),
      timestampMs: this.nowMs,
    })
    this.outputs.push(...this.work.takeOutputs())
  }
}

export interface V9Options {
  sequence: number
  atMs: number
  /** Distance of the exporter's clock. */
  skewMs?: number
}

/** NetFlow v9 with sets as given. */
export function v9(sets: readonly Uint8Array[], { sequence, atMs, skewMs = 0 }: V9Options): Uint8Array {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(9, 0)
  header.writeUInt16BE(sets.length, 2)
  header.writeUInt32BE(atMs - startMs + 10_000_000, 4)
  header.writeUInt32BE(Math.floor((atMs + skewMs) / 1_000), 8)
  header.writeUInt32BE(sequence, 12)
  header.writeUInt32BE(7, 16)
  return Buffer.concat([header, ...sets])
}

function flowSet(id: number, words: readonly number[], octets: 2 | 4): Uint8Array {
  const set = Buffer.alloc(4 + words.length * octets)
  set.writeUInt16BE(id, 0)
  set.writeUInt16BE(set.length, 2)
  for (const [i, word] of words.entries()) set.writeUIntBE(word, 4 + i * octets, octets)
  return set
}

/** A template of one field. */
export function smallTemplateSet(id: number): Uint8Array {
  return flowSet(0, [id, 1, 1, 4], 2)
}

/** Template 256: octets, packets, first and last switched, sampler; four octets each. */
export const templateSet = flowSet(0, [256, 5, 1, 4, 2, 4, 22, 4, 21, 4, 48, 4], 2)
export const otherTemplateSet = flowSet(0, [256, 5, 2, 4, 1, 4, 22, 4, 21, 4, 48, 4], 2)

/** One record of 1,000 octets in 2 packets that lasted so long and ended now. */
export function dataSet(atMs: number, durationMs = 0, sampler = 0): Uint8Array {
  const uptimeMs = atMs - startMs + 10_000_000
  return flowSet(256, [1_000, 2, uptimeMs - durationMs, uptimeMs, sampler], 4)
}
