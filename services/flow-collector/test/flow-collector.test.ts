import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Bus, BusError } from '../../../libs/bus/src/index.ts'
import {
  type CollectorUnderTest,
  datagramsOf,
  recordsOf,
  send,
  sender,
  startCollector,
} from './collector-under-test.ts'

const patience = { timeout: 15_000, interval: 10 }

describe('flow collector', () => {
  let subject: CollectorUnderTest | undefined

  afterEach(async () => {
    await subject?.dispose()
    subject = undefined
  })

  async function start(...parameters: Parameters<typeof startCollector>): Promise<CollectorUnderTest> {
    subject = await startCollector(...parameters)
    return subject
  }

  it('puts every datagram of every exporter on the bus, byte for byte and in order', async () => {
    const { collector, bus } = await start({ listeners: [{ port: 0 }, { port: 0, tenantId: 'acme' }] })
    const sources = ['127.1.0.1', '127.1.0.2', '127.1.0.3']
    const sockets = await Promise.all(sources.map(address => sender(subject!, address)))
    const beganUs = BigInt(Date.now() - 2) * 1_000n
    const perSource = 400
    for (let i = 0; i < perSource; i++)
      for (const [s, socket] of sockets.entries())
        await send(socket, Buffer.from(`${sources[s]} ${i} ${'x'.repeat(i % 900)}`), collector.ports[s % 2]!)
    await collector.stop()
    const records = await recordsOf(bus)
    const datagrams = datagramsOf(records)
    expect(collector.counts()).toEqual({ received: 1_200, sent: 1_200, dropped: 0, held: 0, kernelDrops: 0 })
    for (const [s, source] of sources.entries()) {
      const own = datagrams.filter(({ payload }) => payload.toString().startsWith(`${source} `))
      expect(own.map(({ payload }) => Number(payload.toString().split(' ')[1]))).toEqual(
        Array.from({ length: perSource }, (_, i) => i),
      )
      expect(own.every(({ payload }, i) => payload.length === `${source} ${i} `.length + (i % 900))).toBe(true)
      expect(new Set(own.map(({ key }) => key))).toEqual(new Set([`${s % 2 ? 'acme' : 'default'}/collector/${source}`]))
      expect(new Set(own.map(({ sourcePort }) => sourcePort))).toEqual(new Set([sockets[s]!.address().port]))
      expect(new Set(own.map(({ listeningPort }) => listeningPort))).toEqual(new Set([collector.ports[s % 2]]))
      expect(own[0]!.exporterAddress).toBe(`7f01000${s + 1}`)
      expect(own.every(({ receivedUs }, i) => receivedUs >= (own[i - 1]?.receivedUs ?? beganUs))).toBe(true)
    }
    const sequences = records.map(({ record }) => record.sequence).sort((a, b) => Number(a - b))
    expect(sequences).toEqual(records.map((_, i) => BigInt(i)))
    expect(new Set(records.map(({ record }) => record.producerId)).size).toBe(1)
  })

  it('stamps a batch with its newest arrival', async () => {
    const { collector, bus } = await start()
    const socket = await sender(subject!, '127.1.0.1')
    for (let i = 0; i < 5; i++) await send(socket, Buffer.from([i]), collector.ports[0]!)
    await collector.stop()
    for (const { timestampMs, record } of await recordsOf(bus)) {
      if (record.body.case !== 'batch') continue
      const { firstReceivedUs, receivedOffsetUs } = record.body.value
      expect(timestampMs).toBe(Number((firstReceivedUs + BigInt(Math.max(...receivedOffsetUs))) / 1_000n))
    }
  })

  it('receives the largest datagram there is whole, and an empty one (F29)', async () => {
    const { collector, bus } = await start()
    const socket = await sender(subject!, '127.1.0.1')
    const large = Buffer.from(Uint8Array.from({ length: 65_507 }, (_, i) => i * 7))
    await send(socket, large, collector.ports[0]!)
    await send(socket, Buffer.alloc(0), collector.ports[0]!)
    await send(socket, large, collector.ports[0]!)
    await collector.stop()
    const received = datagramsOf(await recordsOf(bus)).map(({ payload }) => payload)
    expect(received.map(({ length }) => length)).toEqual([65_507, 0, 65_507])
    expect(received[0]!.equals(large) && received[2]!.equals(large)).toBe(true)
  })

  it('knows IPv6 exporters, and IPv4 ones behind a socket for both as the same (F34)', async () => {
    const { collector, bus } = await start({ listeners: [{ host: '::', port: 0 }] })
    const [six, four] = [await sender(subject!, '::1'), await sender(subject!, '127.1.0.1')]
    await send(six, Buffer.from('six'), collector.ports[0]!, '::1')
    await send(four, Buffer.from('four'), collector.ports[0]!)
    await collector.stop()
    const datagrams = datagramsOf(await recordsOf(bus))
    const of = (payload: string) => datagrams.find(datagram => datagram.payload.toString() === payload)
    expect(of('six')).toMatchObject({ key: 'default/collector/::1', exporterAddress: `${'0'.repeat(31)}1` })
    expect(of('four')).toMatchObject({ key: 'default/collector/127.1.0.1', exporterAddress: '7f010001' })
  })

  it('holds an exporter that floods to its limit and tells the batch’s reader what was lost (F31)', async () => {
    const { collector, bus } = await start({ exporterDatagramsPerSecondMax: 100 })
    const [flood, quiet] = [await sender(subject!, '127.1.0.1'), await sender(subject!, '127.1.0.2')]
    for (let i = 0; i < 2_000; i++) {
      await send(flood, Buffer.from('flood'), collector.ports[0]!)
      if (i % 40 === 0) await send(quiet, Buffer.from('quiet'), collector.ports[0]!)
    }
    await collector.stop()
    const records = await recordsOf(bus)
    const passed = (text: string) => datagramsOf(records).filter(({ payload }) => payload.toString() === text).length
    const told = records.reduce(
      (sum, { record }) => sum + Number(record.body.case === 'batch' ? record.body.value.rateLimitDrops : 0n),
      0,
    )
    expect(passed('quiet')).toBe(50)
    expect(passed('flood')).toBeGreaterThanOrEqual(100)
    expect(passed('flood')).toBeLessThan(1_000)
    expect(told).toBe(2_000 - passed('flood'))
    expect(collector.drops().get('rate-limit')).toBe(told)
    expect(collector.counts()).toMatchObject({ received: 2_050, sent: 2_050 - told, dropped: told, held: 0 })
  })

  it('counts what the kernel dropped and carries it in a batch (F30)', async () => {
    const { collector, bus } = await start({ receiveBufferBytes: 4_096 })
    const socket = await sender(subject!, '127.1.0.1')
    const sent = 20_000
    const payload = Buffer.alloc(1_200)
    await Promise.all(Array.from({ length: sent }, () => send(socket, payload, collector.ports[0]!)))
    await vi.waitFor(() => {
      const { received, kernelDrops } = collector.counts()
      expect(received + kernelDrops).toBe(sent)
    }, patience)
    await send(socket, payload, collector.ports[0]!)
    await collector.stop()
    const { received, kernelDrops } = collector.counts()
    expect(kernelDrops).toBeGreaterThan(0)
    const told = (await recordsOf(bus)).reduce(
      (sum, { record }) => sum + (record.body.case === 'batch' ? record.body.value.kernelDrops : 0n),
      0n,
    )
    expect(told).toBe(BigInt(kernelDrops))
    expect(received + kernelDrops).toBe(sent + 1)
    expect(collector.counts()).toMatchObject({ dropped: 0, held: 0, sent: received })
  })

  it('follows no more exporters than its bound and counts the others’ datagrams', async () => {
    const { collector } = await start({ exportersMax: 2 })
    for (const address of ['127.1.0.1', '127.1.0.2', '127.1.0.3'])
      await send(await sender(subject!, address), Buffer.from(address), collector.ports[0]!)
    await collector.stop()
    expect(collector.drops().get('too-many-exporters')).toBe(1)
    expect(collector.counts()).toMatchObject({ received: 3, sent: 2, dropped: 1, held: 0 })
  })

  it('holds what the bus refuses up to its buffer, is unready meanwhile, and recovers alone (F53, F55)', async () => {
    let away = true
    const awayBus = (bus: Bus): Bus =>
      Object.assign(Object.create(bus) as Bus, {
        bounds: (topic: string) => bus.bounds(topic),
        async send(...parameters: Parameters<Bus['send']>) {
          if (away) throw new BusError('broker-unreachable', 'nobody answers')
          return bus.send(...parameters)
        },
      })
    const { collector, bus, metrics } = await start({ bufferBytesMax: 1_000_000 }, awayBus)
    const socket = await sender(subject!, '127.1.0.1')
    const datagram = Buffer.alloc(1_000)
    for (let i = 0; i < 2_000; i++) await send(socket, datagram, collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().received).toBe(2_000), patience)
    const { held, dropped } = collector.counts()
    expect(held + dropped).toBe(2_000)
    expect(held).toBeGreaterThan(900)
    expect(held).toBeLessThan(1_000)
    await vi.waitFor(
      () =>
        expect(collector.readiness?.()).toMatchObject({
          ready: false,
          reason: expect.stringContaining('nobody answers'),
        }),
      patience,
    )
    away = false
    await vi.waitFor(() => expect(collector.counts()).toMatchObject({ sent: held, held: 0 }), patience)
    expect(collector.readiness?.()).toEqual({ ready: true })
    await send(socket, datagram, collector.ports[0]!)
    await collector.stop()
    const records = await recordsOf(bus)
    const told = records.reduce(
      (sum, { record }) => sum + (record.body.case === 'batch' ? record.body.value.bufferDrops : 0n),
      0n,
    )
    expect(told).toBe(BigInt(dropped))
    expect(datagramsOf(records)).toHaveLength(held + 1)
    const { body } = await metrics.text()
    expect(body).toContain(`weir_collector_dropped_datagrams_total{reason="buffer-full"} ${dropped}`)
    expect(body).toContain(`weir_collector_sent_datagrams_total ${held + 1}`)
  })

  it('gives up on a bus that stays away when it is stopped, and counts that', { timeout: 30_000 }, async () => {
    const neverBus = (bus: Bus): Bus =>
      Object.assign(Object.create(bus) as Bus, {
        bounds: (topic: string) => bus.bounds(topic),
        send: () => Promise.reject(new BusError('broker-unreachable', 'nobody answers')),
      })
    const { collector } = await start({}, neverBus)
    await send(await sender(subject!, '127.1.0.1'), Buffer.from('one'), collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().held).toBe(1), patience)
    await collector.stop()
    expect(collector.counts()).toMatchObject({ received: 1, sent: 0, dropped: 1, held: 0 })
    expect(collector.drops().get('stopped')).toBe(1)
  })

  it('writes a heartbeat to every partition, behind what came before it', { timeout: 20_000 }, async () => {
    const { collector, bus } = await start()
    const socket = await sender(subject!, '127.1.0.1')
    const { partition } = await vi.waitFor(async () => {
      await send(socket, Buffer.from('x'), collector.ports[0]!)
      const records = await recordsOf(bus)
      const heartbeats = records.filter(({ record }) => record.body.case === 'heartbeat')
      expect(heartbeats.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3])
      expect(heartbeats.every(({ key, record }) => key === `heartbeat/${record.producerId}`)).toBe(true)
      return records.find(({ record }) => record.body.case === 'batch')!
    }, patience)
    const own = (await recordsOf(bus)).filter(record => record.partition === partition)
    const at = own.findIndex(({ record }) => record.body.case === 'heartbeat')
    expect(at).toBeGreaterThan(0)
    expect(own.slice(0, at).every(({ timestampMs }) => timestampMs <= own[at]!.timestampMs)).toBe(true)
    expect(own.slice(at + 1).every(({ timestampMs }) => timestampMs >= own[at]!.timestampMs)).toBe(true)
  })

  it('takes exporters’ identities from the address table, which may grow while it runs', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'weir-table-')), 'addresses.json')
    const { collector, bus } = await start({ addressTable: path })
    const write = (content: unknown) => writeFileSync(path, JSON.stringify(content))
    const entry = { tenantId: 'acme', exporterAddress: '192.0.2.1' }
    write({ '127.100.0.1': entry })
    const [first, second] = [await sender(subject!, '127.100.0.1'), await sender(subject!, '127.100.0.2')]
    await send(first, Buffer.from('first'), collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().sent).toBe(1), patience)
    write({
      '127.100.0.1': entry,
      '127.100.0.2': { tenantId: 'umbrella', exporterAddress: '2001:db8::7', collectorId: 'far' },
    })
    await send(second, Buffer.from('second'), collector.ports[0]!)
    await send(await sender(subject!, '127.100.0.3'), Buffer.from('third'), collector.ports[0]!)
    await collector.stop()
    const keys = new Map(
      datagramsOf(await recordsOf(bus)).map(({ payload, key, exporterAddress }) => [
        payload.toString(),
        [key, exporterAddress],
      ]),
    )
    expect(keys.get('first')).toEqual(['acme/collector/192.0.2.1', 'c0000201'])
    expect(keys.get('second')).toEqual(['umbrella/far/2001:db8::7', '20010db8000000000000000000000007'])
    expect(keys.get('third')).toEqual(['default/collector/127.100.0.3', '7f640003'])
    rmSync(dirname(path), { recursive: true })
  })

  it('does not start when a port is taken, and says which', async () => {
    const { collector } = await start()
    await expect(startCollector({ listeners: [{ port: collector.ports[0] }] })).rejects.toThrow(
      String(collector.ports[0]),
    )
  })
})
