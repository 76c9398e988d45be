import type { Kafka } from 'kafkajs'
import { type Clock, every, type Logger, type Metrics, systemClock, type Timer } from '../../../kernel/src/index.ts'
import {
  type Bus,
  BusError,
  type GroupOptions,
  type Membership,
  type NewRecord,
  type PartitionBounds,
  type RecordPosition,
  type Tail,
  type TailOptions,
  type TopicSpec,
} from '../bus.ts'
import { BusCounters } from '../bus-counters.ts'
import { checkRecord } from '../limits.ts'
import { partitionOf } from '../partitioner.ts'
import { startsOf, TailWork } from '../tail-work.ts'
import { createKafka } from './client.ts'
import type { KafkaBusConfig } from './config.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember } from './group-member.ts'
import { KafkaReader } from './kafka-reader.ts'
import { KafkaSender } from './sender.ts'
import { KafkaTopics } from './topics.ts'

const pingIntervalMs = 5_000

export interface KafkaBusOptions {
  config: KafkaBusConfig
  log: Logger
  clock?: Clock
  metrics?: Metrics
}

/**
 * The bus of the distributed shape. `start` does not wait for a broker: the bus is unready until one answers, and calls
 * reject with `broker-unreachable` meanwhile.
 */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  return new KafkaBus(options)
}

interface Opened {
  readonly kafka: Kafka
  readonly topics: KafkaTopics
  readonly sender: KafkaSender
  /** Of the tails. */
  readonly fetcher: Fetcher
  readonly members: Set<GroupMember>
  readonly tails: Set<TailWork>
  readonly ping: Timer
}

class KafkaBus implements Bus {
  readonly name = 'bus'
  readonly #options: KafkaBusOptions
  readonly #clock: Clock
  readonly #counters = new BusCounters()
  #opened: Opened | undefined
  #unreachable: string | undefined = 'no broker has answered yet'

  constructor(options: KafkaBusOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    if (options.metrics) this.#counters.register(options.metrics)
  }

  async start(): Promise<void> {
    const { config, log } = this.#options
    const kafka = createKafka(config, log)
    const topics = new KafkaTopics(kafka, this.#clock, config.replicationFactor)
    const opened: Opened = {
      ...{ kafka, topics },
      sender: new KafkaSender(kafka, config.compression),
      fetcher: new Fetcher(kafka, this.#clock, log),
      members: new Set(),
      tails: new Set(),
      ping: every(this.#clock, pingIntervalMs, () => this.#ping(topics)),
    }
    this.#opened = opened
    void this.#ping(topics)
  }

  async stop(): Promise<void> {
    const opened = this.#open()
    this.#opened = undefined
    opened.ping.cancel()
    await Promise.all([...opened.tails].map(tail => tail.close()))
    await Promise.all([...opened.members].map(member => this.#leave(opened, member)))
    await opened.sender.close()
    await opened.fetcher.close()
    await opened.topics.close()
  }

  readiness() {
    if (!this.#opened) return { ready: false, reason: 'the bus is not open' }
    return this.#unreachable === undefined ? { ready: true } : { ready: false, reason: this.#unreachable }
  }

  createTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.#counting(async ({ topics }) => topics.create(specs))
  }

  logId(topic: string): Promise<string> {
    return this.#counting(async ({ topics }) => topics.logId(topic))
  }

  bounds(topic: string): Promise<PartitionBounds[]> {
    return this.#counting(async ({ topics }) => {
      await topics.partitions(topic)
      return topics.bounds(topic)
    })
  }

  send(topic: string, records: readonly NewRecord[]): Promise<RecordPosition[]> {
    return this.#counting(async ({ topics, sender }) => {
      const count = await topics.partitions(topic)
      let bytes = 0
      const partitions = records.map(record => {
        checkRecord(topic, record)
        bytes += record.value?.length ?? 0
        return targetOf(topic, record, count)
      })
      const positions = await sender.send(topic, records, partitions)
      const counts = this.#counters.topic(topic)
      counts.sentRecords += records.length
      counts.sentBytes += bytes
      return positions
    })
  }

  join(options: GroupOptions): Promise<Membership> {
    return this.#counting(async opened => {
      for (const topic of options.topics) await opened.topics.partitions(topic)
      const { kafka, topics } = opened
      const { log, config } = this.#options
      const member = new GroupMember({
        ...{ kafka, topics, group: options, sessionTimeoutMs: config.sessionTimeoutMs },
        ...{ counters: this.#counters, clock: this.#clock, log },
      })
      await member.start()
      opened.members.add(member)
      this.#counters.joined(options.group, member)
      return { lag: () => member.lag(), leave: () => this.#leave(opened, member) }
    })
  }

  tail(options: TailOptions): Promise<Tail> {
    return this.#counting(async opened => {
      const { topics, fetcher } = opened
      const { topic, from } = options
      await topics.partitions(topic)
      const compacted = await topics.isCompacted(topic)
      const isSince = typeof from === 'object' && 'sinceMs' in from
      const since = isSince ? await topics.offsetsSince(topic, from.sinceMs) : new Map<number, number>()
      const tail = new TailWork({
        tail: options,
        starts: startsOf(options, await topics.bounds(topic), since),
        open(partition, offset) {
          const reader = new KafkaReader({
            ...{ topic, partition, compacted, from: offset },
            onWanted: () => fetcher.wake(),
            onClose: one => fetcher.remove(one),
          })
          fetcher.add(reader)
          return reader
        },
        low: async partition => (await topics.bounds(topic)).find(one => one.partition === partition)?.low ?? 0,
        ...{ counters: this.#counters, clock: this.#clock, log: this.#options.log },
      })
      opened.tails.add(tail)
      return {
        caughtUp: tail.caughtUp,
        async close() {
          opened.tails.delete(tail)
          await tail.close()
        },
      }
    })
  }

  async #leave({ members }: Opened, member: GroupMember): Promise<void> {
    if (!members.delete(member)) return
    this.#counters.left(member)
    await member.leave()
  }

  async #ping(topics: KafkaTopics): Promise<void> {
    try {
      await topics.ping()
      if (this.#unreachable) this.#options.log.info('the broker answers')
      this.#unreachable = undefined
    } catch (cause) {
      if (!this.#unreachable) this.#options.log.warn({ err: cause }, 'no broker answers')
      this.#unreachable = (cause as Error).message
    }
  }

  #open(): Opened {
    if (this.#opened) return this.#opened
    throw new BusError('bus-closed', 'the bus is not open')
  }

  async #counting<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    try {
      return await work(this.#open())
    } catch (cause) {
      this.#counters.count(cause)
      throw cause
    }
  }
}

function targetOf(topic: string, record: NewRecord, partitions: number): number {
  const target = record.partition ?? partitionOf(record.key, partitions)
  if (target >= 0 && target < partitions) return target
  throw new BusError('offset-out-of-range', `${topic} has no partition ${target}`)
}
