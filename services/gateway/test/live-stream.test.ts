import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  alarmOf,
  type GatewayUnderTest,
  getJson,
  liveRecord,
  sendAlarms,
  sendLive,
  startGateway,
  until,
} from './gateway-under-test.ts'
import { LiveClient } from './live-client.ts'

let underTest: GatewayUnderTest

beforeEach(async () => {
  underTest = await startGateway({ config: { live: { tileIntervalMs: 100 } } })
})
afterEach(() => underTest.dispose())

describe('live stream', () => {
  it('welcomes, gives a snapshot, then deltas with growing offsets', async () => {
    await sendAlarms(underTest.bus, [alarmOf({ resource: 'interface/acme-core-1/xe-0' })])
    await until(
      async () => (await getJson<{ data: unknown[] }>(`${underTest.address}/api/v1/alarms`)).data.length === 1,
    )
    const client = await LiveClient.connect(underTest.address)
    expect(client.welcome).toMatchObject({ resumed: false, buildId: 'test', heartbeatMs: 5_000 })
    expect(client.last('snapshot')?.alarms.map(alarm => alarm.resource)).toEqual(['interface/acme-core-1/xe-0'])
    expect(client.last('snapshot')?.tiles.sites).toHaveLength(3)

    await sendAlarms(underTest.bus, [
      alarmOf({ resource: 'interface/acme-core-1/xe-1' }),
      alarmOf({ resource: 'interface/acme-core-1/xe-0', rev: 2, isCleared: true, clearedAt: new Date().toISOString() }),
    ])
    await until(() => client.all('alarm').length === 2)
    const offsets = client.all('alarm').map(message => message.offset)
    expect(offsets[1]).toBe(offsets[0]! + 1)
    await client.close()
  })

  it('sends tiles that changed, and nothing else of them', async () => {
    const client = await LiveClient.connect(underTest.address, { tenant: 'acme' })
    await sendLive(underTest.bus, [
      liveRecord('acme', {
        case: 'device',
        value: {
          deviceId: 'acme-core-1',
          siteId: 'acme-hq',
          polledAtMs: BigInt(Date.now()),
          intervalMs: 60_000,
          reachable: true,
          interfaces: [
            {
              interfaceId: 'acme-core-1/xe-0',
              ifName: 'xe-0',
              ifType: 6,
              ifIndex: 1,
              speedBitsPerSecond: 1_000_000_000n,
              inBitsPerSecond: 500e6,
              outBitsPerSecond: 1e6,
              utilisationIn: 0.5,
              utilisationOut: 0.001,
              adminStatus: 1,
              operStatus: 1,
            },
          ],
        },
      }),
    ])
    const message = await until(() => client.all('tiles').find(one => one.tiles.worstInterfaces?.length === 1))
    expect(message.tiles.worstInterfaces?.[0]).toMatchObject({ ifName: 'xe-0', utilisationIn: 0.5, operStatus: 1 })
    expect(message.tiles.worstInterfaces?.[0]?.history.filter(value => value !== null)).toEqual([0.5])
    expect(message.tiles.sites?.map(site => [site.siteId, site.inBitsPerSecond])).toEqual([['acme-hq', 500e6]])
    await client.close()
  })
})
