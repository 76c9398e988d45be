import type { DeviceChange } from './change.ts'
import { type InterfaceFactsById, type InterfaceReading, interfaceChanges } from './interface-changes.ts'
import { type LimitsReading, type LimitWords, limitChanges } from './limit-changes.ts'
import { type PartFactsBySerial, type PartReading, partChanges } from './part-changes.ts'
import { type PeerFacts, type PeerReading, peerChanges } from './peer-changes.ts'
import { type SpanningTree, type SpanningTreeFacts, spanningTreeChanges } from './spanning-tree-changes.ts'
import { type Answer, type DeviceFacts, rebootChange, systemChanges } from './system-changes.ts'

/** What a device was, as of its last polls. Plain JSON; what was never read is absent. */
export interface ChangeState {
  version: 1
  system?: DeviceFacts
  interfaces?: InterfaceFactsById
  parts?: PartFactsBySerial
  limits?: LimitWords
  peers?: PeerFacts
  spanningTree?: SpanningTreeFacts
  /** Changes kept in the hour that began then. */
  hour?: { startMs: number; changes: number }
}

/** One answered poll. */
export interface ChangeObservation {
  atMs: number
  /** The answer before, where the device rebooted since. */
  rebootedSince: Answer | undefined | false
  upTimeMs: number | null
  /** Some of what was asked did not come: what is missing may still be there. */
  partial: boolean
  system: DeviceFacts | undefined
  interfaces: readonly InterfaceReading[]
  /** Where this poll read it. */
  hardware?:
    | {
        sensors: readonly LimitsReading[]
        entities: readonly PartReading[]
        peers: readonly PeerReading[]
        spanningTree?: SpanningTree | undefined
      }
    | undefined
}

export interface ChangeOutcome {
  /** The same object where nothing is another. */
  state: ChangeState
  changes: DeviceChange[]
  /** Changes beyond what is kept of one device in an hour. */
  omitted: number
}

/** A supervisor swap or an upgrade of a large chassis fits; an agent that makes up another answer each time does not. */
export const changesPerHourMax = 500
const hourMs = 3_600_000

/**
 * What changed about a device since the polls before. Pure: the same state and poll give the same changes in the same
 * order, so that a replay finds each again and nothing twice. The first reading of anything is no change.
 */
export function detectChanges(before: ChangeState | undefined, poll: ChangeObservation): ChangeOutcome {
  const { atMs, partial, hardware } = poll
  const system = systemChanges(before?.system, poll.system, atMs)
  const interfaces = interfaceChanges(before?.interfaces, poll.interfaces, partial, atMs)
  const parts = partChanges(before?.parts, hardware?.entities ?? [], partial, atMs)
  const limits = limitChanges(before?.limits, hardware?.sensors ?? [], atMs)
  const peers = hardware
    ? peerChanges(before?.peers, hardware.peers, partial, atMs)
    : { peers: before?.peers, changes: [] }
  const tree = spanningTreeChanges(before?.spanningTree, hardware?.spanningTree, atMs)
  const reboot =
    poll.rebootedSince === false ? [] : [rebootChange(poll.rebootedSince, { atMs, upTimeMs: poll.upTimeMs })]
  const found = [
    ...reboot,
    ...system.changes,
    ...parts.changes,
    ...peers.changes,
    ...tree.changes,
    ...interfaces.changes,
    ...limits.changes,
  ]
  const { changes, hour, omitted } = bounded(before?.hour, found, atMs)
  const next: ChangeState = {
    version: 1,
    ...(system.facts ? { system: system.facts } : {}),
    ...(interfaces.facts ? { interfaces: interfaces.facts } : {}),
    ...(parts.facts ? { parts: parts.facts } : {}),
    ...(limits.limits ? { limits: limits.limits } : {}),
    ...(peers.peers ? { peers: peers.peers } : {}),
    ...(tree.facts ? { spanningTree: tree.facts } : {}),
    ...(hour ? { hour } : {}),
  }
  return { state: before && same(before, next) ? before : next, changes, omitted }
}

function bounded(
  before: ChangeState['hour'],
  found: DeviceChange[],
  atMs: number,
): { changes: DeviceChange[]; hour: ChangeState['hour']; omitted: number } {
  if (found.length === 0) return { changes: found, hour: before, omitted: 0 }
  const startMs = Math.floor(atMs / hourMs) * hourMs
  const already = before?.startMs === startMs ? before.changes : 0
  const changes = found.slice(0, Math.max(0, changesPerHourMax - already))
  const omitted = found.length - changes.length
  if (omitted > 0 && already <= changesPerHourMax) {
    const to = `more than ${changesPerHourMax} changes within the hour`
    changes.push({ kind: 'changes-omitted', subject: '', atMs, from: '', to, detail: 'What follows is not kept.' })
  }
  return { changes, hour: { startMs, changes: already + found.length }, omitted }
}

function same(a: ChangeState, b: ChangeState): boolean {
  return (
    a.system === b.system &&
    a.interfaces === b.interfaces &&
    a.parts === b.parts &&
    a.limits === b.limits &&
    a.peers === b.peers &&
    a.spanningTree === b.spanningTree &&
    a.hour === b.hour
  )
}
