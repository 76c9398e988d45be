import type { DatagramContext } from './datagram-context.ts'

/**
 * Moves one field of `n` records from the wire into one column. Each kernel is written out for one width and one column
 * type: a shared one saw several array types and ran three times slower. `column: never` because each knows its own; the
 * plan pairs them.
 * @param at position of the field in the first record; `stride` octets further in the next
 * @param row of the first record in the column
 * @param second column of the field after it, for kernels that move two neighbours at once
 */
export type Kernel = (
  view: DataView,
  at: number,
  stride: number,
  n: number,
  column: never,
  row: number,
  length: number,
  context: DatagramContext,
  second: never,
) => void

export const u8ToU8: Kernel = (view, at, stride, n, column: Uint8Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = view.getUint8(p)
}

export const u8ToU16: Kernel = (view, at, stride, n, column: Uint16Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = view.getUint8(p)
}

export const u16ToU16: Kernel = (view, at, stride, n, column: Uint16Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = view.getUint16(p)
}

export const u16ToU32: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = view.getUint16(p)
}

export const u32ToU32: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = view.getUint32(p)
}

/** Any width into any integer column: the low 32 bits, which the column cuts to its own width. */
export const anyToInteger: Kernel = (view, at, stride, n, column: Uint8Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = lowWord(view, p, length)
}

/** applicationId (IE 95) of other than 4 octets. */
export const applicationToU32: Kernel = (view, at, stride, n, column: Uint32Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = applicationIdAt(view, p, length)
}

/** A 4-octet counter into a 64-bit column. */
export const u32ToWords: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = 2 * row, p = at; i < 2 * (row + n); i += 2, p += stride) {
    column[i] = view.getUint32(p)
    column[i + 1] = 0
  }
}

export const u64ToWords: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = 2 * row, p = at; i < 2 * (row + n); i += 2, p += stride) {
    column[i] = view.getUint32(p + 4)
    column[i + 1] = view.getUint32(p)
  }
}

/** Reduced-size encoding (RFC 7011 §6.2): 1 to 8 octets. */
export const anyToWords: Kernel = (view, at, stride, n, column: Uint32Array, row, length) => {
  for (let i = 2 * row, p = at; i < 2 * (row + n); i += 2, p += stride) {
    column[i] = lowWord(view, p, length)
    column[i + 1] = highWord(view, p, length)
  }
}

/** Adds to what another field wrote: initiator and responder make one record's octets. */
export const addToWords: Kernel = (view, at, stride, n, column: Uint32Array, row, length) => {
  for (let i = 2 * row, p = at; i < 2 * (row + n); i += 2, p += stride) {
    const low = (column[i] as number) + lowWord(view, p, length)
    column[i] = low
    column[i + 1] = (column[i + 1] as number) + highWord(view, p, length) + (low > 0xffff_ffff ? 1 : 0)
  }
}

/** ::ffff:a.b.c.d; the first eight octets of the row are zero already. */
export const ipv4ToWords: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = 4 * row, p = at; i < 4 * (row + n); i += 4, p += stride) {
    column[i + 2] = 0xffff_0000
    column[i + 3] = view.getUint32(p, true)
  }
}

export const ipv6ToWords: Kernel = (view, at, stride, n, column: Uint32Array, row) => {
  for (let i = 4 * row, p = at; i < 4 * (row + n); i += 4, p += stride) {
    column[i] = view.getUint32(p, true)
    column[i + 1] = view.getUint32(p + 4, true)
    column[i + 2] = view.getUint32(p + 8, true)
    column[i + 3] = view.getUint32(p + 12, true)
  }
}

/** For templates with both families (nProbe, SonicWall): the IPv6 field stands where it is not ::. */
export const ipv6ToWordsIfSet: Kernel = (view, at, stride, n, column: Uint32Array, row, length, context) => {
  for (let i = 0, p = at; i < n; i++, p += stride) {
    const any = view.getUint32(p) | view.getUint32(p + 4) | view.getUint32(p + 8) | view.getUint32(p + 12)
    if (any !== 0) ipv6ToWords(view, p, stride, 1, column as never, row + i, length, context, column as never)
  }
}

/** 6 octets as three 16-bit entries in memory order. */
export const macToWords: Kernel = (view, at, stride, n, column: Uint16Array, row) => {
  for (let i = 3 * row, p = at; i < 3 * (row + n); i += 3, p += stride) {
    column[i] = view.getUint16(p, true)
    column[i + 1] = view.getUint16(p + 2, true)
    column[i + 2] = view.getUint16(p + 4, true)
  }
}

/** A label stack entry of 3 octets without TTL (IE 70): the label is its upper 20 bits. */
export const labelToU32: Kernel = (view, at, stride, n, column: Uint32Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) {
    column[i] = length === 3 ? (view.getUint16(p) << 4) | (view.getUint8(p + 2) >>> 4) : view.getUint32(p) >>> 12
  }
}

/** ipDiffServCodePoint (IE 195) is the upper six bits of the ToS octet. */
export const dscpToU8: Kernel = (view, at, stride, n, column: Uint8Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = lowWord(view, p, length) << 2
}

export const icmpTypeToU16: Kernel = (view, at, stride, n, column: Uint16Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = (column[i]! & 0xff) | (view.getUint8(p) << 8)
}

export const icmpCodeToU16: Kernel = (view, at, stride, n, column: Uint16Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = (column[i]! & 0xff00) | view.getUint8(p)
}

/**
 * sysUptime milliseconds, of 32 bits that wrap every 49.7 days. The signed distance to the header's sysUptime is right
 * across a wrap (goflow2#431, softflowd#52, pmacct#640) and for a flow that ends a little after the header was filled.
 */
export const uptimeToMs: Kernel = (view, at, stride, n, column: Float64Array, row, _length, context) => {
  const { uptimeMs, exportedMs } = context
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = exportedMs + ((view.getUint32(p) - uptimeMs) | 0)
}

export const secondsToMs: Kernel = (view, at, stride, n, column: Float64Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) column[i] = lowWord(view, p, length) * 1000
}

export const millisecondsToMs: Kernel = (view, at, stride, n, column: Float64Array, row, length) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) {
    column[i] = highWord(view, p, length) * 4_294_967_296 + lowWord(view, p, length)
  }
}

/** NTP timestamps (RFC 7011 §6.1.9); seconds before 1970 belong to the era that begins in 2036 (RFC 5905 §6). */
export const ntpToMs: Kernel = (view, at, stride, n, column: Float64Array, row) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) {
    const seconds = view.getUint32(p)
    column[i] =
      seconds === 0
        ? 0
        : (seconds - 2_208_988_800 + (seconds < 2_208_988_800 ? 4_294_967_296 : 0)) * 1000 +
          Math.floor((view.getUint32(p + 4) * 1000) / 4_294_967_296)
  }
}

/** Microseconds before the export time (IE 158, 159). */
export const deltaMicrosecondsToMs: Kernel = (view, at, stride, n, column: Float64Array, row, length, context) => {
  for (let i = row, p = at; i < row + n; i++, p += stride) {
    column[i] = context.exportedMs - Math.floor(lowWord(view, p, length) / 1000)
  }
}

/** The low 32 bits of a big-endian integer of 1 to 8 octets. */
export function lowWord(view: DataView, at: number, length: number): number {
  if (length >= 4) return view.getUint32(at + length - 4)
  if (length === 2) return view.getUint16(at)
  if (length === 1) return view.getUint8(at)
  return length === 3 ? (view.getUint8(at) << 16) | view.getUint16(at + 1) : 0
}

/** The high 32 bits of a big-endian integer of 1 to 8 octets. */
export function highWord(view: DataView, at: number, length: number): number {
  return length > 4 ? lowWord(view, at, length - 4) : 0
}

/** Classification engine "PANA-L7-PEN": the maker's enterprise number stands between engine and selector (RFC 6759 §4.1). */
const engineWithEnterprise = 20

/**
 * applicationId (IE 95) in 32 bits: the classification engine in the high octet, the low 24 bits of the selector below. An
 * exporter's own enterprise number is left out: FortiGate writes 20, 12356 and 4 octets of selector.
 */
export function applicationIdAt(view: DataView, at: number, length: number): number {
  if (length === 4) return view.getUint32(at)
  const engine = view.getUint8(at)
  const before = engine === engineWithEnterprise && length > 5 ? 5 : 1
  const selector = Math.min(length - before, 3)
  return ((engine << 24) | lowWord(view, at + length - selector, selector)) >>> 0
}
