import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockOf } from '../../../libs/store/test/sample-blocks.ts'
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts'

let underTest: GatewayUnderTest
const seenMs = Date.UTC(2026, 9, 21, 9)

beforeAll(async () => {
  underTest = await startGateway({ withStore: true })
  const mac = '00:1e:f6:01:02:03'
  const row = (device: string, port: string, wish: object = {}) => ({
    ...{ tenant_id: 'acme', site_id: 'acme-hq', mac, device_id: device, interface_id: `${device}/${port}`, vlan: 10 },
    ...{ address: '', seen_at: seenMs, rev: 1n },
    ...wish,
  })
  const others = Array.from({ length: 5 }, (_, i) => row('core', 'xe-1', { mac: `00:1e:f6:01:03:0${i}` }))
  await underTest.store.insert(
    'stations',
    blockOf('stations', [
      // It moved from one port of the switch to another.
      row('sw1', 'ge-7', { seen_at: seenMs - 3_600_000 }),
      row('sw1', 'ge-8', { rev: 2n }),
      row('core', 'xe-1'),
      ...others,
      row('r1', 'vlan10', { vlan: 0, address: '192.0.2.7' }),
      row('r1', 'vlan10', { vlan: 0, address: '2001:db8::7' }),
      row('z1', 'p1', { tenant_id: 'globex', site_id: 'globex-main', mac: '00:1e:f6:09:09:09', address: '192.0.2.7' }),
    ]),
    'stations',
  )
})

afterAll(() => underTest.dispose())

async function search(query: string): Promise<{ status: number; data: Record<string, unknown>[] }> {
  const response = await fetch(`${underTest.address}/api/v1/search?${query}`)
  return { status: response.status, ...((await response.json()) as { data: Record<string, unknown>[] }) }
}

describe('search', () => {
  const expected = {
    ...{ tenantId: 'acme', mac: '00:1e:f6:01:02:03' },
    ports: [
      { deviceId: 'sw1', interfaceId: 'sw1/ge-8', vlan: 10, stationsAtPort: 1, seenAt: '2026-10-21T09:00:00.000Z' },
      { deviceId: 'core', interfaceId: 'core/xe-1', stationsAtPort: 6 },
    ],
    addresses: [
      { deviceId: 'r1', interfaceId: 'r1/vlan10', address: '192.0.2.7' },
      { deviceId: 'r1', address: '2001:db8::7' },
    ],
  }

  it('finds where a MAC is, in any spelling: first the port with fewest others', async () => {
    for (const spelling of ['00:1e:f6:01:02:03', '00-1E-F6-01-02-03', '001e.f601.0203', '001ef6010203']) {
      expect((await search(`mac=${spelling}`)).data).toMatchObject([expected])
    }
    expect((await search('mac=ffffffffffff')).data).toEqual([])
  })

  it('finds who has an address, in each network that uses it', async () => {
    expect((await search('ip=192.0.2.7')).data).toMatchObject([expected, { tenantId: 'globex', ports: [] }])
    expect((await search('ip=192.0.2.7&tenant=acme')).data).toMatchObject([expected])
    expect((await search('ip=2001:DB8:0:0::7')).data).toMatchObject([expected])
    expect((await search('ip=192.0.2.7&site=globex-main')).data).toHaveLength(1)
    expect((await search('ip=192.0.2.99')).data).toEqual([])
  })

  it.each(['', 'mac=1&ip=192.0.2.7', 'mac=xyz', 'ip=192.0.2', 'ip=fe80::1%25eth0', "mac=' OR 1"])(
    'refuses %j',
    async query => {
      expect((await search(query)).status).toBe(400)
    },
  )
})
