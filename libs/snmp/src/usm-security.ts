import { type Cipher, createCipheriv, createDecipheriv, hash, timingSafeEqual } from 'node:crypto'
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

/**
 * Signs and seals what goes to one engine, and checks and opens what comes from it. Objects of node:crypto cost more than what
 * they work out for a datagram, so that digests are one-shot and a reply is decrypted by a cipher that is kept.
 */
export class UsmSecurity {
  readonly macBytes: number
  readonly hasAuth: boolean
  readonly hasPriv: boolean
  readonly #hash: string
  /** The key's block of HMAC (RFC 2104), combined with its two pads; the latter with room for the inner digest. */
  readonly #innerBlock: Buffer
  readonly #outerBlock: Buffer
  readonly #priv: PrivKey | undefined
  #blocks: Cipher | undefined

  constructor(auth: AuthKey | undefined, priv: PrivKey | undefined) {
    const { hash: name = '', macBytes = 0, blockBytes = 0 } = auth ? authAlgorithms[auth.protocol] : {}
    this.macBytes = macBytes
    this.hasAuth = auth !== undefined
    this.hasPriv = priv !== undefined
    this.#hash = name
    this.#innerBlock = Buffer.alloc(blockBytes, 0x36)
    this.#outerBlock = Buffer.alloc(blockBytes + (auth?.key.length ?? 0), 0x5c)
    for (const [i, octet] of (auth?.key ?? zeros.subarray(0, 0)).entries()) {
      this.#innerBlock[i]! ^= octet
      this.#outerBlock[i]! ^= octet
    }
    this.#priv = priv
  }

  /** Puts the digest into the message, whose octets for it, from `macAt`, are zeros. */
  sign(message: Buffer, macAt: number): void {
    message.write(this.#mac(message, macAt), macAt, this.macBytes, 'latin1')
  }

  /** Whether the message's digest is its own; compares in constant time. */
  isAuthentic(message: Uint8Array, macAt: number, macLength: number): boolean {
    if (macLength !== this.macBytes || macLength === 0 || message.length > messageBytesMax) return false
    macScratch.write(this.#mac(message, macAt), 0, macLength, 'latin1')
    return timingSafeEqual(macScratch.subarray(0, macLength), message.subarray(macAt, macAt + macLength))
  }

  /** @param salt 8 octets, which go with the message; never the same twice under a key */
  encrypt(plain: Uint8Array, salt: Uint8Array, boots: number, time: number): Buffer {
    const { protocol, key } = this.#priv!
    if (protocol === 'des') {
      const cipher = createCipheriv('des-ede3-cbc', tripled(key), desVector(key, salt)).setAutoPadding(false)
      return Buffer.concat([cipher.update(padded(plain)), cipher.final()])
    }
    return createCipheriv(`aes-${aesBits(key)}-cfb`, key, aesVector(salt, boots, time)).update(plain)
  }

  /** Undefined where the octets cannot be what `encrypt` makes. */
  decrypt(sealed: Uint8Array, salt: Uint8Array, boots: number, time: number): Buffer | undefined {
    if (!this.#priv || salt.length !== 8) return undefined
    const { protocol, key } = this.#priv
    if (protocol !== 'des') return this.#decryptAes(sealed, key, aesVector(salt, boots, time))
    if (sealed.length === 0 || sealed.length % 8 !== 0) return undefined
    const cipher = createDecipheriv('des-ede3-cbc', tripled(key), desVector(key, salt)).setAutoPadding(false)
    return Buffer.concat([cipher.update(sealed), cipher.final()])
  }

  /** The digest of the message with zeros in its digest's place, a character an octet: a Buffer would cost as much again. */
  #mac(message: Uint8Array, macAt: number): string {
    const blockBytes = this.#innerBlock.length
    scratch.set(this.#innerBlock)
    scratch.set(message, blockBytes)
    scratch.fill(0, blockBytes + macAt, blockBytes + macAt + this.macBytes)
    const inner = hash(this.#hash, scratch.subarray(0, blockBytes + message.length), 'binary')
    this.#outerBlock.write(inner, blockBytes, 'latin1')
    return hash(this.#hash, this.#outerBlock, 'binary')
  }

  /**
   * CFB128 (RFC 3826 §3.1.3): each block is combined with the encrypted block before it, the first with the encrypted
   * vector. Decrypting, all those blocks are known, and are encrypted in one go.
   */
  #decryptAes(sealed: Uint8Array, key: Uint8Array, vector: Buffer): Buffer {
    this.#blocks ??= createCipheriv(`aes-${aesBits(key)}-ecb`, key, null).setAutoPadding(false)
    const whole = Math.ceil(sealed.length / 16) * 16
    scratch.set(vector)
    scratch.set(sealed.subarray(0, Math.max(0, whole - 16)), 16)
    const plain = this.#blocks.update(scratch.subarray(0, whole))
    for (let i = 0; i < sealed.length; i++) plain[i]! ^= sealed[i]!
    return plain.subarray(0, sealed.length)
  }
}

/** What a message and HMAC's block before it take at most; one for the process, since all is synchronous. */
const messageBytesMax = 65_535
const scratch = Buffer.alloc(messageBytesMax + 128)
const macScratch = Buffer.alloc(64)
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

function aesBits(key: Uint8Array): 128 | 192 | 256 {
  return key.length === 16 ? 128 : key.length === 24 ? 192 : 256
}
