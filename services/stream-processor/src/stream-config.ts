import { createHash } from 'node:crypto'
import type { AlarmConfig } from '../../../libs/alarms/src/index.ts'
import { type DetectConfig, type FirmwarePolicy, noPolicy } from '../../../libs/detect/src/index.ts'
import {
  circuitsByPort,
  type Device,
  type InterfaceCircuit,
  type Inventory,
  keys,
} from '../../../libs/model/src/index.ts'
import type { Network } from '../../../libs/stream/src/index.ts'

/**
 * What the stream's output depends on beside the log: it changes only between epochs, and each commit names the version
 * with which the next epoch is to be computed (epochs, rule 7).
 */
export interface StreamConfig {
  version: string
  devices: Readonly<Record<string, StreamDevice>>
  /** Device ids by `tenant/address`: who an exporter is. Absent in versions recorded before it was known. */
  exporterDevices?: Readonly<Record<string, string>>
  /** What addresses belong to, as configured. Absent likewise. */
  networks?: readonly Network[]
  /** Keys of configured probes (`keys.probe`). Absent in versions recorded before there were any. */
  probes?: readonly string[]
  /** SHA-256 of the files of addresses' AS numbers and countries. */
  databases?: Readonly<Record<string, string>>
  /** What devices' versions are held against. Absent likewise. */
  firmware?: FirmwarePolicy
  /** Addresses of exporters whose source port is no part of who they are. Absent likewise. */
  changingPorts?: readonly string[]
  detection: DetectConfig
  alarms: AlarmConfig
}

/** What flows are enriched with, beside the inventory. */
export interface EnrichmentSources {
  networks: readonly Network[]
  databases: Readonly<Record<string, string>>
}

export interface StreamDevice {
  site: string
  role: Device['role']
  /** By ifName. */
  circuits: Readonly<Record<string, InterfaceCircuit>>
  /** Has an agent that is asked. Absent in versions recorded before it was noted. */
  polled?: boolean
}

/** Keys of `devices` are `tenant/device`, the bus key of a device. */
export function streamConfigOf(
  inventory: Inventory,
  detection: DetectConfig,
  alarms: AlarmConfig,
  { networks, databases }: EnrichmentSources = { networks: [], databases: {} },
  firmware: FirmwarePolicy = noPolicy,
  changingPorts: readonly string[] = [],
): StreamConfig {
  const devices: Record<string, StreamDevice> = {}
  const exporterDevices: Record<string, string> = {}
  const circuits = circuitsByPort(inventory)
  for (const device of [...inventory.devices].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    devices[`${device.tenant}/${device.id}`] = {
      site: device.site,
      role: device.role,
      circuits: circuits[`${device.tenant}/${device.id}`] ?? {},
      polled: device.snmp !== undefined,
    }
    exporterDevices[`${device.tenant}/${device.address}`] = device.id
  }
  const probes = (inventory.probes ?? []).map(probe => keys.probe(probe.tenant, probe.id)).sort()
  const content = { devices, exporterDevices, probes, networks, databases, firmware, changingPorts, detection, alarms }
  const version = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)
  return { version, ...content }
}
