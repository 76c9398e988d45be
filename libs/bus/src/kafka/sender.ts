import { CompressionTypes, type Kafka, type Message, Partitioners, type Producer, type RecordMetadata } from 'kafkajs'
import { BusError, type NewRecord, type RecordPosition } from '../bus.ts'
import { toBusError } from './errors.ts'

/** kafkajs makes one record batch of a partition's messages, which must fit into `max.message.bytes`. */
const partitionBytesMax = 512 * 1024
const groupBytesMax = 8 * 1024 * 1024
const waitingBytesMax = 256 * 1024 * 1024
const requestTimeoutMs = 10_000

interface Call {
  readonly topic: string
  readonly positions: RecordPosition[]
  unsent: number
  failed: boolean
  resolve(positions: RecordPosition[]): void
  reject(cause: unknown): void
}

interface Item {
  readonly call: Call
  readonly index: number
  readonly partition: number
  readonly bytes: number
  readonly message: Message
}

/**
 * Sends one group of records at a time: what is sent meanwhile makes the next group, so batches grow with the load. The
 * producer is idempotent, so kafkajs's own retries write nothing twice. One that has failed is replaced: it would use the
 * sequence numbers of the failed batch again, and where that had been written after all, the broker would take other
 * records with these numbers for a repetition and acknowledge them unwritten.
 */
export class KafkaSender {
  readonly #kafka: Kafka
  readonly #compression: CompressionTypes
  #producer: Promise<Producer> | undefined
  #waiting: Item[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined

  constructor(kafka: Kafka, compression: 'none' | 'gzip') {
    this.#kafka = kafka
    this.#compression = compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
  }

  /** @param partitions of each record, by position */
  send(topic: string, records: readonly NewRecord[], partitions: readonly number[]): Promise<RecordPosition[]> {
    if (records.length === 0) return Promise.resolve([])
    if (this.#waitingBytes > waitingBytesMax) {
      const message = `${this.#waitingBytes} bytes wait for the broker already: send less, or await what was sent`
      return Promise.reject(new BusError('broker-unreachable', message))
    }
    return new Promise((resolve, reject) => {
      const call: Call = { topic, positions: [], unsent: records.length, failed: false, resolve, reject }
      for (const [index, record] of records.entries()) this.#add(call, index, record, partitions[index]!)
      this.#running ??= this.#run()
    })
  }

  /** Resolves when all is sent or has failed. */
  async close(): Promise<void> {
    await this.#running
    await this.#dropProducer()
  }

  #add(call: Call, index: number, { key, value, timestampMs }: NewRecord, partition: number): void {
    const message = { key, value: value && asBuffer(value), timestamp: String(Math.floor(timestampMs)), partition }
    const bytes = key.length + (value?.length ?? 0) + 64
    this.#waiting.push({ call, index, partition, bytes, message })
    this.#waitingBytes += bytes
  }

  async #run(): Promise<void> {
    // Everything sent in one turn of the event loop shares the first group.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#sendGroup(this.#takeGroup())
    this.#running = undefined
  }

  #takeGroup(): Item[] {
    const bytesOf = new Map<string, number>()
    let bytes = 0
    let count = 0
    for (const item of this.#waiting) {
      const place = placeOf(item)
      const inPartition = (bytesOf.get(place) ?? 0) + item.bytes
      const isFull = bytes + item.bytes > groupBytesMax || (bytesOf.has(place) && inPartition > partitionBytesMax)
      if (count > 0 && isFull) break
      bytesOf.set(place, inPartition)
      bytes += item.bytes
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  async #sendGroup(items: readonly Item[]): Promise<void> {
    try {
      this.#producer ??= this.#connect()
      const producer = await this.#producer
      const topics = new Map<string, Message[]>()
      for (const { call, message } of items) {
        const messages = topics.get(call.topic)
        if (messages) messages.push(message)
        else topics.set(call.topic, [message])
      }
      const results = await producer.sendBatch({
        acks: -1,
        timeout: requestTimeoutMs,
        compression: this.#compression,
        topicMessages: Array.from(topics, ([topic, messages]) => ({ topic, messages })),
      })
      this.#acknowledge(items, results)
    } catch (cause) {
      await this.#dropProducer()
      this.#fail(items, cause)
    }
  }

  /** The broker tells the offset of each partition's first record; the others follow it. */
  #acknowledge(items: readonly Item[], results: readonly RecordMetadata[]): void {
    const next = new Map(
      results.map(one => [`${one.topicName}/${one.partition}`, Number(one.baseOffset ?? one.offset)]),
    )
    for (const item of items) {
      const { call, index, partition } = item
      const offset = next.get(placeOf(item)) ?? -1
      next.set(placeOf(item), offset + 1)
      call.positions[index] = { partition, offset }
      if (--call.unsent === 0 && !call.failed) call.resolve(call.positions)
    }
  }

  /** A call that failed in part is not gone on with. */
  #fail(items: readonly Item[], cause: unknown): void {
    for (const { call } of items) {
      if (call.failed) continue
      call.failed = true
      call.reject(toBusError(cause, `cannot send to ${call.topic}`))
    }
    for (const { call, bytes } of this.#waiting) if (call.failed) this.#waitingBytes -= bytes
    this.#waiting = this.#waiting.filter(({ call }) => !call.failed)
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // Every message names its partition.
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    })
    await producer.connect()
    return producer
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then(one => one.disconnect()).catch(() => {})
  }
}

function placeOf({ call, partition }: Item): string {
  return `${call.topic}/${partition}`
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
