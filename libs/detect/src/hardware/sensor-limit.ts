import type { Severity } from '../../../model/src/index.ts'
import type { DetectConfig } from '../config.ts'
import type { Episode, Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import { rounded } from '../wording.ts'
import type { SensorObservation } from './observation.ts'
import { isReceivedLight } from './optic-rx.ts'

/** Readings in a row outside the limits, or inside by the margin while an alarm holds. Plain JSON. */
export interface LimitState {
  outside?: number
  inside?: number
}

interface Limits {
  lowCritical?: number | undefined
  lowWarning?: number | undefined
  highWarning?: number | undefined
  highCritical?: number | undefined
}

/**
 * Limits for devices that give none. Only where one figure suits all: what is hot for a room is cool for a chip, so
 * temperatures have none. Humidity: ASHRAE TC 9.9 class A1, allowable. Charge and load: of an uninterruptible supply.
 */
const classLimits: Readonly<Record<string, Limits>> = {
  humidity: { highWarning: 80 },
  charge: { lowWarning: 50, lowCritical: 20 },
  load: { highWarning: 80, highCritical: 100 },
}

/** How far inside a limit a value must be to end an alarm: by its class, else a share of the limit. */
const margins: Readonly<Record<string, number>> = {
  temperature: 3,
  humidity: 3,
  dbm: 0.5,
  charge: 5,
  load: 5,
  snr: 0.5,
}
const marginShare = 0.02

const units: Readonly<Record<string, string>> = {
  temperature: '°C',
  voltage: 'V',
  current: 'A',
  power: 'W',
  dbm: 'dBm',
  fanspeed: 'rpm',
  humidity: '%',
  frequency: 'Hz',
  load: '%',
  percent: '%',
  charge: '%',
  runtime: 'min',
  snr: 'dB',
  airflow: 'CFM',
}

/** A value outside the limits that the device itself gives it, for two readings. */
export function sensorLimit(
  before: LimitState,
  episode: Episode | undefined,
  sensor: SensorObservation,
  atMs: number,
  config: DetectConfig['sensorLimit'],
): { state: LimitState; finding: Finding } {
  const { value } = sensor
  const limits = limitsOf(sensor)
  if (value === undefined || !limits) return { state: before, finding: undefined }
  const crossed = crossedLimit(value, limits, 0, sensor.class)
  if (crossed) {
    const outside = Math.min(config.readings, (before.outside ?? 0) + 1)
    const finding: Finding =
      outside < config.readings
        ? undefined
        : {
            kind: 'active',
            severity: crossed.severity,
            windowStartMs: minuteStartMs(atMs),
            headline: value,
            evidence: () => evidenceOf(sensor, value, limits, `${crossed.side} its limit of ${crossed.limit}`),
          }
    return { state: { outside }, finding }
  }
  if (!episode) return { state: {}, finding: undefined }
  if (crossedLimit(value, limits, 1, sensor.class)) return { state: {}, finding: undefined }
  const inside = (before.inside ?? 0) + 1
  if (inside < config.readings) return { state: { inside }, finding: undefined }
  return {
    state: {},
    finding: { kind: 'clear', evidence: () => evidenceOf(sensor, value, limits, 'within its limits') },
  }
}

/** The device's own limits, else its class's; undefined where there are none, or none that make sense. */
function limitsOf(sensor: SensorObservation): Limits | undefined {
  const { lowCritical, lowWarning, highWarning, highCritical } = sensor
  const own = [lowCritical, lowWarning, highWarning, highCritical].some(limit => limit !== undefined)
  if (!own) return classLimits[sensor.class]
  const low = lowWarning ?? lowCritical
  const high = highWarning ?? highCritical
  // Agents without limits write zeros, or the same everywhere.
  if (low !== undefined && high !== undefined && low >= high) return undefined
  // Too little received light is optic-rx-low's.
  return isReceivedLight(sensor)
    ? { highWarning, highCritical }
    : { lowCritical, lowWarning, highWarning, highCritical }
}

function crossedLimit(
  value: number,
  limits: Limits,
  margins: number,
  sensorClass: string,
): { severity: Severity; limit: number; side: 'above' | 'below' } | undefined {
  const inner = (limit: number) => margins * marginOf(limit, sensorClass)
  const { lowCritical, lowWarning, highWarning, highCritical } = limits
  const above = (limit: number | undefined): limit is number => limit !== undefined && value > limit - inner(limit)
  const below = (limit: number | undefined): limit is number => limit !== undefined && value < limit + inner(limit)
  if (above(highCritical)) return { severity: 'major', limit: highCritical, side: 'above' }
  if (below(lowCritical)) return { severity: 'major', limit: lowCritical, side: 'below' }
  if (above(highWarning)) return { severity: 'warning', limit: highWarning, side: 'above' }
  if (below(lowWarning)) return { severity: 'warning', limit: lowWarning, side: 'below' }
  return undefined
}

function marginOf(limit: number, sensorClass: string): number {
  return margins[sensorClass] ?? marginShare * Math.abs(limit)
}

function evidenceOf(sensor: SensorObservation, value: number, limits: Limits, words: string) {
  const unit = units[sensor.class] ?? ''
  return {
    summary: `${sensor.name} (${sensor.class}) is at ${rounded(value)}${unit && ` ${unit}`}, ${words}.`,
    action: words === 'within its limits' ? 'Nothing to do.' : (actions[sensor.class] ?? 'Check the part it sits in.'),
    measured: { value: rounded(value), unit, class: sensor.class },
    expected: {
      lowCritical: limits.lowCritical ?? null,
      lowWarning: limits.lowWarning ?? null,
      highWarning: limits.highWarning ?? null,
      highCritical: limits.highCritical ?? null,
    },
  }
}

const actions: Readonly<Record<string, string>> = {
  temperature: "Check room temperature, air flow, filters and the device's fans.",
  humidity: 'Check the air conditioning.',
  fanspeed: 'Check the fan and its filter.',
  voltage: 'Check the power supply and what feeds it.',
  current: 'Check the load, or the module it drives.',
  power: 'Check the load.',
  load: 'Take load off, or add capacity.',
  charge: 'Check mains and battery.',
  dbm: 'Check the module; add attenuation where it receives too much.',
}
