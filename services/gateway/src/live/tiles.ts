import type { ExporterTile, InterfaceTile, OverviewTile, SiteTile } from '../../../../libs/model/src/index.ts'
import { inScope, type Scope } from '../principal.ts'
import { isOpen } from './alarm-book.ts'
import { type BusyInterface, type DeviceState, type InterfaceState, isDeviceStale } from './device-state.ts'
import type { Shown } from './history-seeder.ts'
import type { LiveState } from './live-state.ts'

export interface TileSet {
  overview: OverviewTile
  sites: SiteTile[]
  worstInterfaces: InterfaceTile[]
  exporters: ExporterTile[]
}

/**
 * What a screen of this scope shows now.
 * @param onShown is told which interfaces are on it
 */
export function tilesOf(
  state: LiveState,
  scope: Scope,
  worstMax: number,
  nowMs: number,
  onShown: (interfaces: readonly Shown[]) => void = () => {},
): TileSet {
  const devices = [...state.devices.values()].filter(device => inScope(scope, device.tenantId, device.siteId))
  const sites = siteTiles(state, scope, devices, nowMs)
  const exporters = scope.siteId === undefined ? exporterTiles(state, scope, nowMs) : []
  const worst = worstInterfaces(devices, worstMax)
  onShown(worst)
  return {
    overview: overviewTile(state, scope, devices, exporters, nowMs),
    sites,
    worstInterfaces: worst.map(([device, one]) => interfaceTile(device, one, nowMs)),
    exporters,
  }
}

export function interfaceTile(device: DeviceState, state: InterfaceState, nowMs: number): InterfaceTile {
  const { live } = state
  return {
    tenantId: device.tenantId,
    siteId: device.siteId,
    deviceId: device.deviceId,
    interfaceId: state.interfaceId,
    ifName: live.ifName,
    ifAlias: live.ifAlias,
    ifIndex: live.ifIndex,
    speedBitsPerSecond: live.speedBitsPerSecond > 0n ? Number(live.speedBitsPerSecond) : null,
    inBitsPerSecond: rounded(live.inBitsPerSecond, 1),
    outBitsPerSecond: rounded(live.outBitsPerSecond, 1),
    utilisationIn: rounded(live.utilisationIn, 10_000),
    utilisationOut: rounded(live.utilisationOut, 10_000),
    adminStatus: live.adminStatus,
    operStatus: live.operStatus,
    asOfMs: state.asOfMs,
    intervalMs: device.intervalMs,
    history: state.utilisation.read(nowMs),
  }
}

/** Whether the device answered its last poll, and that poll is not stale. */
export function isReachable(device: DeviceState, nowMs: number): boolean {
  return device.reachable && !isDeviceStale(device, nowMs)
}

/** Why a device does not answer, where it does not; unknown: no poll yet or lately, or its poller hears nobody. */
export function reachStateOf(device: DeviceState, nowMs: number): 'up' | 'snmp-failing' | 'down' | 'unknown' {
  if (device.polledAtMs === 0 || isDeviceStale(device, nowMs)) return 'unknown'
  const { reachState } = device
  if (reachState === 'up' || reachState === 'snmp-failing' || reachState === 'unknown') return reachState
  return device.reachable ? 'up' : 'down'
}

function overviewTile(
  state: LiveState,
  scope: Scope,
  devices: readonly DeviceState[],
  exporters: readonly ExporterTile[],
  nowMs: number,
): OverviewTile {
  const lastFlowMs = exporters.reduce((newest, exporter) => Math.max(newest, exporter.lastSeenMs), 0)
  return {
    asOfMs: nowMs,
    devices: devices.length,
    devicesReachable: devices.filter(device => isReachable(device, nowMs)).length,
    devicesStale: devices.filter(device => isDeviceStale(device, nowMs)).length,
    devicesDown: devices.filter(device => reachStateOf(device, nowMs) === 'down').length,
    devicesSnmpFailing: devices.filter(device => reachStateOf(device, nowMs) === 'snmp-failing').length,
    interfaces: devices.reduce((sum, device) => sum + device.interfaces.size, 0),
    exporters: exporters.length,
    exportersWaiting: state.unknownExporters.waiting(one => inScope(scope, one.tenantId, null)),
    lastFlowMs: lastFlowMs || null,
    flowRecordsPerSecond: total(exporters, 'recordsPerSecond'),
    flowBitsPerSecond: total(exporters, 'bitsPerSecond'),
    pipelineLagMs: Math.round(state.lag.read(nowMs)),
  }
}

function total(exporters: readonly ExporterTile[], field: 'recordsPerSecond' | 'bitsPerSecond'): number {
  return exporters.reduce((sum, exporter) => sum + exporter[field], 0)
}

function exporterTiles(state: LiveState, scope: Scope, nowMs: number): ExporterTile[] {
  return [...state.exporters.values()]
    .filter(exporter => inScope(scope, exporter.tenantId, null))
    .map(exporter => {
      const rates = exporter.rates(nowMs)
      return {
        tenantId: exporter.tenantId,
        exporterId: exporter.exporterId,
        bitsPerSecond: Math.round(rates.bitsPerSecond),
        packetsPerSecond: Math.round(rates.packetsPerSecond),
        recordsPerSecond: Math.round(rates.recordsPerSecond * 100) / 100,
        lastSeenMs: exporter.lastSeenMs,
      }
    })
}

function siteTiles(state: LiveState, scope: Scope, devices: readonly DeviceState[], nowMs: number): SiteTile[] {
  const tenantNames = new Map(state.inventory.tenants.map(tenant => [tenant.id, tenant.name ?? tenant.id]))
  const tiles = new Map<string, SiteTile>()
  const tileOf = (tenantId: string, siteId: string, siteName: string): SiteTile => {
    const key = `${tenantId}/${siteId}`
    let tile = tiles.get(key)
    if (!tile) {
      tile = emptySite(tenantId, tenantNames.get(tenantId) ?? tenantId, siteId, siteName)
      tiles.set(key, tile)
    }
    return tile
  }

  for (const site of state.inventory.sites) {
    if (inScope(scope, site.tenant, site.id)) tileOf(site.tenant, site.id, site.name ?? site.id)
  }
  for (const device of devices) addDevice(tileOf(device.tenantId, device.siteId, device.siteId), device, nowMs)
  for (const alarm of state.alarms.values()) {
    if (alarm.siteId === null || !isOpen(alarm) || !inScope(scope, alarm.tenantId, alarm.siteId)) continue
    tileOf(alarm.tenantId, alarm.siteId, alarm.siteId).alarms[alarm.perceivedSeverity]++
  }
  for (const tile of tiles.values()) {
    tile.inBitsPerSecond = Math.round(tile.inBitsPerSecond)
    tile.outBitsPerSecond = Math.round(tile.outBitsPerSecond)
  }
  return [...tiles.values()]
}

function emptySite(tenantId: string, tenantName: string, siteId: string, siteName: string): SiteTile {
  return {
    tenantId,
    tenantName,
    siteId,
    siteName,
    devices: 0,
    devicesReachable: 0,
    devicesStale: 0,
    alarms: { warning: 0, minor: 0, major: 0, critical: 0 },
    inBitsPerSecond: 0,
    outBitsPerSecond: 0,
    oldestPollMs: null,
    newestPollMs: null,
    intervalMs: 0,
  }
}

function addDevice(tile: SiteTile, device: DeviceState, nowMs: number): void {
  const stale = isDeviceStale(device, nowMs)
  tile.devices++
  if (stale) tile.devicesStale++
  else if (device.reachable) tile.devicesReachable++
  tile.intervalMs = Math.max(tile.intervalMs, device.intervalMs)
  if (device.polledAtMs > 0) {
    tile.oldestPollMs = Math.min(tile.oldestPollMs ?? device.polledAtMs, device.polledAtMs)
    tile.newestPollMs = Math.max(tile.newestPollMs ?? device.polledAtMs, device.polledAtMs)
  }
  if (stale || !device.reachable) return
  tile.inBitsPerSecond += device.inBitsPerSecond
  tile.outBitsPerSecond += device.outBitsPerSecond
}

/** The busiest interfaces, worst first, from the lists of their devices, which have them in that order. */
function worstInterfaces(devices: readonly DeviceState[], worstMax: number): Shown[] {
  const worst: { device: DeviceState; busy: BusyInterface }[] = []
  for (const device of devices) {
    for (const busy of device.busiest) {
      if (worst.length >= worstMax && busy.utilisation <= worst.at(-1)!.busy.utilisation) break
      let place = worst.length
      while (place > 0 && worst[place - 1]!.busy.utilisation < busy.utilisation) place--
      worst.splice(place, 0, { device, busy })
      if (worst.length > worstMax) worst.pop()
    }
  }
  return worst.map(({ device, busy }) => [device, busy.state])
}

/** Null where the value is not known, or is no number that JSON could carry. */
export function rounded(value: number | undefined, scale: number): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Math.round(value * scale) / scale
}
