import { createHash } from 'node:crypto'

/** HMAC-MD5-96 and HMAC-SHA-96 (RFC 3414 §6, §7), HMAC-SHA-2 (RFC 7860). */
export const authProtocols = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const
export type AuthProtocol = (typeof authProtocols)[number]

/**
 * CBC-DES (RFC 3414 §8), CFB128-AES-128 (RFC 3826), and AES with longer keys, for which two ways to stretch a key are in
 * use and neither became a standard: Blumenthal's (`b`: draft-blumenthal-aes-usm-04, net-snmp) and Reeder's (`r`:
 * draft-reeder-snmpv3-usm-3desede-00, Cisco).
 */
export const privProtocols = ['des', 'aes', 'aes192b', 'aes192r', 'aes256b', 'aes256r'] as const
export type PrivProtocol = (typeof privProtocols)[number]

/** `blockBytes`: of HMAC. */
export const authAlgorithms: Readonly<Record<AuthProtocol, { hash: string; macBytes: number; blockBytes: number }>> = {
  md5: { hash: 'md5', macBytes: 12, blockBytes: 64 },
  sha: { hash: 'sha1', macBytes: 12, blockBytes: 64 },
  sha224: { hash: 'sha224', macBytes: 16, blockBytes: 64 },
  sha256: { hash: 'sha256', macBytes: 24, blockBytes: 64 },
  sha384: { hash: 'sha384', macBytes: 32, blockBytes: 128 },
  sha512: { hash: 'sha512', macBytes: 48, blockBytes: 128 },
}

const privKeyBytes: Readonly<Record<PrivProtocol, number>> = {
  des: 16,
  aes: 16,
  aes192b: 24,
  aes192r: 24,
  aes256b: 32,
  aes256r: 32,
}

const passwordBytes = 1_048_576

/** RFC 3414 §A.2: the digest of a megabyte of the password repeated. It costs milliseconds: keep what it gives. */
export function passwordToKey(protocol: AuthProtocol, password: Uint8Array): Buffer {
  if (password.length === 0) throw new RangeError('a password has at least one octet')
  const hash = createHash(authAlgorithms[protocol].hash)
  // Whole passwords, so that each block goes on where the last one ended.
  const block = Buffer.alloc(Math.ceil(16_384 / password.length) * password.length, password)
  let left = passwordBytes
  for (; left >= block.length; left -= block.length) hash.update(block)
  return hash.update(block.subarray(0, left)).digest()
}

/** RFC 3414 §2.6: the key of one engine. */
export function localizedKey(protocol: AuthProtocol, key: Uint8Array, engineId: Uint8Array): Buffer {
  return digest(protocol, key, engineId, key)
}

/** The engine's privacy key, made as long as the protocol needs it. */
export function localizedPrivKey(
  authProtocol: AuthProtocol,
  privProtocol: PrivProtocol,
  key: Uint8Array,
  engineId: Uint8Array,
): Buffer {
  const bytes = privKeyBytes[privProtocol]
  let localized = localizedKey(authProtocol, key, engineId)
  let last = localized
  while (localized.length < bytes) {
    last = privProtocol.endsWith('r')
      ? localizedKey(authProtocol, passwordToKey(authProtocol, last), engineId)
      : digest(authProtocol, localized)
    localized = Buffer.concat([localized, last])
  }
  return localized.subarray(0, bytes)
}

function digest(protocol: AuthProtocol, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash(authAlgorithms[protocol].hash)
  for (const part of parts) hash.update(part)
  return hash.digest()
}
