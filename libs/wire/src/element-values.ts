import { addressText, macText } from './address-text.ts'
import { hexOf } from './byte-view.ts'
import { highWord, lowWord } from './column-kernels.ts'
import type { ElementType } from './elements/index.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

/** The last integer length that stays below 2^53, and with it a JSON number. */
const numberOctetsMax = 6
const text = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A field's value as JSON: integers as numbers, or as decimal strings where the encoded length can pass 2^53; addresses
 * as text; times as ISO 8601 UTC with the element's own precision; what has an impossible length as hex.
 */
export function elementValue(type: ElementType, view: DataView, at: number, length: number): JsonValue {
  switch (type) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
      return length > 0 && length <= 8 ? unsigned(view, at, length) : hexOf(view, at, at + length)
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
      return length > 0 && length <= 8 ? signed(view, at, length) : hexOf(view, at, at + length)
    case 'f32':
    case 'f64':
      return floating(view, at, length)
    case 'bool':
      return boolean(view, at, length)
    case 'ip4':
      return length === 4 ? addressText(octets(view, at, length)) : hexOf(view, at, at + length)
    case 'ip6':
      return length === 16 ? addressText(octets(view, at, length)) : hexOf(view, at, at + length)
    case 'mac':
      return length === 6 ? macText(octets(view, at, length)) : hexOf(view, at, at + length)
    case 's':
      return length <= 8 && length > 0 ? isoTime(view, at, length, 0) : hexOf(view, at, at + length)
    case 'ms':
      return length <= 8 && length > 0 ? isoTime(view, at, length, 3) : hexOf(view, at, at + length)
    case 'us':
      return length === 8 ? ntpTime(view, at, 6) : hexOf(view, at, at + length)
    case 'ns':
      return length === 8 ? ntpTime(view, at, 9) : hexOf(view, at, at + length)
    case 'str':
      return textOf(view, at, length)
    default:
      return hexOf(view, at, at + length)
  }
}

export function unsigned(view: DataView, at: number, length: number): number | string {
  const high = highWord(view, at, length)
  const low = lowWord(view, at, length)
  if (length <= numberOctetsMax) return high * 4_294_967_296 + low
  return ((BigInt(high) << 32n) | BigInt(low)).toString()
}

/** UTF-8 without the zeros that fixed lengths are filled up with; what is no UTF-8 becomes U+FFFD. */
export function textOf(view: DataView, at: number, length: number): string {
  let end = at + length
  while (end > at && view.getUint8(end - 1) === 0) end--
  return text.decode(octets(view, at, end - at))
}

/** What is kept of a name: interfaces' descriptions are 255 octets at most, names far shorter. */
const nameLengthMax = 255

/** Names are shown on terminals and screens: what would steer one (control codes, directions of writing) is U+FFFD. */
const steering = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

export function nameOf(view: DataView, at: number, length: number): string {
  return textOf(view, at, Math.min(length, nameLengthMax)).trim().replace(steering, '\ufffd')
}

function octets(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length)
}

function signed(view: DataView, at: number, length: number): number | string {
  const value = BigInt.asIntN(
    8 * length,
    (BigInt(highWord(view, at, length)) << 32n) | BigInt(lowWord(view, at, length)),
  )
  return length <= numberOctetsMax ? Number(value) : value.toString()
}

/** JSON has no word for what is no number. */
function floating(view: DataView, at: number, length: number): JsonValue {
  const value = length === 4 ? view.getFloat32(at) : length === 8 ? view.getFloat64(at) : undefined
  if (value === undefined) return hexOf(view, at, at + length)
  return Number.isFinite(value) ? value : String(value)
}

/** RFC 7011 §6.1.5: 1 is true, 2 is false. */
function boolean(view: DataView, at: number, length: number): JsonValue {
  const value = length === 1 ? view.getUint8(at) : 0
  return value === 1 ? true : value === 2 ? false : hexOf(view, at, at + length)
}

function isoTime(view: DataView, at: number, length: number, digits: 0 | 3): string | number {
  const value = highWord(view, at, length) * 4_294_967_296 + lowWord(view, at, length)
  const ms = digits === 0 ? value * 1000 : value
  if (ms > 8.64e15) return unsigned(view, at, length)
  const iso = new Date(ms).toISOString()
  return digits === 0 ? iso.replace('.000Z', 'Z') : iso
}

/** NTP's 32 bits of seconds since 1900 and 32 bits of fraction; seconds before 1970 count from 2036 (RFC 5905 §6). */
function ntpTime(view: DataView, at: number, digits: 6 | 9): string {
  const seconds = view.getUint32(at)
  // All zeros is a time nobody set, not the first second of 2036's era.
  const era = seconds < 2_208_988_800 && seconds > 0 ? 4_294_967_296 : 0
  const unix = seconds - 2_208_988_800 + era
  const fraction = (BigInt(view.getUint32(at + 4)) * 10n ** BigInt(digits)) >> 32n
  return `${new Date(unix * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(digits, '0')}Z`
}
