import type { Admin, Cluster, IResourceConfigEntry, Kafka } from 'kafkajs'
import type { Clock } from '../../../kernel/src/index.ts'
import { BusError, type PartitionBounds, type TopicSpec } from '../bus.ts'
import { recordBytesMax } from '../limits.ts'
import { openCluster } from './client.ts'
import { errorType, toBusError } from './errors.ts'
import { fetchTopicId } from './topic-id.ts'

/** Partitions may be added to a topic; their number is asked again after this. */
const knownForMs = 30_000
const topicResource = 2

/** Declares topics and tells about them. Connects when first asked, and anew after a failure that was no answer. */
export class KafkaTopics {
  readonly #kafka: Kafka
  readonly #clock: Clock
  readonly #replicationFactor: number
  #admin: Promise<Admin> | undefined
  #cluster: Cluster | undefined
  #turn: Promise<unknown> = Promise.resolve()
  readonly #partitions = new Map<string, { count: number; atMs: number }>()
  readonly #compacted = new Map<string, boolean>()

  constructor(kafka: Kafka, clock: Clock, replicationFactor: number | undefined) {
    this.#kafka = kafka
    this.#clock = clock
    this.#replicationFactor = replicationFactor ?? -1
  }

  /** @throws BusError `topic-mismatch`, `not-authorised`, `broker-unreachable` */
  async create(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      await this.#with(`cannot create ${spec.name}`, async admin => {
        if (await this.#exists(admin, spec.name)) return this.#check(admin, spec)
        try {
          await admin.createTopics({ waitForLeaders: true, topics: [this.#topicOf(spec)] })
        } catch (cause) {
          if (!alreadyExists(cause)) throw cause
          await this.#check(admin, spec)
        }
      })
    }
  }

  /** @throws BusError `topic-unknown`, `not-authorised`, `broker-unreachable` */
  async partitions(topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known && this.#clock.monotonicMs() - known.atMs < knownForMs) return known.count
    return this.#with(`cannot describe ${topic}`, async admin => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const count = topics[0]?.partitions.length ?? 0
      if (count === 0) throw new BusError('topic-unknown', `there is no topic ${topic}: create it first`)
      this.#partitions.set(topic, { count, atMs: this.#clock.monotonicMs() })
      return count
    })
  }

  bounds(topic: string): Promise<PartitionBounds[]> {
    return this.#with(`cannot read the bounds of ${topic}`, async admin => {
      const offsets = await admin.fetchTopicOffsets(topic)
      return offsets
        .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
        .sort((a, b) => a.partition - b.partition)
    })
  }

  /** By partition: the offset of the first record stamped then or later; absent where there is none. */
  offsetsSince(topic: string, sinceMs: number): Promise<Map<number, number>> {
    return this.#with(`cannot find times in ${topic}`, async admin => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, sinceMs)
      return new Map(
        offsets.filter(({ offset }) => Number(offset) >= 0).map(one => [one.partition, Number(one.offset)]),
      )
    })
  }

  async isCompacted(topic: string): Promise<boolean> {
    const known = this.#compacted.get(topic)
    if (known !== undefined) return known
    return this.#with(`cannot describe ${topic}`, async admin => {
      const compacted = (await configOf(admin, topic)).get('cleanup.policy')?.value.includes('compact') ?? false
      this.#compacted.set(topic, compacted)
      return compacted
    })
  }

  logId(topic: string): Promise<string> {
    return this.#with(`cannot tell the id of ${topic}`, async () => {
      this.#cluster ??= openCluster(this.#kafka)
      await this.#cluster.connect()
      await this.#cluster.refreshMetadata()
      return fetchTopicId(await this.#cluster.findControllerBroker(), topic)
    })
  }

  /** Resolves when a broker answers. */
  ping(): Promise<void> {
    return this.#with('no broker answers', async admin => void (await admin.describeCluster()))
  }

  async close(): Promise<void> {
    await this.#disconnect()
  }

  /** One request at a time: kafkajs keeps one view of the cluster a client, and requests at once spoil it for each other. */
  #with<T>(doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#now(doing, work))
    this.#turn = result.catch(() => {})
    return result
  }

  async #now<T>(doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      this.#admin ??= this.#connect()
      return await work(await this.#admin)
    } catch (cause) {
      const error = toBusError(cause, doing)
      if (error.code === 'broker-unreachable') await this.#disconnect()
      throw error
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin()
    await admin.connect()
    return admin
  }

  async #disconnect(): Promise<void> {
    const [admin, cluster] = [this.#admin, this.#cluster]
    this.#admin = undefined
    this.#cluster = undefined
    await Promise.allSettled([admin?.then(one => one.disconnect()), cluster?.disconnect()])
  }

  async #exists(admin: Admin, topic: string): Promise<boolean> {
    try {
      await admin.fetchTopicMetadata({ topics: [topic] })
      return true
    } catch (cause) {
      if (errorType(cause) === 'UNKNOWN_TOPIC_OR_PARTITION') return false
      throw cause
    }
  }

  /** Partitions and compaction must be as declared; retention is brought in line. */
  async #check(admin: Admin, spec: TopicSpec): Promise<void> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [spec.name] })
    const config = await configOf(admin, spec.name)
    const partitions = topics[0]?.partitions.length
    const compacted = config.get('cleanup.policy')?.value.includes('compact') ?? false
    if (partitions !== spec.partitions || compacted !== spec.compacted) {
      const describe = (count: number | undefined, compact: boolean) =>
        `${count} partitions${compact ? ', compacted' : ''}`
      throw new BusError(
        'topic-mismatch',
        `${spec.name} has ${describe(partitions, compacted)}, not ${describe(spec.partitions, spec.compacted)}: declare it as it is, or give the topic another version`,
      )
    }
    const wanted = configEntries(spec)
    if (wanted.every(({ name, value }) => config.get(name)?.value === value)) return
    // AlterConfigs replaces a topic's whole configuration: what others have set is sent along.
    const kept = [...config].filter(([name, { isOwn }]) => isOwn && !wanted.some(entry => entry.name === name))
    const configs = [...kept.map(([name, { value }]) => ({ name, value })), ...wanted]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: topicResource, name: spec.name, configEntries: configs }],
    })
  }

  #topicOf(spec: TopicSpec) {
    return {
      topic: spec.name,
      numPartitions: spec.partitions,
      replicationFactor: this.#replicationFactor,
      configEntries: configEntries(spec),
    }
  }
}

function configEntries(spec: TopicSpec): IResourceConfigEntry[] {
  const entries = {
    'cleanup.policy': spec.compacted ? 'compact' : 'delete',
    'retention.ms': String(spec.compacted ? -1 : Math.round(spec.retentionMs)),
    'retention.bytes': String(spec.compacted ? -1 : Math.round(spec.retentionBytes)),
    // A record with its key and headers; the broker counts the batch around it too.
    'max.message.bytes': String(recordBytesMax + 64 * 1024),
    ...(spec.compacted ? { 'min.compaction.lag.ms': '60000' } : {}),
  }
  return Object.entries(entries).map(([name, value]) => ({ name, value }))
}

async function configOf(admin: Admin, topic: string): Promise<Map<string, { value: string; isOwn: boolean }>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: topicResource, name: topic }],
  })
  const entries = resources[0]?.configEntries ?? []
  // Source 1 is DYNAMIC_TOPIC_CONFIG: set on the topic itself.
  return new Map(
    entries.map(one => [one.configName, { value: one.configValue, isOwn: Number(one.configSource) === 1 }]),
  )
}

/** Another process was faster. */
function alreadyExists(cause: unknown): boolean {
  const errors = (cause as { errors?: unknown[] }).errors ?? [cause]
  return errors.every(one => errorType(one) === 'TOPIC_ALREADY_EXISTS')
}
