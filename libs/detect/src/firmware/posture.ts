import { type Severity, severityRank } from '../../../model/src/index.ts'
import type { Advisory, FirmwarePolicy, WantedVersion } from './advisory.ts'
import { compareVersions } from './version-order.ts'
import { inRange, parseRange, type VersionRange } from './version-range.ts'

/** What is known of a device's software. */
export interface FirmwareFacts {
  tenantId: string
  role: string
  vendor: string
  os: string
  hardware: string
  version: string
}

/**
 * none: nothing is wanted of such a device. wanted: it has what is wanted. outdated: it is older, or outside the range.
 * ahead: it is newer. unknown: its version is not known, or cannot be compared.
 */
export type Drift = 'none' | 'wanted' | 'outdated' | 'ahead' | 'unknown'

export interface FirmwareFinding {
  advisory: Advisory
  /** Why it holds: affected versions, or a date that has passed. */
  reason: 'affected' | 'end-of-support' | 'end-of-life'
  severity: Severity
}

export interface FirmwarePosture {
  drift: Drift
  /** Version or range wanted. */
  wanted: string | undefined
  /** The worst first. */
  findings: readonly FirmwareFinding[]
  /** Advisories of which nobody can tell whether they hold. */
  untold: readonly string[]
  /** Of the alarm; undefined where there is nothing to say. */
  severity: Severity | undefined
}

const advisorySeverity: Readonly<Record<Advisory['severity'], Severity>> = {
  none: 'warning',
  low: 'warning',
  medium: 'minor',
  high: 'major',
  critical: 'critical',
}

/** Holds a device's version against what is wanted and what is advised, as of a time (dates are midnight UTC). */
export function firmwarePosture(facts: FirmwareFacts, policy: FirmwarePolicy, atMs: number): FirmwarePosture {
  const wanted = policy.wanted.find(one => fits(one, facts))
  const drift = wanted ? driftOf(wanted, facts) : 'none'
  const findings: FirmwareFinding[] = []
  const untold: string[] = []
  for (const advisory of policy.advisories) {
    if (!isAbout(advisory, facts)) continue
    const affected = isAffected(advisory, facts)
    if (affected === undefined) untold.push(advisory.id)
    else if (affected) findings.push(...findingsOf(advisory, atMs))
  }
  findings.sort(
    (a, b) => severityRank(b.severity) - severityRank(a.severity) || (a.advisory.id < b.advisory.id ? -1 : 1),
  )
  const severity = findings[0]?.severity ?? (drift === 'outdated' ? 'warning' : undefined)
  return { drift, wanted: wanted?.version ?? wanted?.range, findings, untold, severity }
}

function fits(wanted: WantedVersion, facts: FirmwareFacts): boolean {
  return (
    isAbout(wanted, facts) &&
    (wanted.role === undefined || wanted.role === facts.role) &&
    (wanted.tenant === undefined || wanted.tenant === facts.tenantId)
  )
}

function isAbout(
  one: { vendor?: string | undefined; os: string; hardware?: string | undefined },
  { vendor, os, hardware }: FirmwareFacts,
): boolean {
  return (
    one.os.toLowerCase() === os.toLowerCase() &&
    (one.vendor === undefined || one.vendor.toLowerCase() === vendor.toLowerCase()) &&
    (one.hardware === undefined || hasModel(one.hardware, hardware))
  )
}

/** `*` stands for anything; letters' case does not count. No regular expression is made of what people write. */
function hasModel(pattern: string, model: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const text = model.toLowerCase()
  if (rest.length === 0) return text === first
  if (!text.startsWith(first)) return false
  const last = rest.pop()!
  let at = first.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

function driftOf({ version, range }: WantedVersion, facts: FirmwareFacts): Drift {
  if (facts.version === '') return 'unknown'
  if (range !== undefined) {
    const lies = inRange(facts.os, facts.version, rangeOf(range))
    return lies === undefined ? 'unknown' : lies ? 'wanted' : 'outdated'
  }
  const order = compareVersions(facts.os, facts.version, version!)
  return order === undefined ? 'unknown' : order < 0 ? 'outdated' : order > 0 ? 'ahead' : 'wanted'
}

function isAffected({ affected }: Advisory, { os, version }: FirmwareFacts): boolean | undefined {
  if (!affected) return true
  if (version === '') return undefined
  let result: boolean | undefined = false
  for (const text of affected) {
    const lies = inRange(os, version, rangeOf(text))
    if (lies === true) return true
    if (lies === undefined) result = undefined
  }
  return result
}

/** An entry with dates says when its versions go out of care; without a severity, that is all it says. */
function findingsOf(advisory: Advisory, atMs: number): FirmwareFinding[] {
  const { affected, endOfLife, endOfSupport, severity } = advisory
  const hasPassed = (date: string | undefined): boolean => date !== undefined && Date.parse(date) <= atMs
  const isDated = endOfLife !== undefined || endOfSupport !== undefined
  if (affected && (!isDated || severity !== 'none')) {
    return [{ advisory, reason: 'affected', severity: advisorySeverity[severity] }]
  }
  if (hasPassed(endOfLife)) return [{ advisory, reason: 'end-of-life', severity: 'minor' }]
  if (hasPassed(endOfSupport)) return [{ advisory, reason: 'end-of-support', severity: 'warning' }]
  return []
}

/** Read once: policies were checked when they were loaded. */
const ranges = new Map<string, VersionRange>()
const rangesMax = 50_000

function rangeOf(text: string): VersionRange {
  const known = ranges.get(text)
  if (known) return known
  const range = parseRange(text)
  if (typeof range === 'string') throw new Error(range)
  if (ranges.size >= rangesMax) ranges.clear()
  ranges.set(text, range)
  return range
}
