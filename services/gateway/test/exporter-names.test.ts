import { afterAll, beforeAll, expect, it } from 'vitest'
import { blockOf } from '../../../libs/store/test/sample-blocks.ts'
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts'

let underTest: GatewayUnderTest
let visible: 'all' | string[] = 'all'
const nowMs = Date.now()
const range = { from: new Date(nowMs - 3_600_000).toISOString(), to: new Date(nowMs).toISOString() }
/** The first has no device behind it; the second has that of its tenant with the same address. */
const unpolled = 'acme/c1/192.0.2.9'
const polled = 'acme/c1/10.0.0.1'
const globex = 'globex/c1/192.0.2.9'

beforeAll(async () => {
  underTest = await startGateway({
    withStore: true,
    options: { resolvePrincipal: () => ({ name: 'alice', tenants: visible }) },
  })
  const { store } = underTest
  const names = (exporter_id: string, interfaces: unknown[], vrfs: unknown[] = []) => ({
    tenant_id: exporter_id.split('/')[0]!,
    exporter_id,
    interfaces_json: JSON.stringify(interfaces),
    vrfs_json: JSON.stringify(vrfs),
    samplers_json: '[]',
    learned_at: nowMs,
    rev: 1n,
  })
  await store.insert(
    'exporter_names',
    blockOf('exporter_names', [
      names(
        unpolled,
        [
          [3, 'Gi0/1', 'To <b>branch</b>'],
          [4, '', 'only described'],
        ],
        [[7, 'red', '']],
      ),
      names(polled, [
        [3, 'announced', ''],
        [5, 'announced-5', ''],
      ]),
      names(globex, [
        [3, 'theirs', ''],
        [6, 'theirs-6', ''],
      ]),
    ]),
    'names',
  )
  const port = { device_id: 'acme-core-1', if_index: 3, polled_at: nowMs, rev: 1n }
  await store.insert(
    'interfaces',
    blockOf('interfaces', [
      { ...port, tenant_id: 'acme', interface_id: 'acme-core-1/xe-0', if_name: 'xe-0', if_alias: 'Uplink' },
      { ...port, tenant_id: 'globex', device_id: 'globex-fw-1', interface_id: 'globex-fw-1/ge-0', if_name: 'ge-0' },
    ]),
    'interfaces',
  )
  const flow = (exporter_id: string, input_interface: number) => ({
    window_start: Math.floor(nowMs / 60_000) * 60 - 600,
    tenant_id: exporter_id.split('/')[0]!,
    exporter_id,
    input_interface,
    output_interface: 0,
    octets: 10n,
  })
  await store.insert(
    'flow_1m',
    blockOf('flow_1m', [
      ...[3, 4, 6].map(number => flow(unpolled, number)),
      ...[3, 5, 6].map(number => flow(polled, number)),
      flow(globex, 3),
    ]),
    'rollup',
  )
  const raw = { collector_id: 'c1', exporter: '192.0.2.9', received_at: nowMs - 600_000, ingress_vrf: 7, egress_vrf: 8 }
  await store.insert(
    'flows',
    blockOf('flows', [
      { ...raw, tenant_id: 'acme', octets: 20n },
      { ...raw, tenant_id: 'globex', octets: 10n },
    ]),
    'flows',
  )
}, 60_000)
afterAll(() => underTest.dispose())

async function get(path: string) {
  const response = await fetch(`${underTest.address}/api/v1${path}`)
  return { status: response.status, body: (await response.json()) as { data: unknown[]; nextCursor: string | null } }
}

async function post<T>(path: string, body: object): Promise<T> {
  const response = await fetch(`${underTest.address}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ range, ...body }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

interface Top {
  data: { key: { exporter: string; 'input-interface': number }; labels: Record<string, object> }[]
}

async function labels(body: object): Promise<Map<string, object | undefined>> {
  const { data } = await post<Top>('/query/top', { by: ['exporter', 'input-interface', 'output-interface'], ...body })
  for (const one of data) expect(one.labels).not.toHaveProperty('output-interface')
  return new Map(
    data.map(({ key, labels }) => [`${key.exporter} ${key['input-interface']}`, labels['input-interface']]),
  )
}

it('calls interfaces by SNMP, else as their exporter does, else by number, and never as another tenant does', async () => {
  const found = await labels({})
  expect(found.get(`${unpolled} 3`)).toEqual({ name: 'Gi0/1', description: 'To <b>branch</b>', source: 'exporter' })
  expect(found.get(`${unpolled} 4`)).toMatchObject({ name: 'only described' })
  expect(found.get(`${unpolled} 6`)).toBeUndefined()
  expect(found.get(`${polled} 3`)).toEqual({ name: 'xe-0', description: 'Uplink', source: 'snmp' })
  expect(found.get(`${polled} 5`)).toMatchObject({ name: 'announced-5', source: 'exporter' })
  expect(found.get(`${polled} 6`)).toBeUndefined()
  expect(found.get(`${globex} 3`)).toMatchObject({ name: 'theirs' })
  expect(found.size).toBe(7)
})

it('labels by the only exporter filtered by, and nothing where exporters are mixed', async () => {
  const mixed = await post<Top>('/query/top', { by: 'input-interface' })
  expect(mixed.data.map(one => one.labels)).toEqual(mixed.data.map(() => ({})))
  const one = await post<Top>('/query/top', { by: 'input-interface', filters: { exporter: [unpolled] } })
  expect(one.data.map(({ key, labels }) => [key['input-interface'], labels['input-interface']])).toContainEqual([
    3,
    expect.objectContaining({ name: 'Gi0/1' }),
  ])
  const { cells } = await post<{ cells: object[] }>('/query/matrix', { rows: 'exporter', columns: 'input-interface' })
  expect(cells).toContainEqual(
    expect.objectContaining({
      row: polled,
      column: 3,
      labels: { 'input-interface': { name: 'xe-0', description: 'Uplink', source: 'snmp' } },
    }),
  )
  const { series } = await post<{ series: { key: number; label: object | null }[] }>('/query/timeseries', {
    source: 'flows',
    by: 'input-interface',
    filters: { exporter: [unpolled] },
  })
  expect(series).toContainEqual(expect.objectContaining({ key: 3, label: expect.objectContaining({ name: 'Gi0/1' }) }))
  expect(series).toContainEqual(expect.objectContaining({ key: 6, label: null }))
})

it('calls VRFs as their exporter does', async () => {
  const { data } = await post<{ data: { key: object; labels: object }[] }>('/query/top', {
    by: ['exporter', 'ingress-vrf', 'egress-vrf'],
    filters: { 'ingress-vrf': [7] },
  })
  const vrfs = { 'ingress-vrf': 7, 'egress-vrf': 8 }
  expect(data.map(({ key, labels }) => ({ key, labels }))).toEqual([
    {
      key: { exporter: unpolled, ...vrfs },
      labels: { 'ingress-vrf': { name: 'red', description: '', source: 'exporter' } },
    },
    // The other tenant's exporter of the same address announced none.
    { key: { exporter: globex, ...vrfs }, labels: {} },
  ])
})

it('lists what one exporter announced in pages, after a restart too', async () => {
  const path = `/exporters/${encodeURIComponent(unpolled)}/names`
  await underTest.restart()
  const first = await get(`${path}?limit=2`)
  expect(first.body.data).toEqual([
    {
      kind: 'interface',
      number: 3,
      name: 'Gi0/1',
      description: 'To <b>branch</b>',
      learnedAt: new Date(nowMs).toISOString(),
    },
    expect.objectContaining({ kind: 'interface', number: 4, name: '' }),
  ])
  const second = await get(`${path}?cursor=${first.body.nextCursor}`)
  expect(second.body).toMatchObject({ data: [{ kind: 'vrf', number: 7, name: 'red' }], nextCursor: null })
  expect((await get(`${path}?kind=vrf`)).body.data).toHaveLength(1)
  expect((await get(`${path}?kind=colour`)).status).toBe(400)
  expect((await get(`${path}?cursor=x`)).status).toBe(400)
  expect((await get('/exporters/acme%2Fc1%2F192.0.2.77/names')).status).toBe(404)
})

it('shows and labels nothing of a tenant that is not the asker’s', async () => {
  visible = ['acme']
  expect((await get(`/exporters/${encodeURIComponent(globex)}/names`)).status).toBe(404)
  expect([...(await labels({})).keys()].every(key => key.startsWith('acme/'))).toBe(true)
  visible = ['globex']
  expect((await get(`/exporters/${encodeURIComponent(unpolled)}/names`)).status).toBe(404)
  expect([...(await labels({}))]).toEqual([[`${globex} 3`, expect.objectContaining({ name: 'theirs' })]])
  visible = 'all'
})
