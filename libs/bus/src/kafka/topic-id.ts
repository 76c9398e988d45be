import type { Broker } from 'kafkajs'
import { BusError } from '../bus.ts'

const metadataKey = 3
const metadataVersion = 10
const noId = '00000000-0000-0000-0000-000000000000'

/**
 * The UUID that Kafka gave the topic when it was created (KIP-516, Kafka 2.8): a recreated topic has another, which no
 * record of our own beside the topic could promise. kafkajs knows Metadata up to version 6, so version 10 is written here.
 * @throws BusError `topic-unknown`, `broker-unreachable`
 */
export async function fetchTopicId(broker: Broker, topic: string): Promise<string> {
  const { versions, connectionPool } = broker as unknown as BrokerInternals
  if ((versions?.[metadataKey]?.maxVersion ?? 0) < metadataVersion)
    throw new BusError('broker-unreachable', 'the broker is older than Kafka 2.8 and gives topics no ids: update it')
  const body = encodeRequest(topic)
  const answer = await connectionPool.send({
    request: {
      ...{ apiKey: metadataKey, apiVersion: metadataVersion, apiName: 'Metadata' },
      // What kafkajs's encoder takes for an encoder of its own.
      encode: async () => ({ buf: body, buffer: body }),
    },
    response: {
      decode: async payload => decodeResponse(payload),
      parse: async response => response,
    },
  })
  if (answer.errorCode === 3) throw new BusError('topic-unknown', `there is no topic ${topic}: create it first`)
  if (answer.errorCode === 29) throw new BusError('not-authorised', `this user may not describe ${topic}`)
  if (answer.errorCode !== 0 || answer.topicId === noId)
    throw new BusError('broker-unreachable', `the broker does not tell the id of ${topic} (error ${answer.errorCode})`)
  return answer.topicId
}

interface BrokerInternals {
  versions?: Record<number, { maxVersion: number }>
  connectionPool: {
    send(call: {
      request: {
        apiKey: number
        apiVersion: number
        apiName: string
        encode(): Promise<{ buf: Buffer; buffer: Buffer }>
      }
      response: {
        decode(payload: Buffer): Promise<TopicAnswer>
        parse(response: TopicAnswer): Promise<TopicAnswer>
      }
    }): Promise<TopicAnswer>
  }
}

export interface TopicAnswer {
  errorCode: number
  topicId: string
}

/**
 *     header v2: … (by kafkajs) tags
 *     Metadata Request (10) => [topics] allow_auto_topic_creation(1) include_cluster_operations(1) include_topic_operations(1) tags
 *       topics => topic_id(16) name(COMPACT_NULLABLE_STRING) tags
 *
 * Lengths of compact types are unsigned varints of the length plus one.
 */
export function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic, 'utf8')
  return Buffer.concat([
    Buffer.from([0, 2]),
    Buffer.alloc(16),
    unsignedVarint(name.length + 1),
    name,
    Buffer.from([0, 0, 0, 0, 0]),
  ])
}

/**
 *     header v1: … (by kafkajs) tags
 *     Metadata Response (10) => throttle_ms(4) [brokers] cluster_id(COMPACT_NULLABLE_STRING) controller_id(4) [topics] …
 *       brokers => node_id(4) host(COMPACT_STRING) port(4) rack(COMPACT_NULLABLE_STRING) tags
 *       topics => error_code(2) name(COMPACT_STRING) topic_id(16) …
 *
 * Read as far as the first topic's id: one topic was asked for.
 */
export function decodeResponse(payload: Buffer): TopicAnswer {
  const reader = new FlexibleReader(payload)
  reader.skipTags()
  reader.skip(4)
  for (let brokers = reader.varint() - 1; brokers > 0; brokers--) {
    reader.skip(4)
    reader.skipString()
    reader.skip(4)
    reader.skipString()
    reader.skipTags()
  }
  reader.skipString()
  reader.skip(4)
  if (reader.varint() - 1 < 1) return { errorCode: 3, topicId: noId }
  const errorCode = reader.int16()
  reader.skipString()
  return { errorCode, topicId: reader.uuid() }
}

class FlexibleReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(bytes: number): void {
    this.#at += bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  uuid(): string {
    const hex = this.#bytes.toString('hex', this.#at, this.#at + 16)
    this.#at += 16
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a varint of more than five bytes')
  }

  skipString(): void {
    this.skip(Math.max(0, this.varint() - 1))
  }

  skipTags(): void {
    for (let tags = this.varint(); tags > 0; tags--) {
      this.varint()
      this.skip(this.varint())
    }
  }
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = []
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}
