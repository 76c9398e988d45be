import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMetrics, ManualClock, packageRoot, silentLogger } from '../../kernel/src/index.ts'
import type { Bus, BusRecord } from '../src/index.ts'
import { createLocalBus, type LocalBusOptions } from '../src/local/index.ts'
import { aGroup, aRecord, aTopic, numbered, numbers, range, readAll } from './bus-contract.ts'

const hourMs = 3_600_000

describe('local log', () => {
  let path: string
  let open: Bus[]

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'weir-log-'))
    open = []
  })

  afterEach(async () => {
    for (const bus of open) await bus.stop()
    rmSync(path, { recursive: true, force: true })
  })

  async function start(options: Partial<LocalBusOptions> = {}): Promise<Bus> {
    const bus = createLocalBus({ path, log: silentLogger, ...options })
    await bus.start()
    open.push(bus)
    return bus
  }

  describe('owner', () => {
    it('is one at a time', async () => {
      await start()
      await expect(start()).rejects.toMatchObject({ code: 'log-locked', message: expect.stringContaining(path) })
    })

    it('may come after the one before has stopped', async () => {
      await (await start()).stop()
      open = []
      await start()
    })

    it('may own a folder whose name is longer than the address of a socket', async () => {
      path = join(path, 'a'.repeat(100), 'b'.repeat(100))
      await start()
      await expect(start()).rejects.toMatchObject({ code: 'log-locked' })
    })
  })

  it('refuses a file that is not its own', async () => {
    writeFileSync(join(path, 'log.mdb'), 'these are somebody’s notes'.repeat(1_000))
    await expect(start()).rejects.toMatchObject({ code: 'log-damaged' })
  })

  describe('retention', () => {
    it('removes what is older than the topic keeps, and offsets go on', async () => {
      const clock = new ManualClock(100 * hourMs)
      const bus = await start({ clock })
      const spec = { ...aTopic(), partitions: 1, retentionMs: 10 * hourMs }
      await bus.createTopics([spec])
      for (let hour = 0; hour < 12; hour++) {
        await bus.send(spec.name, [aRecord({ timestampMs: clock.nowMs() })])
        await clock.advance(hourMs)
      }
      // Now it is the twelfth hour: the records of hours 0 and 1 are older than ten hours.
      await vi.waitFor(async () => {
        await clock.advance(10_000)
        expect(await bus.bounds(spec.name)).toEqual([{ partition: 0, low: 3, high: 12 }])
      })
      expect((await readAll(bus, spec.name))[0]!.offset).toBe(3)
      await clock.advance(13 * hourMs)
      await vi.waitFor(async () => {
        await clock.advance(10_000)
        expect(await bus.bounds(spec.name)).toEqual([{ partition: 0, low: 12, high: 12 }])
      })
      await bus.stop()
      open = []
      const again = await start({ clock })
      expect(await again.send(spec.name, [aRecord()])).toEqual([{ partition: 0, offset: 12 }])
    })

    it('removes what a partition holds beyond its size', async () => {
      const metrics = createMetrics()
      const bus = await start({ maintenanceIntervalMs: 5, metrics })
      const spec = { ...aTopic(), partitions: 1, retentionBytes: 100_000 }
      await bus.createTopics([spec])
      for (let i = 0; i < 50; i++) await bus.send(spec.name, [aRecord({ value: new Uint8Array(10_000) })])
      await vi.waitFor(async () => expect((await bus.bounds(spec.name))[0]!.low).toBeGreaterThanOrEqual(40))
      expect((await readAll(bus, spec.name)).length).toBeGreaterThanOrEqual(8)
      const { body } = await metrics.text()
      expect(body).toContain(`weir_bus_removed_records_total{topic="${spec.name}",reason="retention-bytes"} 4`)
      expect(body).toContain(`weir_bus_sent_records_total{topic="${spec.name}"} 50`)
    })

    it('gives the partition of a reader that it overtook back, so that the gap is seen', async () => {
      const bus = await start({ maintenanceIntervalMs: 5 })
      const spec = { ...aTopic(), partitions: 1, retentionBytes: 50_000 }
      await bus.createTopics([spec])
      await bus.send(spec.name, numbered(0, 5))
      const lows: number[] = []
      const read: BusRecord[] = []
      let release = () => {}
      const gate = new Promise<void>(resolve => {
        release = resolve
      })
      await bus.join({
        group: aGroup(),
        topics: [spec.name],
        handler: {
          async assigned({ low }) {
            lows.push(low)
            return low
          },
          async records(_, records) {
            read.push(...records)
            await gate
          },
          async revoked() {},
        },
      })
      await vi.waitFor(() => expect(read).toHaveLength(5))
      for (let i = 0; i < 30; i++) await bus.send(spec.name, [aRecord({ value: new Uint8Array(10_000) })])
      await vi.waitFor(async () => expect((await bus.bounds(spec.name))[0]!.low).toBeGreaterThan(20))
      release()
      await vi.waitFor(() => expect(read.at(-1)!.offset).toBe(34))
      expect(lows.slice(1)).toContain(read[5]!.offset)
    })
  })

  describe('compaction', () => {
    it('keeps the newest of each key, whatever its age, and forgets deleted keys', async () => {
      const clock = new ManualClock(1_000 * hourMs)
      const bus = await start({ clock })
      const spec = { ...aTopic(), partitions: 1, retentionMs: hourMs, compacted: true }
      await bus.createTopics([spec])
      const put = (key: string, value: string | null) =>
        bus.send(spec.name, [
          aRecord({ key, value: value === null ? null : Buffer.from(value), timestampMs: clock.nowMs() }),
        ])
      for (const i of range(0, 30)) await put(`key-${i % 3}`, `value ${i}`)
      await put('key-1', null)
      const values = async () =>
        (await readAll(bus, spec.name)).map(({ key, value }) => [key, value && Buffer.from(value).toString()])
      await vi.waitFor(async () => {
        await clock.advance(60_000)
        expect(await values()).toEqual([
          ['key-0', 'value 27'],
          ['key-2', 'value 29'],
          ['key-1', null],
        ])
      })
      await put('key-0', 'last')
      await vi.waitFor(async () => {
        await clock.advance(6 * hourMs)
        expect(await values()).toEqual([
          ['key-2', 'value 29'],
          ['key-0', 'last'],
        ])
      })
      expect((await bus.bounds(spec.name))[0]!.high).toBe(32)
      const read: BusRecord[] = []
      const tail = await bus.tail({
        topic: spec.name,
        from: { offsets: new Map([[0, 3]]) },
        records: records => void read.push(...records),
      })
      await tail.caughtUp
      expect(read.map(({ offset }) => offset)).toEqual([29, 31])
    })
  })

  describe('bounds', () => {
    it('refuses with log-full what passes its size, and takes more when retention has made room', async () => {
      const metrics = createMetrics()
      const bus = await start({ bytesMax: 300_000, maintenanceIntervalMs: 5, metrics })
      const spec = { ...aTopic(), partitions: 1 }
      await bus.createTopics([spec])
      const record = aRecord({ value: new Uint8Array(100_000) })
      await bus.send(spec.name, [record, record])
      await expect(bus.send(spec.name, [record, record])).rejects.toMatchObject({ code: 'log-full' })
      expect((await metrics.text()).body).toContain('weir_bus_errors_total{code="log-full"} 1')
      await bus.createTopics([{ ...spec, retentionBytes: 100_000 }])
      await vi.waitFor(() => bus.send(spec.name, [record]))
    })

    it('tells log-full when the disk takes no more, says it is not ready, and keeps what it acknowledged', () => {
      const child = join(packageRoot, 'dist/libs/bus/test/local-log-filler.js')
      const limited = ['-c', 'ulimit -f 20480; exec "$0" "$@"', process.execPath, child, path]
      const report = execFileSync('bash', limited, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      expect(JSON.parse(report)).toMatchObject({ code: 'log-full', ready: false, lost: 0 })
    })

    it('grows from nothing to many times its first size', async () => {
      const bus = await start()
      const spec = { ...aTopic(), partitions: 2 }
      await bus.createTopics([spec])
      const value = new Uint8Array(1_000_000)
      for (const i of range(0, 60)) await bus.send(spec.name, [{ key: `${i}`, value, timestampMs: i }])
      expect((await readAll(bus, spec.name)).length).toBe(60)
    })
  })

  it('shares a commit among senders of one moment', async () => {
    const bus = await start()
    const spec = { ...aTopic(), partitions: 1 }
    await bus.createTopics([spec])
    const sent = await Promise.all(range(0, 2_000).map(i => bus.send(spec.name, numbered(i, i + 1))))
    expect(sent.map(([position]) => position!.offset)).toEqual(range(0, 2_000))
    expect(numbers(await readAll(bus, spec.name))).toEqual(range(0, 2_000))
  })
})
