import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Prefix, parsePrefix } from '../../model/src/index.ts'
import {
  applicationName,
  countryCode,
  countryLetters,
  FlowEnrichment,
  longestPrefixRanges,
  noValue,
} from '../src/index.ts'

/** An address as `FlowColumns` holds it. */
function wordsOf(family: 4 | 6, address: bigint): Uint32Array {
  const octets = new Uint8Array(16)
  if (family === 4) octets.set([0xff, 0xff], 10)
  const size = family === 4 ? 4 : 16
  for (let i = 0; i < size; i++) octets[15 - i] = Number((address >> BigInt(8 * i)) & 0xffn)
  return new Uint32Array(octets.buffer)
}

const prefix = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    // Few distinct heads, so that prefixes nest.
    head: fc.bigInt({ min: 0n, max: 7n }),
    tail: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    bits: fc.integer({ min: 0, max: 128 }),
  })
  .map(({ family, head, tail, bits }): Prefix => {
    const size = family === 4 ? 32 : 128
    const length = Math.min(bits, size)
    const address = (head << BigInt(size - 3)) | (tail & ((1n << BigInt(size - 3)) - 1n))
    return { family, bits: length, address: (address >> BigInt(size - length)) << BigInt(size - length) }
  })

function naive(prefixes: readonly (Prefix & { value: number })[], family: 4 | 6, address: bigint): number {
  let best: (Prefix & { value: number }) | undefined
  for (const one of prefixes) {
    const shift = BigInt((family === 4 ? 32 : 128) - one.bits)
    if (one.family !== family || one.address >> shift !== address >> shift) continue
    if (!best || one.bits >= best.bits) best = one
  }
  return best?.value ?? noValue
}

describe('longest prefix match', () => {
  it('equals a search through all prefixes, at their edges too', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 40 }), fc.array(prefix, { maxLength: 20 }), (some, others) => {
        const prefixes = some.map((one, value) => ({ ...one, value }))
        const ranges = longestPrefixRanges(prefixes)
        for (const { family, address, bits } of [...some, ...others]) {
          const size = family === 4 ? 32n : 128n
          const edges = [address, address - 1n, address + (1n << (size - BigInt(bits)))]
          for (const edge of edges.map(value => BigInt.asUintN(Number(size), value))) {
            expect(ranges.find(wordsOf(family, edge), 0)).toBe(naive(prefixes, family, edge))
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('enrichment', () => {
  const networks = [
    { prefix: '10.0.0.0/8', site: 'everywhere', asn: 64_500 },
    { prefix: '10.1.0.0/16', site: 'oslo', name: 'office', country: 'no' },
    { prefix: '10.1.0.0/16', tenant: 'acme', site: 'rome', country: 'IT', asn: 64_501 },
  ]
  const look = (tenant: string, address: string) => {
    const enrichment = new FlowEnrichment(tenant, networks)
    enrichment.look(wordsOf(4, parsePrefix(address)!.address), 0)
    const first = [
      enrichment.networks[enrichment.network - 1]?.site,
      enrichment.asn,
      countryLetters(enrichment.country),
    ]
    enrichment.look(wordsOf(4, parsePrefix(address)!.address), 0)
    const again = [
      enrichment.networks[enrichment.network - 1]?.site,
      enrichment.asn,
      countryLetters(enrichment.country),
    ]
    expect(again).toEqual(first)
    return first
  }

  it("prefers a tenant's own network, and says nothing of others", () => {
    expect(look('northwind', '10.1.2.3')).toEqual(['oslo', 0, 'NO'])
    expect(look('acme', '10.1.2.3')).toEqual(['rome', 64_501, 'IT'])
    expect(look('acme', '10.9.2.3')).toEqual(['everywhere', 64_500, ''])
    expect(look('acme', '192.0.2.1')).toEqual([undefined, 0, ''])
    expect(countryLetters(countryCode('zz9'))).toBe('')
  })

  it('names applications by port, by protocol and by what the exporter says', () => {
    expect(applicationName(0, 6, 443)).toBe('https')
    expect(applicationName(0, 17, 53)).toBe('domain')
    expect(applicationName(0, 6, 40_123)).toBe('')
    expect(applicationName(0, 50, 0)).toBe('esp')
    expect(applicationName((3 << 24) | 80, 6, 8_443)).toBe('http')
    expect(applicationName((13 << 24) | 453, 6, 443)).toBe('pana-l7/453')
  })
})
