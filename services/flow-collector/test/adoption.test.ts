import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type ExporterDecision,
  exporterDecisionKey,
  topics,
  type UnknownExporters,
} from '../../../libs/model/src/index.ts'
import {
  type CollectorUnderTest,
  datagramsOf,
  recordsOf,
  send,
  sender,
  startCollector,
} from './collector-under-test.ts'

const patience = { timeout: 15_000, interval: 20 }
const v9 = (text: string) => Buffer.concat([Buffer.of(0, 9, 0, 1), Buffer.from(text)])
const nobodyKnown = { trustLoopback: false }

let subject: CollectorUnderTest | undefined
afterEach(async () => {
  await subject?.dispose()
  subject = undefined
})

async function start(config: Record<string, unknown>): Promise<CollectorUnderTest> {
  subject = await startCollector(config)
  return subject
}

async function decide(
  { bus }: CollectorUnderTest,
  address: string,
  more: Partial<ExporterDecision> = {},
): Promise<void> {
  const decision: ExporterDecision = {
    schema: 'weir.exporter-decision.v1',
    decision: 'adopted',
    tenantId: 'acme',
    collectorId: 'collector',
    address,
    by: 'test',
    at: new Date().toISOString(),
    ...more,
  }
  const value = Buffer.from(JSON.stringify(decision))
  await bus.send(topics.config, [{ key: exporterDecisionKey('collector', address), value, timestampMs: Date.now() }])
}

async function listsOf({ bus }: CollectorUnderTest): Promise<UnknownExporters[]> {
  return (await recordsOf(bus)).flatMap(({ record }) =>
    record.body.case === 'unknownExporters' ? [record.body.value] : [],
  )
}

describe('exporters that nobody knows', () => {
  it('F32: are counted and named, not stored, and enter the log when they are adopted, as they arrived', async () => {
    const one = await start(nobodyKnown)
    const { collector, bus } = one
    const socket = await sender(one, '127.9.0.1')
    for (let i = 0; i < 40; i++) await send(socket, v9(`held ${i}`), collector.ports[0]!)
    await vi.waitFor(async () => expect((await listsOf(one)).at(-1)?.exporters[0]?.datagrams).toBe(40n), patience)
    expect(datagramsOf(await recordsOf(bus))).toEqual([])
    expect((await listsOf(one)).at(-1)!.exporters).toMatchObject([
      {
        address: '127.9.0.1',
        listeningPort: collector.ports[0],
        sourcePort: socket.address().port,
        protocols: ['netflow9'],
        heldDatagrams: 40n,
        rejected: false,
      },
    ])
    expect(collector.counts()).toMatchObject({ received: 40, sent: 0, dropped: 0, held: 40 })

    const decidedUs = BigInt(Date.now()) * 1_000n
    await decide(one, '127.9.0.1', { samplingRate: 500 })
    await vi.waitFor(() => expect(collector.counts()).toMatchObject({ sent: 40, held: 0 }), patience)
    await send(socket, v9('after'), collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().sent).toBe(41), patience)
    const records = await recordsOf(bus)
    const datagrams = datagramsOf(records)
    expect(datagrams.map(({ payload }) => payload.subarray(4).toString())).toEqual([
      ...Array.from({ length: 40 }, (_, i) => `held ${i}`),
      'after',
    ])
    expect(new Set(datagrams.map(({ key }) => key))).toEqual(new Set(['acme/collector/127.9.0.1']))
    expect(datagrams.slice(0, 40).every(({ receivedUs }) => receivedUs < decidedUs)).toBe(true)
    const rates = records.flatMap(({ record }) =>
      record.body.case === 'batch' ? [record.body.value.assumedSamplingRate] : [],
    )
    expect(new Set(rates)).toEqual(new Set([500]))
    // Its tenant is told once more that nobody waits.
    await vi.waitFor(async () => expect((await listsOf(one)).at(-1)?.exporters).toEqual([]), patience)
  }, 30_000)

  it('F32: become known when the configuration is read again, without a restart', async () => {
    const one = await start(nobodyKnown)
    const { collector } = one
    const socket = await sender(one, '127.9.1.7')
    await send(socket, v9('first'), collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().held).toBe(1), patience)
    const exporters = [{ address: '127.9.1.0/24', tenantId: 'northwind' }]
    collector.applyKnown({ exporters, trustLoopback: false, inventory: { devices: [] } })
    await vi.waitFor(() => expect(collector.counts().sent).toBe(1), patience)
    expect(datagramsOf(await recordsOf(one.bus)).map(({ key }) => key)).toEqual(['northwind/collector/127.9.1.7'])
  })

  it('hold nothing once somebody rejected them, and say so', async () => {
    const one = await start(nobodyKnown)
    const { collector } = one
    const socket = await sender(one, '127.9.2.1')
    await send(socket, v9('x'), collector.ports[0]!)
    await vi.waitFor(() => expect(collector.counts().held).toBe(1), patience)
    await decide(one, '127.9.2.1', { decision: 'rejected' })
    await vi.waitFor(async () => {
      await send(socket, v9('y'), collector.ports[0]!)
      expect(collector.drops().get('rejected-exporter')).toBeGreaterThan(1)
    }, patience)
    await vi.waitFor(async () => expect((await listsOf(one)).at(-1)?.exporters[0]?.rejected).toBe(true), patience)
    await collector.stop()
    const { received, sent, dropped, held } = collector.counts()
    expect({ sent, held }).toEqual({ sent: 0, held: 0 })
    expect(dropped).toBe(received)
  }, 30_000)

  it('are held within bounds of bytes and number; what falls out is counted, nothing else is lost', async () => {
    const one = await start({
      ...nobodyKnown,
      unknown: { holdBytesPerExporterMax: 65_536, holdBytesMax: 100_000, exportersMax: 3 },
    })
    const { collector } = one
    for (let host = 1; host <= 5; host++) {
      const socket = await sender(one, `127.9.3.${host}`)
      for (let i = 0; i < 60; i++) {
        await send(socket, v9('z'.repeat(1_200)), collector.ports[0]!)
        if (i % 10 === 9) await new Promise(resolve => setTimeout(resolve, 30))
      }
    }
    await vi.waitFor(() => expect(collector.drops().get('unknown-exporter')).toBeGreaterThan(150), patience)
    const { received, dropped, held } = collector.counts()
    expect(received).toBe(300)
    expect(dropped + held).toBe(300)
    expect(held * 1_200).toBeLessThan(100_000)
    await vi.waitFor(async () => {
      const list = (await listsOf(one)).at(-1)
      expect(list?.exporters).toHaveLength(3)
      expect(list?.unnamed).toBe(2n)
    }, patience)
  }, 30_000)

  it('F33: every exporter of a bridge has the bridge’s address, and is named by its source port too', async () => {
    const one = await start(nobodyKnown)
    const { collector } = one
    const [first, second] = [await sender(one, '127.9.4.1'), await sender(one, '127.9.4.1')]
    await send(first!, v9('a'), collector.ports[0]!)
    await send(second!, v9('b'), collector.ports[0]!)
    await vi.waitFor(async () => expect((await listsOf(one)).at(-1)?.exporters[0]?.datagrams).toBe(2n), patience)
    expect((await listsOf(one)).at(-1)!.exporters).toHaveLength(1)
  })
})
