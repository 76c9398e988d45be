import type { InterfaceDeltas } from './interface-counters.ts'

/** Means over one interval between polls; null where a counter is missing. */
export interface InterfaceRates {
  inBitsPerSecond: number | null
  outBitsPerSecond: number | null
  inPacketsPerSecond: number | null
  outPacketsPerSecond: number | null
  inErrorsPerSecond: number | null
  outErrorsPerSecond: number | null
  inDiscardsPerSecond: number | null
  outDiscardsPerSecond: number | null
  /** 0..1 by direction, of the wire or of the circuit's capacity; null where the speed is unknown or changed. */
  utilisationIn: number | null
  utilisationOut: number | null
}

/** Ethernet and what runs on it frame by frame: LAGs, VLAN interfaces (IANAifType-MIB); 0 is an unanswered type. */
const ethernetTypes = new Set([0, 6, 62, 69, 117, 135, 136, 161])
/** IF-MIB octets leave out preamble, start delimiter and inter-frame gap (IEEE 802.3 §3.1.1, §4.4.2). */
const overheadOctets = 20

/**
 * Rates and utilisation by direction. Of a wire, utilisation counts the 20 octets between frames: frames of 64 octets
 * fill a link at 76 % of its octet rate. A circuit's capacity is sold in frame octets and is compared as such.
 */
export function interfaceRates(
  deltas: InterfaceDeltas,
  durationMs: number,
  ifType: number,
  speedBitsPerSecond: number,
  capacity: { inBitsPerSecond: number; outBitsPerSecond: number } | undefined,
): InterfaceRates {
  const seconds = durationMs / 1_000
  const perSecond = (delta: bigint | undefined): number | null => (delta === undefined ? null : Number(delta) / seconds)
  const bits = (delta: bigint | undefined): number | null =>
    delta === undefined ? null : (Number(delta) * 8) / seconds
  const overhead = ethernetTypes.has(ifType) ? overheadOctets : 0
  const utilisation = (octets: bigint | undefined, packets: bigint | undefined, limit: number | undefined) => {
    if (octets === undefined) return null
    if (limit !== undefined) return (Number(octets) * 8) / (seconds * limit)
    if (speedBitsPerSecond <= 0) return null
    return (8 * (Number(octets) + overhead * Number(packets ?? 0n))) / (seconds * speedBitsPerSecond)
  }
  return {
    inBitsPerSecond: bits(deltas.inOctets),
    outBitsPerSecond: bits(deltas.outOctets),
    inPacketsPerSecond: perSecond(deltas.inPackets),
    outPacketsPerSecond: perSecond(deltas.outPackets),
    inErrorsPerSecond: perSecond(deltas.inErrors),
    outErrorsPerSecond: perSecond(deltas.outErrors),
    inDiscardsPerSecond: perSecond(deltas.inDiscards),
    outDiscardsPerSecond: perSecond(deltas.outDiscards),
    utilisationIn: utilisation(deltas.inOctets, deltas.inPackets, capacity?.inBitsPerSecond),
    utilisationOut: utilisation(deltas.outOctets, deltas.outPackets, capacity?.outBitsPerSecond),
  }
}
