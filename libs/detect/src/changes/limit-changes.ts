import type { DeviceChange } from './change.ts'

/** A sensor, as far as its limits go. */
export interface LimitsReading {
  id: string
  name: string
  lowCritical?: number | undefined
  lowWarning?: number | undefined
  highWarning?: number | undefined
  highCritical?: number | undefined
}

/** Limits in words, by sensor id. */
export type LimitWords = Readonly<Record<string, string>>

/** Sensors whose limits are remembered of one device: five of each of 500 optics fit. */
const sensorsMax = 4_096

/** Limits of sensors that are others than before. Those that were not read are no change. */
export function limitChanges(
  before: LimitWords | undefined,
  sensors: readonly LimitsReading[],
  atMs: number,
): { limits: LimitWords | undefined; changes: DeviceChange[] } {
  const changes: DeviceChange[] = []
  let next: Record<string, string> | undefined
  let count = Object.keys(before ?? {}).length
  for (const sensor of sensors) {
    const now = limitWords(sensor)
    const known = (next ?? before)?.[sensor.id]
    if (now === '' || now === known) continue
    if (known === undefined) {
      if (count >= sensorsMax) continue
      count++
    } else {
      changes.push({ kind: 'sensor-limits', subject: sensor.id, atMs, from: known, to: now, detail: sensor.name })
    }
    next ??= { ...before }
    next[sensor.id] = now
  }
  return { limits: next ?? before, changes }
}

function limitWords({ lowCritical, lowWarning, highWarning, highCritical }: LimitsReading): string {
  const limits = [
    ['low critical', lowCritical],
    ['low warning', lowWarning],
    ['high warning', highWarning],
    ['high critical', highCritical],
  ] as const
  return limits
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => `${name} ${Number(limit!.toPrecision(5))}`)
    .join(', ')
}
