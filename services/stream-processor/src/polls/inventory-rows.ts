import type { DevicePoll } from '../../../../libs/model/src/index.ts'
import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import type { TrackedInterface } from '../../../../libs/stream/src/index.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'

/**
 * Facts about devices and interfaces that changed within an epoch. Each fact's digest is kept in the device's state, so
 * that a row is written when something is new and not at every poll.
 */
export class InventoryRows {
  readonly #devices: Row[] = []
  readonly #interfaces: Row[] = []

  device(tenantId: string, poll: DevicePoll, polledAtMs: number, rev: number): void {
    const system = poll.system
    if (!system) return
    this.#devices.push({
      tenant_id: tenantId,
      device_id: poll.deviceId,
      site_id: poll.siteId,
      address: poll.address,
      sys_name: system.sysName,
      sys_descr: system.sysDescr,
      sys_object_id: system.sysObjectId,
      sys_location: system.sysLocation,
      sys_contact: system.sysContact,
      vendor: system.vendor,
      os: system.os,
      version: system.version,
      hardware: system.hardware,
      serial: system.serial,
      polled_at: polledAtMs,
      rev: BigInt(rev),
    })
  }

  interface(tenantId: string, deviceId: string, one: TrackedInterface, polledAtMs: number, rev: number): void {
    this.#interfaces.push({
      tenant_id: tenantId,
      device_id: deviceId,
      interface_id: one.interfaceId,
      if_index: one.ifIndex,
      if_name: one.ifName,
      if_descr: one.ifDescr,
      if_alias: one.ifAlias,
      if_type: one.ifType,
      phys_address: physAddressText(one.poll.ifPhysAddress),
      speed_bits_per_second: BigInt(one.speedBitsPerSecond),
      admin_status: one.adminStatus,
      oper_status: one.operStatus,
      polled_at: polledAtMs,
      rev: BigInt(rev),
    })
  }

  take(): { devices: ColumnBlock; interfaces: ColumnBlock } {
    return { devices: columnsOf(this.#devices.splice(0)), interfaces: columnsOf(this.#interfaces.splice(0)) }
  }
}

/** Digest of what `devices` keeps of a poll; undefined where the poll brought no system group. */
export function deviceDigest(poll: DevicePoll): number | undefined {
  const system = poll.system
  if (!system) return undefined
  return digest([
    poll.siteId,
    poll.address,
    system.sysName,
    system.sysDescr,
    system.sysObjectId,
    system.sysLocation,
    system.sysContact,
    system.vendor,
    system.os,
    system.version,
    system.hardware,
    system.serial,
  ])
}

/** Digest of what `interfaces` keeps of a row. */
export function interfaceDigest(one: TrackedInterface): number {
  return digest([
    one.ifIndex,
    one.ifName,
    one.ifDescr,
    one.ifAlias,
    one.ifType,
    one.speedBitsPerSecond,
    one.adminStatus,
    one.operStatus,
    physAddressText(one.poll.ifPhysAddress),
  ])
}

function physAddressText(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':')
}

/** FNV-1a over the texts, 32 bits: a change that collides is seen with the next one. */
function digest(parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    const text = `${part}\0`
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}
