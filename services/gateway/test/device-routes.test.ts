import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { advisorySchema, wantedVersionSchema } from '../../../libs/detect/src/index.ts'
import { blockOf } from '../../../libs/store/test/sample-blocks.ts'
import { type GatewayUnderTest, liveRecord, sendLive, startGateway, until } from './gateway-under-test.ts'

let underTest: GatewayUnderTest
const readAt = Date.UTC(2026, 9, 21, 9)

beforeAll(async () => {
  const firmware = {
    wanted: [wantedVersionSchema.parse({ os: 'junos', version: '22.2R3' })],
    advisories: [
      advisorySchema.parse({ id: 'CVE-1', os: 'junos', affected: ['<22.1R3'], fixedIn: ['22.1R3'], severity: 'high' }),
    ],
  }
  underTest = await startGateway({ withStore: true, options: { firmware } })
  const { store, bus } = underTest
  const of = { tenant_id: 'acme', device_id: 'acme-core-1' }
  const facts = {
    vendor: 'juniper',
    os: 'junos',
    version: '22.1',
    hardware: 'EX4300',
    serial: 'A1',
    site_id: 'acme-hq',
  }
  const unknown = { low_critical: Number.NaN, low_warning: Number.NaN, high_critical: Number.NaN }
  await store.insert('devices', blockOf('devices', [{ ...of, ...facts, rev: 1n }]), 'devices')
  const sensor = { ...of, sensor_id: '1.2.3', class: 'temperature', name: 'Inlet', read_at: readAt, ...unknown }
  const light = { ...of, sensor_id: '1.2.4', class: 'dbm', name: 'xe-0 Rx power', interface_id: 'acme-core-1/xe-0' }
  await store.insert(
    'sensors',
    blockOf('sensors', [
      { ...sensor, value: 40, high_warning: 70, rev: 1n },
      { ...sensor, value: 44, high_warning: 70, rev: 2n },
      { ...light, value: -4.5, low_warning: -14.4, read_at: readAt, rev: 1n },
    ]),
    'sensors',
  )
  const parts = {
    processors: [{ id: '1', name: 'CPU 1', utilisationPercent: 12 }],
    ...{ memoryPools: [], storages: [], disks: [], neighbours: [], entities: [] },
    peers: [{ protocol: 'bgp', address: '192.0.2.1', remoteAs: 64500, state: 'established', establishedSeconds: 60 }],
  }
  const hardware = { ...of, hardware_json: JSON.stringify(parts), read_at: readAt, rev: 1n }
  await store.insert('device_hardware', blockOf('device_hardware', [hardware]), 'hardware')
  const change = {
    ...of,
    site_id: 'acme-hq',
    changed_at: readAt,
    kind: 'version',
    from_value: '21.4',
    to_value: '22.1',
  }
  const reboot = { ...of, site_id: 'acme-hq', changed_at: readAt - 60_000, kind: 'reboot', to_value: 'up 30 s' }
  const other = { tenant_id: 'globex', device_id: 'globex-fw-1', site_id: 'globex-main', changed_at: readAt - 30_000 }
  await store.insert(
    'device_changes',
    blockOf('device_changes', [
      { ...change, event_id: 'c1' },
      { ...reboot, event_id: 'c2', detail: 'sysUpTime began anew.' },
      {
        ...other,
        kind: 'if-alias',
        event_id: 'c3',
        subject: 'globex-fw-1/port1',
        from_value: '"><script>',
        to_value: 'x',
      },
    ]),
    'changes',
  )
  // Light that fades by half a decibel a day; nothing was read on the fifth.
  const fading = [0, 1, 2, 3, 5, 6, 7, 8, 9].map(day => ({
    ...{ ...of, sensor_id: '1.2.4', window_start: Date.UTC(2026, 9, 1 + day) / 1_000, readings: 1n },
    ...{ value_sum: -4 - day / 2, value_min: -4 - day / 2, value_max: -4 - day / 2 },
  }))
  await store.insert('sensor_5m', blockOf('sensor_5m', fading), 'history')
  const value = { deviceId: 'acme-core-1', siteId: 'acme-hq', polledAtMs: BigInt(Date.now()), intervalMs: 60_000 }
  await sendLive(bus, [liveRecord('acme', { case: 'device', value: { ...value, reachable: true } })])
  await until(async () => (await get('/devices/acme-core-1')).status === 200)
})

afterAll(() => underTest.dispose())

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${underTest.address}/api/v1${path}`)
  return { status: response.status, body: await response.json() }
}

describe('a device', () => {
  it('is told in full: what it is, its parts as last read, what changed', async () => {
    expect((await get('/devices/acme-core-1')).body).toMatchObject({
      deviceId: 'acme-core-1',
      system: { vendor: 'juniper', version: '22.1', hardware: 'EX4300', serial: 'A1', location: null },
      interfaceSummary: { up: 0, down: 0, switchedOff: 0 },
      sensors: [
        { id: '1.2.3', value: 44, unit: '°C', limits: { lowWarning: null, highWarning: 70 }, interfaceId: null },
        { id: '1.2.4', value: -4.5, unit: 'dBm', interfaceId: 'acme-core-1/xe-0' },
      ],
      processors: [{ name: 'CPU 1', utilisationPercent: 12 }],
      peers: [{ address: '192.0.2.1', state: 'established' }],
      hardwareReadAt: '2026-10-21T09:00:00.000Z',
      changes: [
        { kind: 'version', from: '21.4', to: '22.1', changedAt: '2026-10-21T09:00:00.000Z' },
        { kind: 'reboot' },
      ],
    })
  })

  it('has sensors that are listed over devices, by class', async () => {
    expect((await get('/sensors?class=dbm')).body).toMatchObject({ data: [{ id: '1.2.4', tenantId: 'acme' }] })
    expect((await get('/sensors?device=nobody')).body).toEqual({ data: [], nextCursor: null })
    const first = (await get('/sensors?limit=1')).body as { data: { id: string }[]; nextCursor: string }
    const second = (await get(`/sensors?limit=1&cursor=${first.nextCursor}`)).body
    expect([first.data[0]?.id, second]).toMatchObject(['1.2.3', { data: [{ id: '1.2.4' }], nextCursor: null }])
  })

  it('counts among the versions in use', async () => {
    expect((await get('/firmware')).body).toMatchObject({
      data: [{ siteId: 'acme-hq', vendor: 'juniper', model: 'EX4300', version: '22.1', devices: 1 }],
    })
    expect((await get('/firmware?site=elsewhere')).body).toMatchObject({ data: [] })
  })

  it('has a version that is held against what is wanted and advised', async () => {
    expect((await get('/firmware?outdated=true')).body).toMatchObject({
      data: [
        {
          ...{ deviceIds: ['acme-core-1'], role: 'other', drift: 'outdated', wanted: '22.2R3', severity: 'major' },
          advisories: [{ id: 'CVE-1', reason: 'affected', severity: 'major', fixedIn: ['22.1R3'] }],
        },
      ],
    })
    expect((await get('/firmware?outdated=false')).body).toMatchObject({ data: [] })
  })

  it('has events, newest first, by site, kind and time, in pages', async () => {
    const ids = async (query: string) =>
      ((await get(query)).body as { data: { eventId: string }[] }).data.map(one => one.eventId)
    expect(await ids('/events')).toEqual(['c1', 'c3', 'c2'])
    expect(await ids('/events?site=acme-hq')).toEqual(['c1', 'c2'])
    expect(await ids('/events?kind=reboot,if-alias')).toEqual(['c3', 'c2'])
    expect(await ids('/events?tenant=globex')).toEqual(['c3'])
    expect(await ids('/devices/acme-core-1/events?kind=reboot')).toEqual(['c2'])
    expect(await ids('/devices/nobody/events')).toEqual([])
    expect(await ids('/events?from=2026-10-21T08:59:20Z&to=2026-10-21T09:00:00Z')).toEqual(['c3'])
    const first = (await get('/events?limit=2')).body as { nextCursor: string }
    expect((await get(`/events?limit=2&cursor=${first.nextCursor}`)).body).toMatchObject({
      data: [{ eventId: 'c2', deviceId: 'acme-core-1', subject: '', detail: 'sysUpTime began anew.' }],
      nextCursor: null,
    })
    expect((await get('/events?kind=nonsense')).status).toBe(400)
    expect((await get('/events?from=2026-10-22T00:00:00Z&to=2026-10-21T00:00:00Z')).status).toBe(400)
  })

  it('has the history of a sensor, with its coverage, its gaps and its trend', async () => {
    const range = 'from=2026-10-01T00:00:00Z&to=2026-10-11T00:00:00Z'
    const { body } = await get(`/devices/acme-core-1/sensors/1.2.4/history?${range}&resolution=1d`)
    expect(body).toMatchObject({
      ...{ table: 'sensor_5m', resolutionSeconds: 86_400, coverage: expect.closeTo(9 / 2_880, 6) },
      sensor: { id: '1.2.4', class: 'dbm', unit: 'dBm', limits: { lowWarning: -14.4 } },
      gaps: [{ from: '2026-10-05T00:00:00.000Z', to: '2026-10-06T00:00:00.000Z' }],
      trend: {
        ...{ perDay: expect.closeTo(-0.5), days: 9, isSteady: false },
        // It stands at -8.5 on the tenth day, 5.9 dB above its limit.
        crossesLowWarningAt: expect.stringMatching(/^2026-10-21T/),
      },
    })
    const { points } = body as { points: { at: string; mean: number; coverage: number }[] }
    expect(points).toHaveLength(9)
    expect(points[0]).toMatchObject({ at: '2026-10-01T00:00:00.000Z', mean: -4, min: -4, max: -4, readings: 1 })
    const fine = (
      await get(`/devices/acme-core-1/sensors/1.2.4/history?from=2026-10-01T00:00:00Z&to=2026-10-01T01:00:00Z`)
    ).body
    expect(fine).toMatchObject({ resolutionSeconds: 300, points: [{ coverage: 1 }], trend: null })
  })

  it('refuses a history that is too long, of nobody, or of another tenant', async () => {
    const long = 'from=2020-01-01T00:00:00Z&to=2026-10-11T00:00:00Z&resolution=5m'
    expect((await get(`/devices/acme-core-1/sensors/1.2.4/history?${long}`)).status).toBe(422)
    expect((await get('/devices/acme-core-1/sensors/9.9/history')).status).toBe(404)
    expect((await get('/devices/acme-core-1/sensors/1.2.4/history?tenant=globex')).status).toBe(404)
  })
})
