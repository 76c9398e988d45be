import { resource } from '../../../model/src/index.ts'
import type { DetectedCondition } from '../condition.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import type { FirmwareFacts, FirmwarePosture } from './posture.ts'

/** Advisories named in evidence; the rest is a number. */
const namedMax = 8

export interface FirmwareObservation {
  deviceId: string
  siteId: string
  atMs: number
  facts: FirmwareFacts
}

/**
 * A device runs a version that is not the one wanted, that an advisory names, or that nobody looks after any more. Ends
 * when it runs another one, or when the lists say otherwise. A version that was not read decides nothing.
 */
export function firmwareOutdated(
  before: Episode | undefined,
  { deviceId, siteId, atMs, facts }: FirmwareObservation,
  posture: FirmwarePosture,
  enabled: boolean,
): { episode: Episode | undefined; condition: DetectedCondition | undefined } {
  const finding = enabled ? findingOf(facts, posture, atMs) : switchedOff
  const { episode, report } = episodeStep(before, finding, atMs)
  if (!report) return { episode, condition: undefined }
  const of = { alarmType: 'firmware-outdated', resource: resource.device(deviceId), qualifier: '' } as const
  return { episode, condition: { ...of, deviceId, siteId, eventTimeMs: atMs, ...report } }
}

function findingOf(facts: FirmwareFacts, posture: FirmwarePosture, atMs: number): Finding {
  if (facts.version === '') return undefined
  const { severity, wanted, findings, drift, untold } = posture
  const measured = {
    version: facts.version,
    ...{ vendor: facts.vendor, os: facts.os, model: facts.hardware },
    advisories: named(findings.map(({ advisory }) => advisory.id)),
    endOfSupport: datesOf(posture, 'endOfSupport'),
    endOfLife: datesOf(posture, 'endOfLife'),
    url: findings.find(({ advisory }) => advisory.url)?.advisory.url ?? null,
  }
  const expected = {
    wanted: wanted ?? null,
    fixedIn: named([...new Set(findings.flatMap(({ advisory }) => advisory.fixedIn ?? []))]),
  }
  if (severity === undefined) {
    const cannotTell = drift === 'unknown' || untold.length > 0
    const summary = cannotTell
      ? `Runs ${facts.version}, of which it cannot be told any more that it is outdated.`
      : `Runs ${facts.version}, as wanted.`
    return { kind: 'clear', evidence: () => ({ summary, action: 'Nothing to do.', measured, expected }) }
  }
  return {
    kind: 'active',
    severity,
    windowStartMs: minuteStartMs(atMs),
    headline: headlineOf(facts, posture),
    evidence: () => ({ summary: summaryOf(facts, posture), action: actionOf(posture), measured, expected }),
  }
}

function summaryOf({ os, version }: FirmwareFacts, { drift, wanted, findings }: FirmwarePosture): string {
  const reasons: string[] = []
  const affected = findings.filter(({ reason }) => reason === 'affected')
  const [worst] = affected
  if (worst) {
    const more = affected.length > 1 ? ` and ${affected.length - 1} more` : ''
    const title = worst.advisory.title ? ` (${worst.advisory.title})` : ''
    reasons.push(`is affected by ${worst.advisory.id}${title}${more}`)
  }
  const old = findings.find(({ reason }) => reason !== 'affected')
  if (old) {
    const { endOfLife, endOfSupport } = old.advisory
    const isEnd = old.reason === 'end-of-life'
    reasons.push(`is past its end of ${isEnd ? 'life' : 'support'} on ${isEnd ? endOfLife : endOfSupport}`)
  }
  if (drift === 'outdated') reasons.push(`is not what is wanted: ${wanted}`)
  return `${os} ${version} ${reasons.join(', and ')}.`
}

function actionOf({ drift, wanted, findings }: FirmwarePosture): string {
  const fixed = findings.find(({ advisory }) => advisory.fixedIn?.length)?.advisory.fixedIn
  if (fixed)
    return `Plan an upgrade to ${fixed.slice(0, 3).join(' or ')}; until then see what the advisory works around.`
  if (drift === 'outdated') return `Plan an upgrade to ${wanted}.`
  return 'Plan an upgrade to a version that is looked after, or replace the device.'
}

function datesOf({ findings }: FirmwarePosture, key: 'endOfLife' | 'endOfSupport'): string | null {
  return findings.find(({ advisory }) => advisory[key])?.advisory[key] ?? null
}

function named(ids: readonly string[]): string | null {
  if (ids.length === 0) return null
  const more = ids.length > namedMax ? ` and ${ids.length - namedMax} more` : ''
  return `${ids.slice(0, namedMax).join(', ')}${more}`
}

/** Another finding is news, whatever changed in it: each has a power of two of its own, a half away from the next. */
function headlineOf(facts: FirmwareFacts, { drift, wanted, findings }: FirmwarePosture): number {
  const text = [facts.version, drift, wanted, ...findings.map(({ advisory, reason }) => advisory.id + reason)].join(
    '\n',
  )
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0
  return 2 ** (hash % 1_000)
}
