import type { DeviceChange } from './change.ts'

/** dot1dStp of BRIDGE-MIB. */
export interface SpanningTree {
  /** Priority and MAC of the root bridge, eight octets. */
  root: Uint8Array
  topologyChanges: number
}

/** Plain JSON. */
export interface SpanningTreeFacts {
  root: string
  topologyChanges: number
  /** When a change of the topology was last said. */
  saidMs?: number
}

/** A tree that changes all day is said so often. */
const saidEachMs = 600_000

/** Another root bridge, and that the topology changed: what stops a whole site for a moment. */
export function spanningTreeChanges(
  before: SpanningTreeFacts | undefined,
  tree: SpanningTree | undefined,
  atMs: number,
): { facts: SpanningTreeFacts | undefined; changes: DeviceChange[] } {
  if (!tree) return { facts: before, changes: [] }
  const root = rootWords(tree.root)
  const { topologyChanges } = tree
  if (!before) return { facts: { root, topologyChanges }, changes: [] }
  const changes: DeviceChange[] = []
  const next = { ...before, root }
  if (root !== before.root) {
    changes.push({ kind: 'stp-root', subject: '', atMs, from: before.root, to: root, detail: '' })
  }
  // A count that fell began anew with a reboot, which is said by itself.
  if (topologyChanges < before.topologyChanges) next.topologyChanges = topologyChanges
  else if (topologyChanges > before.topologyChanges && atMs - (before.saidMs ?? 0) >= saidEachMs) {
    const times = topologyChanges - before.topologyChanges
    const detail = `${times} ${times === 1 ? 'change' : 'changes'} since it was last said`
    const [from, to] = [String(before.topologyChanges), String(topologyChanges)]
    changes.push({ kind: 'stp-topology', subject: '', atMs, from, to, detail })
    next.topologyChanges = topologyChanges
    next.saidMs = atMs
  }
  const isSame = changes.length === 0 && next.topologyChanges === before.topologyChanges
  return { facts: isSame ? before : next, changes }
}

function rootWords(root: Uint8Array): string {
  const mac = Array.from(root.subarray(2), octet => octet.toString(16).padStart(2, '0')).join(':')
  return `${((root[0] ?? 0) << 8) | (root[1] ?? 0)} / ${mac}`
}
