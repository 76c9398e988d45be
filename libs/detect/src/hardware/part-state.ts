import type { AlarmType } from '../../../model/src/index.ts'
import type { Finding } from '../episode.ts'
import { minuteStartMs } from '../minute.ts'
import type { DiskObservation, SensorObservation } from './observation.ts'
import { healthOf, type PartHealth, partHealthOf, partKind } from './state-words.ts'

const onBatteryWords: ReadonlySet<string> = new Set(['onBattery', 'battery'])
const batteryEmpty: ReadonlySet<string> = new Set(['batteryLow', 'batteryDepleted'])
/** Words of the same sensors that say that power comes from elsewhere. */
const onMainsWords: ReadonlySet<string> = new Set([
  ...['onLine', 'normal', 'bypass', 'booster', 'reducer', 'onSmartBoost', 'onSmartTrim', 'softwareBypass', 'ecoMode'],
  ...['switchedBypass', 'hardwareFailureBypass', 'emergencyStaticBypass', 'staticBypassStandby', 'eConversion'],
  ...['onBatteryTest', 'spotMode'],
])

/** Which alarm a state belongs to. */
export function stateAlarmType(sensor: SensorObservation): AlarmType {
  if (isOutputSource(sensor)) return 'power-on-battery'
  const kind = partKind(sensor)
  return kind === 'fan' ? 'fan-failed' : kind === 'psu' ? 'psu-failed' : 'sensor-limit'
}

/** UPS-MIB upsOutputSource (RFC 1628), PowerNet-MIB upsBasicOutputStatus. */
function isOutputSource({ id }: SensorObservation): boolean {
  return id.startsWith('1.3.6.1.2.1.33.1.4.1') || id.startsWith('1.3.6.1.4.1.318.1.1.1.4.1.1')
}

/** A part says of itself that it failed, at the first reading that says so. */
export function partState(sensor: SensorObservation, atMs: number): Finding {
  const health = partKind(sensor) === 'other' ? healthOf(sensor.state) : partHealthOf(sensor.state)
  return partFinding(health, sensor.name, sensor.state, atMs, 'Replace the part if it stays so; see what it serves.')
}

/** An uninterruptible supply lives on its battery; critical once that is low. */
export function powerOnBattery(
  sensor: SensorObservation,
  sensors: readonly SensorObservation[],
  atMs: number,
): Finding {
  const evidence = (words: string, action: string) => () => ({
    summary: words,
    action,
    measured: {
      state: sensor.state,
      chargePercent: sensors.find(one => one.class === 'charge')?.value ?? null,
      runtimeMinutes: sensors.find(one => one.class === 'runtime')?.value ?? null,
    },
    expected: { state: 'onLine' },
  })
  if (onBatteryWords.has(sensor.state)) {
    const isLow = sensors.some(one => batteryEmpty.has(one.state))
    return {
      kind: 'active',
      severity: isLow ? 'critical' : 'major',
      windowStartMs: minuteStartMs(atMs),
      headline: 1,
      evidence: evidence(
        `Power comes from the battery${isLow ? ', which is low' : ''}.`,
        'Check mains and breaker; shut down what can wait before the battery is empty.',
      ),
    }
  }
  if (!onMainsWords.has(sensor.state)) return undefined
  return { kind: 'clear', evidence: evidence('Power comes from the mains again.', 'Nothing to do.') }
}

export function diskFailing(disk: DiskObservation, atMs: number): Finding {
  const label = [disk.name, disk.model, disk.serial && `serial ${disk.serial}`].filter(text => text).join(', ')
  return partFinding(partHealthOf(disk.state), label, disk.state, atMs, 'Replace the disk; check the array first.')
}

/** Disks that a controller expects to fail (MegaRAID pdPredictiveFailures), or that are gone (pdDiskFailedCount). */
export function isDiskFailureCount(sensor: SensorObservation): boolean {
  return sensor.class === 'count' && /predictive failures$|failed disks$/.test(sensor.name)
}

export function diskFailureCount(sensor: SensorObservation, atMs: number): Finding {
  if (sensor.value === undefined) return undefined
  const isFailing = sensor.value > 0
  const health = isFailing ? (sensor.name.endsWith('failed disks') ? 'failed' : 'degraded') : 'good'
  return partFinding(health, sensor.name, String(sensor.value), atMs, 'Replace the disk; check the array first.')
}

function partFinding(
  health: PartHealth | undefined,
  label: string,
  word: string,
  atMs: number,
  action: string,
): Finding {
  if (health === undefined) return undefined
  const evidence = (words: string, step: string) => () => ({
    summary: words,
    action: step,
    measured: { state: word },
    expected: { state: 'normal' },
  })
  if (health === 'good') return { kind: 'clear', evidence: evidence(`${label}: ${word}.`, 'Nothing to do.') }
  if (health === 'absent') return { kind: 'clear', evidence: evidence(`${label} was taken out.`, 'Nothing to do.') }
  return {
    kind: 'active',
    severity: health === 'failed' ? 'major' : 'minor',
    windowStartMs: minuteStartMs(atMs),
    headline: 1,
    evidence: evidence(`${label}: ${word}.`, action),
  }
}
