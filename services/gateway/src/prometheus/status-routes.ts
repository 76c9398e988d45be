import type { Metrics, StatusAnswer, StatusRoute } from '../../../../libs/kernel/src/index.ts'
import type { PrometheusConfig } from '../config.ts'
import type { DeviceState } from '../live/device-state.ts'
import type { LiveState } from '../live/live-state.ts'
import { isReachable } from '../live/tiles.ts'
import { currentDevices, deviceLabels, writeIfMib, writeSystem, writeWeirSeries } from './device-series.ts'
import { Exposition, labelSet } from './exposition.ts'

const textFormat = 'text/plain; version=0.0.4; charset=utf-8'
const modules = ['if_mib', 'system']

export interface StatusRouteOptions {
  state: LiveState
  config: PrometheusConfig
  metrics: Metrics
  nowMs: () => number
}

/** What the gateway adds to the status listener, for Prometheus. */
export function createStatusRoutes({ state, config, metrics, nowMs }: StatusRouteOptions): StatusRoute[] {
  let exposed = 0
  let dropped = 0
  metrics.gauges('weir_series_exposed', 'Series of the network on the last page of /metrics.', [], () => [
    [{}, exposed],
  ])
  metrics.counters('weir_series_dropped_total', 'Series that prometheus.seriesMax left out of /metrics.', [], () => [
    [{}, dropped],
  ])

  return [
    async (path, query) => {
      switch (path) {
        case '/metrics':
          return metricsPage(query.get('tenant'))
        case '/snmp':
          return snmpPage(query)
        case '/sd/snmp':
          return { status: 200, contentType: 'application/json', body: JSON.stringify(targets(state)) }
        default:
          return undefined
      }
    },
  ]

  /** `?tenant=` splits a network that is too large for one scrape. */
  async function metricsPage(tenant: string | null): Promise<StatusAnswer> {
    const sees = (tenantId: string): boolean => tenant === null || tenant === tenantId
    const now = nowMs()
    const page = new Exposition(config.seriesMax)
    const devices = currentDevices(state, now).filter(device => sees(device.tenantId))
    writeWeirSeries(page, state, sees, now)
    writeSystem(page, devices, deviceLabels)
    await writeIfMib(page, devices, deviceLabels)
    exposed = page.samples
    dropped += page.dropped
    return { status: 200, contentType: textFormat, body: page.text() }
  }

  /** As snmp_exporter answers, from the last poll. A device without a fresh one is an error, so that `up` is 0. */
  async function snmpPage(query: URLSearchParams): Promise<StatusAnswer> {
    const [target, ...others] = query.getAll('target')
    if (!target || others.length > 0) return plain(400, "'target' parameter must be specified once")
    const asked = query.getAll('module').flatMap(names => names.split(','))
    const unknown = asked.find(name => !modules.includes(name))
    if (unknown !== undefined) return plain(400, `Unknown module '${unknown}'; there are ${modules.join(' and ')}`)

    const found = devicesNamed(state, target)
    const [device] = found
    if (!device) return plain(404, `no polled device has the id or address ${target}`)
    if (found.length > 1) return plain(400, `${found.length} devices have the address ${target}; give a device id`)
    if (!isReachable(device, nowMs())) return plain(503, `the last poll of ${device.deviceId} failed or is too old`)

    const page = new Exposition(config.seriesMax)
    const wanted = asked.length > 0 ? asked : ['if_mib']
    writeSystem(page, [device], () => ({}))
    if (wanted.includes('if_mib')) await writeIfMib(page, [device], () => ({}))
    page.family('snmp_scrape_duration_seconds', 'gauge', 'Duration of the poll that these values come from.')
    for (const module of wanted) page.sample(labelSet({ module }), device.pollDurationMs / 1_000)
    dropped += page.dropped
    return { status: 200, contentType: textFormat, body: page.text() }
  }
}

/** By id, or by address where one device has it; Prometheus may bring a transport and a port along. */
function devicesNamed(state: LiveState, target: string): DeviceState[] {
  const byId = [...state.devices.values()].filter(device => device.deviceId === target)
  if (byId.length > 0) return byId
  const address = target
    .replace(/^(udp|tcp):\/\//, '')
    .replace(/^(\[.*\]|[^:]*):\d+$/, '$1')
    .replace(/^\[(.*)\]$/, '$1')
  return state.inventory.devices
    .filter(device => device.address === address)
    .map(device => state.device(device.tenant, device.id))
    .filter(device => device !== undefined)
}

/** Prometheus' http_sd: the whole list each time; relabel `__address__` to `__param_target`. */
function targets(state: LiveState): unknown[] {
  return state.inventory.devices
    .filter(device => device.snmp)
    .map(device => ({
      targets: [device.id],
      labels: {
        __meta_weir_tenant: device.tenant,
        __meta_weir_site: device.site,
        __meta_weir_device: device.id,
        __meta_weir_name: device.name ?? device.id,
        __meta_weir_address: device.address,
        __meta_weir_role: device.role,
      },
    }))
}

function plain(status: number, text: string): StatusAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` }
}
