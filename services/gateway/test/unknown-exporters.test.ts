import { create } from '@bufbuild/protobuf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import {
  exporterDecisionSchema,
  type LiveRecord,
  topics,
  UnknownExporterSchema,
} from '../../../libs/model/src/index.ts'
import { gatewayConfigSchema } from '../src/index.ts'
import { LiveState } from '../src/live/live-state.ts'
import { tilesOf } from '../src/live/tiles.ts'
import {
  type GatewayUnderTest,
  getJson,
  liveRecord,
  sendLive,
  startGateway,
  testInventory,
  until,
} from './gateway-under-test.ts'

let underTest: GatewayUnderTest
const api = <T>(path: string): Promise<T> => getJson<T>(`${underTest.address}/api/v1${path}`)

interface Item {
  exporterId: string
  state: string
}

function list(tenantId: string, addresses: readonly string[], changes: object = {}) {
  const exporters = addresses.map(address =>
    create(UnknownExporterSchema, {
      ...{ address, listeningPort: 2_055, sourcePort: 50_000, protocols: ['netflow9'] },
      ...{ firstSeenMs: 1_795_000_000_000n, lastSeenMs: 1_795_000_060_000n, datagrams: 70n, bytes: 70_000n },
      ...{ heldDatagrams: 40n, heldSinceMs: 1_795_000_030_000n, ...changes },
    }),
  )
  const value = { collectorId: 'c1', asOfMs: BigInt(Date.now()), list: { exporters, unnamed: 0n } }
  return liveRecord(tenantId, { case: 'unknownExporters', value })
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${underTest.address}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function decisions() {
  const read: BusRecord[] = []
  const tail = await underTest.bus.tail({
    topic: topics.config,
    from: 'start',
    records: more => void read.push(...more),
  })
  await tail.caughtUp
  await tail.close()
  return read.map(({ key, value }) => ({
    key,
    value: exporterDecisionSchema.parse(JSON.parse(Buffer.from(value!).toString())),
  }))
}

beforeAll(async () => {
  underTest = await startGateway({})
  await underTest.bus.createTopics([
    { name: topics.config, partitions: 1, retentionMs: 86_400_000, retentionBytes: 1 << 30, compacted: true },
  ])
  await sendLive(underTest.bus, [
    list('acme', ['203.0.113.9', '2001:db8::7']),
    list('globex', ['203.0.113.9'], { rejected: true, heldDatagrams: 0n }),
  ])
  await until(async () => (await api<{ data: Item[] }>('/unknown-exporters')).data.length === 3)
})
afterAll(() => underTest.dispose())

describe('exporters that nobody knows', () => {
  it('F32: are listed with where they send, what they speak and what is held of them, in pages', async () => {
    const first = await api<{ data: Item[]; nextCursor: string }>('/unknown-exporters?limit=2')
    expect(first.data.map(({ exporterId }) => exporterId)).toEqual(['acme/c1/2001:db8::7', 'acme/c1/203.0.113.9'])
    expect(first.data[1]).toEqual({
      ...{ exporterId: 'acme/c1/203.0.113.9', tenantId: 'acme', collectorId: 'c1', address: '203.0.113.9' },
      ...{ state: 'waiting', listeningPort: 2_055, sourcePort: 50_000, protocols: ['netflow9'] },
      ...{ firstSeenAt: '2026-11-18T11:06:40.000Z', lastSeenAt: '2026-11-18T11:07:40.000Z' },
      ...{ datagrams: '70', bytes: '70000', heldDatagrams: '40', heldSince: '2026-11-18T11:07:10.000Z' },
    })
    const rest = await api<{ data: Item[] }>(`/unknown-exporters?limit=2&cursor=${first.nextCursor}`)
    expect(rest.data).toMatchObject([{ exporterId: 'globex/c1/203.0.113.9', state: 'rejected', heldSince: null }])
    expect((await api<{ data: Item[] }>('/unknown-exporters?tenant=globex')).data).toHaveLength(1)
  })

  it('are counted for the wall while nobody decided of them, for those who may see them', () => {
    const state = new LiveState(testInventory, gatewayConfigSchema.parse({}).live, Date.now())
    const apply = (record: LiveRecord) => state.apply(record, { partition: 0, stampMs: Date.now() }, Date.now())
    apply(list('acme', ['203.0.113.9', '203.0.113.10']))
    apply(list('globex', ['203.0.113.9'], { rejected: true }))
    const waiting = (tenants: 'all' | string[]) =>
      tilesOf(state, { tenants, siteId: undefined }, 1, Date.now()).overview.exportersWaiting
    expect(waiting('all')).toBe(2)
    expect(waiting(['globex'])).toBe(0)
  })

  it('are adopted under a tenant and with a rate, or rejected, where their collector reads it', async () => {
    const id = encodeURIComponent('acme/c1/203.0.113.9')
    const adopted = await post(`/unknown-exporters/${id}/adopt`, { tenantId: 'globex', samplingRate: 1_000 })
    expect(adopted.status).toBe(202)
    expect(await adopted.json()).toEqual({
      ...{ exporterId: 'globex/c1/203.0.113.9', decision: 'adopted', tenantId: 'globex' },
    })
    const rejected = await post(`/unknown-exporters/${encodeURIComponent('acme/c1/2001:db8::7')}/reject`, {})
    expect(rejected.status).toBe(202)
    expect(await decisions()).toMatchObject([
      {
        key: 'exporter/c1/203.0.113.9',
        value: { decision: 'adopted', tenantId: 'globex', samplingRate: 1_000, by: expect.any(String) },
      },
      { key: 'exporter/c1/2001:db8::7', value: { decision: 'rejected', tenantId: 'acme' } },
    ])
  })

  it('refuse what is no exporter, no rate or no tenant, and write nothing', async () => {
    const before = (await decisions()).length
    expect((await post('/unknown-exporters/acme%2Fc1%2F192.0.2.99/adopt', {})).status).toBe(404)
    const id = encodeURIComponent('acme/c1/203.0.113.9')
    for (const body of [{ samplingRate: 0 }, { samplingRate: 1.5 }, { tenantId: '../x' }, { wat: 1 }]) {
      expect((await post(`/unknown-exporters/${id}/adopt`, body)).status).toBe(400)
    }
    expect(await decisions()).toHaveLength(before)
  })

  it('leave the list when their collector says so', async () => {
    await sendLive(underTest.bus, [list('acme', [])])
    await until(async () => (await api<{ data: Item[] }>('/unknown-exporters')).data.length === 1)
  })
})
