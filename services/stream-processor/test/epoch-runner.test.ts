import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { Assignment, Bus, BusRecord, Membership } from '../../../libs/bus/src/index.ts'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { detectConfigSchema } from '../../../libs/detect/src/index.ts'
import { createMetrics, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { DeadLetterSchema, topics } from '../../../libs/model/src/index.ts'
import { createEmbeddedStore } from '../../../libs/store/src/embedded/index.ts'
import type { Store } from '../../../libs/store/src/index.ts'
import { type ConfigVersions, recordConfigVersion } from '../src/config-versions.ts'
import { EpochRunner } from '../src/epoch-runner.ts'
import { type EpochResult, type EpochWork, PoisonRecordError, type WorkContext } from '../src/epoch-work.ts'
import { columnsOf, type Row } from '../src/rows-to-columns.ts'
import { type StreamConfig, streamConfigOf } from '../src/stream-config.ts'

const topic = topics.polls
const minuteMs = 60_000
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - 10 * minuteMs
const bounds = { [topic]: { lengthMs: 10_000, recordsMax: 5 } }

/** Adds up numbers by device; remembers a running total a device, and under which configuration it was computed. */
class Adder implements EpochWork {
  readonly #totals = new Map<string, number>()
  readonly #changed = new Set<string>()
  #rows: Row[] = []
  #config: StreamConfig
  readonly #journal: string[]

  constructor(context: WorkContext, journal: string[]) {
    this.#config = context.config
    this.#journal = journal
  }

  restore(states: ReadonlyMap<string, string>): void {
    for (const [key, state] of states) this.#totals.set(key, Number(state))
  }

  configure(config: StreamConfig): void {
    this.#config = config
  }

  process(record: BusRecord): void {
    const text = Buffer.from(record.value ?? []).toString()
    const amount = Number(text)
    if (Number.isNaN(amount)) throw new PoisonRecordError('not-a-number', `"${text}" is no number`)
    this.#journal.push(`${record.offset}:${this.#config.version}`)
    const total = (this.#totals.get(record.key) ?? 0) + amount
    this.#totals.set(record.key, total)
    this.#changed.add(record.key)
    this.#rows.push(interfaceRow(record.key, amount, total))
  }

  takeOutputs(): [] {
    return []
  }

  closeEpoch(): EpochResult {
    const states = new Map([...this.#changed].map(key => [key, String(this.#totals.get(key))]))
    this.#changed.clear()
    const block = columnsOf(this.#rows)
    this.#rows = []
    return { blocks: block.length > 0 ? [{ table: 'interface_1m', block }] : [], states }
  }
}

function interfaceRow(device: string, octets: number, runningTotal: number): Row {
  return {
    window_start: startMs / 1000,
    tenant_id: 'northwind',
    device_id: device,
    interface_id: `${device}/eth0`,
    in_octets: BigInt(octets),
    out_octets: 0n,
    in_packets: 0n,
    out_packets: 0n,
    in_errors: 0n,
    out_errors: 0n,
    in_discards: 0n,
    out_discards: 0n,
    fcs_errors: 0n,
    observed_ms: 1,
    speed_bits_per_second: BigInt(runningTotal),
    in_bits_per_second_max: 0n,
    out_bits_per_second_max: 0n,
  }
}

let folder: string
let bus: Bus
let store: Store
let membership: Membership | undefined
let versions: ConfigVersions
let journal: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-runner-'))
  journal = []
  await open()
})

afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(): Promise<void> {
  bus = createLocalBus({ path: join(folder, 'log'), log: silentLogger })
  store = createEmbeddedStore({ path: join(folder, 'store'), log: silentLogger, metrics: createMetrics() })
  await bus.start()
  await store.start()
  const spec = { partitions: 1, retentionMs: 86_400_000, retentionBytes: 1e9 }
  await bus.createTopics([
    { ...spec, name: topic, compacted: false },
    { ...spec, name: topics.config, compacted: true },
    { ...spec, name: topics.deadLetters, compacted: false },
  ])
}

async function close(): Promise<void> {
  await membership?.leave()
  membership = undefined
  await store.stop()
  await bus.stop()
}

function configOf(threshold: number): StreamConfig {
  const detection = detectConfigSchema.parse({ deviceUnreachable: { polls: threshold } })
  return streamConfigOf({ tenants: [], sites: [], devices: [], circuits: [] }, detection, alarmConfigSchema.parse({}))
}

interface JoinOptions {
  group?: string
  threshold?: number
  /** Stands between the runner and the bus. */
  around?: (assignment: Assignment) => Assignment
}

async function join_({
  group = 'g',
  threshold = 1,
  around = assignment => assignment,
}: JoinOptions = {}): Promise<EpochRunner> {
  versions = await recordConfigVersion(bus, configOf(threshold), startMs)
  const runner = new EpochRunner({
    bus,
    store,
    clock: systemClock,
    log: silentLogger,
    producerId: 'test',
    bounds,
    configVersions: versions,
    work: { [topic]: context => new Adder(context, journal) },
  })
  const wrapped = new Map<Assignment, Assignment>()
  const through = (assignment: Assignment): Assignment => {
    const known = wrapped.get(assignment) ?? around(assignment)
    wrapped.set(assignment, known)
    return known
  }
  membership = await bus.join({
    group,
    topics: [topic],
    handler: {
      assigned: assignment => runner.assigned(through(assignment)),
      records: (assignment, records) => runner.records(through(assignment), records),
      revoked: assignment => runner.revoked(through(assignment)),
    },
  })
  return runner
}

async function send(...amounts: [secondsAfterStart: number, device: string, amount: number | string][]): Promise<void> {
  await bus.send(
    topic,
    amounts.map(([seconds, key, amount]) => ({
      key,
      value: Buffer.from(String(amount)),
      timestampMs: startMs + seconds * 1000,
    })),
  )
}

async function totals(table = 'interface_1m'): Promise<Record<string, string>> {
  const rows = await store.query<{ device_id: string; octets: string }>(
    `SELECT device_id, sum(in_octets) AS octets FROM ${table} GROUP BY device_id ORDER BY device_id`,
  )
  return Object.fromEntries(rows.map(row => [row.device_id, row.octets]))
}

async function untilLedger(end: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const [row] = await store.query<{ end: string }>('SELECT max(to_offset) AS end FROM stream_epochs')
    if (Number(row?.end ?? 0) >= end) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`no epoch up to ${end}`)
}

describe('epoch runner', () => {
  it('writes an epoch when the log closes it, into the table and every view', async () => {
    await join_()
    await send([0, 'a', 1], [5, 'b', 2], [10, 'a', 3])
    await send([11, 'a', 100])
    await untilLedger(3)
    for (const table of ['interface_1m', 'interface_5m', 'interface_1h', 'interface_1d']) {
      expect(await totals(table)).toEqual({ a: '4', b: '2' })
    }
  })

  it('reads an open epoch again after a stop, and counts it once', async () => {
    await join_()
    await send([0, 'a', 1], [1, 'a', 2])
    await send([30, 'a', 4], [31, 'a', 8])
    await untilLedger(2)
    await close()
    await open()
    await join_()
    await send([60, 'a', 16])
    await untilLedger(4)
    expect(await totals()).toEqual({ a: '15' })
    const [row] = await store.query<{ most: string }>('SELECT max(speed_bits_per_second) AS most FROM interface_1m')
    expect(row?.most).toBe('15')
  })

  it('computes an epoch again with the same rows when its commit was lost', async () => {
    let commits = 0
    const runner = await join_({
      around: assignment => ({
        ...assignment,
        topic: assignment.topic,
        partition: assignment.partition,
        generation: assignment.generation,
        committed: assignment.committed,
        low: assignment.low,
        high: assignment.high,
        commit: (offset, metadata) => {
          if (commits++ === 0) throw new Error('the answer was lost')
          return assignment.commit(offset, metadata)
        },
      }),
    })
    await send([0, 'a', 1], [1, 'b', 2])
    await send([20, 'a', 4], [40, 'a', 8])
    await untilLedger(3)
    expect(commits).toBeGreaterThan(1)
    expect(await totals()).toEqual({ a: '5', b: '2' })
    const [row] = await store.query<{ most: string }>('SELECT max(speed_bits_per_second) AS most FROM interface_1m')
    expect(row?.most).toBe('5')
    expect(runner).toBeDefined()
  })

  it('drops the epoch when it is fenced', async () => {
    let fenced = false
    await join_({
      around: assignment => ({
        ...assignment,
        topic: assignment.topic,
        partition: assignment.partition,
        generation: assignment.generation,
        committed: assignment.committed,
        low: assignment.low,
        high: assignment.high,
        commit: async (offset, metadata) => {
          if (offset === 0) return assignment.commit(offset, metadata)
          fenced = true
          return 'fenced'
        },
      }),
    })
    await send([0, 'a', 1], [20, 'a', 2], [40, 'a', 4], [60, 'a', 8])
    for (let i = 0; i < 200 && !fenced; i++) await new Promise(resolve => setTimeout(resolve, 20))
    expect(fenced).toBe(true)
    expect(journal).toEqual([expect.stringMatching(/^0:/)])
  })

  it('F59: puts what it cannot read aside, with the reason, and goes on', async () => {
    await join_()
    await send([0, 'a', 1], [1, 'a', 'poison'], [2, 'a', 2], [20, 'a', 4])
    await untilLedger(3)
    expect(await totals()).toEqual({ a: '3' })
    const letters: BusRecord[] = []
    const tail = await bus.tail({
      topic: topics.deadLetters,
      from: 'start',
      records: records => void letters.push(...records),
    })
    await tail.caughtUp
    await tail.close()
    const letter = fromBinary(DeadLetterSchema, letters[0]!.value!)
    expect([letter.topic, letter.offset, letter.code, letter.reason]).toEqual([
      topic,
      1n,
      'not-a-number',
      '"poison" is no number',
    ])
    expect(Buffer.from(letter.value).toString()).toBe('poison')
  })

  it('changes its configuration only between epochs, and computes an old epoch under the old one', async () => {
    await join_({ threshold: 1 })
    await send([0, 'a', 1], [20, 'a', 2], [21, 'a', 3])
    await untilLedger(1)
    await close()
    await open()
    journal.length = 0
    await join_({ threshold: 2 })
    await send([40, 'a', 4], [60, 'a', 5])
    await untilLedger(4)
    const versions = journal.map(entry => entry.split(':')[1])
    // The epoch of the records at 20 s and 21 s was begun under the first configuration.
    expect(versions[0]).toBe(versions[1])
    expect(versions[2]).not.toBe(versions[1])
  })

  it('takes over a changed configuration while it runs, between epochs, and finds it after a crash', async () => {
    let loses = false
    const around = (assignment: Assignment): Assignment => ({
      ...assignment,
      topic: assignment.topic,
      partition: assignment.partition,
      generation: assignment.generation,
      committed: assignment.committed,
      low: assignment.low,
      high: assignment.high,
      commit(offset, metadata) {
        if (loses) throw new Error('the answer was lost')
        return assignment.commit(offset, metadata)
      },
    })
    await join_({ threshold: 1, around })
    await send([0, 'a', 1], [20, 'a', 2])
    await untilLedger(1)
    await versions.change(configOf(2), startMs)
    await send([21, 'a', 3], [40, 'a', 4])
    await untilLedger(3)
    // The third epoch begins under the second configuration, and its commit is lost while a third one comes.
    loses = true
    await versions.change(configOf(3), startMs)
    await send([60, 'a', 5])
    await untilLedger(4)
    await close()
    const before = new Map(journal.map(entry => entry.split(':') as [string, string]))
    expect([before.get('1'), before.get('2')]).toEqual([configOf(1).version, configOf(1).version])
    expect(before.get('3')).toBe(configOf(2).version)

    journal.length = 0
    await open()
    // A process that was started with the first configuration again computes it under the one it was begun with.
    await join_({ threshold: 1 })
    await send([80, 'a', 6])
    await untilLedger(5)
    const again = new Map(journal.map(entry => entry.split(':') as [string, string]))
    expect(again.get('3')).toBe(configOf(2).version)
    expect(again.get('4')).toBe(configOf(1).version)
    expect(await totals()).toEqual({ a: '15' })
  })

  it('refuses to read again what the ledger has when the group lost its offsets', async () => {
    await join_({ group: 'g' })
    await send([0, 'a', 1], [20, 'a', 2])
    await untilLedger(1)
    await membership?.leave()
    journal.length = 0
    const runner = await join_({ group: 'another' })
    await expect(
      runner.assigned({
        topic,
        partition: 0,
        generation: 99,
        committed: undefined,
        low: 0,
        high: 2,
        commit: async () => 'committed',
      }),
    ).rejects.toThrow('the consumer group has no offset')
    expect(journal).toEqual([])
  })

  it('F58: goes on at the start of the log when retention passed its offset, and counts what was lost', async () => {
    const runner = await join_()
    const metrics = createMetrics()
    runner.register(metrics)
    const from = await runner.assigned({
      topic,
      partition: 0,
      generation: 99,
      committed: { offset: 10, metadata: '' },
      low: 25,
      high: 30,
      commit: async () => 'committed',
    })
    expect(from).toBe(25)
    expect((await metrics.text()).body).toContain(`weir_processor_gap_records_total{topic="${topic}"} 15`)
  })
})
