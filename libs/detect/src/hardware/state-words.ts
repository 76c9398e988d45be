/**
 * What MIBs say of a part, in their own words (libs/snmp's profiles keep them). A word that is in no list decides nothing:
 * roles, modes and words of vendors to come are not failures.
 */
export type PartHealth = 'good' | 'degraded' | 'failed' | 'absent'

const words: Readonly<Record<PartHealth, readonly string[]>> = {
  good: [
    ...[
      'normal',
      'ok',
      'good',
      'on',
      'online',
      'up',
      'operational',
      'active',
      'powered',
      'poweredOn',
      'ready',
      'alive',
    ],
    ...['enabled', 'present', 'presentOK', 'nominal', 'faultAbsent', 'alarmCleared', 'batteryNormal', 'standby'],
    ...['noBatteryNeedsReplacing', 'internalPower', 'redundantPower', 'internalAndRedundantPower', 'initialized'],
    ...['unconfiguredGood', 'hotSpare', 'system', 'rebuild', 'copyback', 'notInitialized', 'onLine', 'onBatteryTest'],
    ...['ecoMode', 'onSmartBoost', 'onSmartTrim', 'booster', 'reducer', 'spotMode', 'eConversion'],
  ],
  degraded: [
    ...[
      'warning',
      'overload',
      'overspeed',
      'underspeed',
      'onButFanFail',
      'onButInlinePowerFail',
      'batteryNeedsReplacing',
    ],
    ...['batteryLow', 'voltageTooHigh', 'voltageTooLow', 'currentTooLow', 'predictiveFailure', 'presentPowerOff'],
    ...['nopower', 'faultRedundancy'],
  ],
  failed: [
    ...[
      'failed',
      'failure',
      'fault',
      'faulty',
      'faultAirflow',
      'faultInput',
      'faultNoRecov',
      'faultOutput',
      'faultPoe',
    ],
    ...['critical', 'dead', 'bad', 'error', 'abnormal', 'nonoperational', 'notFunctioning', 'shutdown', 'crashed'],
    ...['permanentFailure', 'presentNotOK', 'controllerError', 'overTemp', 'shortCircuit', 'aboveMax', 'belowMin'],
    ...['alarmActive', 'batteryDepleted', 'systemPartitionFailed', 'unconfiguredBad', 'offEnvFan', 'offEnvPower'],
    ...['offEnvTemp', 'hardwareFailureBypass', 'emergencyStaticBypass'],
  ],
  absent: [
    'notPresent',
    'notpresent',
    'notInstalled',
    'notPlugged',
    'empty',
    'absent',
    'removed',
    'unequipped',
    'none',
  ],
}

const healthByWord: ReadonlyMap<string, PartHealth> = new Map(
  (Object.keys(words) as PartHealth[]).flatMap(health => words[health].map(word => [word, health] as const)),
)

/** Of fans, supplies and disks, these say failed too; of links and stacks they are everyday. */
const failedParts: ReadonlySet<string> = new Set([
  'down',
  'off',
  'offline',
  'unavailable',
  'unAvailable',
  'outOfService',
])

export function healthOf(word: string): PartHealth | undefined {
  return healthByWord.get(word)
}

export function partHealthOf(word: string): PartHealth | undefined {
  return failedParts.has(word) ? 'failed' : healthByWord.get(word)
}

export type PartKind = 'fan' | 'psu' | 'other'

/** State columns whose rows carry names that need not say what they are. */
const kindByColumn: readonly (readonly [column: string, kind: PartKind])[] = [
  // CISCO-ENVMON-MIB ciscoEnvMonFanState, ciscoEnvMonSupplyState; CISCO-ENTITY-FRU-CONTROL-MIB cefcFanTrayOperStatus.
  ['1.3.6.1.4.1.9.9.13.1.4.1.3.', 'fan'],
  ['1.3.6.1.4.1.9.9.13.1.5.1.3.', 'psu'],
  ['1.3.6.1.4.1.9.9.117.1.4.1.1.1.', 'fan'],
  // CISCOSB-HWENVIRONMENT rlEnvMonFanState, rlEnvMonSupplyState.
  ['1.3.6.1.4.1.9.6.1.101.83.1.1.1.3.', 'fan'],
  ['1.3.6.1.4.1.9.6.1.101.83.1.2.1.3.', 'psu'],
  // FOUNDRY-SN-AGENT-MIB snChasPwrSupplyOperStatus, snChasFanOperStatus.
  ['1.3.6.1.4.1.1991.1.1.1.2.1.1.3.', 'psu'],
  ['1.3.6.1.4.1.1991.1.1.1.3.1.1.3.', 'fan'],
]
const fanName = /\bfans?\b|fan[ -]?tray|^fan\d|blower/i
const psuName = /power[ -]?suppl|\bpsu?[ -]?\d*\b|\bpem\b|^power( \d+)?$|\bpwr\b/i

export function partKind(sensor: { id: string; name: string }): PartKind {
  const known = kindByColumn.find(([column]) => sensor.id.startsWith(column))
  if (known) return known[1]
  // A fan of a power supply is a fan.
  if (fanName.test(sensor.name)) return 'fan'
  return psuName.test(sensor.name) ? 'psu' : 'other'
}
