declare const oidBrand: unique symbol

/**
 * An object identifier as a value: two UTF-16 units an arc, the high half first. So `===` is equality, `<` is the order
 * of MIBs (RFC 3416 §4.2.2 compares arc by arc, as unsigned), `startsWith` is "lies in the subtree of", and a `Map` takes
 * it as key, all native. It is not text: show it with `formatOid`, and never pass it through UTF-8.
 */
export type Oid = string & { readonly [oidBrand]: never }

/** RFC 2578 §3.5: at most 128 arcs, each at most 2^32 - 1. */
export const oidArcsMax = 128
export const arcMax = 4_294_967_295

/** Made of its arcs; what is out of bounds is a mistake of the caller's. */
export function oidFromArcs(arcs: readonly number[]): Oid {
  if (arcs.length > oidArcsMax) throw new RangeError(`an OID has at most ${oidArcsMax} arcs, this one ${arcs.length}`)
  const units: number[] = []
  for (const arc of arcs) {
    if (!Number.isInteger(arc) || arc < 0 || arc > arcMax) throw new RangeError(`an arc is 0 to ${arcMax}, not ${arc}`)
    units.push(arc >>> 16, arc & 0xffff)
  }
  return String.fromCharCode(...units) as Oid
}

/** For OIDs written in the source: `oid('1.3.6.1.2.1.1')`. Throws on what is not one. */
export function oid(dotted: string): Oid {
  const parsed = parseOid(dotted)
  if (parsed === undefined) throw new RangeError(`"${dotted}" is not an OID`)
  return parsed
}

/** Reads `1.3.6.1` or `.1.3.6.1`; undefined when the text is no OID. For text from users. */
export function parseOid(text: string): Oid | undefined {
  const body = text.startsWith('.') ? text.slice(1) : text
  if (!/^\d{1,10}(\.\d{1,10})*$/.test(body)) return undefined
  const arcs = body.split('.').map(Number)
  if (arcs.length > oidArcsMax || arcs.some(arc => arc > arcMax)) return undefined
  return oidFromArcs(arcs)
}

/** Dotted decimal without a leading dot. */
export function formatOid(value: Oid): string {
  if (value.length === 0) return ''
  let text = String(arcAt(value, 0))
  for (let i = 1; i < arcCount(value); i++) text += `.${arcAt(value, i)}`
  return text
}

export function arcCount(value: Oid): number {
  return value.length >>> 1
}

/** The arc at `index` from 0; -1 past the end. */
export function arcAt(value: Oid, index: number): number {
  if (index < 0 || index >= arcCount(value)) return -1
  return value.charCodeAt(2 * index) * 65_536 + value.charCodeAt(2 * index + 1)
}

export function arcsOf(value: Oid): number[] {
  return Array.from({ length: arcCount(value) }, (_, index) => arcAt(value, index))
}

/** `parent` itself counts as within. */
export function isWithin(value: Oid, parent: Oid): boolean {
  return value.startsWith(parent)
}

/** `value` with arcs appended: a column's cell is `appendArcs(column, ifIndex)`. */
export function appendArcs(value: Oid, ...arcs: number[]): Oid {
  return (value + oidFromArcs(arcs)) as Oid
}

/** What is left of `value` below `parent`: the index of a cell. Call only when `isWithin`. */
export function suffixOf(value: Oid, parent: Oid): Oid {
  return value.slice(parent.length) as Oid
}

/** The last arc, as a table with one integer index has it; -1 of an empty OID. */
export function lastArc(value: Oid): number {
  return arcAt(value, arcCount(value) - 1)
}

/** Negative, zero or positive as `a` comes before, is, or comes after `b`. */
export function compareOids(a: Oid, b: Oid): number {
  return a < b ? -1 : a > b ? 1 : 0
}
