/**
 * One poll as the detectors see it: what libs/stream's tracker makes of a device's poll. Times are milliseconds since
 * the Unix epoch.
 */
export interface PollObservation {
  deviceId: string
  siteId: string
  atMs: number
  intervalMs: number
  pollDurationMs: number
  reachable: boolean
  /** Only some interfaces were asked; absent is no. */
  partial?: boolean
  /** The same poll again, or an older one: no observation. */
  stale: boolean
  rebooted: boolean
  upTimeSeconds: number | null
  errors: readonly { code: string; oid: string }[]
  /** What its host answered below SNMP; absent where it was not asked. */
  reach?: ReachObservation | undefined
  /** Of a poll without an answer: what its poller hears. */
  sight?: SightObservation | undefined
  interfaces: readonly InterfaceObservation[]
}

/** Echo requests, or attempts at another contact, and how many were answered. */
export interface ReachObservation {
  method: string
  sent: number
  received: number
}

/** What a poller hears of all it polls. */
export interface SightObservation {
  devices: number
  sites: number
  /** When any device last answered it anything. */
  heardMs: number
  /** Asked in vain since then. */
  silentDevices: number
  silentSites: number
  /** Those that would answer a poller that is well; absent in records from before it was counted. */
  answering?: number
}

export interface InterfaceObservation {
  interfaceId: string
  ifName: string
  ifAlias: string
  ifType: number
  /** ifAdminStatus and ifOperStatus (RFC 2863); 0 unknown. */
  adminStatus: number
  operStatus: number
  speedBitsPerSecond: number
  /** A wire, not a virtual interface. */
  physical: boolean
  lastChangeCs: number | undefined
  /** Absent where the poll left a gap. */
  interval: IntervalObservation | undefined
}

export interface IntervalObservation {
  fromMs: number
  toMs: number
  durationMs: number
  deltas: {
    inPackets: bigint | undefined
    outPackets: bigint | undefined
    inErrors: bigint | undefined
    outErrors: bigint | undefined
    outDiscards: bigint | undefined
    fcsErrors: bigint | undefined
  }
  rates: {
    inBitsPerSecond: number | null
    outBitsPerSecond: number | null
    utilisationIn: number | null
    utilisationOut: number | null
  }
}

/** What the inventory knows of the device. */
export interface DeviceContext {
  /** Role of libs/model's device schema. */
  role: string
}

export const operUp = 1
export const adminUp = 1
