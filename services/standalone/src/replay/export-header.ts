/** What of a datagram's header a replay needs; undefined where it looks like no flow export. */
export interface ExportHeader {
  protocol: 'netflow-fixed' | 'netflow9' | 'ipfix' | 'sflow'
  /** The exporter's clock, seconds since the Unix epoch, and where it lies; sFlow has an uptime alone. */
  clock: { seconds: number; at: number } | undefined
}

/**
 * NetFlow v1, v5, v7, v8: version(2) count(2) uptime(4) seconds(4) …; v9 (RFC 3954 §5.1) likewise;
 * IPFIX (RFC 7011 §3.1): version(2) length(2) seconds(4) …; sFlow: version(4), 2, 4 or 5.
 */
export function exportHeader(datagram: Uint8Array): ExportHeader | undefined {
  if (datagram.length < 16) return undefined
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const clockAt = (at: number) => ({ seconds: view.getUint32(at), at })
  switch (view.getUint16(0)) {
    case 1:
    case 5:
    case 7:
    case 8:
      return { protocol: 'netflow-fixed', clock: clockAt(8) }
    case 9:
      return { protocol: 'netflow9', clock: clockAt(8) }
    case 10:
      return { protocol: 'ipfix', clock: clockAt(4) }
    case 0:
      return [2, 4, 5].includes(view.getUint16(2)) ? { protocol: 'sflow', clock: undefined } : undefined
    default:
      return undefined
  }
}
