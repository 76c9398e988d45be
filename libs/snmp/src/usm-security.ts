import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import {
  type AuthProtocol,
  authAlgorithms,
  localizedKey,
  localizedPrivKey,
  type PrivProtocol,
  passwordToKey,
} from './usm-keys.ts'

export interface UsmUser {
  readonly name: Uint8Array
  readonly auth: { readonly protocol: AuthProtocol; readonly password: Uint8Array } | undefined
  /** Only with `auth` (RFC 3414 §1.4.2). */
  readonly priv: { readonly protocol: PrivProtocol; readonly password: Uint8Array } | undefined
}

/** A user with the keys of its passwords, made once for all engines. */
export class UsmKeys {
  readonly user: UsmUser
  readonly #authKey: Buffer | undefined
  readonly #privKey: Buffer | undefined

  constructor(user: UsmUser) {
    this.user = user
    const { auth, priv } = user
    this.#authKey = auth && passwordToKey(auth.protocol, auth.password)
    this.#privKey = auth && priv && passwordToKey(auth.protocol, priv.password)
  }

  /** At one engine. */
  at(engineId: Uint8Array): UsmSecurity {
    const { auth, priv } = this.user
    if (!auth || !this.#authKey) return new UsmSecurity(undefined, undefined)
    const privacy =
      priv && this.#privKey
        ? { protocol: priv.protocol, key: localizedPrivKey(auth.protocol, priv.protocol, this.#privKey, engineId) }
        : undefined
    return new UsmSecurity(
      { protocol: auth.protocol, key: localizedKey(auth.protocol, this.#authKey, engineId) },
      privacy,
    )
  }
}

interface AuthKey {
  readonly protocol: AuthProtocol
  readonly key: Uint8Array
}

interface PrivKey {
  readonly protocol: PrivProtocol
  readonly key: Uint8Array
}

/** Signs and seals what goes to one engine, and checks and opens what comes from it. */
export class UsmSecurity {
  readonly macBytes: number
  readonly #hash: string
  readonly #authKey: KeyObject | undefined
  readonly #priv: PrivKey | undefined

  constructor(auth: AuthKey | undefined, priv: PrivKey | undefined) {
    this.macBytes = auth ? authAlgorithms[auth.protocol].macBytes : 0
    this.#hash = auth ? authAlgorithms[auth.protocol].hash : ''
    // As an object: made of octets for each message it would cost as much as the digest.
    this.#authKey = auth && createSecretKey(auth.key)
    this.#priv = priv
  }

  get hasAuth(): boolean {
    return this.#authKey !== undefined
  }

  get hasPriv(): boolean {
    return this.#priv !== undefined
  }

  /** Puts the digest into the message, whose octets for it, from `macAt`, are zeros. */
  sign(message: Uint8Array, macAt: number): void {
    message.set(this.#mac(message), macAt)
  }

  /** Whether the message's digest is its own; compares in constant time. */
  isAuthentic(message: Uint8Array, macAt: number, macLength: number): boolean {
    if (macLength !== this.macBytes) return false
    const mac = message.subarray(macAt, macAt + macLength)
    const hmac = createHmac(this.#hash, this.#authKey!)
    hmac
      .update(message.subarray(0, macAt))
      .update(zeros.subarray(0, macLength))
      .update(message.subarray(macAt + macLength))
    return timingSafeEqual(hmac.digest().subarray(0, macLength), mac)
  }

  /** @param salt 8 octets, which go with the message; never the same twice under a key */
  encrypt(plain: Uint8Array, salt: Uint8Array, boots: number, time: number): Buffer {
    const { protocol, key } = this.#priv!
    if (protocol === 'des') {
      const cipher = createCipheriv('des-ede3-cbc', tripled(key), desVector(key, salt)).setAutoPadding(false)
      return Buffer.concat([cipher.update(padded(plain)), cipher.final()])
    }
    return createCipheriv(aesName(key), key, aesVector(salt, boots, time)).update(plain)
  }

  /** Undefined where the octets cannot be what `encrypt` makes. */
  decrypt(sealed: Uint8Array, salt: Uint8Array, boots: number, time: number): Buffer | undefined {
    if (salt.length !== 8) return undefined
    const { protocol, key } = this.#priv!
    if (protocol !== 'des') return createDecipheriv(aesName(key), key, aesVector(salt, boots, time)).update(sealed)
    if (sealed.length === 0 || sealed.length % 8 !== 0) return undefined
    const cipher = createDecipheriv('des-ede3-cbc', tripled(key), desVector(key, salt)).setAutoPadding(false)
    return Buffer.concat([cipher.update(sealed), cipher.final()])
  }

  #mac(message: Uint8Array): Buffer {
    return createHmac(this.#hash, this.#authKey!).update(message).digest().subarray(0, this.macBytes)
  }
}

const zeros = new Uint8Array(64)

/** Triple DES of three equal keys is DES, which OpenSSL 3 has only in its legacy provider. */
function tripled(key: Uint8Array): Buffer {
  const des = key.subarray(0, 8)
  return Buffer.concat([des, des, des])
}

/** RFC 3414 §8.1.1.1: the key's second half and the salt. */
function desVector(key: Uint8Array, salt: Uint8Array): Buffer {
  const vector = Buffer.alloc(8)
  for (let i = 0; i < 8; i++) vector[i] = key[8 + i]! ^ salt[i]!
  return vector
}

function padded(plain: Uint8Array): Uint8Array {
  const rest = plain.length % 8
  return rest === 0 ? plain : Buffer.concat([plain, zeros.subarray(0, 8 - rest)])
}

/** RFC 3826 §3.1.2.1: boots, time, salt. */
function aesVector(salt: Uint8Array, boots: number, time: number): Buffer {
  const vector = Buffer.allocUnsafe(16)
  vector.writeUInt32BE(boots >>> 0, 0)
  vector.writeUInt32BE(time >>> 0, 4)
  vector.set(salt, 8)
  return vector
}

function aesName(key: Uint8Array): 'aes-128-cfb' | 'aes-192-cfb' | 'aes-256-cfb' {
  return key.length === 16 ? 'aes-128-cfb' : key.length === 24 ? 'aes-192-cfb' : 'aes-256-cfb'
}
