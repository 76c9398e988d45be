import { type Absence, absentAgain, type DeviceChange } from './change.ts'

export interface PeerReading {
  protocol: string
  address: string
  remoteAs?: number | undefined
}

/** Peers by `protocol/address`: AS number, and how long one was not listed. Plain JSON. */
export type PeerFacts = Readonly<Record<string, { as?: number; absence?: Absence }>>

/** A route reflector's fit. */
const peersMax = 4_096

/** Routing peers that are listed anew, or no more. */
export function peerChanges(
  before: PeerFacts | undefined,
  peers: readonly PeerReading[],
  partial: boolean,
  atMs: number,
): { peers: PeerFacts | undefined; changes: DeviceChange[] } {
  if (!before && peers.length === 0) return { peers: before, changes: [] }
  const changes: DeviceChange[] = []
  const next: Record<string, { as?: number; absence?: Absence }> = {}
  let isOther = before === undefined
  for (const { protocol, address, remoteAs } of peers.slice(0, peersMax)) {
    const key = `${protocol}/${address}`
    if (next[key]) continue
    const known = before?.[key]
    const isSame = known && !known.absence && known.as === remoteAs
    next[key] = isSame ? known : remoteAs === undefined ? {} : { as: remoteAs }
    isOther ||= !isSame
    if (before && !known) {
      changes.push({ kind: 'peer-added', subject: key, atMs, from: '', to: peerWords(key, remoteAs), detail: '' })
    }
  }
  for (const [key, known] of Object.entries(before ?? {})) {
    if (next[key]) continue
    if (partial) {
      next[key] = known
      continue
    }
    isOther = true
    const { absence, isGone } = absentAgain(known.absence, atMs)
    if (!isGone) next[key] = { ...known, absence }
    else {
      const change = { kind: 'peer-removed', subject: key, atMs: absence.sinceMs } as const
      changes.push({ ...change, from: peerWords(key, known.as), to: '', detail: '' })
    }
  }
  return { peers: isOther ? next : before, changes }
}

function peerWords(key: string, remoteAs: number | undefined): string {
  const [protocol = '', address = ''] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
  return `${protocol.toUpperCase()} ${address}${remoteAs === undefined ? '' : `, AS ${remoteAs}`}`
}
