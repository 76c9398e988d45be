/** What one reading of a device's hardware says: libs/model's HardwarePoll with the interfaces of the same poll. */
export interface HardwareObservation {
  deviceId: string
  siteId: string
  atMs: number
  /** Some of what was asked did not come: what is missing may still be there. */
  partial: boolean
  sensors: readonly SensorObservation[]
  disks: readonly DiskObservation[]
  peers: readonly PeerObservation[]
  tunnels?: readonly TunnelObservation[]
  interfaces: readonly PortObservation[]
}

export interface TunnelObservation {
  /** ipsec, sdwan … */
  protocol: string
  name: string
  remoteAddress: string
  /** `up` is up. */
  state: string
}

export interface SensorObservation {
  /** Dotted OID of the value. */
  id: string
  /** Of libs/model's sensor classes; the unit follows from it. */
  class: string
  name: string
  value?: number | undefined
  /** What a state's value means, in the MIB's word; '' of other classes. */
  state: string
  lowCritical?: number | undefined
  lowWarning?: number | undefined
  highWarning?: number | undefined
  highCritical?: number | undefined
  /** The port whose transceiver it sits in. */
  ifIndex?: number | undefined
}

export interface DiskObservation {
  id: string
  name: string
  state: string
  model: string
  serial: string
}

export interface PeerObservation {
  /** bgp, ospf. */
  protocol: string
  address: string
  remoteAs?: number | undefined
  state: string
}

export interface PortObservation {
  ifIndex: number
  interfaceId: string
  ifName: string
  adminStatus: number
  operStatus: number
}
