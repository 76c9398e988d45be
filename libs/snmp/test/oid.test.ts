import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appendArcs, arcsOf, formatOid, isWithin, lastArc, type Oid, oid, parseOid, suffixOf } from '../src/index.ts'
import { anyOid } from './arbitraries.ts'

/** The order by definition, to hold the representation to. */
function compareArcs(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return Math.sign(a[i]! - b[i]!)
  return Math.sign(a.length - b.length)
}

describe('OIDs as values', () => {
  it('keeps the order of MIBs under <, arc by arc and unsigned', () => {
    const pair = fc.oneof(
      fc.tuple(anyOid, anyOid),
      fc
        .tuple(anyOid, fc.nat(5), fc.nat(4_294_967_295))
        .map(([a, drop, arc]): [Oid, Oid] => [
          a,
          appendArcs(a.slice(0, Math.max(0, a.length - 2 * drop - 2)) as Oid, arc),
        ]),
    )
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const order = a < b ? -1 : a > b ? 1 : 0
        expect(order).toBe(compareArcs(arcsOf(a), arcsOf(b)))
      }),
      { numRuns: 500 },
    )
    expect(oid('1.3.16384') > oid('1.3.16383')).toBe(true)
    expect(oid('1.3.4294967295') > oid('1.3.65535.9')).toBe(true)
  })

  it('reads what it prints', () => {
    fc.assert(
      fc.property(anyOid, value => {
        expect(parseOid(formatOid(value))).toBe(value)
      }),
    )
    expect(parseOid('.1.3.6')).toBe(oid('1.3.6'))
  })

  it('knows subtrees and indexes', () => {
    const ifDescr = oid('1.3.6.1.2.1.2.2.1.2')
    const cell = appendArcs(ifDescr, 4_294_967_295)
    expect(isWithin(cell, ifDescr)).toBe(true)
    expect(isWithin(oid('1.3.6.1.2.1.2.2.1.20.1'), ifDescr)).toBe(false)
    expect(formatOid(suffixOf(cell, ifDescr))).toBe('4294967295')
    expect(lastArc(cell)).toBe(4_294_967_295)
  })

  it.each(['', '1..3', '1.3.x', '1.3.4294967296', '1.-3', Array(129).fill('1').join('.')])('refuses %j', text => {
    expect(parseOid(text)).toBeUndefined()
  })
})
