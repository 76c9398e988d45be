import { type Finding, ok, warn } from './finding.ts'

/** What is looked at of an item of `/api/v1/exporters`. */
export interface SeenExporter {
  exporterId: string
  health: { clockSkewMs: number | null } | null
  advice: { code: string; text: string }[]
}

/** What is looked at of an item of `/api/v1/unknown-exporters`. */
export interface WaitingExporter {
  exporterId: string
  address: string
  state: 'waiting' | 'rejected'
}

const clockSkewMsGood = 5_000
/** So many exporters whose clocks all seem wrong by the same: it is ours. */
const clocksMin = 3
const namedMax = 5

/** What the export of a network says of the network and of this host. */
export function checkExporters(known: readonly SeenExporter[], unknown: readonly WaitingExporter[]): Finding[] {
  const waiting = unknown.filter(({ state }) => state === 'waiting')
  const findings = [...checkBridge(known, waiting), ...checkClock(known)]
  if (waiting.length > 0) {
    const text = `${waiting.length} exporters are not stored, because nobody knows them: ${named(waiting.map(({ address }) => address))}`
    findings.push(warn('exporters', text, 'weir exporters, then weir exporters adopt ADDRESS'))
  }
  const byCode = new Map<string, string[]>()
  for (const { exporterId, advice } of known) {
    for (const { code } of advice) byCode.set(code, [...(byCode.get(code) ?? []), exporterId])
  }
  for (const [code, ids] of [...byCode].sort()) {
    findings.push(
      warn('exporters', `${code} at ${ids.length} of ${known.length}: ${named(ids)}`, `weir exporters show ${ids[0]}`),
    )
  }
  if (findings.length === 0) findings.push(ok('exporters', `${known.length} exporters, nothing to change on them`))
  return findings
}

/** Docker's bridge gives every exporter its own address (moby#8795), and its conntrack may do so after a restart (moby#16720). */
function checkBridge(known: readonly SeenExporter[], waiting: readonly WaitingExporter[]): Finding[] {
  const addresses = new Set(
    [...known, ...waiting].map(({ exporterId }) => exporterId.slice(exporterId.lastIndexOf('/') + 1)),
  )
  const [only] = addresses
  if (
    addresses.size !== 1 ||
    !only ||
    !/^(172\.(1[6-9]|2\d|3[01])\.\d+\.1|192\.168\.\d+\.1|10\.\d+\.\d+\.1)$/.test(only)
  )
    return []
  return [
    warn(
      'addresses',
      `all flows come from ${only}, which looks like a bridge or a gateway that hides who really sends them`,
      'run the collector on the host’s network (network_mode: host, as docker-compose.yml does); after a change, conntrack -D -p udp',
    ),
  ]
}

function checkClock(known: readonly SeenExporter[]): Finding[] {
  const skews = known.flatMap(({ health }) => (health?.clockSkewMs == null ? [] : [health.clockSkewMs]))
  const fast = skews.filter(ms => ms > clockSkewMsGood).length
  const slow = skews.filter(ms => ms < -clockSkewMsGood).length
  if (skews.length < clocksMin || Math.max(fast, slow) < 0.8 * skews.length) return []
  const median = [...skews].sort((a, b) => a - b)[Math.floor(skews.length / 2)]!
  const text = `nearly all exporters' clocks are ${(Math.abs(median) / 1_000).toFixed(0)} s ${fast > slow ? 'ahead of' : 'behind'} this host's`
  return [warn('clock', text, 'it is this clock that is wrong: have this host follow NTP')]
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, namedMax).join(', ')
  return names.length > namedMax ? `${shown} and ${names.length - namedMax} more` : shown
}
