import { v5 as uuidv5 } from 'uuid'

/** Ids that take part in composite keys: letters, digits, `.`, `_`, `:` and `-`, 1 to 128 of them; never `/`. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

export type TenantId = string
export type DeviceId = string
export type InterfaceId = string
export type ExporterId = string
export type AlarmId = string

/** The interface's identity for life: its device and the first ifName seen for it. ifIndex and ifAlias are attributes. */
export function interfaceId(deviceId: DeviceId, firstSeenIfName: string): InterfaceId {
  return `${deviceId}/${firstSeenIfName}`
}

/** Splits an interface id; an ifName may itself hold slashes, a device id may not. */
export function parseInterfaceId(id: InterfaceId): { deviceId: DeviceId; ifName: string } {
  const slash = id.indexOf('/')
  return { deviceId: id.slice(0, slash), ifName: id.slice(slash + 1) }
}

/** `tenantId/collectorId/address`: two clients' 192.168.1.1 never meet. */
export function exporterId(tenantId: TenantId, collectorId: string, address: string): ExporterId {
  return `${tenantId}/${collectorId}/${address}`
}

/** Splits an exporter id; what an id does not have is ''. */
export function parseExporterId(id: ExporterId): { tenantId: TenantId; collectorId: string; address: string } {
  const [tenantId = '', collectorId = '', ...address] = id.split('/')
  return { tenantId, collectorId, address: address.join('/') }
}

/** Bus key of a device's polls, events and live records. */
export function deviceKey(tenantId: TenantId, deviceId: DeviceId): string {
  return `${tenantId}/${deviceId}`
}

/** Namespace of Weir's alarm ids (RFC 9562 §5.5). Never changes: ids would. */
const alarmNamespace = '5d3c6f0e-9f0b-5c53-9a55-0d6f5b1f2a77'

/**
 * UUIDv5 of what raised the alarm, so that a replay of the log, a second owner or a zombie names it the same.
 * `raisingWindowMs` is the start of the window in which it was raised, milliseconds since the Unix epoch.
 */
export function alarmId(
  tenantId: TenantId,
  alarmType: string,
  resourceName: string,
  qualifier: string,
  raisingWindowMs: number,
): AlarmId {
  return uuidv5(JSON.stringify([tenantId, alarmType, resourceName, qualifier, raisingWindowMs]), alarmNamespace)
}

const changeNamespace = '0c1b6f6e-53c5-5d0b-8a44-2f9b7f0e6a11'

/** UUIDv5 of a change of a device: a replay of the log names it the same. `atMs` is when it was first seen. */
export function deviceChangeId(
  tenantId: TenantId,
  deviceId: DeviceId,
  kind: string,
  subject: string,
  atMs: number,
): string {
  return uuidv5(JSON.stringify([tenantId, deviceId, kind, subject, atMs]), changeNamespace)
}
