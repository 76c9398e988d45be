import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockOf, type SampleRow } from '../../../libs/store/test/sample-blocks.ts'
import {
  alarmOf,
  type GatewayUnderTest,
  liveRecord,
  sendAlarms,
  sendLive,
  startGateway,
  until,
} from './gateway-under-test.ts'
import { LiveClient } from './live-client.ts'

let underTest: GatewayUnderTest
let visible: 'all' | string[] = 'all'
const nowMs = Date.now()
const range = { from: new Date(nowMs - 3_600_000).toISOString(), to: new Date(nowMs).toISOString() }
const globexAlarm = alarmOf({
  tenantId: 'globex',
  siteId: 'globex-main',
  deviceId: 'globex-fw-1',
  resource: 'device/globex-fw-1',
})
const pastAlarm = alarmOf({ tenantId: 'globex', resource: 'device/globex-past' })

beforeAll(async () => {
  underTest = await startGateway({
    withStore: true,
    options: { resolvePrincipal: () => ({ name: 'alice', tenants: visible }) },
  })
  const { store, bus } = underTest
  for (const tenant_id of ['acme', 'globex']) {
    const sensor = {
      tenant_id,
      device_id: `${tenant_id}-fw-1`,
      sensor_id: '1.2.3',
      class: 'power',
      name: `of ${tenant_id}`,
    }
    await store.insert('sensors', blockOf('sensors', [sensor]), `sensor-${tenant_id}`)
    const device = { tenant_id, device_id: 'fw-1', vendor: `vendor of ${tenant_id}`, version: '1' }
    await store.insert('devices', blockOf('devices', [device]), `device-${tenant_id}`)
  }
  const inBoth = (row: SampleRow): SampleRow[] => ['acme', 'globex'].map(tenant_id => ({ ...row, tenant_id }))
  const windowStart = Math.floor(nowMs / 60_000) * 60 - 600
  await store.insert(
    'interface_1m',
    blockOf('interface_1m', [
      {
        window_start: windowStart,
        tenant_id: 'globex',
        device_id: 'globex-fw-1',
        interface_id: 'globex-fw-1/ge-0',
        in_octets: 7n,
        observed_ms: 60_000,
      },
    ]),
    'interfaces',
  )
  await store.insert(
    'flow_1m',
    blockOf('flow_1m', [
      ...inBoth({ window_start: windowStart, exporter_id: 'x', octets: 10n }),
      { window_start: windowStart, tenant_id: 'globex', exporter_id: 'globex/c1/192.0.2.1', octets: 0n },
    ]),
    'rollup',
  )
  const globexDevice = { tenant_id: 'globex', device_id: 'globex-fw-1', address: '192.0.2.1' }
  await store.insert('devices', blockOf('devices', [globexDevice]), 'devices')
  const globexPort = { tenant_id: 'globex', device_id: 'globex-fw-1', interface_id: 'globex-fw-1/ge-0', if_index: 1 }
  await store.insert('interfaces', blockOf('interfaces', [globexPort]), 'inventory')
  await store.insert('flows', blockOf('flows', inBoth({ received_at: nowMs - 600_000, octets: 10n })), 'flows')
  const event = {
    tenant_id: 'globex',
    alarm_id: pastAlarm.alarmId,
    seq: 1,
    event_time: nowMs - 7_200_000,
    alarm_json: JSON.stringify(pastAlarm),
  }
  await store.insert('alarm_events', blockOf('alarm_events', [event]), 'events')
  await sendLive(bus, [
    liveRecord('globex', {
      case: 'device',
      value: {
        deviceId: 'globex-fw-1',
        siteId: 'globex-main',
        polledAtMs: BigInt(nowMs),
        intervalMs: 60_000,
        reachable: true,
        interfaces: [{ interfaceId: 'globex-fw-1/ge-0', ifName: 'ge-0', utilisationIn: 0.9 }],
      },
    }),
    liveRecord('globex', {
      case: 'flowWindow',
      value: { exporterId: 'globex/c1/192.0.2.1', windowStartMs: BigInt(nowMs), octets: 1n },
    }),
  ])
  await sendAlarms(bus, [globexAlarm, alarmOf({ resource: 'device/acme-core-1' })])
  await until(async () => (await answer('/exporters')).text.includes('globex'))
  await until(async () => (await answer('/alarms')).text.includes('globex'))
})
afterAll(() => underTest.dispose())

async function answer(path: string, body?: object): Promise<{ status: number; text: string }> {
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${underTest.address}/api/v1${path}`, init)
  return { status: response.status, text: await response.text() }
}

const requests: [path: string, body?: object][] = [
  ['/tenants'],
  ['/sites'],
  ['/devices'],
  ['/devices?site=globex-main'],
  ['/devices/globex-fw-1'],
  ['/sensors'],
  ['/sensors?device=globex-fw-1'],
  ['/firmware'],
  ['/interfaces'],
  ['/interfaces?device=globex-fw-1'],
  ['/exporters'],
  ['/exporters/globex%2Fc1%2F192.0.2.1'],
  ['/exporters/globex%2Fc1%2F192.0.2.1/templates'],
  ['/alarms'],
  ['/alarms?from=2020-01-01T00:00:00Z'],
  [`/alarms/${globexAlarm.alarmId}`],
  [`/alarms/${pastAlarm.alarmId}`],
  [`/alarms/${globexAlarm.alarmId}/acknowledge`, {}],
  ['/query/timeseries', { source: 'interfaces', interfaceIds: ['globex-fw-1/ge-0'], range }],
  ['/query/timeseries', { source: 'flows', by: 'tenant', range }],
  ['/reconciliation'],
  ['/query/top', { by: 'tenant', range }],
  ['/query/top', { by: ['tenant', 'source-address'], range }],
  ['/query/matrix', { rows: 'tenant', columns: 'protocol', range }],
  ['/query/percentile', { interfaceId: 'globex-fw-1/ge-0', range }],
]

describe('a principal of one tenant', () => {
  it.each(requests)('sees nothing of another at %s', async (path, body) => {
    visible = 'all'
    const before = await answer(path, body)
    expect(before.status).toBeLessThan(300)
    visible = ['acme']
    const after = await answer(path, body)
    // What was asked for may be named in a refusal; nothing else of it may be.
    if (after.status < 300) {
      expect(after.text.replaceAll('"interfaceId":"globex-fw-1/ge-0"', '')).not.toContain('globex')
      expect(after.text).not.toBe(before.text)
      expect(after.text).not.toContain('"inOctets":"7"')
    } else {
      expect(after.status).toBe(404)
    }
  })

  it('is refused when it names another', async () => {
    visible = ['acme']
    expect((await answer('/alarms?tenant=globex')).status).toBe(403)
    expect((await answer('/query/top', { by: 'tenant', tenant: 'globex', range })).status).toBe(403)
    const client = new LiveClient(underTest.address)
    await client.opened()
    client.hello({ tenant: 'globex' })
    expect((await until(() => client.closed)).code).toBe(4403)
  })

  it('gets nothing of another on its stream', async () => {
    visible = ['acme']
    const client = await LiveClient.connect(underTest.address)
    await sendAlarms(underTest.bus, [{ ...globexAlarm, rev: 2 }, alarmOf({ resource: 'device/acme-core-1', rev: 2 })])
    await until(() => client.all('alarm').length > 0)
    expect(JSON.stringify(client.messages)).not.toContain('globex')
    await client.close()
  })
})
