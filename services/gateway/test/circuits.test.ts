import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventorySchema } from '../../../libs/model/src/index.ts'
import {
  type GatewayUnderTest,
  liveRecord,
  sendLive,
  startGateway,
  testInventory,
  until,
} from './gateway-under-test.ts'

let underTest: GatewayUnderTest

beforeAll(async () => {
  const inventory = inventorySchema.parse({
    ...testInventory,
    circuits: [
      {
        ...{ id: 'c1', tenant: 'acme', provider: 'Meridian', circuitId: 'CID-1', contact: '+1 555 0100' },
        committed: { inBitsPerSecond: 100e6, outBitsPerSecond: 20e6 },
        a: { device: 'acme-core-1', ifName: 'xe-0' },
      },
      { id: 'c2', tenant: 'globex', provider: 'Tessera', a: { device: 'globex-fw-1', ifName: 'wan' } },
    ],
  })
  underTest = await startGateway({ options: { inventory } })
  const port = (ifName: string, ifAlias: string) => ({
    ...{ interfaceId: `acme-core-1/${ifName}`, ifName, ifAlias, ifDescr: ifName, ifType: 6, ifIndex: 1 },
    ...{ speedBitsPerSecond: 1_000_000_000n, adminStatus: 1, operStatus: 1 },
    ...{ inBitsPerSecond: 50e6, outBitsPerSecond: 5e6, utilisationIn: 0.5, utilisationOut: 0.25 },
  })
  const interfaces = [
    port('xe-0', 'Transit: not this [1M]'),
    port('xe-1', 'Cust: "><script> [10M] {C-7}'),
    port('xe-2', 'x'),
  ]
  const value = { deviceId: 'acme-core-1', siteId: 'acme-hq', polledAtMs: BigInt(Date.now()), intervalMs: 60_000 }
  await sendLive(underTest.bus, [
    liveRecord('acme', { case: 'device', value: { ...value, reachable: true, interfaces } }),
  ])
  await until(async () => (await get('/interfaces')).data.length === 3)
})

afterAll(() => underTest.dispose())

async function get(path: string): Promise<{ data: Record<string, unknown>[]; nextCursor: string | null }> {
  const response = await fetch(`${underTest.address}/api/v1${path}`)
  return (await response.json()) as { data: Record<string, unknown>[]; nextCursor: string | null }
}

describe('circuits', () => {
  it('are listed with what they carry, from the inventory and from descriptions, in pages', async () => {
    const { data } = await get('/circuits')
    expect(data).toMatchObject([
      {
        ...{ id: 'c1', source: 'inventory', tenantId: 'acme', provider: 'Meridian', circuitId: 'CID-1', kind: null },
        a: { deviceId: 'acme-core-1', ifName: 'xe-0', interfaceId: 'acme-core-1/xe-0' },
        ...{ b: null, committed: { inBitsPerSecond: 100e6, outBitsPerSecond: 20e6 } },
        ...{ inBitsPerSecond: 50e6, utilisationIn: 0.5, operStatus: 1, contact: '+1 555 0100' },
      },
      { id: null, source: 'description', kind: 'cust', provider: '"><script>', circuitId: 'C-7' },
      { id: 'c2', a: { interfaceId: null }, operStatus: null, committed: null },
    ])
    expect((await get('/circuits?tenant=globex')).data).toHaveLength(1)
    expect((await get('/circuits?site=acme-hq')).data).toHaveLength(2)
    const first = await get('/circuits?limit=2')
    expect((await get(`/circuits?limit=2&cursor=${first.nextCursor}`)).data).toMatchObject([{ id: 'c2' }])
  })

  it('stand at their interfaces', async () => {
    const { data } = await get('/interfaces')
    expect(data.map(one => one.circuit)).toMatchObject([
      { id: 'c1' },
      { source: 'description', circuitId: 'C-7' },
      null,
    ])
  })
})
