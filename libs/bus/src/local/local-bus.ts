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
import { Catalog, type TopicLog } from './catalog.ts'
import { Compactor } from './compaction.ts'
import { DiskReserve } from './disk-reserve.ts'
import { Group, type GroupContext } from './group.ts'
import { LocalReader } from './local-reader.ts'
import { lockFolder, type OwnerLock } from './owner-lock.ts'
import type { PartitionLog } from './partition-log.ts'
import { applyRetention } from './retention.ts'
import { openStorage, type Storage } from './storage.ts'
import { Writer } from './writer.ts'

export interface LocalBusOptions {
  /** Folder of the log; made when absent, owned by one process at a time. */
  path: string
  log: Logger
  clock?: Clock
  metrics?: Metrics
  /** The records of all topics together; more are refused with `log-full`. Default 64 GiB. */
  bytesMax?: number
  /** How often retention and compaction run; default 10 s. */
  maintenanceIntervalMs?: number
}

/**
 * The bus of the embedded shape: a log in one folder, in one process. What `send` has acknowledged survives `kill -9` at
 * any moment; after a power loss the log opens whole, as of some moments before.
 */
export function createLocalBus(options: LocalBusOptions): Bus {
  return new LocalBus(options)
}

interface Opened extends GroupContext {
  readonly lock: OwnerLock
  readonly storage: Storage
  readonly groups: Map<string, Group>
  readonly tails: Set<TailWork>
  readonly compactors: Map<PartitionLog, Compactor>
  readonly disk: DiskReserve
}

class LocalBus implements Bus {
  readonly name = 'bus'
  readonly #options: LocalBusOptions
  readonly #clock: Clock
  readonly #bytesMax: number
  readonly #counters = new BusCounters()
  #opened: Opened | undefined
  #maintenance: { timer: Timer; running: Promise<void> } | undefined

  constructor(options: LocalBusOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#bytesMax = options.bytesMax ?? 64 * 1024 ** 3
    if (!options.metrics) return
    this.#counters.register(options.metrics)
    this.#counters.registerRemovals(options.metrics)
    options.metrics.gauges('weir_bus_log_bytes', 'Records kept by the local log.', ['topic'], () =>
      Array.from(this.#opened?.catalog.all() ?? [], topic => [{ topic: topic.spec.name }, bytesOf(topic)] as const),
    )
  }

  async start(): Promise<void> {
    const lock = await lockFolder(this.#options.path).catch(cause => {
      throw this.#counters.counted(cause)
    })
    try {
      const storage = openStorage(this.#options.path)
      const writer = new Writer(storage, this.#clock)
      const catalog = new Catalog(storage, writer, () => this.#clock.nowMs())
      this.#opened = {
        ...{ lock, storage, writer, catalog },
        ...{ counters: this.#counters, clock: this.#clock, log: this.#options.log },
        groups: new Map(),
        tails: new Set(),
        compactors: new Map(),
        disk: new DiskReserve(this.#options.path),
      }
    } catch (cause) {
      await lock.release()
      throw cause instanceof BusError ? this.#counters.counted(cause) : cause
    }
    this.#maintain(this.#opened)
  }

  async stop(): Promise<void> {
    const opened = this.#open()
    this.#opened = undefined
    this.#maintenance?.timer.cancel()
    await Promise.all([...opened.tails].map(tail => tail.close()))
    await Promise.all([...opened.groups.values()].map(group => group.leaveAll()))
    await opened.writer.close()
    await this.#maintenance?.running
    await opened.storage.close()
    await opened.lock.release()
  }

  readiness() {
    const failure = this.#opened?.writer.failure
    if (failure) return { ready: false, reason: failure.message }
    return this.#opened ? { ready: true } : { ready: false, reason: 'the log is not open' }
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const { catalog } = this.#open()
    for (const spec of specs) await this.#counting(catalog.create(spec))
  }

  async logId(topic: string): Promise<string> {
    return this.#topic(topic).logId
  }

  async bounds(topic: string): Promise<PartitionBounds[]> {
    return this.#topic(topic).partitions.map(({ partition, low, high }) => ({ partition, low, high }))
  }

  async send(topic: string, records: readonly NewRecord[]): Promise<RecordPosition[]> {
    const opened = this.#open()
    const { partitions } = this.#topic(topic)
    let bytes = 0
    try {
      const targets = records.map(record => {
        checkRecord(topic, record)
        bytes += record.value?.length ?? 0
        return targetOf(topic, record, partitions)
      })
      this.#refuseWhenFull(opened, bytes)
      const positions: RecordPosition[] = []
      await opened.writer.write({
        bytes,
        apply: (writes, touch) => {
          const nowMs = this.#clock.nowMs()
          records.forEach((record, i) => {
            const target = targets[i]!
            touch(target)
            positions.push({ partition: target.partition, offset: target.append(writes, record, nowMs) })
          })
        },
      })
      const counts = this.#counters.topic(topic)
      counts.sentRecords += records.length
      counts.sentBytes += bytes
      return positions
    } catch (cause) {
      this.#counters.count(cause)
      throw cause
    }
  }

  async join(options: GroupOptions): Promise<Membership> {
    const opened = this.#open()
    let group = opened.groups.get(options.group)
    if (!group) {
      group = new Group(options.group, opened)
      opened.groups.set(options.group, group)
    }
    return this.#counting(group.join(options))
  }

  async tail(options: TailOptions): Promise<Tail> {
    const opened = this.#open()
    const { partitions } = this.#topic(options.topic)
    const { from } = options
    const isSince = typeof from === 'object' && 'sinceMs' in from
    const since = new Map(isSince ? partitions.map(log => [log.partition, log.offsetSince(from.sinceMs)]) : [])
    const tail = new TailWork({
      tail: options,
      starts: startsOf(options, partitions, since),
      open: (partition, offset) => new LocalReader(partitions[partition]!, offset),
      low: async partition => partitions[partition]!.low,
      counters: this.#counters,
      clock: this.#clock,
      log: this.#options.log,
    })
    opened.tails.add(tail)
    return {
      caughtUp: tail.caughtUp,
      async close() {
        opened.tails.delete(tail)
        await tail.close()
      },
    }
  }

  #open(): Opened {
    if (this.#opened) return this.#opened
    throw this.#counters.counted(new BusError('bus-closed', 'the log is not open'))
  }

  #topic(name: string): TopicLog {
    try {
      return this.#open().catalog.get(name)
    } catch (cause) {
      this.#counters.count(cause)
      throw cause
    }
  }

  async #counting<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (cause) {
      this.#counters.count(cause)
      throw cause
    }
  }

  #refuseWhenFull({ catalog, disk }: Opened, bytes: number): void {
    disk.take(bytes)
    let kept = bytes
    for (const topic of catalog.all()) kept += bytesOf(topic)
    if (kept <= this.#bytesMax) return
    throw new BusError(
      'log-full',
      `the log at ${this.#options.path} holds its ${this.#bytesMax} bytes: raise them or lower the retention`,
    )
  }

  #maintain(opened: Opened): void {
    const state = { running: Promise.resolve() }
    const timer = every(this.#clock, this.#options.maintenanceIntervalMs ?? 10_000, () => {
      state.running = this.#maintainOnce(opened)
      return state.running
    })
    this.#maintenance = {
      timer,
      get running() {
        return state.running
      },
    }
  }

  async #maintainOnce(opened: Opened): Promise<void> {
    const { catalog, storage, writer } = opened
    for (const topic of catalog.all()) {
      for (const log of topic.partitions) {
        if (this.#opened !== opened) return
        try {
          if (log.spec.compacted) await compactorOf(log, opened).run(this.#clock.nowMs())
          else await applyRetention(log, storage, writer, this.#counters, this.#clock.nowMs())
        } catch (cause) {
          this.#counters.count(cause)
          this.#options.log.warn(
            { err: cause, topic: log.topic, partition: log.partition },
            'could not apply retention',
          )
        }
      }
    }
  }
}

function targetOf(topic: string, record: NewRecord, partitions: readonly PartitionLog[]): PartitionLog {
  const target = partitions[record.partition ?? partitionOf(record.key, partitions.length)]
  if (target) return target
  throw new BusError('offset-out-of-range', `${topic} has no partition ${record.partition}`)
}

function compactorOf(log: PartitionLog, { compactors, storage, writer, counters }: Opened): Compactor {
  let compactor = compactors.get(log)
  if (!compactor) {
    compactor = new Compactor(log, storage, writer, counters)
    compactors.set(log, compactor)
  }
  return compactor
}

function bytesOf(topic: TopicLog): number {
  return topic.partitions.reduce((sum, log) => sum + log.bytes, 0)
}
