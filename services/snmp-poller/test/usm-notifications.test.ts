import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../libs/kernel/src/index.ts'
import { inventorySchema } from '../../../libs/model/src/index.ts'
import {
  decodePdu,
  decodeUsmMessage,
  encodePdu,
  encodeUsmMessage,
  encodeUsmRequest,
  formatOid,
  oid,
  scopedPdu,
  UsmKeys,
  UsmSecurity,
} from '../../../libs/snmp/src/index.ts'
import { snmpAuthSchema } from '../src/config.ts'
import { usmUserOf } from '../src/credentials.ts'
import { EngineClocks } from '../src/events/engine-clocks.ts'
import { readNotification } from '../src/events/read-notification.ts'
import { UsmNotifications } from '../src/events/read-usm-notification.ts'
import { UsmEngine } from '../src/events/usm-engine.ts'

const auth = snmpAuthSchema.parse({
  version: 'v3',
  user: 'weir',
  authProtocol: 'sha256',
  authKey: 'auth-password',
  privProtocol: 'aes',
  privKey: 'priv-password',
  networks: ['127.0.0.0/8'],
})
if (auth.version !== 'v3') throw new Error('not v3')
const inventory = inventorySchema.parse({
  tenants: [{ id: 't1' }],
  sites: [{ id: 's1', tenant: 't1' }],
  devices: [{ id: 'sw1', tenant: 't1', site: 's1', address: '127.0.0.9', snmp: { auth: 'core' } }],
})
const access = { candidates: inventory.devices, auths: { core: auth }, address: '127.0.0.9' }
const engineId = Buffer.from('800000090300aabbccddee', 'hex')
const keys = new UsmKeys(usmUserOf(auth))
const userName = Buffer.from('weir')
const none = new Uint8Array()

function receiver(startMs = Date.UTC(2026, 10, 27)) {
  let nowMs = startMs
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs } as Clock
  return {
    notifications: new UsmNotifications('p1', clock),
    engine: new UsmEngine('p1', clock),
    clock,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

const varbinds = [
  { oid: oid('1.3.6.1.2.1.1.3.0'), value: { type: 'timeTicks' as const, value: 4_711 } },
  { oid: oid('1.3.6.1.6.3.1.1.4.1.0'), value: { type: 'oid' as const, value: oid('1.3.6.1.6.3.1.1.5.3') } },
]

interface Wish {
  kind?: 'trap' | 'informRequest'
  engine?: Uint8Array
  boots?: number
  time?: number
  user?: Uint8Array
  security?: UsmSecurity
}

function message({ kind = 'trap', engine = engineId, boots = 5, time = 1_000, user = userName, security }: Wish = {}) {
  const envelope = { engineId: engine, boots, time, userName: user, contextName: Buffer.from('ctx') }
  const pdu = encodePdu({ kind, requestId: 7, varbinds })
  return encodeUsmMessage(9, pdu, envelope, security ?? keys.at(engine), randomBytes(8))
}

function read({ notifications }: ReturnType<typeof receiver>, bytes: Uint8Array, from = access) {
  return notifications.read(bytes, decodeUsmMessage(bytes)!, from)
}

function reportIn(answer: Uint8Array | undefined): string {
  const told = decodeUsmMessage(answer!)!
  const place = scopedPdu(told.data)!
  const decoded = decodePdu(told.data.subarray(place.at, place.end))
  if (!decoded.ok || decoded.pdu.kind !== 'report') throw new Error('no report')
  return formatOid(decoded.pdu.varbinds[0]!.oid)
}

describe('notifications of version 3', () => {
  it('a trap of the user that its device is polled with is read, and is its authority on time', () => {
    const one = receiver()
    const found = read(one, message())
    expect(found).toMatchObject({ device: { id: 'sw1' }, notification: { upTimeCs: 4_711, informId: undefined } })
    expect(found).toMatchObject({ answer: undefined, community: '' })
    one.pass(400_000)
    expect(read(one, message({ time: 1_400 }))).toHaveProperty('notification')
    // Sent again later, it is old: the window is 150 s (RFC 3414 §3.2.7).
    expect(read(one, message({ time: 1_000 }))).toEqual({ drop: 'not-in-time-window' })
    expect(read(one, message({ boots: 4, time: 9_000 }))).toEqual({ drop: 'not-in-time-window' })
    expect(read(one, message({ boots: 6, time: 1 }))).toHaveProperty('notification')
  })

  it('what is not the device’s user, key, level or network is refused, each by its name', () => {
    const one = receiver()
    const wrong = new UsmKeys(usmUserOf({ ...auth, authKey: 'other-password' })).at(engineId)
    const unsealed = new UsmKeys({ ...usmUserOf(auth), priv: undefined }).at(engineId)
    const badlySealed = new UsmKeys(usmUserOf({ ...auth, privKey: 'other-password' })).at(engineId)
    expect(read(one, message({ user: Buffer.from('guest') }))).toEqual({ drop: 'unknown-user' })
    expect(read(one, message({ security: wrong }))).toEqual({ drop: 'wrong-digest' })
    expect(read(one, message({ security: unsealed }))).toEqual({ drop: 'level-too-low' })
    expect(read(one, message({ security: new UsmSecurity(undefined, undefined) }))).toEqual({ drop: 'level-too-low' })
    expect(['decryption-failed', 'malformed']).toContain(
      (read(one, message({ security: badlySealed })) as { drop: string }).drop,
    )
    expect(read(one, message(), { ...access, address: '192.0.2.9' })).toEqual({ drop: 'unknown-user' })
    const elsewhere = { ...access, auths: { core: { ...auth, tenants: ['t2'] } } }
    expect(read(one, message(), elsewhere)).toEqual({ drop: 'unknown-user' })
    const twice = { ...access, candidates: [...inventory.devices, { ...inventory.devices[0]!, id: 'sw2' }] }
    expect(read(one, message(), twice)).toEqual({ drop: 'ambiguous-source' })
  })

  it('an inform is answered at its level, by an engine that its sender can discover', () => {
    const one = receiver()
    one.pass(60_000)
    const ask = { kind: 'getRequest' as const, names: [], nonRepeaters: 0, maxRepetitions: 0 }
    const stranger = { engineId: none, boots: 0, time: 0, userName: none, contextName: none }
    const question = encodeUsmRequest(3, ask, stranger, new UsmSecurity(undefined, undefined), none)
    const discovery = read(one, question)
    if (!('drop' in discovery)) throw new Error('no refusal')
    expect(discovery.drop).toBe('engine-discovery')
    expect(reportIn(discovery.answer)).toBe('1.3.6.1.6.3.15.1.1.4.0')
    const told = decodeUsmMessage(discovery.answer!)!
    expect(Buffer.from(told.engineId)).toEqual(Buffer.from(one.engine.id))
    expect(told.time).toBe(60)
    // No amplifier.
    expect(discovery.answer!.length).toBeLessThan(question.length + 100)

    const inform = message({ kind: 'informRequest', engine: told.engineId, boots: told.boots, time: told.time })
    const found = read(one, inform)
    if ('drop' in found) throw new Error(found.drop)
    const security = keys.at(told.engineId)
    const answer = decodeUsmMessage(found.answer!)!
    expect(security.isAuthentic(found.answer!, answer.macAt, answer.macLength)).toBe(true)
    const scoped = security.decrypt(answer.data, answer.salt, answer.boots, answer.time)!
    const place = scopedPdu(scoped)!
    expect(Buffer.from(place.contextName).toString()).toBe('ctx')
    expect(decodePdu(scoped.subarray(place.at, place.end))).toMatchObject({
      pdu: { kind: 'response', requestId: 7, errorStatus: 0 },
    })
    expect(
      read(one, message({ kind: 'informRequest', engine: told.engineId, boots: told.boots, time: 500 })),
    ).toMatchObject({
      drop: 'not-in-time-window',
    })
  })

  it('F52: whatever is changed is refused, and nothing throws', () => {
    const one = receiver()
    const good = message()
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = Buffer.from(good)
        bytes[at] = bytes[at]! ^ by
        const decoded = decodeUsmMessage(bytes)
        if (decoded) expect(one.notifications.read(bytes, decoded, access)).toHaveProperty('drop')
      }),
      { numRuns: 1_500 },
    )
  })

  it('F52: a message cut anywhere is refused, and nothing throws', () => {
    const one = receiver()
    const good = message()
    for (let length = 0; length < good.length; length++) {
      const bytes = good.subarray(0, length)
      const decoded = decodeUsmMessage(bytes)
      if (decoded) expect(one.notifications.read(bytes, decoded, access)).toHaveProperty('drop')
      else expect(readNotification(bytes, { ...access, communities: [] })).toBe('malformed')
    }
  })

  it('F52: engine ids and user names longer than the RFCs have are kept nowhere; engines beyond the bound are counted', () => {
    const one = receiver()
    const known = keys.at(engineId)
    expect(read(one, message({ engine: randomBytes(33), security: known }))).toEqual({ drop: 'malformed' })
    expect(read(one, message({ user: randomBytes(33) }))).toEqual({ drop: 'malformed' })
    expect(read(one, message({ engine: randomBytes(32), security: known }))).toEqual({ drop: 'wrong-digest' })
    const small = { ...one, notifications: new UsmNotifications('p1', one.clock, 2) }
    for (let i = 0; i < 5; i++) expect(read(small, message({ engine: randomBytes(12) }))).toHaveProperty('notification')
    expect(small.notifications.forgotten).toEqual({ clock: 3, keys: 3 })
  })

  it('F46: boots that stand still over a restart are refused, and taken again once they grow', () => {
    const one = receiver()
    expect(read(one, message({ boots: 1, time: 10_000_000 }))).toHaveProperty('notification')
    one.pass(60_000)
    expect(read(one, message({ boots: 1, time: 30 }))).toEqual({ drop: 'not-in-time-window' })
    expect(read(one, message({ boots: 2, time: 30 }))).toHaveProperty('notification')
  })

  it('is the same engine after a restart, with more boots', () => {
    const [first, second] = [receiver(), receiver(Date.UTC(2026, 10, 27, 0, 0, 5))]
    expect(second.engine.id).toEqual(first.engine.id)
    expect(second.engine.boots).toBeGreaterThan(first.engine.boots)
    expect(first.engine.id[0]! & 0x80).toBe(0x80)
    expect(first.engine.id.length).toBeLessThanOrEqual(32)
  })
})

describe('clocks of engines', () => {
  it('are remembered up to a bound, the one heard longest ago goes', () => {
    const clocks = new EngineClocks(2)
    for (const engine of ['a', 'b', 'c']) expect(clocks.isInTime(engine, 1, 1_000, 0)).toBe(true)
    expect(clocks.forgotten).toBe(1)
    expect(clocks.isInTime('c', 1, 800, 0)).toBe(false)
    expect(clocks.isInTime('a', 1, 800, 0)).toBe(true)
    expect(clocks.isInTime('d', 0x7fff_ffff, 1, 0)).toBe(false)
  })
})
