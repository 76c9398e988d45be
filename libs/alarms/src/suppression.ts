import { type Alarm, type AlarmType, isOfExporter } from '../../model/src/index.ts'

/** Why an alarm asks nobody to act: another alarm explains it. Derived from the open alarms, never stored. */
export interface Suppression {
  reason: 'inhibited'
  by: string
  byType: AlarmType
}

interface Rule {
  /** The alarm that explains. */
  cause: AlarmType
  /** What it explains; undefined: everything else. */
  effects?: ReadonlySet<AlarmType>
  /** On what: the same resource and qualifier, the same resource, the same device or the same site. */
  scope: 'qualifier' | 'resource' | 'device' | 'site'
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

/** Strongest first: the first rule that finds an open alarm decides. */
const rules: readonly Rule[] = [
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
 * What explains this alarm among a tenant's open ones: a dark site over its devices, a device without telemetry or
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

function explains(rule: Rule, cause: Alarm, effect: Alarm): boolean {
  if (cause.alarmTypeId !== rule.cause || cause.isCleared || cause.alarmId === effect.alarmId) return false
  // A message alone hides nothing that was measured.
  if (cause.condition === 'unconfirmed') return false
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
  }
}

/** Place of a type in the order of rules: an alarm is never explained by a weaker one, so two cannot hide each other. */
function strength(alarm: Alarm): number {
  // The flapping link explains its own downs, which otherwise stand above it.
  if (alarm.alarmTypeId === 'link-down' && alarm.condition !== 'active') return rules.length
  const place = isOfExporter(alarm.resource) ? -1 : rules.findIndex(rule => rule.cause === alarm.alarmTypeId)
  return place < 0 ? rules.length + 1 : place
}
