/** When the page may load itself again: after an upgrade of the gateway, and once a night to shed what browsers gather. */
export interface ReloadPolicy {
  due(now: ReloadInput): 'upgrade' | 'nightly' | null
}

export interface ReloadInput {
  nowMs: number
  localHour: number
  live: boolean
  /** Criticals nobody has taken. */
  unattendedCritical: number
  /** Raised within the last ten minutes. */
  newAlarms: number
  builds: { first: string; current: string } | null
}

const quietMs = 60_000
/** New alarms in ten minutes that are still a quiet moment: a big network always has one. */
const calmNewAlarms = 3
/** A page this young has shed everything already. */
const nightlyAgeMs = 4 * 3_600_000
/** Tries are this far apart, in case the page cannot be fetched just now. */
const betweenTriesMs = 300_000

export function createReloadPolicy(loadedMs: number, reloadHour: number | null): ReloadPolicy {
  let quietSinceMs: number | null = null
  let triedMs = Number.NEGATIVE_INFINITY
  return {
    due({ nowMs, localHour, live, unattendedCritical, newAlarms, builds }) {
      const quiet = live && unattendedCritical === 0 && newAlarms < calmNewAlarms
      if (!quiet) quietSinceMs = null
      else quietSinceMs ??= nowMs
      if (quietSinceMs === null || nowMs - quietSinceMs < quietMs || nowMs - triedMs < betweenTriesMs) return null
      const reason =
        builds && builds.first !== builds.current
          ? 'upgrade'
          : localHour === reloadHour && nowMs - loadedMs > nightlyAgeMs
            ? 'nightly'
            : null
      if (reason) triedMs = nowMs
      return reason
    },
  }
}
