import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { clockTime } from '../wording.ts'
import type { PeerObservation } from './observation.ts'

/** A peer that was up once. Plain JSON. */
export interface PeerState {
  seenMs: number
  /** Readings in a row that did not list it. */
  missing?: number
}

/** `twoWay` is where two OSPF routers stay that are neither of them designated (RFC 2328 §10.4). */
const upStates: ReadonlySet<string> = new Set(['bgp established', 'ospf full', 'ospf twoWay'])

const expectedState: Readonly<Record<string, string>> = { bgp: 'established', ospf: 'full' }

export function isPeerUp(peer: PeerObservation): boolean {
  return peer.state === 'up' || upStates.has(`${peer.protocol} ${peer.state}`)
}

/** A routing peer that was up is not. */
export function peerDown(peer: PeerObservation, atMs: number): Finding {
  const as = peer.remoteAs === undefined ? '' : ` (AS ${peer.remoteAs})`
  const kind = peer.protocol === 'bgp' || peer.protocol === 'ospf' ? 'peer' : 'tunnel'
  const name = `${peer.protocol === 'ipsec' ? 'IPsec' : peer.protocol.toUpperCase()} ${kind} ${peer.address}${as}`
  const evidence = (words: string, action: string) => () => ({
    summary: `${name} ${words}`,
    action,
    measured: { state: peer.state },
    expected: { state: expectedState[peer.protocol] ?? 'up' },
  })
  if (isPeerUp(peer)) return { kind: 'clear', evidence: evidence(`is ${peer.state} again.`, 'Nothing to do.') }
  return {
    kind: 'active',
    severity: 'major',
    windowStartMs: minuteStartMs(atMs),
    headline: 1,
    evidence: evidence(
      `was up and is ${peer.state} at ${clockTime(atMs)}.`,
      "Check the link to it, then both ends' logs: timers, authentication, prefix limits.",
    ),
  }
}

/**
 * A peer that is no longer listed. A BGP row stays while the peer is configured (RFC 4273), as a tunnel's does, so its end
 * is its administrator's wish; an OSPF neighbour's row goes with the neighbour (RFC 4750).
 */
export function unlistedPeer(
  before: PeerState,
  episode: Episode | undefined,
  protocol: string,
  address: string,
  atMs: number,
  config: DetectConfig['peerDown'],
): { state: PeerState | undefined; finding: Finding } {
  if (protocol !== 'ospf' || atMs - before.seenMs >= config.forgetAfterMs) {
    return { state: undefined, finding: episode ? { kind: 'clear', evidence: () => gone } : undefined }
  }
  const missing = Math.min(config.missingReadings, (before.missing ?? 0) + 1)
  const state = { ...before, missing }
  if (missing < config.missingReadings) return { state, finding: undefined }
  return { state, finding: peerDown({ protocol, address, state: 'gone' }, atMs) }
}

const gone = {
  summary: 'The device no longer lists this peer.',
  action: 'Nothing to do if it was removed.',
  measured: {},
  expected: {},
}
