import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AuthProtocol,
  authAlgorithms,
  authProtocols,
  decodeUsmMessage,
  encodeUsmRequest,
  localizedKey,
  localizedPrivKey,
  type PrivProtocol,
  passwordToKey,
  privProtocols,
  scopedPdu,
  UsmKeys,
  type UsmUser,
} from '../src/index.ts'
import { anyOid } from './arbitraries.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const engineId = hex('000000000000000000000002')
const password = Buffer.from('maplesyrup')

function userOf(auth?: AuthProtocol, priv?: PrivProtocol): UsmUser {
  return {
    name: Buffer.from('poller'),
    auth: auth && { protocol: auth, password: Buffer.from('auth-passphrase') },
    priv: priv && { protocol: priv, password: Buffer.from('priv-passphrase') },
  }
}

describe('keys of the user security model', () => {
  // RFC 3414 §A.3.1 and §A.3.2.
  it.each([
    ['md5', '9faf3283884e92834ebc9847d8edd963', '526f5eed9fcce26f8964c2930787d82b'],
    ['sha', '9fb5cc0381497b3793528939ff788d5d79145211', '6695febc9288e36282235fc7151f128497b38f3f'],
  ] as const)("are RFC 3414's for %s", (protocol, key, localized) => {
    const made = passwordToKey(protocol, password)
    expect(made.toString('hex')).toBe(key)
    expect(localizedKey(protocol, made, engineId).toString('hex')).toBe(localized)
  })

  it('are as long as the digest, for every password length', () => {
    for (const protocol of authProtocols) {
      for (const length of [1, 8, 63, 20_000]) {
        const key = passwordToKey(protocol, Buffer.alloc(length, 'x'))
        expect(localizedKey(protocol, key, engineId)).toHaveLength(key.length)
        // All of one letter repeat to the same megabyte.
        expect(key).toEqual(passwordToKey(protocol, Buffer.from('x')))
      }
    }
    expect(() => passwordToKey('sha', Buffer.alloc(0))).toThrow(RangeError)
  })

  it("are stretched by Reeder's draft as its example has it", () => {
    // draft-reeder-snmpv3-usm-3desede-00 §B.1 and §B.2: two chained keys, first 32 octets.
    const md5 = localizedPrivKey('md5', 'aes256r', passwordToKey('md5', password), engineId)
    expect(md5.toString('hex')).toBe('526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12')
    const sha = localizedPrivKey('sha', 'aes256r', passwordToKey('sha', password), engineId)
    expect(sha.toString('hex')).toBe('6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c')
  })

  it('are long enough for every pair of protocols', () => {
    for (const auth of authProtocols) {
      const key = passwordToKey(auth, password)
      for (const priv of privProtocols) {
        const bytes = priv.startsWith('aes256') ? 32 : priv.startsWith('aes192') ? 24 : 16
        expect(localizedPrivKey(auth, priv, key, engineId)).toHaveLength(bytes)
      }
    }
  })
})

const envelope = {
  engineId: hex('80001f8880e9630000d61ff449'),
  boots: 7,
  time: 123_456,
  userName: Buffer.from('poller'),
  contextName: Buffer.from('vrf-1'),
}
const salt = hex('0102030405060708')
const request = { kind: 'getBulkRequest', names: [], nonRepeaters: 0, maxRepetitions: 9 } as const

describe('messages of version 3', () => {
  const levels: [string, UsmUser][] = [
    ['noAuthNoPriv', userOf()],
    ...authProtocols.map((auth): [string, UsmUser] => [auth, userOf(auth)]),
    ...authProtocols.flatMap(auth =>
      privProtocols.map((priv): [string, UsmUser] => [`${auth} and ${priv}`, userOf(auth, priv)]),
    ),
  ]

  it.each(levels)('%s: can be opened with the same keys, and not when an octet is another', (_, user) => {
    const security = new UsmKeys(user).at(envelope.engineId)
    const bytes = encodeUsmRequest(77, request, envelope, security, salt)
    const message = decodeUsmMessage(bytes)!
    expect(message).toMatchObject({
      id: 77,
      hasAuth: security.hasAuth,
      hasPriv: security.hasPriv,
      boots: 7,
      time: 123_456,
    })
    expect(Buffer.from(message.engineId)).toEqual(envelope.engineId)
    const scoped = security.hasPriv ? security.decrypt(message.data, message.salt, 7, 123_456)! : message.data
    const pdu = scopedPdu(scoped)!
    expect(Buffer.from(scoped.subarray(pdu.at, pdu.at + 2)).toString('hex')).toBe('a50b')
    expect(Buffer.from(scoped).includes('vrf-1')).toBe(true)
    if (security.hasPriv) expect(bytes.includes('vrf-1')).toBe(false)
    if (!security.hasAuth) return
    expect(message.macLength).toBe(authAlgorithms[user.auth!.protocol].macBytes)
    expect(security.isAuthentic(bytes, message.macAt, message.macLength)).toBe(true)
    for (const at of [9, message.macAt, bytes.length - 1]) {
      const forged = Buffer.from(bytes)
      forged[at]! ^= 1
      expect(security.isAuthentic(forged, message.macAt, message.macLength)).toBe(false)
    }
    expect(security.isAuthentic(bytes, message.macAt, message.macLength - 1)).toBe(false)
  })

  it('F52: decoding never throws, on noise, truncations and flipped octets', () => {
    const security = new UsmKeys(userOf('sha', 'des')).at(envelope.engineId)
    fc.assert(
      fc.property(fc.array(anyOid, { maxLength: 4 }), fc.nat(), fc.nat(255), (names, at, octet) => {
        const bytes = encodeUsmRequest(5, { ...request, names }, envelope, security, salt)
        expect(decodeUsmMessage(bytes.subarray(0, at % bytes.length))).toBeUndefined()
        bytes[at % bytes.length] = octet
        const message = decodeUsmMessage(bytes)
        if (message?.hasPriv) scopedPdu(security.decrypt(message.data, message.salt, 1, 1) ?? Buffer.alloc(0))
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), noise => void decodeUsmMessage(noise)))
  })
})
