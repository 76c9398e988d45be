import { fixedProtocols } from './netflow-fixed.ts'

/**
 * Splits a file of raw datagrams written one after the other, as `nc -ul > file` leaves them. A boundary is believed only
 * where a header of the same version follows; what does not split is one datagram.
 */
export function* splitDatagrams(octets: Uint8Array): Generator<Uint8Array, void> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  let at = 0
  while (at < octets.length) {
    const end = endOf(view, at)
    yield octets.subarray(at, end)
    at = end
  }
  if (octets.length === 0) yield octets
}

function endOf(view: DataView, at: number): number {
  const end = view.byteLength
  if (end - at < 20) return end
  const version = view.getUint16(at)
  const fixed = fixedProtocols[version]
  if (fixed) {
    const next = at + fixed.headerLength + view.getUint16(at + 2) * fixed.template.recordLength
    return isHeader(view, next, version) ? next : end
  }
  if (version === 10) {
    const next = at + view.getUint16(at + 2)
    return next > at && next + 16 <= end && view.getUint16(next) === 10 ? next : end
  }
  if (version !== 9) return end
  // Set ids from 2 to 255 are reserved in v9: a 9 where a set would begin is the next datagram's version.
  let position = at + 20
  while (position + 4 <= end) {
    if (isHeader(view, position, 9)) return position
    const length = view.getUint16(position + 2)
    if (length < 4) return end
    position += length
  }
  return end
}

/** A header of `version` with a count that a datagram can have. */
function isHeader(view: DataView, at: number, version: number): boolean {
  return at + 20 <= view.byteLength && view.getUint16(at) === version && view.getUint16(at + 2) <= 1_024
}
