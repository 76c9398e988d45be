import type { Device, DeviceLive, Inventory, LiveRecord, ProbeLive } from '../../../../libs/model/src/index.ts'
import type { LiveConfig } from '../config.ts'
import { AlarmBook } from './alarm-book.ts'
import { applyPoll, type DeviceState, newDeviceState } from './device-state.ts'
import { ExporterState } from './exporter-state.ts'
import { LagGauge } from './lag-gauge.ts'
import { isProbeForgotten, type ProbeState } from './probe-state.ts'
import { SourcePositions } from './source-positions.ts'
import { TemplateBook } from './template-book.ts'
import { UnknownExportersBook } from './unknown-exporters.ts'

/** What the gateway knows of now: the newest poll of each device, the newest windows of each exporter, open alarms. */
export class LiveState {
  #inventory: Inventory
  readonly alarms: AlarmBook
  readonly templates: TemplateBook
  readonly devices = new Map<string, DeviceState>()
  readonly exporters = new Map<string, ExporterState>()
  /** By tenant and id. */
  readonly probes = new Map<string, ProbeState>()
  readonly unknownExporters = new UnknownExportersBook()
  readonly lag = new LagGauge()
  readonly counters = {
    received: 0,
    repeated: 0,
    malformed: 0,
    devicesRefused: 0,
    interfacesRefused: 0,
    exportersRefused: 0,
    probesRefused: 0,
  }
  interfaceCount = 0
  readonly #limits: LiveConfig
  readonly #positions = new SourcePositions()

  constructor(inventory: Inventory, limits: LiveConfig, nowMs: number) {
    this.#inventory = inventory
    this.#limits = limits
    this.alarms = new AlarmBook(limits.alarmsMax)
    this.templates = new TemplateBook(limits.templatesMax)
    for (const device of inventory.devices) {
      if (device.snmp) this.devices.set(deviceStateKey(device.tenant, device.id), polledDevice(device, nowMs))
    }
  }

  get inventory(): Inventory {
    return this.#inventory
  }

  /** Devices that come are known before their first poll; ones that go leave, with their interfaces. */
  applyInventory(next: Inventory, nowMs: number): void {
    const before = this.#inventory
    this.#inventory = next
    const wanted = new Map(
      next.devices.flatMap(one => (one.snmp ? [[deviceStateKey(one.tenant, one.id), one] as const] : [])),
    )
    for (const { tenant, id } of before.devices) {
      const key = deviceStateKey(tenant, id)
      const gone = wanted.has(key) ? undefined : this.devices.get(key)
      if (!gone) continue
      this.interfaceCount -= gone.interfaces.size
      this.devices.delete(key)
    }
    for (const [key, device] of wanted) {
      const known = this.devices.get(key)
      if (known) known.siteId = device.site
      else this.devices.set(key, polledDevice(device, nowMs))
    }
  }

  device(tenantId: string, deviceId: string): DeviceState | undefined {
    return this.devices.get(deviceStateKey(tenantId, deviceId))
  }

  /**
   * @param record a record of `weir.live.v1`
   * @param from partition of the topic and the record's stamp
   */
  apply(record: LiveRecord, from: { partition: number; stampMs: number }, nowMs: number): void {
    this.counters.received++
    const { source, body } = record
    if (!source || !body.case) {
      this.counters.malformed++
      return
    }
    if (!this.#positions.advance(from.partition, source)) {
      this.counters.repeated++
      return
    }
    switch (body.case) {
      case 'device':
        this.#applyDevice(record.tenantId, body.value, nowMs)
        this.lag.observe(nowMs - Number(body.value.polledAtMs), nowMs)
        return
      case 'flowWindow':
        this.#exporter(record.tenantId, body.value.exporterId)?.apply(body.value, from.stampMs)
        if (!body.value.final) this.lag.observe(nowMs - from.stampMs, nowMs)
        return
      case 'exporter':
        this.#exporter(record.tenantId, body.value.exporterId)?.applyHealth(body.value)
        return
      case 'probe':
        this.#applyProbe(record.tenantId, body.value)
        return
      case 'unknownExporters':
        this.unknownExporters.apply(record.tenantId, body.value)
    }
  }

  /** Drops what has been silent too long. */
  sweep(nowMs: number): void {
    this.alarms.sweep(nowMs)
    this.unknownExporters.sweep(nowMs)
    for (const [id, exporter] of this.exporters) if (exporter.isForgotten(nowMs)) this.exporters.delete(id)
    for (const [key, probe] of this.probes) if (isProbeForgotten(probe, nowMs)) this.probes.delete(key)
  }

  #applyProbe(tenantId: string, live: ProbeLive): void {
    const key = `${tenantId}/${live.probeId}`
    if (!this.probes.has(key) && this.probes.size >= this.#limits.probesMax) {
      this.counters.probesRefused++
      return
    }
    this.probes.set(key, { tenantId, probeId: live.probeId, live })
  }

  #applyDevice(tenantId: string, poll: DeviceLive, nowMs: number): void {
    const key = deviceStateKey(tenantId, poll.deviceId)
    let device = this.devices.get(key)
    if (!device) {
      if (this.devices.size >= this.#limits.devicesMax) {
        this.counters.devicesRefused++
        return
      }
      device = newDeviceState(tenantId, poll.deviceId, poll.siteId, nowMs)
      this.devices.set(key, device)
    }
    const before = device.interfaces.size
    this.counters.interfacesRefused += applyPoll(device, poll, this.#limits.interfacesMax - this.interfaceCount)
    this.interfaceCount += device.interfaces.size - before
  }

  #exporter(tenantId: string, exporterId: string): ExporterState | undefined {
    let exporter = this.exporters.get(exporterId)
    if (!exporter) {
      if (this.exporters.size >= this.#limits.exportersMax) {
        this.counters.exportersRefused++
        return undefined
      }
      exporter = new ExporterState(tenantId, exporterId)
      this.exporters.set(exporterId, exporter)
    }
    return exporter
  }
}

function deviceStateKey(tenantId: string, deviceId: string): string {
  return `${tenantId}/${deviceId}`
}

function polledDevice(device: Device, nowMs: number): DeviceState {
  const state = newDeviceState(device.tenant, device.id, device.site, nowMs)
  if (device.snmp?.intervalMs) state.intervalMs = device.snmp.intervalMs
  return state
}
