import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStatusServer, type StatusServer, silentLogger } from '../../../libs/kernel/src/index.ts'
import {
  alarmOf,
  exporterHealth,
  type GatewayUnderTest,
  getJson,
  liveRecord,
  sendAlarms,
  sendLive,
  startGateway,
  until,
} from './gateway-under-test.ts'

let underTest: GatewayUnderTest
let status: StatusServer
let base: string

const hostileAlias = 'uplink "A" \\ B\nsecond <b>line</b> {x="y"} é 漢字'

function poll(changes: object = {}, live: object = {}) {
  return {
    case: 'device' as const,
    value: {
      deviceId: 'acme-core-1',
      siteId: 'acme-hq',
      polledAtMs: BigInt(Date.now()),
      intervalMs: 60_000,
      reachable: true,
      uptimeS: 1_234,
      pollDurationMs: 250,
      interfaces: [
        {
          interfaceId: 'acme-core-1/xe-0',
          ifIndex: 7,
          ifName: 'xe-0',
          ifDescr: 'Ten gig 0',
          ifAlias: hostileAlias,
          ifType: 6,
          speedBitsPerSecond: 10_000_000_000n,
          adminStatus: 1,
          operStatus: 1,
          counters: { ifHCInOctets: (1n << 53n) + 5n, ifHCOutOctets: 42n, ifInErrors: 0n },
          ...live,
        },
      ],
      ...changes,
    },
  }
}

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${base}${path}`)
  return { status: response.status, text: await response.text() }
}

beforeAll(async () => {
  underTest = await startGateway()
  status = createStatusServer({
    config: { host: '127.0.0.1', port: 0 },
    metrics: underTest.metrics,
    readiness: () => ({ ready: true }),
    routes: underTest.gateway.statusRoutes,
    log: silentLogger,
  })
  await status.start()
  base = `http://127.0.0.1:${status.port}`
  await sendLive(underTest.bus, [liveRecord('acme', poll()), liveRecord('acme', exporterHealth('acme/c1/192.0.2.1'))])
  await sendAlarms(underTest.bus, [alarmOf({ resource: 'interface/acme-core-1/xe-0' })])
  await until(async () => (await get('/metrics')).text.includes('ifHCInOctets'))
})
afterAll(async () => {
  await status.stop()
  await underTest.dispose()
})

describe('/metrics', () => {
  it('has the names and labels of if_mib, with tenant, site and device', async () => {
    const { text } = await get('/metrics')
    const labels =
      'tenant="acme",site="acme-hq",device="acme-core-1",ifIndex="7",ifName="xe-0",ifDescr="Ten gig 0",' +
      'ifAlias="uplink \\"A\\" \\\\ B\\nsecond <b>line</b> {x=\\"y\\"} é 漢字"'
    expect(text).toContain('# TYPE ifHCInOctets counter')
    expect(text).toContain(`ifHCOutOctets{${labels}} 42\n`)
    expect(text).toContain(`ifHighSpeed{${labels}} 10000\n`)
    expect(text).toContain(`ifSpeed{${labels}} 4294967295\n`)
    expect(text).toContain(`ifOperStatus{${labels}} 1\n`)
    expect(text).toContain(`ifType_info{${labels},ifType="ethernetCsmacd"} 1\n`)
    expect(text).toContain('sysUpTime{tenant="acme",site="acme-hq",device="acme-core-1"} 123400\n')
    expect(text).toContain('weir_alarms_open{tenant="acme",severity="major"} 1\n')
  })

  it('wraps Counter64 at 2^53 as snmp_exporter does, and leaves out what was not answered', async () => {
    const { text } = await get('/metrics')
    expect(text).toMatch(/^ifHCInOctets\{.*\} 5$/m)
    expect(text).not.toContain('ifOutErrors')
  })

  it('tells how well each export works', async () => {
    const { text } = await get('/metrics')
    const labels = 'tenant="acme",exporter="acme/c1/192.0.2.1"'
    expect(text).toContain(`weir_exporter_loss_ratio{${labels}} 0.25\n`)
    expect(text).toContain(`weir_exporter_clock_skew_seconds{${labels}} -1.5\n`)
    expect(text).toContain(`weir_exporter_no_template_seconds{${labels}} 30\n`)
    expect(text).toContain(`weir_exporter_decode_errors_total{${labels},code="template-missing"} 3\n`)
    expect(text).toContain(`weir_exporter_sampling_rate{${labels},rate="1000"} 1000\n`)
    expect(text).toContain(`weir_exporter_drops_total{${labels},reason="kernel"} 7\n`)
    expect(text).not.toContain('weir_exporter_active_timeout_seconds')
  })

  it('can be split by tenant', async () => {
    const { text } = await get('/metrics?tenant=globex')
    expect(text).not.toContain('tenant="acme"')
    expect(text).toContain('weir_device_reachable{tenant="globex",site="globex-main",device="globex-fw-1"} 0')
  })

  it.skipIf(spawnSync('promtool', ['--version']).error)(
    'passes promtool but for the names of the MIB (needs promtool)',
    async () => {
      const { text } = await get('/metrics')
      const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
      const complaints = `${check.stdout}${check.stderr}`
        .split('\n')
        .filter(line => line && !/^(if[A-Z]|sysUpTime)/.test(line))
      expect(complaints).toEqual([])
    },
  )

  it('drops what is beyond the limit, and counts it', async () => {
    const small = await startGateway({ config: { prometheus: { seriesMax: 3 } } })
    try {
      const answer = await small.gateway.statusRoutes[0]!('/metrics', new URLSearchParams())
      expect(answer?.body.split('\n').filter(line => line && !line.startsWith('#'))).toHaveLength(3)
      expect((await small.metrics.text()).body).toMatch(/^weir_series_dropped_total [1-9]/m)
    } finally {
      await small.dispose()
    }
  })
})

describe('/snmp', () => {
  it('answers as snmp_exporter does, without labels of its own', async () => {
    const { status: code, text } = await get('/snmp?target=acme-core-1&module=if_mib&auth=public_v2')
    expect(code).toBe(200)
    expect(text).toMatch(/^ifHCOutOctets\{ifIndex="7",ifName="xe-0",ifDescr="Ten gig 0",ifAlias=".*"\} 42$/m)
    expect(text).toContain('sysUpTime 123400\n')
    expect(text).toContain('snmp_scrape_duration_seconds{module="if_mib"} 0.25\n')
  })

  it.each([
    ['', 400],
    ['?target=acme-core-1&target=globex-fw-1', 400],
    ['?target=acme-core-1&module=cisco_wlc', 400],
    ['?target=nobody', 404],
    // Two clients may use one address.
    ['?target=10.0.0.1', 400],
    // Never polled.
    ['?target=globex-fw-1', 503],
  ])('%s → %i', async (query, code) => {
    expect((await get(`/snmp${query}`)).status).toBe(code)
  })

  it('has no series any more when a poll failed, and has them again when one succeeds', async () => {
    const { bus } = underTest
    await sendLive(bus, [liveRecord('acme', poll({ reachable: false, interfaces: [] }))])
    await until(async () => (await get('/snmp?target=acme-core-1')).status === 503)
    expect((await get('/metrics')).text).not.toContain('ifHCInOctets')
    await sendLive(bus, [liveRecord('acme', poll())])
    await until(async () => (await get('/snmp?target=acme-core-1')).status === 200)
  })
})

it('lists every polled device for http_sd', async () => {
  const list = await getJson<{ targets: string[]; labels: Record<string, string> }[]>(`${base}/sd/snmp`)
  expect(list.map(one => one.targets)).toEqual([['acme-core-1'], ['globex-fw-1']])
  expect(list[0]?.labels).toMatchObject({ __meta_weir_tenant: 'acme', __meta_weir_address: '10.0.0.1' })
})

describe.skipIf(spawnSync('prometheus', ['--version']).error)('a real Prometheus (needs prometheus)', () => {
  it('scrapes /metrics, and each device by http_sd and /snmp', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-prometheus-'))
    const port = await freePort()
    writeFileSync(join(folder, 'prometheus.yml'), prometheusConfig(status.port))
    const child = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    try {
      const value = async (query: string): Promise<string | undefined> => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`
        const answer = await getJson<{ data?: { result: { value: [number, string] }[] } }>(url).catch(() => undefined)
        return answer?.data?.result[0]?.value[1]
      }
      const aliasMatcher = '{job="weir",ifAlias=~"(?s)uplink \\"A\\".*漢字"}'
      await until(async () => (await value(`ifHCOutOctets${aliasMatcher}`)) === '42', 'the scrape of /metrics')
      await until(async () => (await value('up{job="snmp",instance="acme-core-1"}')) === '1', 'the scrape of /snmp')
      await until(
        async () => (await value('up{job="snmp",instance="globex-fw-1"}')) === '0',
        'the scrape of a silent device',
      )
      expect(await value('ifHighSpeed{job="snmp",instance="acme-core-1",ifName="xe-0"}')).toBe('10000')
    } finally {
      child.kill()
      await new Promise(resolve => child.once('exit', resolve))
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function prometheusConfig(statusPort: number): string {
  return `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: weir
    static_configs: [{ targets: ['127.0.0.1:${statusPort}'] }]
  - job_name: snmp
    metrics_path: /snmp
    params: { module: [if_mib] }
    http_sd_configs: [{ url: 'http://127.0.0.1:${statusPort}/sd/snmp', refresh_interval: 1s }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: '127.0.0.1:${statusPort}' }
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}
