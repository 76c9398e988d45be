import type { Alarm, AlarmType } from '../../../model/src/index.ts'
import { isOfExporter, isOfWeir } from '../../../model/src/resource/index.ts'

/** Why an alarm asks nobody to act: another alarm explains it. Derived from the open alarms, never stored. */
export interface Suppression {
  reason: 'inhibited'
  by: string
  byType: AlarmType
}

interface Rule {
  /** The alarm that explains. */
  cause: AlarmType
  /** It is one of Weir's own parts that the alarm is about. */
  ofWeir?: true
  /** What it explains; undefined: everything else. */
  effects?: ReadonlySet<AlarmType>
  /** On what: the same resource and qualifier, the same resource, the same device, the same site, or anything. */
  scope: 'qualifier' | 'resource' | 'device' | 'site' | 'tenant'
  /** Only while the explained alarm is not steady. */
  unsteady?: boolean
}

const ofLink: ReadonlySet<AlarmType> = new Set([
  'link-saturation',
  'link-utilisation-high',
  'congestion-drops',
  'microbursts',
  'queue-drops',
  'link-corruption',
  'fec-margin',
  'optic-rx-low',
  'optic-degrading',
  'laser-ageing',
  'duplex-mismatch',
  'silent-loss',
  'unidirectional-link',
  'lag-imbalance',
  'speed-downgrade',
  'traffic-drop',
])

/** What monitoring that does not see may believe of devices. */
const ofSight: ReadonlySet<AlarmType> = new Set(['site-dark', 'telemetry-stale', 'device-unreachable', 'snmp-failing'])

/** Strongest first: the first rule that finds an open alarm decides. */
const rules: readonly Rule[] = [
  { cause: 'pipeline-lagging', ofWeir: true, scope: 'tenant', effects: ofSight },
  { cause: 'telemetry-stale', ofWeir: true, scope: 'tenant', effects: ofSight },
  { cause: 'site-dark', scope: 'site' },
  { cause: 'telemetry-stale', scope: 'device' },
  { cause: 'device-unreachable', scope: 'device' },
  { cause: 'link-down', scope: 'resource', effects: ofLink },
  { cause: 'link-flapping', scope: 'resource', effects: new Set(['link-down']), unsteady: true },
  { cause: 'link-corruption', scope: 'resource', effects: new Set(['silent-loss']) },
  { cause: 'congestion-drops', scope: 'qualifier', effects: new Set(['microbursts']) },
  { cause: 'link-saturation', scope: 'qualifier', effects: new Set(['link-utilisation-high']) },
]

/**
 * What explains this alarm among a tenant's open ones: monitoring that is blind over what it believes to be silent, a dark site over its devices, a device without telemetry or
 * without answer over all that is on it, a link that is down over its load, errors and optics. Cleared alarms explain
 * nothing and need no explanation.
 */
export function suppressionOf(alarm: Alarm, open: Iterable<Alarm>): Suppression | undefined {
  if (alarm.isCleared) return undefined
  let best: { rank: number; by: Alarm } | undefined
  for (const other of open) {
    const rank = rules.findIndex(rule => explains(rule, other, alarm))
    if (rank < 0 || (best && rank > best.rank)) continue
    // Two of one rank: the same one whatever their order.
    if (!best || rank < best.rank || other.alarmId < best.by.alarmId) best = { rank, by: other }
  }
  return best && { reason: 'inhibited', by: best.by.alarmId, byType: best.by.alarmTypeId }
}

const causes: ReadonlySet<AlarmType> = new Set(rules.map(rule => rule.cause))

/**
 * `suppressionOf` for each of a tenant's open alarms that has one. Alarms are told apart by where they are first, so
 * that a site with hundreds of them costs hundreds of looks and not their square.
 */
export function suppressionsOf(open: readonly Alarm[]): Map<string, Suppression> {
  const places = new Map<string, Alarm[]>()
  const put = (place: string, alarm: Alarm): void => {
    const there = places.get(place)
    if (there) there.push(alarm)
    else places.set(place, [alarm])
  }
  for (const alarm of open) {
    if (alarm.isCleared || !causes.has(alarm.alarmTypeId)) continue
    if (isOfWeir(alarm.resource)) put(`tenant/${alarm.tenantId}`, alarm)
    else if (alarm.alarmTypeId === 'site-dark') put(`site/${alarm.tenantId}/${alarm.siteId}`, alarm)
    else put(`device/${alarm.tenantId}/${alarm.deviceId}`, alarm)
  }
  const found = new Map<string, Suppression>()
  for (const alarm of open) {
    const { tenantId, siteId, deviceId } = alarm
    const near = [`tenant/${tenantId}`, `site/${tenantId}/${siteId}`, `device/${tenantId}/${deviceId}`]
    const suppression = suppressionOf(
      alarm,
      near.flatMap(place => places.get(place) ?? []),
    )
    if (suppression) found.set(alarm.alarmId, suppression)
  }
  return found
}

function explains(rule: Rule, cause: Alarm, effect: Alarm): boolean {
  if (cause.alarmTypeId !== rule.cause || cause.isCleared || cause.alarmId === effect.alarmId) return false
  // A message alone hides nothing that was measured.
  if (cause.condition === 'unconfirmed') return false
  if (isOfWeir(cause.resource) !== (rule.ofWeir ?? false)) return false
  // Flows do not come by polls: an exporter's silence explains nothing of its device, nor the other way round; a device
  // without power does explain it.
  if (rule.cause === 'telemetry-stale' && (isOfExporter(cause.resource) || isOfExporter(effect.resource))) return false
  if (cause.tenantId !== effect.tenantId || strength(effect) <= strength(cause)) return false
  if (rule.effects && !rule.effects.has(effect.alarmTypeId)) return false
  if (rule.unsteady && effect.condition === 'active') return false
  switch (rule.scope) {
    case 'qualifier':
      return cause.resource === effect.resource && cause.qualifier === effect.qualifier
    case 'resource':
      return cause.resource === effect.resource
    case 'device':
      return cause.deviceId !== null && cause.deviceId === effect.deviceId
    case 'site':
      return cause.siteId !== null && cause.siteId === effect.siteId
    case 'tenant':
      return true
  }
}

/** Place of a type in the order of rules: an alarm is never explained by a weaker one, so two cannot hide each other. */
function strength(alarm: Alarm): number {
  // The flapping link explains its own downs, which otherwise stand above it.
  if (alarm.alarmTypeId === 'link-down' && alarm.condition !== 'active') return rules.length
  const ofWeir = isOfWeir(alarm.resource)
  const place = isOfExporter(alarm.resource)
    ? -1
    : rules.findIndex(rule => rule.cause === alarm.alarmTypeId && (rule.ofWeir ?? false) === ofWeir)
  return place < 0 ? rules.length + 1 : place
}
