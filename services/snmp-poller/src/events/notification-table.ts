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
import { peerOfInstance } from '../profiles/peers.ts'
import { type KnownNotification, knownNotifications } from './known-notifications.ts'

/** What a notification means. */
export interface NotificationMeaning {
  kind: EventKind
  /** Sent again for as long as the state lasts. */
  repeats: boolean
  ifIndex?: number
  ifName: string
  /** Of a routing peer, `bgp` or `ospf`; both empty where the notification names none. */
  peerProtocol: string
  peerAddress: string
}

/**
 * MIBs written for version 1 define a notification as enterprise and number; RFC 3584 §3.1 puts a zero between them, and
 * agents that send it as version 2 themselves may leave it out. So each is known in both forms.
 */
const known = new Map<Oid, KnownNotification>(
  knownNotifications.flatMap(one => spellings(one.oid).map(spelling => [oid(spelling), one] as const)),
)

function spellings(name: string): string[] {
  return [name, name.replace(/\.0\.(\d+)$/, '.$1'), name.replace(/(\d+)$/, '0.$1')]
}

/** UPS-MIB: upsTrapAlarmEntryAdded and -Removed carry upsAlarmDescr, whose value names the condition. */
const alarmEntryAdded = new Set(['1.3.6.1.2.1.33.2.3', '1.3.6.1.2.1.33.2.0.3'].map(oid))
const alarmEntryRemoved = new Set(['1.3.6.1.2.1.33.2.4', '1.3.6.1.2.1.33.2.0.4'].map(oid))
const upsAlarmDescr = oid('1.3.6.1.2.1.33.1.6.2.1.2')
const upsAlarmOnBattery = oid('1.3.6.1.2.1.33.1.6.3.2')

const ifIndexColumn = oid('1.3.6.1.2.1.2.2.1.1')
const ifEntry = oid('1.3.6.1.2.1.2.2.1')
const ifDescrColumn = oid('1.3.6.1.2.1.2.2.1.2')
const ifNameColumn = oid('1.3.6.1.2.1.31.1.1.1.1')
/** OSPF-TRAP-MIB (RFC 4750): sent at every change; only the ends of a neighbour's life are news. */
const ospfNbrStateChange = oid('1.3.6.1.2.1.14.16.2.2')
const ospfNbrState = oid('1.3.6.1.2.1.14.10.1.6')
const ospfKinds: ReadonlyMap<number, EventKind> = new Map([
  [1, 'peer-down'],
  [8, 'peer-up'],
])

/** Understands a notification; what no table knows is `other`. */
export function meaningOf(notification: Notification): NotificationMeaning {
  const found = known.get(notification.trapOid) ?? upsAlarm(notification)
  const meaning: NotificationMeaning = {
    kind: found?.kind ?? 'other',
    repeats: found?.repeats ?? false,
    ifName: '',
    peerProtocol: '',
    peerAddress: '',
  }
  let ifDescr = ''
  for (const { oid: name, value } of notification.varbinds) {
    if (isWithin(name, ifIndexColumn) && value.type === 'integer' && value.value > 0) meaning.ifIndex = value.value
    else if (isWithin(name, ifNameColumn) && value.type === 'octets') meaning.ifName = displayText(value.value)
    else if (isWithin(name, ifDescrColumn) && value.type === 'octets') ifDescr = displayText(value.value)
    // Some agents leave ifIndex out; the instance of any other ifEntry column says it too.
    if (isWithin(name, ifEntry)) meaning.ifIndex ??= arcAt(name, arcCount(name) - 1)
    const peer = peerOfInstance(name)
    if (peer) Object.assign(meaning, { peerProtocol: peer.protocol, peerAddress: peer.address })
    if (notification.trapOid === ospfNbrStateChange && isWithin(name, ospfNbrState) && value.type === 'integer') {
      meaning.kind = ospfKinds.get(value.value) ?? 'other'
    }
  }
  if (meaning.ifName === '') meaning.ifName = ifDescr
  return meaning
}

function upsAlarm({ trapOid, varbinds }: Notification): Pick<KnownNotification, 'kind' | 'repeats'> | undefined {
  const added = alarmEntryAdded.has(trapOid)
  if (!added && !alarmEntryRemoved.has(trapOid)) return undefined
  const onBattery = varbinds.some(
    ({ oid: name, value }) =>
      isWithin(name, upsAlarmDescr) && value.type === 'oid' && value.value === upsAlarmOnBattery,
  )
  return onBattery ? { kind: added ? 'power-on-battery' : 'power-restored' } : undefined
}
