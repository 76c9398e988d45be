import { crc32c } from './crc32c.ts'

/** What kafkajs's producer asks to be encoded; a Produce request of version 3 to 7. */
export interface ProduceRequest {
  acks: number
  timeout: number
  transactionalId?: string | null | undefined
  /** Decimal; a Long of kafkajs is fine too. */
  producerId?: { toString(): string } | undefined
  producerEpoch?: number | undefined
  compression?: number | undefined
  topicData: readonly { topic: string; partitions: readonly PartitionData[] }[]
}

interface PartitionData {
  partition: number
  firstSequence?: number | undefined
  messages: readonly ProduceMessage[]
}

interface ProduceMessage {
  key?: Buffer | string | null | undefined
  value: Buffer | string | null
  /** Milliseconds since the Unix epoch. */
  timestamp?: string | undefined
  headers?: object | undefined
}

/** Bytes of a record batch's head, from its base offset to its number of records. */
const batchHeadBytes = 61
/** Of these, what stands before `length` counts, and before the checksum does. */
const beforeLength = 12
const beforeChecked = 21
const magic = 2
/** Larger ones are let go again. */
const keptBytesMax = 16 * 1024 * 1024

/** What is written here is what Weir sends: no transactions, no compression, no headers, a time on each record. */
export function canEncode({ transactionalId, compression, topicData }: ProduceRequest): boolean {
  if (transactionalId || compression) return false
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(({ headers, timestamp }) => !headers && timestamp !== undefined)),
  )
}

/**
 * Encodes Produce requests (Kafka protocol guide, Produce v3-v7 with record batches v2) into one piece of memory that the
 * next request uses again. kafkajs copies a record through eight zeroed buffers of its own, twice as large each: that much
 * memory outside the heap makes V8 collect all of the heap several times a second.
 */
export class ProduceEncoder {
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #at = 0

  /** The request without its header; valid until the next call. */
  encode(request: ProduceRequest): Buffer {
    this.#reserve(sizeBound(request))
    this.#at = 0
    this.#int16(-1)
    this.#int16(request.acks)
    this.#int32(request.timeout)
    this.#int32(request.topicData.length)
    for (const { topic, partitions } of request.topicData) {
      this.#int16(Buffer.byteLength(topic))
      this.#text(topic)
      this.#int32(partitions.length)
      for (const data of partitions) this.#partition(request, data)
    }
    return this.#buffer.subarray(0, this.#at)
  }

  #partition(
    { producerId, producerEpoch }: ProduceRequest,
    { partition, firstSequence, messages }: PartitionData,
  ): void {
    this.#int32(partition)
    const sizeAt = this.#at
    const batchAt = sizeAt + 4
    const times = messages.map(({ timestamp }) => Number(timestamp))
    const firstMs = times.reduce((least, time) => Math.min(least, time), times[0] ?? 0)
    const lastMs = times.reduce((most, time) => Math.max(most, time), firstMs)
    this.#at = batchAt + beforeChecked
    this.#int16(0)
    this.#int32(messages.length - 1)
    this.#int64(BigInt(firstMs))
    this.#int64(BigInt(lastMs))
    this.#int64(BigInt(producerId?.toString() ?? -1))
    this.#int16(producerEpoch ?? 0)
    this.#int32(firstSequence ?? 0)
    this.#int32(messages.length)
    for (const [index, message] of messages.entries()) this.#record(message, index, times[index]! - firstMs)
    const end = this.#at
    const checksum = crc32c(this.#buffer.subarray(batchAt + beforeChecked, end))
    this.#at = sizeAt
    this.#int32(end - batchAt)
    this.#int64(0n)
    this.#int32(end - batchAt - beforeLength)
    this.#int32(0)
    this.#buffer[this.#at++] = magic
    this.#int32(checksum | 0)
    this.#at = end
  }

  #record({ key, value }: ProduceMessage, offsetDelta: number, timeDelta: number): void {
    const [keyBytes, valueBytes] = [byteLength(key), byteLength(value)]
    const size = 2 + varintBytes(timeDelta) + varintBytes(offsetDelta) + fieldBytes(keyBytes) + fieldBytes(valueBytes)
    this.#varint(size)
    this.#buffer[this.#at++] = 0
    this.#varint(timeDelta)
    this.#varint(offsetDelta)
    this.#field(key, keyBytes)
    this.#field(value, valueBytes)
    this.#varint(0)
  }

  #field(content: Buffer | string | null | undefined, bytes: number): void {
    this.#varint(bytes)
    if (typeof content === 'string') this.#text(content)
    else if (content) {
      this.#buffer.set(content, this.#at)
      this.#at += bytes
    }
  }

  /** Zigzag, as all of a record's numbers; none below -1 occurs. */
  #varint(value: number): void {
    let rest = value < 0 ? 1 : value * 2
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[this.#at++] = (rest % 0x80) | 0x80
    this.#buffer[this.#at++] = rest
  }

  #text(text: string): void {
    this.#at += this.#buffer.write(text, this.#at, 'utf8')
  }

  #int16(value: number): void {
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
  }

  #int32(value: number): void {
    this.#at = this.#buffer.writeInt32BE(value, this.#at)
  }

  #int64(value: bigint): void {
    this.#at = this.#buffer.writeBigInt64BE(value, this.#at)
  }

  #reserve(bytes: number): void {
    const isWasteful = this.#buffer.length > keptBytesMax && bytes <= keptBytesMax
    if (bytes <= this.#buffer.length && !isWasteful) return
    this.#buffer = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
  }
}

/** At least what the request takes. */
function sizeBound({ topicData }: ProduceRequest): number {
  let bytes = 64
  for (const { topic, partitions } of topicData) {
    bytes += 8 + Buffer.byteLength(topic)
    for (const { messages } of partitions) {
      bytes += 8 + batchHeadBytes
      // Six varints of nine bytes at most.
      for (const { key, value } of messages) bytes += 64 + Math.max(0, byteLength(key)) + Math.max(0, byteLength(value))
    }
  }
  return bytes
}

/** -1 says that there is none. */
function byteLength(content: Buffer | string | null | undefined): number {
  if (content === null || content === undefined) return -1
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

function fieldBytes(bytes: number): number {
  return varintBytes(bytes) + Math.max(0, bytes)
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value < 0 ? 1 : value * 2; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}
