const netflowVersions: ReadonlyMap<number, string> = new Map([
  [1, 'netflow1'],
  [5, 'netflow5'],
  [7, 'netflow7'],
  [9, 'netflow9'],
  [10, 'ipfix'],
])

/**
 * What a datagram says it is by its first bytes: NetFlow and IPFIX begin with a version of 16 bits, sFlow with one of 32
 * (RFC 3954 §5.1, RFC 7011 §3.1, sflow_version_5). Nothing else of an unknown source is read.
 */
export function datagramProtocol(datagram: Uint8Array): string {
  if (datagram.length < 4) return 'other'
  const version = (datagram[0]! << 8) | datagram[1]!
  if (version === 0 && datagram[2] === 0) return datagram[3] === 5 ? 'sflow5' : 'other'
  return netflowVersions.get(version) ?? 'other'
}
