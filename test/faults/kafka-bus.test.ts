import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Assignment, Bus, BusRecord, GroupHandler } from '../../libs/bus/src/index.ts'
import { createKafkaBus, kafkaBusConfigSchema } from '../../libs/bus/src/kafka/index.ts'
import { aGroup, aRecord, aTopic, numbered, numbers, range, readAll } from '../../libs/bus/test/bus-contract.ts'
import { silentLogger } from '../../libs/kernel/src/index.ts'
import { kafkaMissing, kafkaSource, startKafka, type TestKafka } from '../kafka/broker.ts'

const patience = { timeout: 60_000, interval: 50 }
/** Only a broker of our own may be killed. */
const canHarm = kafkaSource === 'maven'
const name = canHarm
  ? 'Kafka under faults'
  : `Kafka under faults: SKIPPED, ${kafkaSource ? 'the broker is not ours to kill' : kafkaMissing}`

describe.skipIf(!canHarm)(name, { timeout: 180_000 }, () => {
  let kafka: TestKafka
  let bus: Bus

  beforeAll(async () => {
    kafka = await startKafka()
  }, 180_000)

  afterAll(async () => {
    await kafka?.stop()
  })

  beforeEach(async () => {
    bus = createBus()
    await bus.start()
  })

  afterEach(async () => {
    await bus.stop()
  })

  function createBus(): Bus {
    return createKafkaBus({
      config: kafkaBusConfigSchema.parse({ brokers: kafka.brokers, sessionTimeoutMs: 6_000, requestTimeoutMs: 3_000 }),
      log: silentLogger,
    })
  }

  const restartBroker = async () => {
    await kafka.process!.kill('SIGKILL')
    await kafka.process!.start()
  }

  it('loses nothing it acknowledged when the broker is killed again and again, and its readers go on (F54)', async () => {
    const spec = { ...aTopic(), partitions: 2 }
    await bus.createTopics([spec])
    const reader = new Counter()
    await bus.join({ group: aGroup(), topics: [spec.name], handler: reader })
    const tailed = new Set<string>()
    await bus.tail({
      topic: spec.name,
      from: 'start',
      records(records) {
        for (const record of records) tailed.add(placeOf(record))
      },
    })

    const acknowledged = new Map<string, number>()
    let sending = true
    const sender = (async () => {
      for (let i = 0; sending; i++) {
        try {
          const positions = await bus.send(spec.name, numbered(i * 5, i * 5 + 5))
          for (const [j, { partition, offset }] of positions.entries())
            acknowledged.set(`${partition}/${offset}`, i * 5 + j)
        } catch {
          // Refused while the broker was away: not acknowledged, so nothing is promised.
        }
      }
    })()
    for (let kill = 0; kill < 2; kill++) {
      const before = acknowledged.size
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 100), patience)
      await restartBroker()
    }
    const before = acknowledged.size
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 100), patience)
    sending = false
    await sender

    const found = new Map((await readAll(bus, spec.name)).map(record => [placeOf(record), record]))
    const missing = [...acknowledged].filter(([place]) => !found.has(place))
    expect(missing).toEqual([])
    for (const [place, number] of acknowledged) expect(numbers([found.get(place)!])).toEqual([number])
    await vi.waitFor(() => expect(reader.places.size).toBe(found.size), patience)
    await vi.waitFor(() => expect(tailed.size).toBe(found.size), patience)
    expect(reader.outOfOrder).toBe(0)
  })

  it('says what is wrong while no broker is there, and recovers alone (F53)', async () => {
    const spec = aTopic()
    await bus.createTopics([spec])
    await kafka.process!.kill('SIGTERM')
    const late = createBus()
    await late.start()
    await expect(late.send(spec.name, [aRecord()])).rejects.toMatchObject({ code: 'broker-unreachable' })
    await vi.waitFor(() => expect(late.readiness?.()).toMatchObject({ ready: false }), patience)
    await kafka.process!.start()
    await vi.waitFor(() => late.send(spec.name, [aRecord()]), patience)
    await vi.waitFor(() => expect(late.readiness?.()).toEqual({ ready: true }), patience)
    await late.stop()
  })

  it('refuses an unconfirmed commit, and hands the partition on in a later generation (F57)', async () => {
    const spec = { ...aTopic(), partitions: 1 }
    await bus.createTopics([spec])
    await bus.send(spec.name, numbered(0, 10))
    const group = aGroup()
    const reader = new Counter()
    await bus.join({ group, topics: [spec.name], handler: reader })
    await vi.waitFor(() => expect(reader.places.size).toBe(10), patience)
    const held = reader.assignments.at(-1)!
    expect(await held.commit(4, 'four')).toBe('committed')
    await kafka.process!.kill('SIGKILL')
    await expect(held.commit(8, 'eight')).rejects.toMatchObject({ code: 'commit-unconfirmed' })
    await kafka.process!.start()

    const other = createBus()
    await other.start()
    const successor = new Counter()
    await vi.waitFor(() => other.join({ group, topics: [spec.name], handler: successor }), patience)
    await bus.stop()
    await vi.waitFor(() => expect(successor.assignments).toHaveLength(1), patience)
    expect(successor.assignments[0]!.committed).toEqual({ offset: 4, metadata: 'four' })
    expect(successor.assignments[0]!.generation).toBeGreaterThan(held.generation)
    await other.stop()
    await bus.start()
  })

  it('fences a member that stood still past its session (zombie)', async () => {
    const spec = { ...aTopic(), partitions: 1 }
    await bus.createTopics([spec])
    await bus.send(spec.name, numbered(0, 10))
    const group = aGroup()
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const outcomes: string[] = []
    const zombie = new Counter(async (assignment, records) => {
      await gate
      outcomes.push(await assignment.commit(records.at(-1)!.offset + 1, 'zombie').catch(cause => cause.code))
    })
    await bus.join({ group, topics: [spec.name], handler: zombie })
    await vi.waitFor(() => expect(zombie.places.size).toBe(10), patience)

    const other = createBus()
    await other.start()
    const successor = new Counter()
    // The first member's call does not settle: the coordinator waits for it, up to its patience, then goes on without.
    const joined = other.join({ group, topics: [spec.name], handler: successor })
    await joined
    const owner = () => successor.assignments.at(-1) ?? zombie.assignments.at(-1)!
    await vi.waitFor(() => expect(owner().generation).toBeGreaterThan(zombie.assignments[0]!.generation), patience)
    release()
    await vi.waitFor(() => expect(outcomes).toContain('fenced'), patience)
    await other.stop()
  })

  it('gives a topic that was made anew another log id', async () => {
    const spec = aTopic()
    await bus.createTopics([spec])
    const before = await bus.logId(spec.name)
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [spec.name] })
    await vi.waitFor(() => bus.createTopics([spec]), patience)
    expect(await bus.logId(spec.name)).not.toBe(before)
    await admin.disconnect()
  })

  it('tells a reader of the gap when retention has passed it (F58)', async () => {
    const spec = { ...aTopic(), partitions: 1 }
    await bus.createTopics([spec])
    await bus.send(spec.name, numbered(0, 20))
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const group = aGroup()
    const first = new Counter()
    const membership = await bus.join({ group, topics: [spec.name], handler: first })
    await vi.waitFor(() => expect(first.places.size).toBe(20), patience)
    await first.assignments[0]!.commit(5, 'before the gap')
    await membership.leave()
    await admin.fetchTopicMetadata({ topics: [spec.name] })
    await admin.deleteTopicRecords({ topic: spec.name, partitions: [{ partition: 0, offset: '12' }] })
    const second = new Counter()
    await bus.join({ group, topics: [spec.name], handler: second })
    await vi.waitFor(() => expect(second.places.size).toBe(8), patience)
    expect(second.assignments[0]).toMatchObject({
      committed: { offset: 5, metadata: 'before the gap' },
      low: 12,
      high: 20,
    })
    await admin.disconnect()
  })

  it('takes in partitions that are added to a live topic (F63)', async () => {
    const spec = { ...aTopic(), partitions: 1 }
    await bus.createTopics([spec])
    const reader = new Counter()
    await bus.join({ group: aGroup(), topics: [spec.name], handler: reader })
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic: spec.name, count: 3 }] })
    await vi.waitFor(async () => {
      for (const partition of [0, 1, 2]) await bus.send(spec.name, [aRecord({ partition })])
    }, patience)
    await vi.waitFor(
      () => expect(new Set([...reader.places].map(place => place.split('/')[0]))).toEqual(new Set(['0', '1', '2'])),
      {
        timeout: 90_000,
        interval: 100,
      },
    )
    await admin.disconnect()
  })

  it('reads a compacted topic past batches that compaction has emptied', async () => {
    const spec = { ...aTopic(), partitions: 1, compacted: true }
    await bus.createTopics([spec])
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const entries = {
      'cleanup.policy': 'compact',
      'min.compaction.lag.ms': '0',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
    }
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: 2,
          name: spec.name,
          configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value })),
        },
      ],
    })
    for (const i of range(0, 60))
      await bus.send(spec.name, [aRecord({ key: `key-${i % 3}`, value: Buffer.from(String(i)) })])
    await vi.waitFor(
      async () => {
        await bus.send(spec.name, [aRecord({ key: 'tick', value: Buffer.from('1000') })])
        expect((await readAll(bus, spec.name)).length).toBeLessThan(30)
      },
      { timeout: 60_000, interval: 500 },
    )
    const values = numbers(await readAll(bus, spec.name))
    expect(values).toEqual(expect.arrayContaining([57, 58, 59]))
    await admin.disconnect()
  })
})

/** Counts what it is given and resumes at the commit; remembers whether anything came out of order. */
class Counter implements GroupHandler {
  readonly places = new Set<string>()
  readonly assignments: Assignment[] = []
  outOfOrder = 0
  readonly #next = new Map<number, number>()
  readonly #onRecords: ((assignment: Assignment, records: readonly BusRecord[]) => Promise<void>) | undefined

  constructor(onRecords?: (assignment: Assignment, records: readonly BusRecord[]) => Promise<void>) {
    this.#onRecords = onRecords
  }

  async assigned(assignment: Assignment): Promise<number> {
    this.assignments.push(assignment)
    const from = assignment.committed?.offset ?? assignment.low
    this.#next.set(assignment.partition, Math.max(from, assignment.low))
    return from
  }

  async records(assignment: Assignment, records: readonly BusRecord[]): Promise<void> {
    for (const record of records) {
      if (record.offset !== this.#next.get(record.partition)) this.outOfOrder++
      this.#next.set(record.partition, record.offset + 1)
      this.places.add(placeOf(record))
    }
    await this.#onRecords?.(assignment, records)
  }

  async revoked(): Promise<void> {}
}

function placeOf({ partition, offset }: BusRecord): string {
  return `${partition}/${offset}`
}
