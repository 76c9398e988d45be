import { create, toBinary } from '@bufbuild/protobuf'
import type { Assignment, Bus, BusRecord, GroupHandler, NewRecord } from '../../../libs/bus/src/index.ts'
import { type Clock, CounterByCode, type Logger, type Metrics } from '../../../libs/kernel/src/index.ts'
import { DeadLetterSchema, type EpochBounds, topics } from '../../../libs/model/src/index.ts'
import { lastEpochEnd, readStreamState, type Store, StoreError, type TableName } from '../../../libs/store/src/index.ts'
import { EpochCutter } from '../../../libs/stream/src/index.ts'
import type { ConfigVersions } from './config-versions.ts'
import { type EpochResult, type EpochWork, PoisonRecordError, type WorkFactory } from './epoch-work.ts'
import { stateBlock } from './state-block.ts'

/** Part of every insert token; grows when the same epoch would yield other rows. */
const tokenVersion = 'v1'
/** A dead letter keeps at most this much of the record. */
const deadLetterBytesMax = 65_536
const insertRetryMs = { first: 100, most: 10_000 }

export interface EpochRunnerOptions {
  bus: Bus
  store: Store
  clock: Clock
  log: Logger
  producerId: string
  bounds: Readonly<Record<string, EpochBounds>>
  work: Readonly<Record<string, WorkFactory>>
  configVersions: ConfigVersions
}

/** One partition in one assignment. */
interface Held {
  assignment: Assignment
  logId: string
  work: EpochWork
  cutter: EpochCutter
  /** Slot last written of each state key; the other one is written next. */
  slots: Map<string, 0 | 1>
  configVersion: string
  firstOffset: number
  lastOffset: number
  lastStampMs: number
  records: number
  deadLetters: NewRecord[]
  /** Fenced, failed or revoked: nothing more may be written for it. */
  void: boolean
}

/**
 * Computes partitions epoch by epoch: rows, state and derived records of `[a, b)` go out under tokens made of the range,
 * then `b` is committed in the generation in which the epoch began (docs/explanation/epochs.md).
 */
export class EpochRunner implements GroupHandler {
  readonly #options: EpochRunnerOptions
  readonly #held = new Map<string, Held>()
  readonly #counts = {
    records: new CounterByCode(),
    epochs: new CounterByCode(),
    rows: new CounterByCode(),
    deadLetters: new CounterByCode(),
    gapRecords: new CounterByCode(),
    fenced: 0,
    insertRetries: 0,
  }

  constructor(options: EpochRunnerOptions) {
    this.#options = options
  }

  async assigned(assignment: Assignment): Promise<number> {
    const { bus, store, log, configVersions } = this.#options
    const { topic, partition } = assignment
    const logId = await bus.logId(topic)
    const from = await this.#startOffset(assignment, logId)
    const configVersion = committedConfigVersion(assignment) ?? configVersions.current.version
    const config = (await configVersions.find(configVersion)) ?? configVersions.current
    const work = this.#options.work[topic]!({ topic, partition, logId, producerId: this.#options.producerId, config })
    const slots = new Map<string, 0 | 1>()
    const states = new Map<string, string>()
    for await (const row of readStreamState(store, {
      logId,
      topic,
      partition,
      offset: assignment.committed?.offset ?? 0,
    })) {
      slots.set(row.key, row.slot === 0 ? 0 : 1)
      if (row.state !== '') states.set(row.key, row.state)
    }
    work.restore(states)
    this.#held.set(heldKey(assignment), {
      assignment,
      logId,
      work,
      cutter: new EpochCutter(this.#options.bounds[topic]!),
      slots,
      configVersion: config.version,
      firstOffset: -1,
      lastOffset: -1,
      lastStampMs: 0,
      records: 0,
      deadLetters: [],
      void: false,
    })
    log.info({ topic, partition, generation: assignment.generation, from, states: states.size }, 'partition taken')
    return from
  }

  async records(assignment: Assignment, records: readonly BusRecord[]): Promise<void> {
    const held = this.#held.get(heldKey(assignment))
    if (!held || held.void) return
    try {
      for (const record of records) {
        const cut = held.cutter.offer(record)
        if (cut === 'closes-before' || cut === 'closes-both') await this.#close(held)
        if (held.void) return
        this.#process(held, record)
        if (cut === 'closes-after' || cut === 'closes-both') await this.#close(held)
        if (held.void) return
      }
      await this.#sendOutputs(held)
    } catch (cause) {
      held.void = true
      throw cause
    }
  }

  async revoked(assignment: Assignment): Promise<void> {
    const held = this.#held.get(heldKey(assignment))
    if (held) held.void = true
    this.#held.delete(heldKey(assignment))
  }

  register(metrics: Metrics): void {
    const counts = this.#counts
    metrics.counters('weir_processor_records_total', 'Records read from the bus', ['topic'], () =>
      counts.records.samples('topic'),
    )
    metrics.counters('weir_processor_epochs_total', 'Epochs committed', ['topic'], () => counts.epochs.samples('topic'))
    metrics.counters('weir_processor_rows_total', 'Rows inserted', ['table'], () => counts.rows.samples('table'))
    metrics.counters('weir_processor_dead_letters_total', 'Records that could not be processed', ['code'], () =>
      counts.deadLetters.samples('code'),
    )
    metrics.counters(
      'weir_processor_gap_records_total',
      'Records lost to retention before they were read',
      ['topic'],
      () => counts.gapRecords.samples('topic'),
    )
    metrics.counters(
      'weir_processor_fenced_total',
      'Epochs dropped because the partition was no longer ours',
      [],
      () => [[{}, counts.fenced]],
    )
    metrics.counters('weir_processor_insert_retries_total', 'Inserts sent again under their token', [], () => [
      [{}, counts.insertRetries],
    ])
    metrics.gauges(
      'weir_processor_last_stamp_timestamp_seconds',
      'Stamp of the newest record processed',
      ['topic', 'partition'],
      () =>
        [...this.#held.values()].map(
          ({ assignment, lastStampMs }) =>
            [{ topic: assignment.topic, partition: String(assignment.partition) }, lastStampMs / 1000] as const,
        ),
    )
  }

  /** Where to read from; says so loudly when the log no longer has what was committed. */
  async #startOffset(assignment: Assignment, logId: string): Promise<number> {
    const { topic, partition, committed, low } = assignment
    if (!committed) {
      const end = await lastEpochEnd(this.#options.store, { logId, topic, partition })
      if (end === undefined) {
        // From here on the group has an offset, even if the first epoch dies between its rows and its commit.
        await this.#commitStart(assignment, low)
        return low
      }
      throw new Error(
        `the store holds epochs of ${topic}/${partition} up to ${end}, but the consumer group has no offset there: ` +
          `reading it again would be beyond deduplication. Restore the group's offsets, or set this one to ${end}`,
      )
    }
    if (committed.offset >= low) return committed.offset
    const lost = low - committed.offset
    this.#counts.gapRecords.add(topic, lost)
    this.#options.log.error(
      { topic, partition, committed: committed.offset, low, lost },
      'retention passed the committed offset: records were lost; going on at the start of the log',
    )
    return low
  }

  async #commitStart(assignment: Assignment, low: number): Promise<void> {
    const metadata = commitMetadata(this.#options.configVersions.current.version)
    if ((await assignment.commit(low, metadata)) === 'fenced') {
      throw new Error(`${assignment.topic}/${assignment.partition} went to another before it was begun`)
    }
  }

  #process(held: Held, record: BusRecord): void {
    if (held.firstOffset < 0) held.firstOffset = record.offset
    held.lastOffset = record.offset
    held.lastStampMs = Math.max(held.lastStampMs, record.timestampMs)
    held.records++
    this.#counts.records.add(record.topic)
    try {
      held.work.process(record)
    } catch (cause) {
      if (!(cause instanceof PoisonRecordError)) throw cause
      this.#counts.deadLetters.add(cause.code)
      held.deadLetters.push(deadLetter(record, cause))
    }
  }

  async #sendOutputs(held: Held): Promise<void> {
    const byTopic = new Map<string, NewRecord[]>()
    for (const { topic, record } of held.work.takeOutputs()) {
      const records = byTopic.get(topic)
      if (records) records.push(record)
      else byTopic.set(topic, [record])
    }
    const deadLetters = held.deadLetters.splice(0)
    if (deadLetters.length > 0) byTopic.set(topics.deadLetters, deadLetters)
    for (const [topic, records] of byTopic) await this.#options.bus.send(topic, records)
  }

  async #close(held: Held): Promise<void> {
    if (held.firstOffset < 0) return
    const { configVersions } = this.#options
    const { assignment, logId } = held
    const { topic, partition } = assignment
    const from = held.firstOffset
    const to = held.lastOffset + 1
    await this.#sendOutputs(held)
    const result = held.work.closeEpoch()
    const token = (table: TableName): string => `${tokenVersion}/${logId}/${topic}/${partition}/${from}-${to}/${table}`
    for (const { table, block } of result.blocks) {
      if (block.length > 0) await this.#insert(held, table, block, token(table))
    }
    await this.#insertState(held, result, to, token('stream_state'))
    if (result.blocks.length > 0 || result.states.size > 0)
      await this.#insertLedger(held, from, to, token('stream_epochs'))
    if (held.void) return

    // It may change while the commit is under way: what was committed is what the next epoch is computed with.
    const next = configVersions.current
    const outcome = await assignment.commit(to, commitMetadata(next.version))
    if (outcome === 'fenced') {
      this.#counts.fenced++
      held.void = true
      this.#options.log.warn({ topic, partition, from, to }, 'fenced: the partition belongs to another; epoch dropped')
      return
    }
    this.#counts.epochs.add(topic)
    if (held.configVersion !== next.version) {
      held.work.configure(next)
      held.configVersion = next.version
    }
    held.firstOffset = -1
    held.records = 0
  }

  async #insertState(held: Held, result: EpochResult, to: number, token: string): Promise<void> {
    if (result.states.size === 0) return
    const { topic, partition } = held.assignment
    const entries = [...result.states].map(([key, state]) => {
      const slot: 0 | 1 = held.slots.get(key) === 0 ? 1 : 0
      return { key, slot, state }
    })
    await this.#insert(
      held,
      'stream_state',
      stateBlock({ logId: held.logId, topic, partition, offset: to }, entries),
      token,
    )
    for (const { key, slot } of entries) held.slots.set(key, slot)
  }

  async #insertLedger(held: Held, from: number, to: number, token: string): Promise<void> {
    const { topic, partition } = held.assignment
    const columns = {
      log_id: [held.logId],
      topic: [topic],
      partition: [partition],
      from_offset: [BigInt(from)],
      to_offset: [BigInt(to)],
      records: [held.records],
      last_stamp: [held.lastStampMs],
    }
    await this.#insert(held, 'stream_epochs', { length: 1, columns }, token)
  }

  /** Sends the same rows under the same token until the store takes them, or the partition is taken from us. */
  async #insert(held: Held, table: TableName, block: Parameters<Store['insert']>[1], token: string): Promise<void> {
    const { store, clock, log } = this.#options
    for (let delayMs = insertRetryMs.first; !held.void; delayMs = Math.min(delayMs * 2, insertRetryMs.most)) {
      try {
        await store.insert(table, block, token)
        this.#counts.rows.add(table, block.length)
        return
      } catch (cause) {
        if (!(cause instanceof StoreError) || !cause.retryable) throw cause
        this.#counts.insertRetries++
        log.warn({ table, token, err: cause, delayMs }, 'the store did not take an insert; trying again')
        await new Promise<void>(resolve => clock.after(delayMs, resolve))
      }
    }
  }
}

function heldKey(assignment: Assignment): string {
  return `${assignment.topic}/${assignment.partition}/${assignment.generation}`
}

/** Names the configuration under which the epoch that begins at the committed offset is to be computed. */
function commitMetadata(configVersion: string): string {
  return JSON.stringify({ config: configVersion })
}

function committedConfigVersion(assignment: Assignment): string | undefined {
  if (!assignment.committed?.metadata) return undefined
  try {
    return (JSON.parse(assignment.committed.metadata) as { config?: string }).config
  } catch {
    return undefined
  }
}

function deadLetter(record: BusRecord, cause: PoisonRecordError): NewRecord {
  const value = record.value ?? new Uint8Array()
  const letter = create(DeadLetterSchema, {
    topic: record.topic,
    partition: record.partition,
    offset: BigInt(record.offset),
    code: cause.code,
    reason: cause.message,
    key: Buffer.from(record.key),
    value: value.subarray(0, deadLetterBytesMax),
    valueBytes: BigInt(value.length),
  })
  return { key: record.topic, value: toBinary(DeadLetterSchema, letter), timestampMs: record.timestampMs }
}
