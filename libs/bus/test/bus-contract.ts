import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Assignment,
  type Bus,
  type BusRecord,
  type GroupHandler,
  type NewRecord,
  partitionOf,
  recordBytesMax,
  type TopicSpec,
} from '../src/index.ts'

export interface BusUnderTest {
  /** Started. */
  bus: Bus
  /** Stops `bus` and opens the same log anew, as after a restart of the process. */
  reopen(): Promise<Bus>
  dispose(): Promise<void>
}

const patience = { timeout: 25_000, interval: 10 }

/** What every adapter of the bus must do; the text it holds them to is `src/bus.ts`. */
export function describeBusContract(name: string, makeBus: () => Promise<BusUnderTest>): void {
  describe(`bus contract: ${name}`, { timeout: 90_000 }, () => {
    let subject: BusUnderTest
    let bus: Bus

    beforeEach(async () => {
      subject = await makeBus()
      bus = subject.bus
    })

    afterEach(async () => {
      await subject.dispose()
    })

    async function topic(changes: Partial<TopicSpec> = {}): Promise<string> {
      const spec = { ...aTopic(), ...changes }
      await bus.createTopics([spec])
      return spec.name
    }

    describe('topics', () => {
      it('are made once and may be declared again', async () => {
        const spec = aTopic()
        await bus.createTopics([spec])
        await bus.createTopics([spec, aTopic()])
        expect(await bus.bounds(spec.name)).toEqual([
          { partition: 0, low: 0, high: 0 },
          { partition: 1, low: 0, high: 0 },
          { partition: 2, low: 0, high: 0 },
        ])
      })

      it('are refused when they exist with other partitions', async () => {
        const spec = aTopic()
        await bus.createTopics([spec])
        await expect(bus.createTopics([{ ...spec, partitions: 4 }])).rejects.toMatchObject({ code: 'topic-mismatch' })
      })

      it('have a log id of their own that outlives the process', async () => {
        const [one, other] = [await topic(), await topic()]
        const logId = await bus.logId(one)
        expect(logId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        expect(await bus.logId(other)).not.toBe(logId)
        bus = await subject.reopen()
        expect(await bus.logId(one)).toBe(logId)
      })

      it('must exist', async () => {
        const unknown = { code: 'topic-unknown' }
        await expect(bus.send('no-such-topic', [aRecord()])).rejects.toMatchObject(unknown)
        await expect(bus.bounds('no-such-topic')).rejects.toMatchObject(unknown)
        await expect(bus.logId('no-such-topic')).rejects.toMatchObject(unknown)
        await expect(bus.tail({ topic: 'no-such-topic', from: 'start', records() {} })).rejects.toMatchObject(unknown)
        const join = bus.join({ group: aGroup(), topics: ['no-such-topic'], handler: new Collector() })
        await expect(join).rejects.toMatchObject(unknown)
      })
    })

    describe('sending', () => {
      it('puts keys where the partitioner says and keeps their order', async () => {
        const name = await topic()
        const records = Array.from({ length: 60 }, (_, i) =>
          aRecord({ key: `key-${i % 7}`, value: bytes(`value ${i}`) }),
        )
        const positions = await bus.send(name, records)
        expect(positions.map(({ partition }) => partition)).toEqual(records.map(({ key }) => partitionOf(key, 3)))
        const read = await readAll(bus, name)
        for (const partition of [0, 1, 2]) {
          const wanted = records.filter((_, i) => positions[i]!.partition === partition)
          expect(read.filter(record => record.partition === partition).map(text)).toEqual(wanted.map(text))
        }
        records.forEach((record, i) => {
          const { partition, offset } = positions[i]!
          expect(text(read.find(one => one.partition === partition && one.offset === offset)!)).toBe(text(record))
        })
      })

      it('numbers a partition without a gap and goes on after a restart', async () => {
        const name = await topic({ partitions: 1 })
        const first = await bus.send(name, [aRecord(), aRecord()])
        bus = await subject.reopen()
        const second = await bus.send(name, [aRecord()])
        expect([...first, ...second].map(({ offset }) => offset)).toEqual([0, 1, 2])
        expect(await bus.bounds(name)).toEqual([{ partition: 0, low: 0, high: 3 }])
      })

      it('keeps every byte, empty values, missing values, keys beyond ASCII and stamps', async () => {
        const name = await topic({ partitions: 1 })
        const all = Uint8Array.from({ length: 256 }, (_, i) => i)
        const sent: NewRecord[] = [
          { key: 'every-byte', value: all, timestampMs: 1_700_000_000_123 },
          { key: 'empty', value: new Uint8Array(0), timestampMs: 1 },
          { key: 'ключ/鍵', value: null, timestampMs: 1_700_000_000_000 },
        ]
        await bus.send(name, sent)
        const read = await readAll(bus, name)
        expect(read.map(({ key, value, timestampMs }) => ({ key, value: value && [...value], timestampMs }))).toEqual(
          sent.map(({ key, value, timestampMs }) => ({ key, value: value && [...value], timestampMs })),
        )
      })

      it('goes to the partition that a record names', async () => {
        const name = await topic()
        const heartbeats = [0, 1, 2].map(partition => aRecord({ key: 'heartbeat/one', partition }))
        expect(await bus.send(name, heartbeats)).toEqual([0, 1, 2].map(partition => ({ partition, offset: 0 })))
      })

      it('refuses a record that is too large, and takes the next', async () => {
        const name = await topic({ partitions: 1 })
        const large = aRecord({ value: new Uint8Array(recordBytesMax + 1) })
        await expect(bus.send(name, [large])).rejects.toMatchObject({ code: 'record-too-large' })
        await bus.send(name, [aRecord({ value: new Uint8Array(1_000_000) })])
        expect((await readAll(bus, name)).map(({ value }) => value?.length)).toEqual([1_000_000])
      })

      it('does nothing with no records', async () => {
        expect(await bus.send(await topic(), [])).toEqual([])
      })

      it('is refused once stopped', async () => {
        const name = await topic()
        await bus.stop()
        await expect(bus.send(name, [aRecord()])).rejects.toMatchObject({ code: 'bus-closed' })
        await bus.start()
      })
    })

    describe('tails', () => {
      it('from the start hand over all there is, then what comes', async () => {
        const name = await topic()
        await bus.send(name, numbered(0, 50))
        const read: BusRecord[] = []
        const tail = await bus.tail({ topic: name, from: 'start', records: records => void read.push(...records) })
        await tail.caughtUp
        expect(numbers(read)).toEqual(range(0, 50))
        await bus.send(name, numbered(50, 60))
        await vi.waitFor(() => expect(numbers(read)).toEqual(range(0, 60)), patience)
        await tail.close()
      })

      it('are caught up at once with an empty topic', async () => {
        const tail = await bus.tail({ topic: await topic(), from: 'start', records() {} })
        await tail.caughtUp
        await tail.close()
      })

      it('from the end hand over only what comes', async () => {
        const name = await topic()
        await bus.send(name, numbered(0, 10))
        const read: BusRecord[] = []
        const tail = await bus.tail({ topic: name, from: 'end', records: records => void read.push(...records) })
        await tail.caughtUp
        await bus.send(name, numbered(10, 20))
        await vi.waitFor(() => expect(numbers(read)).toEqual(range(10, 20)), patience)
        await tail.close()
      })

      it('since a time begin at the first record stamped then or later', async () => {
        const name = await topic({ partitions: 1 })
        const beganMs = Date.now() - 60_000
        await bus.send(
          name,
          numbered(0, 40).map((record, i) => ({ ...record, timestampMs: beganMs + i * 1_000 })),
        )
        const read: BusRecord[] = []
        const from = { sinceMs: beganMs + 24_500 }
        const tail = await bus.tail({ topic: name, from, records: records => void read.push(...records) })
        await tail.caughtUp
        expect(numbers(read)).toEqual(range(25, 40))
        await tail.close()
      })

      it('from offsets begin there, in the partitions asked for', async () => {
        const name = await topic()
        for (const partition of [0, 1, 2])
          await bus.send(
            name,
            numbered(0, 5).map(record => ({ ...record, partition })),
          )
        const read: BusRecord[] = []
        const offsets = new Map([
          [0, 3],
          [2, 5],
        ])
        const tail = await bus.tail({
          topic: name,
          partitions: [0, 2],
          from: { offsets },
          records: records => void read.push(...records),
        })
        await tail.caughtUp
        expect(read.map(({ partition, offset }) => [partition, offset])).toEqual([
          [0, 3],
          [0, 4],
        ])
        await tail.close()
      })

      it('are many of one partition, each at its own place', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 30))
        const read = [0, 7, 19].map(() => [] as BusRecord[])
        const tails = await Promise.all(
          [0, 7, 19].map((offset, i) => {
            const offsets = new Map([[0, offset]])
            return bus.tail({ topic: name, from: { offsets }, records: records => void read[i]!.push(...records) })
          }),
        )
        await Promise.all(tails.map(tail => tail.caughtUp))
        await bus.send(name, numbered(30, 40))
        for (const [i, offset] of [0, 7, 19].entries())
          await vi.waitFor(() => expect(numbers(read[i]!)).toEqual(range(offset, 40)), patience)
        await Promise.all(tails.map(tail => tail.close()))
      })

      it('wait for a reader that is not ready', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 5))
        let calls = 0
        let release = () => {}
        const gate = new Promise<void>(resolve => {
          release = resolve
        })
        const read: BusRecord[] = []
        const tail = await bus.tail({
          topic: name,
          from: 'start',
          async records(records) {
            calls++
            read.push(...records)
            await gate
          },
        })
        await vi.waitFor(() => expect(calls).toBe(1), patience)
        await bus.send(name, numbered(5, 10))
        expect(calls).toBe(1)
        release()
        await vi.waitFor(() => expect(numbers(read)).toEqual(range(0, 10)), patience)
        await tail.close()
      })
    })

    describe('groups', () => {
      it('hand over every record once, in order within a partition', async () => {
        const name = await topic()
        await bus.send(name, numbered(0, 100))
        const handler = new Collector()
        const membership = await bus.join({ group: aGroup(), topics: [name], handler })
        await vi.waitFor(() => expect(numbers(handler.records_)).toEqual(range(0, 100)), patience)
        await bus.send(name, numbered(100, 120))
        await vi.waitFor(() => expect(numbers(handler.records_)).toEqual(range(0, 120)), patience)
        expect(inOrder(handler.records_)).toBe(true)
        await vi.waitFor(() => expect(membership.lag().map(({ records }) => records)).toEqual([0, 0, 0]), patience)
        await membership.leave()
        expect(handler.held.size).toBe(0)
      })

      it('remember a commit with its metadata over a restart, in a later generation', async () => {
        const name = await topic({ partitions: 1 })
        const group = aGroup()
        await bus.send(name, numbered(0, 10))
        const first = new Collector()
        await bus.join({ group, topics: [name], handler: first })
        await vi.waitFor(() => expect(first.records_).toHaveLength(10), patience)
        const before = first.assignment(name, 0)
        expect(before).toMatchObject({ committed: undefined, low: 0, high: 10 })
        const metadata = JSON.stringify({ state: 'х'.repeat(2_000) })
        expect(await before.commit(7, metadata)).toBe('committed')
        bus = await subject.reopen()
        const second = new Collector()
        await bus.join({ group, topics: [name], handler: second })
        await vi.waitFor(() => expect(numbers(second.records_)).toEqual(range(7, 10)), patience)
        const after = second.assignment(name, 0)
        expect(after.committed).toEqual({ offset: 7, metadata })
        expect(after.generation).toBeGreaterThan(before.generation)
        expect(await before.commit(9, '')).toBe('fenced')
      })

      it('share partitions among members and fence the generation before', async () => {
        const name = await topic({ partitions: 4 })
        const group = aGroup()
        const [one, two] = [new Collector(), new Collector()]
        const first = await bus.join({ group, topics: [name], handler: one })
        await vi.waitFor(() => expect(one.held.size).toBe(4), patience)
        const old = one.assignment(name, 0)
        const second = await bus.join({ group, topics: [name], handler: two })
        await vi.waitFor(() => expect([one.held.size, two.held.size]).toEqual([2, 2]), patience)
        expect(await old.commit(0, '')).toBe('fenced')
        for (const handler of [one, two])
          for (const assignment of handler.held.values()) expect(assignment.generation).toBeGreaterThan(old.generation)
        await bus.send(name, numbered(0, 80))
        await vi.waitFor(() => expect(numbers([...one.records_, ...two.records_])).toEqual(range(0, 80)), patience)
        const partitions = (records: BusRecord[]) => new Set(records.map(({ partition }) => partition))
        expect([...partitions(one.records_)].some(partition => partitions(two.records_).has(partition))).toBe(false)
        await first.leave()
        await vi.waitFor(() => expect(two.held.size).toBe(4), patience)
        await second.leave()
      })

      it('do not hand a partition on before the running call has settled', async () => {
        const name = await topic({ partitions: 1 })
        const group = aGroup()
        await bus.send(name, numbered(0, 3))
        let release = () => {}
        const gate = new Promise<void>(resolve => {
          release = resolve
        })
        const slow = new Collector({ onRecords: () => gate })
        const next = new Collector()
        const membership = await bus.join({ group, topics: [name], handler: slow })
        await vi.waitFor(() => expect(slow.records_).toHaveLength(3), patience)
        const left = membership.leave()
        const joined = bus.join({ group, topics: [name], handler: next })
        expect(next.held.size).toBe(0)
        release()
        await left
        await joined
        await vi.waitFor(() => expect(next.records_).toHaveLength(3), patience)
      })

      it('let a call that is running while its member leaves commit', async () => {
        const name = await topic({ partitions: 1 })
        const group = aGroup()
        await bus.send(name, numbered(0, 3))
        let leaving = () => {}
        const asked = new Promise<void>(resolve => {
          leaving = resolve
        })
        const outcomes: string[] = []
        const handler = new Collector({
          async onRecords(assignment, records) {
            await asked
            outcomes.push(await assignment.commit(records.at(-1)!.offset + 1, 'last words'))
          },
        })
        const membership = await bus.join({ group, topics: [name], handler })
        await vi.waitFor(() => expect(handler.records_).toHaveLength(3), patience)
        const left = membership.leave()
        leaving()
        await left
        expect(outcomes).toEqual(['committed'])
        const next = new Collector()
        await bus.join({ group, topics: [name], handler: next })
        await vi.waitFor(() => expect(next.held.size).toBe(1), patience)
        expect(next.assignment(name, 0).committed).toEqual({ offset: 3, metadata: 'last words' })
      })

      it('assign a partition anew after its handler failed, from where the handler says', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 10))
        let failures = 2
        const handler = new Collector({
          async onRecords() {
            if (failures-- > 0) throw new Error('this handler fails twice')
          },
        })
        const membership = await bus.join({ group: aGroup(), topics: [name], handler, recordsMax: 10 })
        await vi.waitFor(() => expect(handler.assigned_).toBe(3), patience)
        await vi.waitFor(
          () =>
            expect(numbers(handler.records_)).toEqual(
              [...range(0, 10), ...range(0, 10), ...range(0, 10)].sort((a, b) => a - b),
            ),
          patience,
        )
        expect(handler.revoked_).toBe(2)
        await membership.leave()
      })

      it('hand over no more than asked for, and wait for the promise', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 25))
        const sizes: number[] = []
        let running = 0
        const handler = new Collector({
          async onRecords(_, records) {
            running++
            expect(running).toBe(1)
            sizes.push(records.length)
            await new Promise(resolve => setImmediate(resolve))
            running--
          },
        })
        await bus.join({ group: aGroup(), topics: [name], handler, recordsMax: 10 })
        await vi.waitFor(() => expect(numbers(handler.records_)).toEqual(range(0, 25)), patience)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(10)
      })

      it('count as lag what a handler has not been given', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 30))
        let release = () => {}
        const gate = new Promise<void>(resolve => {
          release = resolve
        })
        const handler = new Collector({ onRecords: () => gate })
        const membership = await bus.join({ group: aGroup(), topics: [name], handler, recordsMax: 10 })
        await vi.waitFor(() => expect(handler.records_).toHaveLength(10), patience)
        expect(membership.lag()).toEqual([{ topic: name, partition: 0, records: expect.any(Number) }])
        expect(membership.lag()[0]!.records).toBeGreaterThanOrEqual(20)
        release()
        await vi.waitFor(() => expect(membership.lag()[0]!.records).toBe(0), patience)
      })

      it('refuse metadata of more than 4096 bytes', async () => {
        const name = await topic({ partitions: 1 })
        const handler = new Collector()
        await bus.join({ group: aGroup(), topics: [name], handler })
        await vi.waitFor(() => expect(handler.held.size).toBe(1), patience)
        const assignment = handler.assignment(name, 0)
        await expect(assignment.commit(0, 'x'.repeat(4_097))).rejects.toMatchObject({ code: 'record-too-large' })
        expect(await assignment.commit(0, 'x'.repeat(4_096))).toBe('committed')
      })

      it('do not see what other groups committed', async () => {
        const name = await topic({ partitions: 1 })
        await bus.send(name, numbered(0, 4))
        const [one, two] = [new Collector(), new Collector()]
        await bus.join({ group: aGroup(), topics: [name], handler: one })
        await vi.waitFor(() => expect(one.records_).toHaveLength(4), patience)
        await one.assignment(name, 0).commit(4, '')
        await bus.join({ group: aGroup(), topics: [name], handler: two })
        await vi.waitFor(() => expect(two.records_).toHaveLength(4), patience)
        expect(two.assignment(name, 0).committed).toBeUndefined()
      })
    })
  })
}

/** A handler that keeps what it was given and resumes at the commit. */
class Collector implements GroupHandler {
  readonly held = new Map<string, Assignment>()
  readonly records_: BusRecord[] = []
  assigned_ = 0
  revoked_ = 0
  readonly #last = new Map<string, Assignment>()
  readonly #onRecords: ((assignment: Assignment, records: readonly BusRecord[]) => Promise<void>) | undefined

  constructor(options: { onRecords?: (assignment: Assignment, records: readonly BusRecord[]) => Promise<void> } = {}) {
    this.#onRecords = options.onRecords
  }

  /** The latest for the partition, held or not. */
  assignment(topic: string, partition: number): Assignment {
    return this.#last.get(`${topic}/${partition}`)!
  }

  async assigned(assignment: Assignment): Promise<number> {
    this.assigned_++
    this.held.set(`${assignment.topic}/${assignment.partition}`, assignment)
    this.#last.set(`${assignment.topic}/${assignment.partition}`, assignment)
    return assignment.committed?.offset ?? assignment.low
  }

  async records(assignment: Assignment, records: readonly BusRecord[]): Promise<void> {
    this.records_.push(...records)
    await this.#onRecords?.(assignment, records)
  }

  async revoked(assignment: Assignment): Promise<void> {
    this.revoked_++
    const name = `${assignment.topic}/${assignment.partition}`
    if (this.held.get(name) === assignment) this.held.delete(name)
  }
}

export function aTopic(): TopicSpec {
  return {
    name: `weir.test.${randomUUID().slice(0, 8)}.v1`,
    partitions: 3,
    retentionMs: 86_400_000,
    retentionBytes: 1_000_000_000,
    compacted: false,
  }
}

export function aGroup(): string {
  return `group-${randomUUID().slice(0, 8)}`
}

export function aRecord(changes: Partial<NewRecord> = {}): NewRecord {
  return { key: 'key', value: bytes('value'), timestampMs: Date.now(), ...changes }
}

/** Records whose values are the numbers from `from` to before `to`, of several keys. */
export function numbered(from: number, to: number): NewRecord[] {
  return range(from, to).map(i => aRecord({ key: `key-${i % 11}`, value: bytes(String(i)) }))
}

export function numbers(records: readonly BusRecord[]): number[] {
  return records.map(record => Number(text(record))).sort((a, b) => a - b)
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

export async function readAll(bus: Bus, topic: string): Promise<BusRecord[]> {
  const read: BusRecord[] = []
  const tail = await bus.tail({ topic, from: 'start', records: records => void read.push(...records) })
  await tail.caughtUp
  await tail.close()
  return read
}

function inOrder(records: readonly BusRecord[]): boolean {
  const last = new Map<number, number>()
  return records.every(({ partition, offset }) => {
    const ascending = offset > (last.get(partition) ?? -1)
    last.set(partition, offset)
    return ascending
  })
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function text(record: { value: Uint8Array | null }): string {
  return new TextDecoder().decode(record.value ?? new Uint8Array(0))
}
