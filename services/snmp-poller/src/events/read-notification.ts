import type { Device } from '../../../../libs/model/src/index.ts'
import {
  decodeMessage,
  defaultDecodeLimits,
  encodeMessage,
  type Message,
  type Notification,
  notificationOf,
} from '../../../../libs/snmp/src/index.ts'
import type { SnmpAuth } from '../snmp-transport.ts'
import type { EventDrop } from './event-counters.ts'

export interface ReadNotification {
  device: Device
  notification: Notification
  community: string
  /** What an inform is answered with. */
  answer: Buffer | undefined
}

export interface NotificationAccess {
  /** Devices that send from the address. */
  readonly candidates: readonly Device[]
  readonly auths: Readonly<Record<string, SnmpAuth>>
  /** Taken from every device, beside its own. */
  readonly communities: readonly string[]
}

/** A notification has a handful of varbinds; more is no device's doing (F52). */
export const varbindLimits = { ...defaultDecodeLimits, varbindsMax: 256 }

/**
 * Reads one datagram of versions 1 and 2c from a device. The community must be the one that the device is polled with, or
 * one that the configuration lists: it keeps out who only guesses addresses, no more than that, which is why nothing is
 * raised on a link trap's word alone.
 */
export function readNotification(datagram: Uint8Array, access: NotificationAccess): ReadNotification | EventDrop {
  const decoded = decodeMessage(datagram, varbindLimits)
  if (!decoded.ok) return decoded.error.code === 'snmp-version-unsupported' ? 'version-unsupported' : 'malformed'
  const { message } = decoded
  const notification = notificationOf(message)
  if (!notification) return 'not-a-notification'
  const community = Buffer.from(message.community)
  const devices = access.candidates.filter(device => communitiesOf(device, access).some(one => community.equals(one)))
  if (devices.length === 0) return 'wrong-community'
  if (devices.length > 1) return 'ambiguous-source'
  return {
    device: devices[0]!,
    notification,
    community: community.toString('utf8'),
    answer: notification.informId === undefined ? undefined : answerTo(message, notification.informId),
  }
}

function communitiesOf(device: Device, { auths, communities }: NotificationAccess): Buffer[] {
  const auth = device.snmp && auths[device.snmp.auth]
  const own = auth && auth.version !== 'v3' ? [auth.community] : []
  return [...own, ...communities].map(one => Buffer.from(one, 'utf8'))
}

/** The inform's own varbinds come back (RFC 3416 §4.2.7). */
function answerTo(message: Message, requestId: number): Buffer {
  const { varbinds } = message.pdu
  return encodeMessage({ ...message, pdu: { kind: 'response', requestId, errorStatus: 0, errorIndex: 0, varbinds } })
}
