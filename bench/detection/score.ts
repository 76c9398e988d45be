import {
  type DevicePlan,
  type FaultClass,
  type FaultKind,
  type LinkEvent,
  type NegativeKind,
  pollMs,
} from './link-plan.ts'
import { linkName, pollsOf } from './link-series.ts'
import type { Raised, RuleSet } from './rules.ts'

/** Alarms that find a fault, and those that are true of it as well; the words of Weir and of the threshold rules. */
const alarmsOf: Record<FaultKind, { find: readonly string[]; also: readonly string[] }> = {
  corruption: { find: ['link-corruption', 'errors'], also: [] },
  congestion: { find: ['congestion-drops'], also: ['microbursts', 'queue-drops'] },
  microbursts: { find: ['microbursts', 'congestion-drops'], also: [] },
  saturation: { find: ['link-saturation', 'saturation'], also: ['link-utilisation-high'] },
  flapping: { find: ['link-flapping'], also: ['link-down', 'down'] },
  'link-down': { find: ['link-down', 'down'], also: [] },
  'speed-downgrade': { find: ['speed-downgrade'], also: ['link-saturation', 'link-utilisation-high', 'saturation'] },
  'device-dark': { find: ['device-unreachable'], also: ['telemetry-stale', 'down'] },
  stale: { find: ['telemetry-stale'], also: ['device-unreachable'] },
}

/** A link that is unplugged is down, if a poll happens to look then. */
const trueOfNegatives: Partial<Record<NegativeKind, readonly string[]>> = { 'cable-swap': ['link-down', 'down'] }

/** An alarm this long after a fault's end is still its own. */
const graceMs = 300_000

export interface ClassScore {
  name: string
  faults: number
  found: number
  /** Polls from the fault's start to its first alarm; of those found. */
  polls: number[]
  /** Alarms per fault found: 1 is best. */
  alarms: number
}

export interface Scores {
  classes: Map<string, ClassScore>
  falseAlarms: { type: string; device: string; link: string; atMs: number }[]
  linkDays: number
  polls: number
}

export function emptyScores(): Scores {
  return { classes: new Map(), falseAlarms: [], linkDays: 0, polls: 0 }
}

export function className({ kind, ratio }: FaultClass): string {
  return ratio > 0 ? `${kind} ${ratio.toExponential()}` : kind
}

/** Runs one device's polls through one product's rules and adds what came of it. */
export function runDevice(
  scores: Scores,
  rules: RuleSet,
  device: DevicePlan,
  fault?: { event: LinkEvent; name: string },
): void {
  const found: { raised: Raised; atMs: number }[] = []
  let lastMs = device.startMs
  const take = (raised: readonly Raised[], atMs: number): void => {
    for (const one of raised) found.push({ raised: one, atMs })
  }
  for (const poll of pollsOf(device)) {
    const atMs = Number(poll.startedMs)
    // Heartbeats come each 5 s; a tenth of a poll is fine enough to judge silence by.
    for (let nowMs = lastMs + pollMs; rules.silence && nowMs < atMs - pollMs / 2; nowMs += 5_000)
      take(rules.silence(nowMs), nowMs)
    take(rules.poll(poll), atMs)
    lastMs = atMs
    scores.polls++
  }
  scores.linkDays += (device.links.length * (device.endMs - device.startMs)) / 86_400_000
  const isOf = (event: LinkEvent, one: (typeof found)[number], types: readonly string[]): boolean =>
    types.includes(one.raised.type) &&
    one.atMs >= event.startMs &&
    one.atMs <= event.endMs + graceMs &&
    (event.link === -1 || one.raised.link === linkName(event.link))
  if (fault)
    scoreFault(
      scores,
      fault,
      found.filter(one => isOf(fault.event, one, alarmsOf[fault.event.kind as FaultKind].find)),
    )
  for (const one of found) {
    const kind = fault?.event.kind as FaultKind | undefined
    const own = kind ? [...alarmsOf[kind].find, ...alarmsOf[kind].also] : []
    if (fault && isOf(fault.event, one, own)) continue
    if (device.negatives.some(event => isOf(event, one, trueOfNegatives[event.kind as NegativeKind] ?? []))) continue
    scores.falseAlarms.push({ ...one.raised, device: device.id, atMs: one.atMs })
  }
}

function scoreFault(
  scores: Scores,
  { event, name }: { event: LinkEvent; name: string },
  found: readonly { atMs: number }[],
): void {
  const score = scores.classes.get(name) ?? { name, faults: 0, found: 0, polls: [], alarms: 0 }
  scores.classes.set(name, score)
  score.faults++
  const first = found.find(one => one.atMs <= event.endMs)
  if (!first) return
  score.found++
  score.alarms += found.length
  score.polls.push(Math.ceil((first.atMs - event.startMs) / pollMs))
}

export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
