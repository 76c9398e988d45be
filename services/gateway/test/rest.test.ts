import { randomUUID } from 'node:crypto'
import { fromBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Alarm, type OperatorAction, SignalRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { blockOf, ipv4Mapped, type SampleRow } from '../../../libs/store/test/sample-blocks.ts'
import {
  alarmOf,
  exporterHealth,
  type GatewayUnderTest,
  liveRecord,
  sendAlarms,
  sendLive,
  startGateway,
  until,
} from './gateway-under-test.ts'

let underTest: GatewayUnderTest
const minuteMs = 60_000
/** A quarter of an hour ago, one minute past a multiple of five: the same rollups fill the range whenever this runs. */
const startMs = Math.floor(Date.now() / (5 * minuteMs)) * 5 * minuteMs - 14 * minuteMs
const range = { from: new Date(startMs).toISOString(), to: new Date(startMs + 10 * minuteMs).toISOString() }
const huge = (1n << 60n) + 1n

const interfaceRows: SampleRow[] = [0, 1, 2, 5, 6, 7, 8, 9].map(minute => ({
  window_start: startMs / 1_000 + minute * 60,
  tenant_id: 'acme',
  device_id: 'acme-core-1',
  interface_id: 'acme-core-1/xe-0',
  in_octets: minute === 0 ? huge : 7_500_000n,
  out_octets: 750_000n,
  observed_ms: 60_000,
  speed_bits_per_second: 10_000_000n,
}))

const flowRows: SampleRow[] = [
  ['acme', '192.0.2.1', 100, 6, 443],
  ['acme', '192.0.2.1', 1, 17, 53],
  ['acme', '192.0.2.2', 0, 6, 22],
  ['globex', '192.0.2.1', 10, 6, 443],
].map(([tenant, exporter, rate, protocol, port], i) => ({
  tenant_id: tenant as string,
  collector_id: 'c1',
  exporter: exporter as string,
  received_at: startMs + 90_000,
  source_address: ipv4Mapped(10, 0, 0, i + 1),
  destination_address: ipv4Mapped(203, 0, 113, 9),
  source_port: 40_000,
  destination_port: port as number,
  protocol: protocol as number,
  source_mac: 0x0200_5e00_5301n + BigInt(i),
  as_path: '64500 64501',
  sampling_rate: rate as number,
  octets: 1_000n * BigInt(i + 1),
  packets: BigInt(i + 1),
}))
const rollupRows: SampleRow[] = flowRows.map(row => {
  const scale = BigInt(Math.max(1, row.sampling_rate as number))
  return {
    window_start: startMs / 1_000 + 60,
    tenant_id: row.tenant_id!,
    exporter_id: `${row.tenant_id}/c1/${row.exporter}`,
    protocol: row.protocol!,
    service_port: row.destination_port!,
    octets: (row.octets as bigint) * scale,
    packets: (row.packets as bigint) * scale,
    octets_exported: row.octets!,
    packets_exported: row.packets!,
    records: 1n,
    unscaled_records: row.sampling_rate === 0 ? 1n : 0n,
  }
})

const pastAlarm = alarmOf({
  resource: 'interface/acme-core-1/old',
  isCleared: true,
  condition: 'cleared',
  clearedAt: new Date(Date.now() - 7_200_000).toISOString(),
  rev: 2,
})
const pastEvents: SampleRow[] = ['active', 'cleared'].map((to, seq) => ({
  tenant_id: 'acme',
  alarm_id: pastAlarm.alarmId,
  seq: seq + 1,
  event_time: Date.now() - 10_800_000 + seq * 3_600_000,
  axis: 'condition',
  from_state: seq === 0 ? 'normal' : 'active',
  to_state: to,
  alarm_type: 'link-down',
  resource: pastAlarm.resource,
  device_id: 'acme-core-1',
  site_id: 'acme-hq',
  severity: 'major',
  cause: 'weir.signals.v1/0/7',
  alarm_json: JSON.stringify(pastAlarm),
}))

beforeAll(async () => {
  underTest = await startGateway({ withStore: true })
  const { store, bus } = underTest
  await store.insert('interface_1m', blockOf('interface_1m', interfaceRows), 'interfaces')
  await store.insert('flow_1m', blockOf('flow_1m', rollupRows), 'rollup')
  await store.insert('flows', blockOf('flows', flowRows), 'flows')
  await store.insert('alarm_events', blockOf('alarm_events', pastEvents), 'events')
  const device = (deviceId: string, siteId: string, names: string[]) => ({
    case: 'device' as const,
    value: {
      deviceId,
      siteId,
      polledAtMs: BigInt(Date.now()),
      intervalMs: 60_000,
      reachable: true,
      system: { sysName: `${deviceId}.example`, vendor: 'cisco', os: 'iosxe', version: '17.9' },
      interfaces: names.map((ifName, i) => ({
        interfaceId: `${deviceId}/${ifName}`,
        ifIndex: i + 1,
        ifName,
        ifType: 6,
        ...(ifName === 'gap' ? { gapReason: 'reset' } : { inBitsPerSecond: 1e6, outBitsPerSecond: 2e6 }),
      })),
    },
  })
  await sendLive(bus, [
    liveRecord('acme', device('acme-core-1', 'acme-hq', ['xe-0', 'xe-1', 'gap'])),
    liveRecord('globex', device('globex-fw-1', 'globex-main', ['ge-0'])),
    liveRecord('acme', exporterHealth('acme/c1/192.0.2.1')),
    liveRecord('acme', {
      case: 'flowWindow',
      value: {
        exporterId: 'acme/c1/192.0.2.1',
        windowStartMs: BigInt(Date.now() - 90_000),
        final: true,
        octets: 75_000n,
        packets: 600n,
        records: 60n,
      },
    }),
  ])
  await sendAlarms(bus, [
    alarmOf({
      resource: 'interface/acme-core-1/xe-0',
      perceivedSeverity: 'critical',
      raisedAt: '2026-11-23T10:00:00.000Z',
    }),
    alarmOf({ resource: 'interface/acme-core-1/xe-1', raisedAt: '2026-11-23T11:00:00.000Z' }),
    alarmOf({
      resource: 'interface/globex-fw-1/ge-0',
      tenantId: 'globex',
      siteId: 'globex-main',
      deviceId: 'globex-fw-1',
    }),
  ])
  await until(async () => (await get<List>('/alarms')).body.data.length === 3)
  await until(async () => (await get<List>('/exporters')).body.data.length === 1)
})
afterAll(() => underTest.dispose())

interface List {
  data: Record<string, unknown>[]
  nextCursor: string | null
}
interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

async function get<T>(path: string): Promise<Answer<T>> {
  const response = await fetch(`${underTest.address}/api/v1${path}`)
  return { status: response.status, headers: response.headers, body: (await response.json()) as T }
}

async function post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const withBody = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${underTest.address}/api/v1${path}`, {
    method: 'POST',
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...withBody,
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as T }
}

interface Problem {
  code: string
  detail: string
  status: number
  errors?: { path: string; message: string }[]
}

describe('lists', () => {
  it('tell of tenants, sites, devices, interfaces and exporters', async () => {
    expect((await get<List>('/tenants')).body).toEqual({
      data: [
        { tenantId: 'acme', name: 'Acme Ltd' },
        { tenantId: 'globex', name: 'globex' },
      ],
      nextCursor: null,
    })
    expect(
      (await get<List>('/sites?tenant=acme')).body.data.map(site => [site.siteId, site.devices, site.inBitsPerSecond]),
    ).toEqual([
      ['acme-dc', 0, 0],
      ['acme-hq', 1, 2e6],
    ])
    expect((await get<List>('/devices/acme-core-1')).body).toMatchObject({
      tenantId: 'acme',
      reachable: true,
      stale: false,
      address: '10.0.0.1',
      sysName: 'acme-core-1.example',
      interfaces: 3,
    })
    expect((await get<List>('/interfaces?device=acme-core-1')).body.data).toMatchObject([
      { interfaceId: 'acme-core-1/gap', inBitsPerSecond: null, coverage: 0, gapReason: 'reset' },
      { interfaceId: 'acme-core-1/xe-0', inBitsPerSecond: 1e6, outBitsPerSecond: 2e6, coverage: 1, gapReason: null },
      { interfaceId: 'acme-core-1/xe-1' },
    ])
    expect((await get<List>('/exporters')).body.data).toMatchObject([
      { exporterId: 'acme/c1/192.0.2.1', bitsPerSecond: 10_000, packetsPerSecond: 10, recordsPerSecond: 1 },
    ])
    expect((await get(`/exporters/${encodeURIComponent('acme/c1/192.0.2.1')}`)).body).toMatchObject({
      address: '192.0.2.1',
      collectorId: 'c1',
      health: {
        datagrams: '9007199254740993',
        errors: { 'template-missing': '3' },
        lossRatio: 0.25,
        sequence: { lost: '4' },
        samplingRates: [0, 1_000],
        clockSkewMs: -1_500,
        activeTimeoutMs: null,
        drops: { kernel: '7' },
      },
    })
    expect((await get('/exporters/acme%2Fc1%2F192.0.2.9')).status).toBe(404)
  })

  it.each(['/tenants', '/sites', '/devices', '/interfaces', '/exporters', '/alarms'])(
    '%s goes page by page',
    async path => {
      const whole = (await get<List>(path)).body.data
      const paged: unknown[] = []
      let cursor = ''
      for (;;) {
        const { body } = await get<List>(`${path}?limit=1${cursor}`)
        paged.push(...body.data)
        expect(body.data.length).toBeLessThanOrEqual(1)
        if (body.nextCursor === null) break
        cursor = `&cursor=${body.nextCursor}`
      }
      expect(paged).toEqual(whole)
    },
  )

  it('filter alarms', async () => {
    const resources = async (query: string) =>
      (await get<List>(`/alarms${query}`)).body.data.map(alarm => alarm.resource)
    expect(await resources('?tenant=acme')).toEqual(['interface/acme-core-1/xe-1', 'interface/acme-core-1/xe-0'])
    expect(await resources('?severity=critical')).toEqual(['interface/acme-core-1/xe-0'])
    expect(await resources('?site=globex-main&isCleared=false')).toEqual(['interface/globex-fw-1/ge-0'])
    expect(await resources('?isCleared=true')).toEqual([])
    expect(await resources('?alarmTypeId=link-saturation')).toEqual([])
    expect(await resources('?from=2020-01-01T00:00:00Z&isCleared=true')).toEqual(['interface/acme-core-1/old'])
    expect(await resources('?from=2020-01-01T00:00:00Z&tenant=globex')).toEqual([])
  })

  it.each([
    ['/reconciliation?hours=0', 'parameters-invalid'],
    ['/reconciliation?hours=337', 'parameters-invalid'],
    ['/alarms?limit=0', 'parameters-invalid'],
    ['/alarms?limit=1001', 'parameters-invalid'],
    ['/alarms?limit=5&limit=6', 'parameters-invalid'],
    ['/alarms?sevrity=critical', 'parameters-invalid'],
    ['/alarms?severity=bad', 'parameters-invalid'],
    ['/alarms?__proto__=x', 'parameters-invalid'],
    ['/alarms?cursor=abc', 'cursor-invalid'],
    ['/alarms?from=2020-01-01T00:00:00Z&cursor=abc', 'cursor-invalid'],
    ['/alarms/00000000-0000-5000-8000-000000000000', 'not-found'],
    ['/alarms/..%2f..%2fetc', 'parameters-invalid'],
    ['/devices/nobody', 'not-found'],
    ['/nothing', 'not-found'],
  ])('%s is refused: %s', async (path, code) => {
    const { status, headers, body } = await get<Problem>(path)
    expect(body).toMatchObject({ code, status, type: `urn:weir:problem:${code}` })
    expect(headers.get('content-type')).toContain('application/problem+json')
  })

  it('names an unknown parameter', async () => {
    const { body } = await get<Problem>('/alarms?sevrity=critical')
    expect(body.detail).toBe('sevrity: there is no such key')
  })
})

describe('one alarm', () => {
  it('comes with its events, long after it ended', async () => {
    const { body } = await get<Alarm & { events: Record<string, unknown>[] }>(`/alarms/${pastAlarm.alarmId}`)
    expect(body).toMatchObject({ resource: 'interface/acme-core-1/old', isCleared: true })
    expect(body.events.map(event => [event.seq, event.from, event.to])).toEqual([
      [1, 'normal', 'active'],
      [2, 'active', 'cleared'],
    ])
  })

  it('takes what operators do, for the correlator', async () => {
    const { alarmId } = (await get<List>('/alarms?tenant=globex')).body.data[0]!
    const until5 = new Date(Date.now() + 300_000).toISOString()
    const key = randomUUID()
    const wished: [action: string, body: unknown, headers?: Record<string, string>][] = [
      ['acknowledge', undefined],
      ['acknowledge', { note: 'on it' }, { 'idempotency-key': key }],
      ['unacknowledge', {}],
      ['shelve', { until: until5, note: 'works until then' }],
      ['unshelve', undefined],
      ['comment', { note: 'called the carrier' }],
      ['close', undefined],
    ]
    for (const [action, body, headers] of wished) {
      expect((await post(`/alarms/${alarmId}/${action}`, body, headers)).status).toBe(202)
    }
    const actions: OperatorAction[] = []
    const tail = await underTest.bus.tail({
      topic: topics.signals,
      from: 'start',
      records(records) {
        for (const { value, key: recordKey } of records) {
          const { body, tenantId } = fromBinary(SignalRecordSchema, value!)
          expect([recordKey, tenantId]).toEqual(['globex', 'globex'])
          if (body.case === 'operatorAction') actions.push(body.value)
        }
      },
    })
    await tail.caughtUp
    await tail.close()
    expect(actions.map(action => action.action)).toEqual(wished.map(([action]) => action))
    expect(actions.every(action => action.alarmId === alarmId && action.by === 'operator' && action.atMs > 0n)).toBe(
      true,
    )
    expect(actions[1]).toMatchObject({ actionId: key, note: 'on it' })
    expect(actions[3]?.untilMs).toBe(BigInt(Date.parse(until5)))
  })

  it.each([
    ['shelve', {}, 'body-invalid'],
    ['shelve', { until: '2020-01-01T00:00:00Z' }, 'body-invalid'],
    ['comment', {}, 'body-invalid'],
    ['comment', { note: 'x'.repeat(2_001) }, 'body-invalid'],
    ['acknowledge', { nte: 'x' }, 'body-invalid'],
    ['comment', { note: 'x'.repeat(70_000) }, 'body-too-large'],
    ['explode', {}, 'not-found'],
  ])('%s with %j is refused: %s', async (action, body, code) => {
    expect((await post<Problem>(`/alarms/${pastAlarm.alarmId}/${action}`, body)).body.code).toBe(code)
  })

  it('refuses what a form of another site could send', async () => {
    const path = `${underTest.address}/api/v1/alarms/${pastAlarm.alarmId}/comment`
    const send = async (headers: Record<string, string>, body: string) =>
      ((await (await fetch(path, { method: 'POST', headers, body })).json()) as Problem).code
    expect(await send({ 'content-type': 'text/plain' }, '{"note":"x"}')).toBe('media-type-refused')
    expect(await send({ 'content-type': 'application/x-www-form-urlencoded' }, 'note=x')).toBe('media-type-refused')
    expect(await send({ 'content-type': 'application/json', origin: 'https://evil.example' }, '{"note":"x"}')).toBe(
      'origin-refused',
    )
    expect(await send({ 'content-type': 'application/json' }, '{"note":"x","__proto__":{"a":1}}')).toBe('body-invalid')
    expect(await send({ 'content-type': 'application/json' }, '{"note":')).toBe('body-invalid')
  })
})

/** The coarsest that fill the range. */
const rollups = /^flow_1m\+flow_5m$/
/** Whole hours of one side's addresses, of which so short a range may hold none. */
const talkers = /^flows(\+talker_1h)?$/
const conversations = /^(conversation_1h\+)?flows$/

interface About {
  table: string
  coverage: number | null
  gaps: { from: string; to: string }[]
  rowsRead: number
  range: { from: string; to: string }
}

describe('history', () => {
  it('draws interface rates with coverage and gaps, and exact octets', async () => {
    const { body } = await post<
      About & {
        resolutionSeconds: number
        series: { interfaceId: string; points: Record<string, unknown>[]; gaps: unknown[] }[]
      }
    >('/query/timeseries', { source: 'interfaces', interfaceIds: ['acme-core-1/xe-0'], range, resolution: '1m' })
    expect(body).toMatchObject({ resolutionSeconds: 60, table: 'interface_1m', rowsRead: 8, range })
    expect(body.coverage).toBeCloseTo(0.8, 6)
    const gap = {
      from: new Date(startMs + 3 * minuteMs).toISOString(),
      to: new Date(startMs + 5 * minuteMs).toISOString(),
    }
    expect(body.gaps).toEqual([gap])
    const [series] = body.series
    expect(series?.points).toHaveLength(8)
    expect(series?.points[0]).toMatchObject({ inOctets: String(huge), at: range.from })
    expect(series?.points[1]).toMatchObject({
      inBitsPerSecond: 1e6,
      outBitsPerSecond: 1e5,
      utilisationIn: 0.1,
      coverage: 1,
    })
  })

  it('chooses a resolution itself, and says which', async () => {
    const { body } = await post<About & { resolutionSeconds: number }>('/query/timeseries', {
      source: 'interfaces',
      interfaceIds: ['acme-core-1/xe-0'],
      range: { from: new Date(startMs - 20 * 86_400_000).toISOString(), to: range.to },
    })
    expect(body.resolutionSeconds).toBe(7_200)
    expect(body.table).toBe('interface_1h')
  })

  it('draws flow traffic, whole or split', async () => {
    const { body } = await post<About & { series: { key: unknown; points: Record<string, unknown>[] }[] }>(
      '/query/timeseries',
      {
        source: 'flows',
        tenant: 'acme',
        by: 'service-port',
        limit: 1,
        range,
        resolution: '1m',
      },
    )
    expect(body).toMatchObject({ table: expect.stringMatching(rollups), coverage: null })
    expect(body.series.map(one => [one.key, one.points[0]?.octets])).toEqual([
      [443, '100000'],
      [null, '5000'],
    ])
  })

  it('gives totals per exporter, as exported and scaled', async () => {
    const { body } = await post<About & { data: Record<string, unknown>[]; total: unknown; estimated: boolean }>(
      '/query/top',
      {
        tenant: 'acme',
        by: 'exporter',
        range,
      },
    )
    expect(body.table).toMatch(rollups)
    expect(body.estimated).toBe(true)
    expect(body.data).toEqual([
      {
        key: { exporter: 'acme/c1/192.0.2.1' },
        labels: {},
        octets: '102000',
        packets: '102',
        records: '2',
        octetsExported: '3000',
        packetsExported: '3',
        unscaledRecords: '0',
        share: expect.closeTo(102 / 105, 9),
      },
      {
        key: { exporter: 'acme/c1/192.0.2.2' },
        labels: {},
        octets: '3000',
        packets: '3',
        records: '1',
        octetsExported: '3000',
        packetsExported: '3',
        unscaledRecords: '1',
        share: expect.closeTo(3 / 105, 9),
      },
    ])
    expect(body.total).toMatchObject({ octets: '105000', octetsExported: '6000', records: '3', unscaledRecords: '1' })
  })

  it.each([
    ['source', talkers, { 'source-address': '10.0.0.1' }],
    ['destination', talkers, { 'destination-address': '203.0.113.9' }],
    ['conversation', conversations, { 'source-address': '10.0.0.1', 'destination-address': '203.0.113.9' }],
    ['service', rollups, { protocol: 6, 'service-port': 443 }],
    ['as', rollups, { 'source-as': 0, 'destination-as': 0 }],
    ['source-mac', /^flows$/, { 'source-mac': '02:00:5e:00:53:01' }],
    [['as-path', 'ingress-vrf'], /^flows$/, { 'as-path': '64500 64501', 'ingress-vrf': 4_294_967_295 }],
    [['exporter', 'protocol'], rollups, { exporter: 'acme/c1/192.0.2.1', protocol: 6 }],
  ])('ranks by %s from %s', async (by, table, key) => {
    const { body } = await post<About & { data: { key: object }[] }>('/query/top', { tenant: 'acme', by, range })
    expect(body.table).toMatch(table)
    expect(body.data[0]?.key).toEqual(key)
  })

  it('filters by prefix, and by nothing that would be SQL', async () => {
    const octets = async (filters: object) =>
      (await post<{ total: { octets: string } }>('/query/top', { tenant: 'acme', by: 'source', range, filters })).body
        .total?.octets
    expect(await octets({ 'source-address': ['10.0.0.2/31'] })).toBe('5000')
    expect(await octets({ 'source-mac': ['0200.5e00.5302'], 'as-path': [64_501] })).toBe('2000')
    expect(await octets({ exporter: ["x') OR 1=1 --"] })).toBe('0')
  })

  it('relates two dimensions', async () => {
    const { body } = await post<About & { rows: unknown[]; columns: unknown[]; cells: Record<string, unknown>[] }>(
      '/query/matrix',
      {
        rows: 'exporter',
        columns: 'service-port',
        range,
      },
    )
    expect(body.rows).toEqual(['acme/c1/192.0.2.1', 'globex/c1/192.0.2.1', 'acme/c1/192.0.2.2'])
    expect(body.columns).toEqual([443, 22, 53])
    expect(body.cells.find(cell => cell.row === 'globex/c1/192.0.2.1')).toMatchObject({ column: 443, octets: '40000' })
  })

  it('bills the 95th percentile, of a range or of a month by local midnight', async () => {
    const { body } = await post<About & Record<string, unknown>>('/query/percentile', {
      interfaceId: 'acme-core-1/xe-0',
      range,
    })
    expect(body).toMatchObject({ percentile: 95, table: 'interface_5m', missingSamples: 'skipped' })
    expect(body.outBitsPerSecond).toBe(100_000)
    const month = { interfaceId: 'acme-core-1/xe-0', month: '2026-10', timeZone: 'Europe/London' }
    const { body: october } = await post<About>('/query/percentile', month)
    // Summer time ends in it: a month of 745 hours.
    expect(october.range).toEqual({ from: '2026-09-30T23:00:00.000Z', to: '2026-11-01T00:00:00.000Z' })
  })

  const decade = { from: '2016-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
  it.each([
    [
      'a range of ten years by the minute',
      '/query/timeseries',
      { source: 'flows', range: decade, resolution: '1m' },
      'query-too-expensive',
    ],
    [
      'a range of a thousand years',
      '/query/top',
      { by: 'source', range: { from: '1970-01-01T00:00:00Z', to: '2970-01-01T00:00:00Z' } },
      'query-too-expensive',
    ],
    ['a resolution by the second', '/query/timeseries', { source: 'flows', range, resolution: '1s' }, 'body-invalid'],
    [
      'a range that ends before it begins',
      '/query/top',
      { by: 'source', range: { from: range.to, to: range.from } },
      'body-invalid',
    ],
    [
      'a thousand and one filter values',
      '/query/top',
      { by: 'source', range, filters: { protocol: Array.from({ length: 1_001 }, (_, i) => i) } },
      'body-invalid',
    ],
    [
      'a million filter values',
      '/query/top',
      { by: 'source', range, filters: { protocol: Array.from({ length: 100_000 }, (_, i) => i) } },
      'body-too-large',
    ],
    ['an unknown dimension', '/query/top', { by: 'sauce', range }, 'body-invalid'],
    ['an unknown filter', '/query/top', { by: 'source', range, filters: { sauce: [1] } }, 'body-invalid'],
    [
      'an address that is none',
      '/query/top',
      { by: 'source', range, filters: { 'source-address': ['10.0.0.0/33'] } },
      'body-invalid',
    ],
    ['an unknown key', '/query/top', { by: 'source', range, sql: 'SELECT 1' }, 'body-invalid'],
    ['a time that is none', '/query/top', { by: 'source', range: { from: 'yesterday', to: range.to } }, 'body-invalid'],
    [
      'too many interfaces',
      '/query/timeseries',
      { source: 'interfaces', interfaceIds: Array.from({ length: 101 }, (_, i) => `a/${i}`), range },
      'body-invalid',
    ],
    [
      'an unknown time zone',
      '/query/percentile',
      { interfaceId: 'a/b', month: '2026-10', timeZone: 'Moon/Base' },
      'body-invalid',
    ],
    ['no body', '/query/top', undefined, 'body-invalid'],
  ])('refuses %s', async (_, path, body, code) => {
    const answer = await post<Problem>(path, body)
    expect(answer.body.code, answer.body.detail).toBe(code)
    expect(answer.body.detail.length).toBeGreaterThan(5)
  })
})
