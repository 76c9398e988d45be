import type { EventKind } from '../../../../libs/model/src/index.ts'
import {
  arcAt,
  arcCount,
  displayText,
  isWithin,
  type Notification,
  type Oid,
  oid,
} from '../../../../libs/snmp/src/index.ts'

/** What a notification means. */
export interface NotificationMeaning {
  kind: EventKind
  /** Sent again for as long as the state lasts. */
  repeats: boolean
  ifIndex?: number
  ifName: string
  peerAddress: string
}

interface KnownNotification {
  kind: EventKind
  repeats?: true
}

/**
 * Notifications by snmpTrapOID. MIBs written for version 1 define a notification as enterprise and number; sent as
 * version 2 by their own agents it may come without the zero of RFC 3584 §3.1, so those stand in both forms.
 */
const known = new Map<Oid, KnownNotification>(
  Object.entries({
    // SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863).
    '1.3.6.1.6.3.1.1.5.1': { kind: 'cold-start' },
    '1.3.6.1.6.3.1.1.5.2': { kind: 'warm-start' },
    '1.3.6.1.6.3.1.1.5.3': { kind: 'link-down' },
    '1.3.6.1.6.3.1.1.5.4': { kind: 'link-up' },
    '1.3.6.1.6.3.1.1.5.5': { kind: 'authentication-failure' },
    // BGP4-MIB: bgpEstablishedNotification and bgpBackwardTransNotification (RFC 4273), as RFC 1657 had them too.
    '1.3.6.1.2.1.15.0.1': { kind: 'peer-up' },
    '1.3.6.1.2.1.15.0.2': { kind: 'peer-down' },
    '1.3.6.1.2.1.15.7.1': { kind: 'peer-up' },
    '1.3.6.1.2.1.15.7.2': { kind: 'peer-down' },
    '1.3.6.1.2.1.15.7.0.1': { kind: 'peer-up' },
    '1.3.6.1.2.1.15.7.0.2': { kind: 'peer-down' },
    // UPS-MIB: upsTrapOnBattery, sent again each minute on battery (RFC 1628 §3).
    '1.3.6.1.2.1.33.2.1': { kind: 'power-on-battery', repeats: true },
    '1.3.6.1.2.1.33.2.0.1': { kind: 'power-on-battery', repeats: true },
    // PowerNet-MIB (APC): upsOnBattery, powerRestored.
    '1.3.6.1.4.1.318.0.5': { kind: 'power-on-battery' },
    '1.3.6.1.4.1.318.0.9': { kind: 'power-restored' },
    // CISCO-ENTITY-SENSOR-MIB: entSensorThresholdNotification, which Cisco's optics raise.
    '1.3.6.1.4.1.9.9.91.2.0.1': { kind: 'optics' },
  } satisfies Record<string, KnownNotification>).map(([name, meaning]) => [oid(name), meaning]),
)

/** UPS-MIB: upsTrapAlarmEntryAdded and -Removed carry upsAlarmDescr, whose value names the condition. */
const alarmEntryAdded = new Set(['1.3.6.1.2.1.33.2.3', '1.3.6.1.2.1.33.2.0.3'].map(oid))
const alarmEntryRemoved = new Set(['1.3.6.1.2.1.33.2.4', '1.3.6.1.2.1.33.2.0.4'].map(oid))
const upsAlarmDescr = oid('1.3.6.1.2.1.33.1.6.2.1.2')
const upsAlarmOnBattery = oid('1.3.6.1.2.1.33.1.6.3.2')

const ifIndexColumn = oid('1.3.6.1.2.1.2.2.1.1')
const ifEntry = oid('1.3.6.1.2.1.2.2.1')
const ifDescrColumn = oid('1.3.6.1.2.1.2.2.1.2')
const ifNameColumn = oid('1.3.6.1.2.1.31.1.1.1.1')
const bgpPeerEntry = oid('1.3.6.1.2.1.15.3.1')

/** Understands a notification; what no table knows is `other`. */
export function meaningOf(notification: Notification): NotificationMeaning {
  const found = known.get(notification.trapOid) ?? upsAlarm(notification)
  const meaning: NotificationMeaning = {
    kind: found?.kind ?? 'other',
    repeats: found?.repeats ?? false,
    ifName: '',
    peerAddress: '',
  }
  let ifDescr = ''
  for (const { oid: name, value } of notification.varbinds) {
    if (isWithin(name, ifIndexColumn) && value.type === 'integer' && value.value > 0) meaning.ifIndex = value.value
    else if (isWithin(name, ifNameColumn) && value.type === 'octets') meaning.ifName = displayText(value.value)
    else if (isWithin(name, ifDescrColumn) && value.type === 'octets') ifDescr = displayText(value.value)
    // Some agents leave ifIndex out; the instance of any other ifEntry column says it too.
    if (isWithin(name, ifEntry)) meaning.ifIndex ??= arcAt(name, arcCount(name) - 1)
    if (isWithin(name, bgpPeerEntry) && arcCount(name) === arcCount(bgpPeerEntry) + 5) {
      meaning.peerAddress = lastArcs(name, 4).join('.')
    }
  }
  if (meaning.ifName === '') meaning.ifName = ifDescr
  return meaning
}

function upsAlarm({ trapOid, varbinds }: Notification): KnownNotification | undefined {
  const added = alarmEntryAdded.has(trapOid)
  if (!added && !alarmEntryRemoved.has(trapOid)) return undefined
  const onBattery = varbinds.some(
    ({ oid: name, value }) =>
      isWithin(name, upsAlarmDescr) && value.type === 'oid' && value.value === upsAlarmOnBattery,
  )
  return onBattery ? { kind: added ? 'power-on-battery' : 'power-restored' } : undefined
}

function lastArcs(name: Oid, count: number): number[] {
  return Array.from({ length: count }, (_, i) => arcAt(name, arcCount(name) - count + i))
}
