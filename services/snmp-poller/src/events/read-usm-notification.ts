import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../../libs/kernel/src/index.ts'
import type { Device } from '../../../../libs/model/src/index.ts'
import {
  decodePdu,
  encodePdu,
  encodeUsmMessage,
  notificationOf,
  oid,
  type Pdu,
  type ScopedPdu,
  scopedPdu,
  UsmKeys,
  type UsmMessage,
  UsmSecurity,
} from '../../../../libs/snmp/src/index.ts'
import { credentialsFor, type UserAuth, usmUserOf } from '../credentials.ts'
import { isWithinNetworks } from '../host-address.ts'
import type { SnmpAuth } from '../snmp-transport.ts'
import { EngineClocks } from './engine-clocks.ts'
import type { EventDrop } from './event-counters.ts'
import { type ReadNotification, varbindLimits } from './read-notification.ts'
import { UsmEngine } from './usm-engine.ts'

export interface UsmAccess {
  /** Devices that send from the address. */
  readonly candidates: readonly Device[]
  readonly auths: Readonly<Record<string, SnmpAuth>>
  readonly address: string
}

/** Why it is no event, and what its sender is told of that. */
export interface UsmRefusal {
  readonly drop: EventDrop
  readonly answer?: Buffer
}

/** usmStats (RFC 3414 §5), by the last arc but one. */
const reports = {
  'level-too-low': oid('1.3.6.1.6.3.15.1.1.1.0'),
  'not-in-time-window': oid('1.3.6.1.6.3.15.1.1.2.0'),
  'unknown-user': oid('1.3.6.1.6.3.15.1.1.3.0'),
  'engine-discovery': oid('1.3.6.1.6.3.15.1.1.4.0'),
  'wrong-digest': oid('1.3.6.1.6.3.15.1.1.5.0'),
  'decryption-failed': oid('1.3.6.1.6.3.15.1.1.6.0'),
} as const
type Reported = keyof typeof reports

const nothing = new Uint8Array()
const noContext = { contextName: nothing }
const noSecurity = new UsmSecurity(undefined, undefined)
/** RFC 3414 §3.2.7 a. */
const windowSeconds = 150
/** SnmpEngineID (RFC 3411 §5) and msgUserName (RFC 3414 §2.4): what is kept by them is bounded in octets too. */
const engineIdBytesMax = 32
const userNameBytesMax = 32

interface EngineSecurity {
  readonly security: UsmSecurity
  /** For a report on time, which is signed and not sealed (RFC 3414 §3.2). */
  readonly signing: UsmSecurity
}

/**
 * Reads notifications of version 3 with the user security model: traps, whose sender is the authority over its clock, and
 * informs, for which this poller is. A device's user is the one it is polled with, at no lower level.
 */
export class UsmNotifications {
  readonly #engine: UsmEngine
  readonly #clock: Clock
  readonly #clocks: EngineClocks
  readonly #securitiesMax: number
  #securitiesForgotten = 0
  /** A password's key takes milliseconds, so it is made once for each of the credentials. */
  readonly #keys = new WeakMap<UserAuth, { keys: UsmKeys; signing: UsmKeys }>()
  readonly #securities = new Map<string, EngineSecurity & { auth: UserAuth }>()
  readonly #counts: Record<Reported, number> = {
    'level-too-low': 0,
    'not-in-time-window': 0,
    'unknown-user': 0,
    'engine-discovery': 0,
    'wrong-digest': 0,
    'decryption-failed': 0,
  }

  constructor(producerId: string, clock: Clock, enginesMax = 10_000) {
    this.#engine = new UsmEngine(producerId, clock)
    this.#clock = clock
    this.#clocks = new EngineClocks(enginesMax)
    this.#securitiesMax = enginesMax
  }

  /** What was known of engines and made room for others'. */
  get forgotten(): { readonly clock: number; readonly keys: number } {
    return { clock: this.#clocks.forgotten, keys: this.#securitiesForgotten }
  }

  read(bytes: Uint8Array, message: UsmMessage, access: UsmAccess): ReadNotification | UsmRefusal {
    const isOurs = Buffer.compare(message.engineId, this.#engine.id) === 0
    // Whoever wants to send an inform asks first who we are; a trap is never reportable.
    if (!isOurs && message.isReportable) return this.#refuse('engine-discovery', message, true)
    const { length } = message.engineId
    if (length === 0 || length > engineIdBytesMax || message.userName.length > userNameBytesMax) {
      return { drop: 'malformed' }
    }
    const users = usersOf(message, access)
    if (users.length === 0) return this.#refuse('unknown-user', message, isOurs)
    let refused: Reported = 'wrong-digest'
    for (const { device, name, auth } of users) {
      if (
        message.hasAuth !== (auth.authProtocol !== undefined) ||
        message.hasPriv !== (auth.privProtocol !== undefined)
      ) {
        refused = 'level-too-low'
        continue
      }
      const engine = this.#securityAt(name, auth, message.engineId)
      if (message.hasAuth && !engine.security.isAuthentic(bytes, message.macAt, message.macLength)) continue
      if (users.filter(one => one.auth === auth).length > 1) return { drop: 'ambiguous-source' }
      return this.#open(message, device, name, engine, isOurs)
    }
    return this.#refuse(refused, message, isOurs)
  }

  /** What is authentic, or does not claim to be. */
  #open(
    message: UsmMessage,
    device: Device,
    authName: string,
    engine: EngineSecurity,
    isOurs: boolean,
  ): ReadNotification | UsmRefusal {
    if (message.hasAuth && !this.#isInTime(message, authName, isOurs)) {
      return this.#refuse('not-in-time-window', message, isOurs, engine.signing)
    }
    const scoped = message.hasPriv
      ? engine.security.decrypt(message.data, message.salt, message.boots, message.time)
      : message.data
    const place = scoped && scopedPdu(scoped)
    if (!place) return message.hasPriv ? this.#refuse('decryption-failed', message, isOurs) : { drop: 'malformed' }
    const decoded = decodePdu(scoped.subarray(place.at, place.end), varbindLimits)
    if (!decoded.ok) return { drop: 'malformed' }
    const { pdu } = decoded
    const notification = pdu.kind === 'trapV1' ? undefined : notificationOf({ version: 'v2c', community: nothing, pdu })
    if (!notification) return { drop: 'not-a-notification' }
    // The authority over an inform is its receiver, over a trap its sender (RFC 3412 §6.4).
    if (isOurs !== (notification.informId !== undefined)) return { drop: 'not-a-notification' }
    return {
      device,
      notification,
      community: '',
      answer: isOurs ? this.#answer(message, pdu, place, engine.security) : undefined,
    }
  }

  #isInTime({ engineId, boots, time }: UsmMessage, authName: string, isOurs: boolean): boolean {
    if (isOurs) return boots === this.#engine.boots && Math.abs(time - this.#engine.time) <= windowSeconds
    const engine = `${Buffer.from(engineId).toString('hex')} ${authName}`
    return this.#clocks.isInTime(engine, boots, time, this.#clock.monotonicMs())
  }

  /** The inform's own varbinds come back (RFC 3416 §4.2.7), at its level and in its context. */
  #answer(message: UsmMessage, pdu: Pdu, context: ScopedPdu, security: UsmSecurity): Buffer | undefined {
    if (pdu.kind !== 'informRequest') return undefined
    const { requestId, varbinds } = pdu
    const response = encodePdu({ kind: 'response', requestId, errorStatus: 0, errorIndex: 0, varbinds })
    return this.#message(message, response, context, security)
  }

  /** A report is a few octets longer than the smallest question, whatever was asked: nobody's amplifier. */
  #refuse(drop: Reported, message: UsmMessage, tells: boolean, security = noSecurity): UsmRefusal {
    this.#counts[drop]++
    if (!tells || !message.isReportable) return { drop }
    const value = { type: 'counter32' as const, value: this.#counts[drop] >>> 0 }
    const report = encodePdu({
      kind: 'report',
      requestId: 0,
      errorStatus: 0,
      errorIndex: 0,
      varbinds: [{ oid: reports[drop], value }],
    })
    return { drop, answer: this.#message(message, report, noContext, security) }
  }

  #message(
    { id, userName }: UsmMessage,
    pdu: Uint8Array,
    { contextName, contextEngineId = this.#engine.id }: Partial<ScopedPdu> & Pick<ScopedPdu, 'contextName'>,
    security: UsmSecurity,
  ): Buffer {
    const { id: engineId, boots, time } = this.#engine
    const envelope = { engineId, boots, time, userName, contextName, contextEngineId }
    return encodeUsmMessage(id, pdu, envelope, security, randomBytes(8))
  }

  /** Keys of one user at one engine: engines are named by whoever sends, so only so many are kept. */
  #securityAt(name: string, auth: UserAuth, engineId: Uint8Array): EngineSecurity {
    const key = `${Buffer.from(engineId).toString('hex')} ${name}`
    const known = this.#securities.get(key)
    if (known?.auth === auth) return known
    let made = this.#keys.get(auth)
    if (!made) {
      const user = usmUserOf(auth)
      made = { keys: new UsmKeys(user), signing: new UsmKeys({ ...user, priv: undefined }) }
      this.#keys.set(auth, made)
    }
    const id = Uint8Array.from(engineId)
    const engine = { auth, security: made.keys.at(id), signing: made.signing.at(id) }
    this.#securities.delete(key)
    this.#securities.set(key, engine)
    const [oldest] = this.#securities.keys()
    if (this.#securities.size > this.#securitiesMax && oldest !== undefined) {
      this.#securities.delete(oldest)
      this.#securitiesForgotten++
    }
    return engine
  }
}

/** Devices at the address whose credentials have this user's name, and may be used there. */
function usersOf(
  { userName }: UsmMessage,
  { candidates, auths, address }: UsmAccess,
): { device: Device; name: string; auth: UserAuth }[] {
  return candidates.flatMap(device => {
    if (!device.snmp) return []
    const name = device.snmp.auth
    const found = credentialsFor(auths, name, device.tenant)
    if (!found.ok || found.auth.version !== 'v3' || !isWithinNetworks(found.auth, address)) return []
    return Buffer.from(found.auth.user, 'utf8').equals(userName) ? [{ device, name, auth: found.auth }] : []
  })
}
