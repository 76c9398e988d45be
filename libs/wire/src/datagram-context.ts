/** What every record of one datagram is read against; one object is reused for all datagrams. */
export interface DatagramContext {
  version: number
  observationDomain: number
  receivedMs: number
  /** The exporter's clock in the header, moved by the skew where that is beyond bounds. */
  exportedMs: number
  /** Milliseconds to add to absolute times of a skewed exporter; 0 where its clock is right. */
  shiftMs: number
  /** sysUptime when the datagram left: of the header, or (IPFIX) export time less systemInitTimeMilliseconds. */
  uptimeMs: number
  /** False for IPFIX of a device that has not told when it started: then only differences of sysUptime say anything. */
  uptimeKnown: boolean
  /** The header's own export time, before any shift. */
  headerMs: number
}

export function createDatagramContext(): DatagramContext {
  return {
    version: 0,
    observationDomain: 0,
    receivedMs: 0,
    exportedMs: 0,
    shiftMs: 0,
    uptimeMs: 0,
    uptimeKnown: true,
    headerMs: 0,
  }
}
