import { create } from '@bufbuild/protobuf'
import { type SpanningTreeReading, SpanningTreeReadingSchema } from '../../../../libs/model/src/index.ts'
import { type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { numberOf, type ProfileData } from './profile-data.ts'

// BRIDGE-MIB dot1dStp (RFC 4188).
const topologyChanges = oid('1.3.6.1.2.1.17.2.4.0')
const designatedRoot = oid('1.3.6.1.2.1.17.2.5.0')

export const spanningTreeScalars: readonly Oid[] = [topologyChanges, designatedRoot]

/** Undefined of a device that is no bridge, or whose spanning tree is off: its root is all zeros. */
export function readSpanningTree(data: ProfileData): SpanningTreeReading | undefined {
  const root = data.cell(designatedRoot, '' as Oid)
  const changes = numberOf(data.cell(topologyChanges, '' as Oid))
  if (root?.type !== 'octets' || root.value.length !== 8 || root.value.every(octet => octet === 0)) return undefined
  if (changes === undefined || changes < 0) return undefined
  return create(SpanningTreeReadingSchema, { root: Uint8Array.from(root.value), topologyChanges: changes >>> 0 })
}
