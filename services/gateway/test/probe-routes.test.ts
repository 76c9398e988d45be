import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStatusServer, type StatusServer, silentLogger } from '../../../libs/kernel/src/index.ts'
import { blockOf } from '../../../libs/store/test/sample-blocks.ts'
import { type GatewayUnderTest, getJson, liveRecord, sendLive, startGateway, until } from './gateway-under-test.ts'

let underTest: GatewayUnderTest
let status: StatusServer
const startedMs = Date.now() - 1_000

interface Item {
  probeId: string
  tenantId: string
  lossRatio: number
}

const api = <T>(path: string): Promise<T> => getJson<T>(`${underTest.address}${path}`)
const minuteMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000

const probe = (probeId: string, siteId: string, changes: object = {}) => ({
  case: 'probe' as const,
  value: {
    ...{ probeId, siteId, deviceId: '', kind: 'icmp', target: '192.0.2.1', startedMs: BigInt(startedMs) },
    ...{ intervalMs: 30_000, sent: 5, lost: 1, rttMinMs: 9, rttMeanMs: 10, rttMaxMs: 12.5, jitterMs: 0.5 },
    ...{ sentTotal: 500n, lostTotal: 7n, error: 'timeout' },
    ...changes,
  },
})

beforeAll(async () => {
  underTest = await startGateway({ withStore: true })
  const row = { site_id: 'acme-hq', probe_id: 'gw', window_start: minuteMs / 1_000, packets: 4n }
  await underTest.store.insert(
    'probe_1m',
    blockOf('probe_1m', [
      { tenant_id: 'acme', ...row, bucket: 97, rtt_us_sum: 40_000n, rtt_us_min: 9_900n, rtt_us_max: 10_100n },
      { tenant_id: 'acme', ...row, bucket: 255, packets: 1n },
      { tenant_id: 'globex', ...row, site_id: 'globex-main', bucket: 97, rtt_us_sum: 4n },
    ]),
    'probes',
  )
  status = createStatusServer({
    config: { host: '127.0.0.1', port: 0 },
    metrics: underTest.metrics,
    readiness: () => ({ ready: true }),
    routes: underTest.gateway.statusRoutes,
    log: silentLogger,
  })
  await status.start()
  await sendLive(underTest.bus, [
    liveRecord('acme', probe('gw', 'acme-hq')),
    liveRecord('acme', probe('dns', 'acme-hq', { kind: 'dns', lost: 5, rttMinMs: undefined, rttMeanMs: undefined })),
    liveRecord('globex', probe('gw', 'globex-main', { target: '<b>198.51.100.1</b>' })),
  ])
  await until(async () => (await api<{ data: Item[] }>('/api/v1/probes')).data.length === 3)
})
afterAll(async () => {
  await status.stop()
  await underTest.dispose()
})

describe('probes', () => {
  it('are listed with their last round, by tenant and site, in pages', async () => {
    const all = await api<{ data: Item[]; nextCursor: string }>('/api/v1/probes?limit=2')
    expect(all.data.map(one => `${one.tenantId}/${one.probeId}`)).toEqual(['acme/dns', 'acme/gw'])
    const rest = await api<{ data: Item[] }>(`/api/v1/probes?limit=2&cursor=${all.nextCursor}`)
    expect(rest.data.map(one => `${one.tenantId}/${one.probeId}`)).toEqual(['globex/gw'])
    const site = await api<{ data: Item[] }>('/api/v1/probes?tenant=acme&site=acme-hq')
    expect(site.data[1]).toMatchObject({
      ...{ probeId: 'gw', kind: 'icmp', target: '192.0.2.1', deviceId: null, stale: false, sent: 5, lost: 1 },
      ...{ lossRatio: 0.2, rttMeanMs: 10, jitterMs: 0.5, error: 'timeout' },
    })
  })

  it('have history, of their tenant only', async () => {
    const from = new Date(minuteMs - 60_000).toISOString()
    const path = `/api/v1/probes/gw/history?tenant=acme&from=${from}&resolution=1m`
    expect(await api(path)).toMatchObject({
      probeId: 'gw',
      stepSeconds: 60,
      points: [
        { at: new Date(minuteMs).toISOString(), sent: 5, lost: 1, lossRatio: 0.2, rttMinMs: 9.9, rttMeanMs: 10 },
      ],
    })
    const wrong = await fetch(`${underTest.address}/api/v1/probes/gw/history?from=${from}&to=${from}`)
    expect(wrong.status).toBe(400)
  })

  it('are series of Prometheus, with labels that the inventory bounds', async () => {
    const page = await (await fetch(`http://127.0.0.1:${status.port}/metrics`)).text()
    const labels = '{tenant="acme",site="acme-hq",probe="gw",kind="icmp"}'
    for (const sample of [
      `weir_probe_sent_total${labels} 500`,
      `weir_probe_lost_total${labels} 7`,
      `weir_probe_loss_ratio${labels} 0.2`,
      `weir_probe_rtt_mean_seconds${labels} 0.01`,
      `weir_probe_jitter_seconds${labels} 0.0005`,
    ]) {
      expect(page).toContain(sample)
    }
    expect(page).not.toContain('198.51.100.1')
    expect(page).not.toMatch(/weir_probe_rtt_min_seconds\{[^}]*probe="dns"/)
  })
})
