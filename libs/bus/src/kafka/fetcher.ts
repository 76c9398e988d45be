import type { Cluster, Kafka } from 'kafkajs'
import { type Clock, every, type Logger, type Timer } from '../../../kernel/src/index.ts'
import type { BusRecord } from '../bus.ts'
import { handOverBytesMax, recordBytesMax } from '../limits.ts'
import { backoffMs, Pause } from '../pause.ts'
import { openCluster } from './client.ts'
import { errorType } from './errors.ts'
import type { KafkaReader } from './kafka-reader.ts'

/** A broker with nothing new answers after this; a reader that resumes waits for it at most. */
const waitMs = 250
const responseBytesMax = 16 * 1024 * 1024
/** kafkajs has stood still after broker restarts (tulios/kafkajs#267): without any answer for so long, all is opened anew. */
const silenceMaxMs = 45_000

/**
 * Fetches for many readers, one request at a time to each broker that leads some of their partitions. A failure pauses
 * that broker's loop and looks up the leaders again.
 */
export class Fetcher {
  readonly #kafka: Kafka
  readonly #clock: Clock
  readonly #log: Logger
  readonly #readers = new Set<KafkaReader>()
  readonly #loops = new Map<number, Promise<void>>()
  readonly #pauses = new Set<Pause>()
  readonly #watchdog: Timer
  #cluster: Cluster
  #wakes: (() => void)[] = []
  #answeredAtMs: number
  #closed = false
  #starting: Promise<void> | undefined
  recreated = 0

  constructor(kafka: Kafka, clock: Clock, log: Logger) {
    this.#kafka = kafka
    this.#clock = clock
    this.#log = log
    this.#cluster = openCluster(kafka)
    this.#answeredAtMs = clock.monotonicMs()
    this.#watchdog = every(clock, 5_000, () => this.#watch())
  }

  add(reader: KafkaReader): void {
    if (this.#readers.size === 0) this.#answeredAtMs = this.#clock.monotonicMs()
    this.#readers.add(reader)
    this.#startLoops()
  }

  remove(reader: KafkaReader): void {
    this.#readers.delete(reader)
    this.wake()
  }

  /** Some reader wants more. */
  wake(): void {
    const wakes = this.#wakes
    this.#wakes = []
    for (const resolve of wakes) resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchdog.cancel()
    this.wake()
    for (const pause of this.#pauses) pause.cut()
    await this.#cluster.disconnect().catch(() => {})
    await Promise.all([this.#starting, ...this.#loops.values()])
  }

  #startLoops(): void {
    this.#starting ??= this.#findLeaders().finally(() => {
      this.#starting = undefined
      this.wake()
    })
  }

  /** Until the leaders of all readers' partitions are known and each has its loop. */
  async #findLeaders(): Promise<void> {
    for (let failures = 0; !this.#closed && this.#readers.size > 0; ) {
      try {
        await this.#cluster.connect()
        await this.#cluster.addMultipleTargetTopics([...new Set(Array.from(this.#readers, ({ topic }) => topic))])
        if (failures > 0) await this.#cluster.refreshMetadata()
        const leaders = new Set(Array.from(this.#readers, reader => this.#leaderOf(reader)))
        for (const leader of leaders)
          if (leader !== undefined && leader >= 0 && !this.#loops.has(leader)) this.#beginLoop(leader)
        if (leaders.has(undefined)) throw new Error('a partition has no leader')
        return
      } catch (cause) {
        failures++
        this.#log.debug({ err: cause, failures }, 'cannot find the leaders of all partitions')
        await this.#wait(backoffMs(failures, 100, 2_000))
      }
    }
  }

  #leaderOf({ topic, partition }: KafkaReader): number | undefined {
    try {
      const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]))
      return leader === undefined || Number(leader) < 0 ? undefined : Number(leader)
    } catch {
      return undefined
    }
  }

  #beginLoop(leader: number): void {
    const loop = this.#loop(leader).finally(() => this.#loops.delete(leader))
    this.#loops.set(leader, loop)
  }

  /** Ends when the broker leads nothing that is read here. */
  async #loop(leader: number): Promise<void> {
    let failures = 0
    while (!this.#closed) {
      const readers = [...this.#readers].filter(reader => this.#leaderOf(reader) === leader)
      if (readers.length === 0) return
      const wanting = this.#nextTurn(readers)
      if (wanting.length === 0) {
        // Nobody is waited for: silence is ours.
        this.#answeredAtMs = this.#clock.monotonicMs()
        await new Promise<void>(resolve => this.#wakes.push(resolve))
        continue
      }
      try {
        await this.#fetch(leader, wanting)
        this.#answeredAtMs = this.#clock.monotonicMs()
        failures = 0
      } catch (cause) {
        if (this.#closed) return
        if (this.#overtake(cause, wanting)) continue
        failures++
        this.#log.debug({ err: cause, leader, failures }, 'a fetch failed')
        await this.#wait(backoffMs(failures, 50, 2_000))
        await this.#cluster.refreshMetadata().catch(() => {})
        this.#startLoops()
      }
    }
  }

  /**
   * At most one reader of each partition, since the answer names the partition alone; those served go to the end of the
   * line.
   */
  #nextTurn(readers: readonly KafkaReader[]): KafkaReader[] {
    const chosen = new Map<string, KafkaReader>()
    for (const reader of readers) {
      const place = `${reader.topic}/${reader.partition}`
      if (reader.wantsMore && !chosen.has(place)) chosen.set(place, reader)
    }
    for (const reader of chosen.values()) {
      this.#readers.delete(reader)
      this.#readers.add(reader)
    }
    return [...chosen.values()]
  }

  async #fetch(leader: number, readers: readonly KafkaReader[]): Promise<void> {
    const broker = await this.#cluster.findBroker({ nodeId: String(leader) })
    const asked = new Map(
      readers.map(reader => [`${reader.topic}/${reader.partition}`, { reader, from: reader.fetchFrom }]),
    )
    const response = (await broker.fetch({
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: responseBytesMax,
      isolationLevel: 1,
      topics: readers.map(({ topic, partition, fetchFrom }) => ({
        topic,
        partitions: [
          { partition, fetchOffset: String(fetchFrom), maxBytes: Math.max(handOverBytesMax, recordBytesMax) },
        ],
      })),
    })) as FetchResponse
    for (const { topicName, partitions } of response.responses) {
      for (const answer of partitions) {
        const { reader, from } = asked.get(`${topicName}/${answer.partition}`) ?? {}
        if (reader && from === reader.fetchFrom) fillReader(reader, answer, readers.length === 1)
      }
    }
    // Empty answers may be the others' fault, who filled the response: asked alone, such a partition shows what it has.
    const starved = readers.filter(reader => reader.compacted && reader.fetchFrom < reader.high && reader.wantsMore)
    const [one] = starved
    if (readers.length > 1 && one && asked.get(`${one.topic}/${one.partition}`)?.from === one.fetchFrom)
      await this.#fetch(leader, [one])
  }

  /** kafkajs names the one partition whose offset the broker does not have. */
  #overtake(cause: unknown, readers: readonly KafkaReader[]): boolean {
    if (errorType(cause) !== 'OFFSET_OUT_OF_RANGE') return false
    const { topic, partition } = cause as { topic?: string; partition?: number }
    const reader = readers.find(one => one.topic === topic && one.partition === partition)
    reader?.overtake()
    return reader !== undefined
  }

  async #watch(): Promise<void> {
    const silentMs = this.#clock.monotonicMs() - this.#answeredAtMs
    if (this.#closed || silentMs < silenceMaxMs || ![...this.#readers].some(reader => reader.wantsMore)) return
    this.recreated++
    this.#answeredAtMs = this.#clock.monotonicMs()
    this.#log.warn({ silentMs }, 'no broker answers the readers; all connections are opened anew')
    const old = this.#cluster
    this.#cluster = openCluster(this.#kafka)
    await old.disconnect().catch(() => {})
    this.#startLoops()
  }

  async #wait(delayMs: number): Promise<void> {
    const pause = new Pause()
    this.#pauses.add(pause)
    await pause.wait(this.#clock, delayMs)
    this.#pauses.delete(pause)
  }
}

interface FetchResponse {
  responses: { topicName: string; partitions: PartitionAnswer[] }[]
}

interface PartitionAnswer {
  partition: number
  highWatermark: string
  messages: {
    offset: string
    timestamp: string
    key: Buffer | null
    value: Buffer | null
    isControlRecord?: boolean
  }[]
}

function fillReader(reader: KafkaReader, answer: PartitionAnswer, isAlone: boolean): void {
  const { topic, partition, fetchFrom } = reader
  const high = Number(answer.highWatermark)
  const records: BusRecord[] = []
  let next = fetchFrom
  for (const { offset: text, timestamp, key, value, isControlRecord } of answer.messages) {
    const offset = Number(text)
    // A batch is answered whole, from before the offset that was asked for.
    if (offset < fetchFrom) continue
    if (offset > next && !reader.compacted)
      throw new Error(`${topic}/${partition} was asked for ${next} and answered with ${offset}`)
    next = offset + 1
    if (isControlRecord) continue
    records.push({ topic, partition, offset, key: key?.toString('utf8') ?? '', value, timestampMs: Number(timestamp) })
  }
  // Compaction leaves batches without records, whose end kafkajs does not tell: step over them.
  if (next === fetchFrom && high > fetchFrom && isAlone && reader.compacted) next = fetchFrom + 1
  reader.fill(records, next, high)
}
