/** What an event says, whatever its protocol and vendor. A message that no table knows is `other`, and is kept all the same. */
export const eventKinds = [
  'link-down',
  'link-up',
  'cold-start',
  'warm-start',
  'authentication-failure',
  'peer-down',
  'peer-up',
  'power-on-battery',
  'power-restored',
  'power-supply',
  'optics',
  'fan',
  'temperature',
  'disk',
  'part',
  'failover',
  'topology',
  'configuration',
  'other',
] as const

export type EventKind = (typeof eventKinds)[number]
