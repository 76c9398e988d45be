import { severities } from '../../../../libs/model/src/index.ts'
import { isOpen } from '../live/alarm-book.ts'
import type { DeviceState, InterfaceState } from '../live/device-state.ts'
import type { LiveState } from '../live/live-state.ts'
import { isReachable } from '../live/tiles.ts'
import { writeExporterSeries } from './exporter-series.ts'
import { type Exposition, labelSet } from './exposition.ts'
import { ifMibMetrics, ifTypeNames } from './if-mib.ts'
import { writeProbeSeries } from './probe-series.ts'

type Labels = Readonly<Record<string, string>>

/** Labels that tell devices apart on a page of many; on a page of one, Prometheus' own `instance` does. */
export function deviceLabels(device: DeviceState): Labels {
  return { tenant: device.tenantId, site: device.siteId, device: device.deviceId }
}

/**
 * The series of `if_mib` for devices that answered their last poll. A device that did not has none, so that graphs
 * show a gap and `absent()` and staleness work; old values would look alive. Large pages let other work in between.
 */
export async function writeIfMib(
  page: Exposition,
  devices: readonly DeviceState[],
  labelsOf: (device: DeviceState) => Labels,
): Promise<void> {
  const rows = devices.flatMap(device => {
    const base = labelsOf(device)
    return currentInterfaces(device).map(({ live }) => {
      const all = {
        ...base,
        ifIndex: String(live.ifIndex),
        ifName: live.ifName,
        ifDescr: live.ifDescr,
        ifAlias: live.ifAlias,
      }
      return { live, labels: labelSet(all) }
    })
  })
  for (const metric of ifMibMetrics) {
    page.family(metric.name, metric.type, metric.help)
    for (const [i, { live, labels }] of rows.entries()) {
      const value = metric.value(live)
      if (value !== undefined) page.sample(labels, value)
      if (i % rowsAtOnce === rowsAtOnce - 1) await breath()
    }
    if (rows.length > rowsAtOnce) await breath()
  }
  page.family('ifType_info', 'gauge', 'Type of the interface - 1.3.6.1.2.1.2.2.1.3 (EnumAsInfo)')
  for (const { live, labels } of rows) {
    if (live.ifType === 0) continue
    page.sample(`${labels.slice(0, -1)},ifType="${ifTypeNames[live.ifType] ?? live.ifType}"}`, 1)
  }
}

/** A few milliseconds of work. */
const rowsAtOnce = 5_000

function breath(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** sysUpTime in hundredths of a second, as the MIB has it; snmp_exporter moved it to its module `system` in 0.28. */
export function writeSystem(
  page: Exposition,
  devices: readonly DeviceState[],
  labelsOf: (device: DeviceState) => Labels,
): void {
  page.family(
    'sysUpTime',
    'gauge',
    'Time since the management system began, in hundredths of a second - 1.3.6.1.2.1.1.3',
  )
  for (const device of devices) {
    if (device.uptimeSeconds !== undefined) page.sample(labelSet(labelsOf(device)), device.uptimeSeconds * 100)
  }
}

/** Weir's own series of devices, exporters and alarms. */
export function writeWeirSeries(
  page: Exposition,
  state: LiveState,
  sees: (tenantId: string) => boolean,
  nowMs: number,
): void {
  const devices = [...state.devices.values()].filter(device => sees(device.tenantId))
  page.family(
    'weir_device_reachable',
    'gauge',
    'Whether the device answered its last poll, and that poll is not stale.',
  )
  for (const device of devices) page.sample(labelSet(deviceLabels(device)), isReachable(device, nowMs) ? 1 : 0)
  page.family('weir_device_last_success_timestamp_seconds', 'gauge', 'Time of the last answered poll.')
  for (const device of devices) {
    if (device.answeredAtMs > 0) page.sample(labelSet(deviceLabels(device)), device.answeredAtMs / 1_000)
  }
  page.family('weir_device_poll_duration_seconds', 'gauge', 'Duration of the last poll.')
  for (const device of devices) {
    if (device.polledAtMs > 0) page.sample(labelSet(deviceLabels(device)), device.pollDurationMs / 1_000)
  }

  writeReach(page, devices)
  writeExporterSeries(page, state, sees, nowMs)
  writeProbeSeries(page, state, sees, nowMs)
  writeAlarmCounts(page, state, sees)
}

/** What devices' hosts answered below SNMP since the poll before. */
function writeReach(page: Exposition, devices: readonly DeviceState[]): void {
  page.family('weir_device_echo_loss_ratio', 'gauge', 'Echo requests lost since the poll before, 0 to 1.')
  for (const device of devices) {
    if (device.echoLoss !== undefined) page.sample(labelSet(deviceLabels(device)), device.echoLoss)
  }
  page.family('weir_device_echo_rtt_seconds', 'gauge', 'Mean round trip of echo requests since the poll before.')
  for (const device of devices) {
    if (device.echoRttMs !== undefined) page.sample(labelSet(deviceLabels(device)), device.echoRttMs / 1_000)
  }
}

/** Devices whose series stand on a page now. */
export function currentDevices(state: LiveState, nowMs: number): DeviceState[] {
  return [...state.devices.values()].filter(device => isReachable(device, nowMs))
}

/** Interfaces of the last whole poll; one that it did not bring is gone from the device. */
function currentInterfaces(device: DeviceState): InterfaceState[] {
  return [...device.interfaces.values()].filter(state => state.asOfMs >= device.wholeAtMs)
}

function writeAlarmCounts(page: Exposition, state: LiveState, sees: (tenantId: string) => boolean): void {
  const counts = new Map<string, number>()
  for (const tenant of state.inventory.tenants) {
    if (!sees(tenant.id)) continue
    for (const severity of severities) counts.set(labelSet({ tenant: tenant.id, severity }), 0)
  }
  for (const alarm of state.alarms.values()) {
    if (!isOpen(alarm) || !sees(alarm.tenantId)) continue
    const labels = labelSet({ tenant: alarm.tenantId, severity: alarm.perceivedSeverity })
    counts.set(labels, (counts.get(labels) ?? 0) + 1)
  }
  page.family('weir_alarms_open', 'gauge', 'Alarms that are neither cleared, closed nor shelved.')
  for (const [labels, count] of counts) page.sample(labels, count)
}
