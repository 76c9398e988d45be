import { type FlowRecord, isVersion6 } from '../flow-encoders/flow-record.ts'
import { hash } from '../model/hash.ts'

const firstPort = 1_024

/**
 * Source NAT with ports: what leaves a private network for a public address has one of four public addresses from `pool`
 * on, the same for a host, and another port for each connection. Everything else stays as it is.
 */
export function translated(record: FlowRecord, pool: Uint8Array): FlowRecord {
  const { sourceAddress, destinationAddress, sourcePort } = record
  if (isVersion6(record) || !isPrivate(sourceAddress) || isPrivate(destinationAddress)) return record
  const host = (sourceAddress[2]! << 8) | sourceAddress[3]!
  const address = Uint8Array.from(pool)
  address[3]! += hash(host, 1) % 4
  return {
    ...record,
    postNatSourceAddress: address,
    postNatSourcePort: firstPort + (hash(host, sourcePort, 2) % (65_536 - firstPort)),
  }
}

/** RFC 1918. */
function isPrivate([a, b]: Uint8Array): boolean {
  return a === 10 || (a === 192 && b === 168) || (a === 172 && b! >= 16 && b! < 32)
}
