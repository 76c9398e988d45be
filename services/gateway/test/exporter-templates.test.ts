import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TemplateRecord, templateKey, topics } from '../../../libs/model/src/index.ts'
import {
  exporterHealth,
  type GatewayUnderTest,
  getJson,
  liveRecord,
  sendLive,
  startGateway,
  until,
} from './gateway-under-test.ts'

const exporterId = 'acme/c1/192.0.2.1'
let underTest: GatewayUnderTest

const keyOf = (id: number) => templateKey(exporterId, { sourcePort: 2_055, version: 10, domain: 5, id })

function record(templateId: number, changes: Partial<TemplateRecord> = {}): TemplateRecord {
  return {
    schema: 'weir.template.v1',
    tenantId: 'acme',
    exporterId,
    sourcePort: 2_055,
    protocol: 'ipfix',
    observationDomainId: 5,
    templateId,
    options: false,
    scopeFields: 0,
    fields: [{ name: 'octetDeltaCount', enterprise: 0, element: 1, length: 8 }],
    firstSeenAt: '2026-11-23T10:00:00.000Z',
    changedAt: '2026-11-23T10:00:00.000Z',
    logId: 'log',
    partition: 0,
    firstSeenOffset: '1',
    changedOffset: '1',
    ...changes,
  }
}

async function write(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void> {
  await underTest.bus.send(
    topics.templates,
    entries.map(([key, value]) => ({
      key,
      value: value === null ? null : Buffer.from(JSON.stringify(value)),
      timestampMs: Date.now(),
    })),
  )
}

async function list(query = ''): Promise<{ data: TemplateRecord[]; nextCursor: string | null }> {
  return getJson(`${underTest.address}/api/v1/exporters/${encodeURIComponent(exporterId)}/templates${query}`)
}
const ids = async () => (await list()).data.map(one => one.templateId)

beforeAll(async () => {
  underTest = await startGateway({ config: { live: { templatesMax: 4 } } })
  await sendLive(underTest.bus, [liveRecord('acme', exporterHealth(exporterId))])
  await write([300, 256, 257].map(id => [keyOf(id), record(id)]))
  await until(async () => (await ids()).length === 3)
})
afterAll(() => underTest.dispose())

describe('/exporters/{id}/templates', () => {
  it('lists them in order, page by page', async () => {
    expect(await ids()).toEqual([256, 257, 300])
    const { data, nextCursor } = await list('?limit=2')
    const rest = await list(`?limit=2&cursor=${nextCursor}`)
    expect([...data, ...rest.data].map(one => one.templateId)).toEqual([256, 257, 300])
    expect(rest.nextCursor).toBeNull()
    expect(data[0]).toMatchObject({ fields: [{ name: 'octetDeltaCount', length: 8 }], protocol: 'ipfix' })
  })

  it('follows changes and deletions, and a gateway that starts knows the same', async () => {
    await write([
      [keyOf(256), record(256, { options: true })],
      [keyOf(300), null],
    ])
    await until(async () => (await ids()).length === 2)
    expect((await list()).data[0]).toMatchObject({ templateId: 256, options: true })
    const before = await list()
    await underTest.restart()
    expect(await list()).toEqual(before)
  })

  it('counts what it cannot read or hold, and what names another exporter', async () => {
    await write([
      [keyOf(400), { schema: 'weir.template.v9' }],
      [keyOf(401), record(401, { tenantId: 'globex' })],
      [keyOf(402), record(402, { exporterId: 'globex/c1/192.0.2.1' })],
      ...[500, 501, 502].map(id => [keyOf(id), record(id)] as const),
    ])
    await until(async () => (await ids()).length === 4)
    const text = (await underTest.metrics.text()).body
    expect(text).toContain('weir_gateway_dropped_total{reason="template-malformed"} 3')
    expect(text).toContain('weir_gateway_dropped_total{reason="templates-full"} 1')
  })
})
