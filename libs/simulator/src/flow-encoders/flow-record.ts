/** A flow as an exporter keeps it, before any protocol. Addresses have 4 or 16 octets, both ends the same. */
export interface FlowRecord {
  sourceAddress: Uint8Array
  destinationAddress: Uint8Array
  nextHop: Uint8Array
  sourcePort: number
  destinationPort: number
  protocol: number
  tcpFlags: number
  tos: number
  inputInterface: number
  outputInterface: number
  sourceAs: number
  destinationAs: number
  /** Of packets that the device translates; else they leave as they came. */
  postNatSourceAddress?: Uint8Array
  postNatSourcePort?: number
  sourceMask: number
  destinationMask: number
  /** As exported: of the sampled packets where the exporter samples. */
  packets: bigint
  octets: bigint
  /** Milliseconds since the Unix epoch. */
  startMs: number
  endMs: number
}

export function isVersion6(record: FlowRecord): boolean {
  return record.sourceAddress.length === 16
}

/** Datagrams stay below an Ethernet frame's payload, as exporters keep theirs. */
export const datagramOctetsMax = 1_400
