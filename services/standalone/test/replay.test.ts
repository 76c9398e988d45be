import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../../libs/bus/src/index.ts'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { FlowsRawRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { createFlowCollector, type FlowCollector, flowCollectorConfigSchema } from '../../flow-collector/src/index.ts'
import { UsageError } from '../src/command.ts'
import { replayCommand } from '../src/commands/replay.ts'
import { planAddresses } from '../src/replay/address-plan.ts'
import { ipfix, pcapOf, type TestDatagram, v5 } from './capture-file.ts'

describe('weir replay', () => {
  let folder: string
  let bus: Bus
  let collector: FlowCollector

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-replay-'))
    bus = createLocalBus({ path: join(folder, 'log'), log: silentLogger })
    await bus.start()
    await bus.createTopics([
      { name: topics.flowsRaw, partitions: 2, retentionMs: 1e9, retentionBytes: 1e10, compacted: false },
    ])
    collector = createFlowCollector({
      config: flowCollectorConfigSchema.parse({
        listeners: [{ port: 0 }],
        addressTable: join(folder, 'exporter-addresses.json'),
      }),
      inventory: { devices: [] },
      bus,
      clock: systemClock,
      log: silentLogger,
      metrics: createMetrics(),
    })
    await collector.start()
  })

  afterEach(async () => {
    await bus.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the command on a capture of these datagrams against the collector, and returns what both say. */
  async function run(datagrams: readonly TestDatagram[], ...options: string[]) {
    const file = join(folder, 'capture.pcap')
    writeFileSync(file, pcapOf(datagrams))
    const stdout = new PassThrough()
    const controller = new AbortController()
    const args = [file, '--port', String(collector.ports[0]), '--data', folder, ...options]
    const code = await replayCommand.run(args, {
      stdout,
      stderr: new PassThrough(),
      signal: controller.signal,
      env: {},
    })
    await collector.stop()
    return { code, summary: JSON.parse(String(stdout.read())), received: await receivedOf(bus) }
  }

  it('keeps exporters apart that one machine replays, with their addresses, ports and every byte', async () => {
    const capture = exporters(['192.0.2.1', '192.0.2.2', '203.0.113.9'], 300)
    const { code, summary, received } = await run(capture, '--keep-time', '--tenant', 'acme')
    expect(code).toBe(0)
    expect(summary).toMatchObject({ datagrams: 900, bytes: 900 * 72, skipped: 0, shiftSeconds: 0, kernelDrops: 0 })
    expect(Object.keys(summary.exporters)).toEqual(['192.0.2.1', '192.0.2.2', '203.0.113.9'])
    expect(new Set(Object.values(summary.exporters).map(one => (one as { address: string }).address)).size).toBe(3)
    for (const source of ['192.0.2.1', '192.0.2.2', '203.0.113.9']) {
      const sent = capture.filter(datagram => datagram.source === source)
      const got = received.filter(({ key }) => key === `acme/collector/${source}`)
      expect(got.map(({ payload }) => payload.toString('hex'))).toEqual(
        sent.map(({ payload }) => Buffer.from(payload).toString('hex')),
      )
      expect(got.map(({ sourcePort }) => sourcePort)).toEqual(sent.map(({ sourcePort }) => sourcePort))
    }
    expect(collector.counts()).toMatchObject({ received: 900, sent: 900, dropped: 0, kernelDrops: 0 })
  })

  it('shifts all times by the same, so that the capture ends now', async () => {
    const atSeconds = 1_600_000_000
    const capture = [
      datagram({ timestampMs: atSeconds * 1_000, payload: v5(atSeconds, 1) }),
      datagram({
        timestampMs: atSeconds * 1_000 + 500,
        source: '192.0.2.2',
        payload: ipfix(atSeconds, atSeconds * 1_000 - 7_250, 'eth0'),
      }),
      datagram({ timestampMs: atSeconds * 1_000 + 60_000, payload: v5(atSeconds + 60, 2) }),
    ]
    const beforeSeconds = Date.now() / 1_000
    const { summary, received } = await run(capture)
    const { shiftSeconds } = summary
    expect(atSeconds + 60 + shiftSeconds).toBeGreaterThan(beforeSeconds - 2)
    expect(atSeconds + 60 + shiftSeconds).toBeLessThanOrEqual(Date.now() / 1_000)
    const payloads = (source: string) =>
      received.filter(({ key }) => key.endsWith(source)).map(({ payload }) => payload)
    expect(payloads('192.0.2.1').map(payload => payload.readUInt32BE(8))).toEqual([
      atSeconds + shiftSeconds,
      atSeconds + 60 + shiftSeconds,
    ])
    const shifted = ipfix(atSeconds + shiftSeconds, (atSeconds + shiftSeconds) * 1_000 - 7_250, 'eth0')
    expect(payloads('192.0.2.2')).toEqual([shifted])
  })

  it('goes by the exporters’ clocks where the capture was made of payloads later', async () => {
    const capture = [datagram({ timestampMs: 1_700_000_000_000, payload: v5(1_400_000_000, 1) })]
    const { received } = await run(capture)
    expect(Math.abs(received[0]!.payload.readUInt32BE(8) - Date.now() / 1_000)).toBeLessThan(5)
  })

  it('keeps the pace of the capture when asked to', async () => {
    const atMs = 1_600_000_000_000
    const capture = [0, 2_000, 4_000].map(later =>
      datagram({ timestampMs: atMs + later, payload: v5(1_600_000_000, later) }),
    )
    const { summary, received } = await run(capture, '--speed', '10')
    expect(summary.durationMs).toBeGreaterThanOrEqual(400)
    const spread = Number(received[2]!.receivedUs - received[0]!.receivedUs) / 1_000
    expect(spread).toBeGreaterThan(350)
  })

  it('sends what is no flow export only when told to', async () => {
    const dns = datagram({ destinationPort: 53, payload: Buffer.from('c0ffee0100000100000000000000', 'hex') })
    const { summary } = await run([dns, datagram({ payload: v5(1, 1) })], '--keep-time')
    expect(summary).toMatchObject({ datagrams: 1, skipped: 1 })
  })

  it('gives an exporter the same address again and adds new ones', async () => {
    const path = join(folder, 'table', 'addresses.json')
    const first = await planAddresses(path, 'acme', ['192.0.2.1', '2001:db8::1'])
    const second = await planAddresses(path, 'acme', ['2001:db8::1', '192.0.2.9'])
    const other = await planAddresses(path, 'umbrella', ['192.0.2.1'])
    expect(second.get('2001:db8::1')).toBe(first.get('2001:db8::1'))
    expect(new Set([...first.values(), ...second.values(), ...other.values()]).size).toBe(4)
    const table = JSON.parse(readFileSync(path, 'utf8'))
    expect(table[other.get('192.0.2.1')!]).toEqual({ tenantId: 'umbrella', exporterAddress: '192.0.2.1' })
    await collector.stop()
  })

  it('says so when nobody listens', async () => {
    await expect(run([datagram({ payload: v5(1, 1) })], '--port', '1')).rejects.toThrow('nobody listens on port 1')
    await collector.stop()
  })

  it('refuses what it cannot make sense of', async () => {
    const io = { stdout: new PassThrough(), stderr: new PassThrough(), signal: new AbortController().signal, env: {} }
    await expect(replayCommand.run([], io)).rejects.toThrow(UsageError)
    await expect(replayCommand.run(['a', '--speed', 'fast'], io)).rejects.toThrow(UsageError)
    writeFileSync(join(folder, 'text'), 'not a capture')
    await expect(replayCommand.run([join(folder, 'text')], io)).rejects.toThrow('is no pcap')
    await collector.stop()
  })
})

function datagram(changes: Partial<TestDatagram>): TestDatagram {
  return {
    timestampMs: 1_600_000_000_000,
    source: '192.0.2.1',
    sourcePort: 50_000,
    destinationPort: 2055,
    payload: Buffer.alloc(0),
    ...changes,
  }
}

/** Datagrams of several exporters, turn by turn, each from two source ports. */
function exporters(sources: readonly string[], each: number): TestDatagram[] {
  return Array.from({ length: each * sources.length }, (_, i) =>
    datagram({
      timestampMs: 1_600_000_000_000 + i,
      source: sources[i % sources.length]!,
      sourcePort: 50_000 + (Math.floor(i / sources.length) % 2),
      payload: v5(1_600_000_000, i),
    }),
  )
}

async function receivedOf(bus: Bus) {
  const received: { key: string; sourcePort: number; payload: Buffer; receivedUs: bigint }[] = []
  const tail = await bus.tail({
    topic: topics.flowsRaw,
    from: 'start',
    records(records) {
      for (const { key, value } of records) {
        const { body } = fromBinary(FlowsRawRecordSchema, value!)
        if (body.case !== 'batch') continue
        let at = 0
        body.value.length.forEach((length, i) => {
          const payload = Buffer.from(body.value.payload.subarray(at, at + length))
          at += length
          const receivedUs = body.value.firstReceivedUs + BigInt(body.value.receivedOffsetUs[i]!)
          received.push({ key, sourcePort: body.value.sourcePort[i]!, payload, receivedUs })
        })
      }
    },
  })
  await tail.caughtUp
  await tail.close()
  return received
}
