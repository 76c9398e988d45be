import type { DeviceChange } from '../../../../libs/detect/src/index.ts'
import { deviceChangeId, type HardwarePoll, hardwareForm } from '../../../../libs/model/src/index.ts'
import type { ColumnBlock, TableName } from '../../../../libs/store/src/index.ts'
import type { TrackedPoll } from '../../../../libs/stream/src/index.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'
import type { SeenStation } from './station-book.ts'

const windowSeconds = 300

/** What an epoch's readings of hardware leave in the store: newest values, their history, and what changed. */
export class HardwareRows {
  readonly #sensors: Row[] = []
  readonly #history: Row[] = []
  readonly #hardware: Row[] = []
  readonly #changes: Row[] = []
  readonly #stations: Row[] = []

  reading(tenantId: string, hardware: HardwarePoll, tracked: TrackedPoll, rev: number): void {
    const { deviceId, atMs } = tracked
    const of = { tenant_id: tenantId, device_id: deviceId }
    const ports = new Map(tracked.interfaces.map(one => [one.ifIndex, one.interfaceId]))
    for (const sensor of hardware.sensors) {
      this.#sensors.push({
        ...of,
        sensor_id: sensor.id,
        class: sensor.class,
        name: sensor.name,
        value: sensor.value ?? Number.NaN,
        state: sensor.state,
        low_critical: sensor.lowCritical ?? Number.NaN,
        low_warning: sensor.lowWarning ?? Number.NaN,
        high_warning: sensor.highWarning ?? Number.NaN,
        high_critical: sensor.highCritical ?? Number.NaN,
        interface_id: (sensor.ifIndex === undefined ? undefined : ports.get(sensor.ifIndex)) ?? '',
        read_at: atMs,
        rev: BigInt(rev),
      })
      if (sensor.value === undefined || !Number.isFinite(sensor.value)) continue
      this.#history.push({
        window_start: Math.floor(atMs / 1_000 / windowSeconds) * windowSeconds,
        ...of,
        sensor_id: sensor.id,
        value_sum: sensor.value,
        value_min: sensor.value,
        value_max: sensor.value,
        readings: 1n,
      })
    }
    const { sensors: _, ...rest } = hardwareForm(hardware)
    this.#hardware.push({ ...of, hardware_json: JSON.stringify(rest), read_at: atMs, rev: BigInt(rev) })
  }

  change(tenantId: string, { deviceId, siteId }: TrackedPoll, change: DeviceChange): void {
    const { kind, subject, atMs, from, to, detail } = change
    this.#changes.push({
      tenant_id: tenantId,
      device_id: deviceId,
      site_id: siteId,
      changed_at: atMs,
      kind,
      from_value: from,
      to_value: to,
      subject,
      detail,
      event_id: deviceChangeId(tenantId, deviceId, kind, subject, atMs),
    })
  }

  stations(tenantId: string, { deviceId, siteId, atMs }: TrackedPoll, seen: readonly SeenStation[]): void {
    for (const { mac, address, vlan, interfaceId } of seen) {
      this.#stations.push({
        tenant_id: tenantId,
        mac,
        device_id: deviceId,
        vlan,
        address,
        interface_id: interfaceId,
        site_id: siteId,
        seen_at: atMs,
        rev: BigInt(atMs),
      })
    }
  }

  take(): { table: TableName; block: ColumnBlock }[] {
    return [
      { table: 'sensors', block: columnsOf(this.#sensors.splice(0)) },
      { table: 'sensor_5m', block: columnsOf(this.#history.splice(0)) },
      { table: 'device_hardware', block: columnsOf(this.#hardware.splice(0)) },
      { table: 'stations', block: columnsOf(this.#stations.splice(0)) },
      { table: 'device_changes', block: columnsOf(this.#changes.splice(0)) },
    ]
  }
}
