import { resource } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from './episode.ts'
import { minuteStartMs } from './minute.ts'
import { put } from './put.ts'
import { clockTime } from './wording.ts'

/** A site with something silent or on battery, as the signals of its devices tell. Plain JSON; absent for all others. */
export interface SiteState {
  /** Devices that do not answer, and since when. */
  silent: Record<string, number>
  /** Devices that said they run on battery, and when. */
  onBattery: Record<string, number>
  /** Since when so many are silent that the site is taken for dark. */
  reachedMs?: number
  episode?: Episode
}

/** What one of its devices' detectors says. */
export type SiteSignal = Pick<DetectedCondition, 'alarmType' | 'deviceId' | 'state' | 'eventTimeMs'>

export interface SiteContext {
  siteId: string
  /** The site's polled devices, as the inventory has them. */
  devices: ReadonlySet<string>
}

export interface SiteOutcome {
  /** undefined: there is nothing to remember. */
  state: SiteState | undefined
  conditions: DetectedCondition[]
}

/** Names that evidence gives. */
const namedMax = 8

const nothing: SiteState = { silent: {}, onBattery: {} }

/** The site after a signal of one of its devices; the same object where it says nothing of the site. */
export function noteSiteSignal(before: SiteState | undefined, signal: SiteSignal): SiteState | undefined {
  const { alarmType, deviceId, state, eventTimeMs } = signal
  if (alarmType !== 'device-unreachable' && alarmType !== 'power-on-battery') return before
  const part = alarmType === 'device-unreachable' ? 'silent' : 'onBattery'
  if ((state !== 'active' && state !== 'cleared') || deviceId === '') return before
  const known = before?.[part][deviceId]
  if ((state === 'active') === (known !== undefined)) return before
  const { [deviceId]: _, ...others } = (before ?? nothing)[part]
  return { ...(before ?? nothing), [part]: state === 'active' ? { ...others, [deviceId]: eventTimeMs } : others }
}

/**
 * Judges a site as of a time: nearly all of its devices silent is one cause, not as many as there are devices. Pure, by
 * the times that signals carry.
 */
export function detectSite(
  before: SiteState,
  { siteId, devices }: SiteContext,
  nowMs: number,
  config: DetectConfig = detectDefaults,
): SiteOutcome {
  const { enabled, raiseFrom, clearBelow, holdMs, onBatteryMs } = config.siteDark
  const silent = Object.keys(before.silent)
    .filter(id => devices.has(id))
    .sort()
  const share = devices.size === 0 ? 0 : silent.length / devices.size
  const reached = silent.length >= 2 && share >= raiseFrom
  const onBattery = newest(before.onBattery)
  const powerFails = onBattery !== undefined && nowMs - onBattery <= onBatteryMs
  const state: SiteState = { ...before }
  put(state, 'reachedMs', reached ? (before.reachedMs ?? nowMs) : undefined)

  let finding: Finding
  if (!enabled) finding = switchedOff
  else if (reached && (before.episode || powerFails || nowMs - state.reachedMs! >= holdMs)) {
    finding = dark(silent, devices.size, before.silent, powerFails ? onBattery : undefined)
  } else if (share < clearBelow) finding = lit(silent.length, devices.size)

  const { episode, report } = episodeStep(before.episode, finding, nowMs)
  put(state, 'episode', episode)
  const conditions: DetectedCondition[] = []
  if (report) {
    conditions.push({
      alarmType: 'site-dark',
      resource: resource.site(siteId),
      qualifier: '',
      deviceId: '',
      siteId,
      state: report.state,
      severity: report.severity,
      eventTimeMs: nowMs,
      windowStartMs: report.windowStartMs,
      evidence: report.evidence,
    })
  }
  const empty = Object.keys(state.silent).length === 0 && Object.keys(state.onBattery).length === 0 && !state.episode
  return { state: empty ? undefined : state, conditions }
}

function dark(
  silent: readonly string[],
  total: number,
  since: Readonly<Record<string, number>>,
  onBatteryMs: number | undefined,
): Finding {
  const fromMs = Math.min(...silent.map(id => since[id]!))
  const some = silent.length === total ? `All ${total}` : `${silent.length} of ${total}`
  const power = onBatteryMs === undefined ? '' : `; it said at ${clockTime(onBatteryMs)} that it runs on battery`
  return {
    kind: 'active',
    severity: 'critical',
    windowStartMs: minuteStartMs(fromMs),
    headline: silent.length,
    evidence: () => ({
      summary: `${some} devices do not answer since ${clockTime(fromMs)}${power}.`,
      action:
        onBatteryMs === undefined
          ? "Check the site's uplink with its provider, then its power."
          : 'Mains power of the site failed and its battery is empty: call the site or its energy supplier.',
      measured: {
        silentDevices: silent.length,
        devices: names(silent),
        onBatterySince: onBatteryMs === undefined ? null : new Date(onBatteryMs).toISOString(),
      },
      expected: { silentDevices: 0 },
    }),
  }
}

function names(ids: readonly string[]): string {
  const named = ids.slice(0, namedMax).join(', ')
  return ids.length > namedMax ? `${named} and ${ids.length - namedMax} more` : named
}

function lit(silent: number, total: number): Finding {
  return {
    kind: 'clear',
    evidence: () => ({
      summary: `${total - silent} of ${total} devices answer again.`,
      action: silent > 0 ? 'See what is said of the others.' : 'Nothing to do.',
      measured: { silentDevices: silent },
      expected: { silentDevices: 0 },
    }),
  }
}

function newest(times: Readonly<Record<string, number>>): number | undefined {
  const all = Object.values(times)
  return all.length === 0 ? undefined : Math.max(...all)
}
