import fc from 'fast-check'
import { Reader, type Response } from 'mmdb-lib'
import { describe, expect, it } from 'vitest'
import { parsePrefix } from '../../../libs/model/src/index.ts'
import { countryCode, FlowEnrichment, noValue } from '../../../libs/stream/src/index.ts'
import { FlowColumns } from '../../../libs/wire/src/index.ts'
import { rangesOfDatabase } from '../src/enrichment/address-databases.ts'
import { FlowRollup, otherName } from '../src/flows/flow-rollup.ts'
import { mmdbOf } from './mmdb-file.ts'

const mapped = (a: number, b: number, c: number, d: number) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]

interface Flow {
  source: number[]
  destination: number[]
  octets: bigint
  tos: number
  direction: number
  as: number
  minute: number
  input: number
}

const address = fc.constantFrom(mapped(10, 1, 0, 1), mapped(10, 2, 0, 1), mapped(10, 2, 9, 9), mapped(192, 0, 2, 1))
const flow: fc.Arbitrary<Flow> = fc.record({
  source: address,
  destination: address,
  octets: fc.bigInt({ min: 0n, max: (1n << 50n) - 1n }),
  tos: fc.integer({ min: 0, max: 255 }),
  direction: fc.constantFrom(0, 1, 255),
  as: fc.constantFrom(0, 64_512),
  minute: fc.integer({ min: 0, max: 3 }),
  input: fc.integer({ min: 0, max: 3 }),
})

function columnsOf(flows: readonly Flow[]): FlowColumns {
  const columns = new FlowColumns(4)
  columns.reserve(flows.length)
  for (const one of flows) {
    const i = columns.length++
    columns.sourceAddress.set(one.source, 16 * i)
    columns.destinationAddress.set(one.destination, 16 * i)
    columns.octets[i] = one.octets
    columns.samplingRate[i] = 1
    columns.tos[i] = one.tos
    columns.direction[i] = one.direction
    columns.sourceAs[i] = one.as
    columns.inputInterface[i] = one.input
    columns.startMs[i] = one.minute * 60_000
    columns.endMs[i] = one.minute * 60_000
    columns.protocol[i] = 6
    columns.sourcePort[i] = 50_000
    columns.destinationPort[i] = 443
  }
  return columns
}

const networks = [
  { prefix: '10.0.0.0/8', site: 'rome', asn: 64_500, country: 'IT' },
  { prefix: '10.2.0.0/16', site: 'oslo', name: 'office', country: 'NO' },
]
const networkOf = (octets: readonly number[]) =>
  octets[12] !== 10 ? undefined : octets[13] === 2 ? networks[1] : networks[0]

function rolled(flows: readonly Flow[], rollup: FlowRollup) {
  const columns = columnsOf(flows)
  const exporter = rollup.exporter({
    tenantId: 'northwind',
    exporterId: 'e',
    siteId: 'hq',
    role: 'edge',
    enrichment: new FlowEnrichment('northwind', networks),
  })
  for (let i = 0; i < flows.length; i++) rollup.add(exporter, columns, i)
  const { length, columns: block } = rollup.take()
  const names = Object.keys(block)
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(names.map(name => [name, (block[name] as ArrayLike<unknown>)[row]])),
  )
}

describe('flow rollup by what addresses belong to', () => {
  it('equals a plain recomputation', () => {
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 50 }), flows => {
        const expected = new Map<string, bigint>()
        for (const one of flows) {
          const [source, destination] = [networkOf(one.source), networkOf(one.destination)]
          const key = [
            one.minute * 60,
            one.input,
            one.as || (source?.asn ?? 0),
            destination?.asn ?? 0,
            source ? (source.name ?? source.prefix) : '',
            destination?.site ?? '',
            source?.country ?? '',
            destination?.country ?? '',
            'https',
            one.tos >> 2,
            one.direction === 255 ? 0 : one.direction + 1,
          ].join(' ')
          expected.set(key, (expected.get(key) ?? 0n) + one.octets)
        }
        const found = new Map<string, bigint>()
        for (const row of rolled(flows, new FlowRollup())) {
          const key = [
            row.window_start,
            row.input_interface,
            row.source_as,
            row.destination_as,
            row.source_network,
            row.destination_site,
            row.source_country,
            row.destination_country,
            row.application,
            row.dscp,
            row.direction,
          ].join(' ')
          expect([row.exporter_site, row.exporter_role]).toEqual(['hq', 'edge'])
          found.set(key, (found.get(key) ?? 0n) + (row.octets as bigint))
        }
        expect(found).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps totals exact, and interfaces while it can, when there are too many rows', () => {
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 60 }), flows => {
        const rollup = new FlowRollup({ fullRowsMax: 5, interfaceRowsMax: 9 })
        const rows = rolled(flows, rollup)
        // One row of others for each minute comes on top of the bound.
        expect(rows.length).toBeLessThanOrEqual(9 + 4)
        const minutes = (list: readonly (readonly [number, bigint])[]) => {
          const sums = new Map<number, bigint>()
          for (const [minute, octets] of list) sums.set(minute, (sums.get(minute) ?? 0n) + octets)
          return [...sums].sort(([a], [b]) => a - b)
        }
        expect(minutes(rows.map(row => [Number(row.window_start) / 60, row.octets as bigint]))).toEqual(
          minutes(flows.map(one => [one.minute, one.octets])),
        )
        expect(rows.reduce((sum, row) => sum + (row.records as bigint), 0n)).toBe(BigInt(flows.length))
        const folded = rows.filter(row => row.application === otherName)
        expect(folded.every(row => row.source_network === otherName && row.protocol === 0)).toBe(true)
        expect(folded.length === 0 || rows.length >= 5).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

describe('address databases', () => {
  const entries = [
    { prefix: '192.0.2.0/24', record: { autonomous_system_number: 64_496 } },
    { prefix: '192.0.2.128/25', record: { autonomous_system_number: 64_497 } },
    { prefix: '10.0.0.0/8', record: { country: { iso_code: 'NO' }, autonomous_system_number: 64_498 } },
    { prefix: '2001:db8::/32', record: { registered_country: { iso_code: 'IT' }, autonomous_system_number: 64_499 } },
  ]
  const wordsOf = (text: string) => {
    const { family, address } = parsePrefix(text)!
    const octets = new Uint8Array(16)
    if (family === 4) octets.set([0xff, 0xff], 10)
    for (let i = 0; i < (family === 4 ? 4 : 16); i++) octets[15 - i] = Number((address >> BigInt(8 * i)) & 0xffn)
    return new Uint32Array(octets.buffer)
  }

  it.each([24, 28, 32] as const)('of %i-bit records give what their own reader gives', recordSize => {
    const file = mmdbOf(entries, recordSize)
    const reader = new Reader<Response>(file)
    const ranges = rangesOfDatabase(file, record => record.autonomous_system_number ?? noValue)
    const addresses = ['192.0.2.1', '192.0.2.127', '192.0.2.128', '192.0.3.0', '10.255.255.255', '11.0.0.0', '0.0.0.0']
    for (const text of [...addresses, '2001:db8::1', '2001:db9::', '2001:db7:ffff::', '::1']) {
      const meant = (reader.get(text) as { autonomous_system_number?: number } | null)?.autonomous_system_number
      expect([text, ranges.find(wordsOf(text), 0)]).toEqual([text, meant ?? noValue])
    }
  })

  it('serve as a fallback to what is configured', () => {
    const file = mmdbOf(entries, 28)
    const asn = rangesOfDatabase(file, record => record.autonomous_system_number ?? noValue)
    const enrichment = new FlowEnrichment('northwind', [{ prefix: '10.1.0.0/16', site: 'hq', asn: 65_000 }], { asn })
    const look = (text: string) => {
      enrichment.look(wordsOf(text), 0)
      return [enrichment.network, enrichment.asn, enrichment.country]
    }
    expect(look('10.1.0.1')).toEqual([1, 65_000, 0])
    expect(look('10.2.0.1')).toEqual([0, 64_498, 0])
    expect(look('172.16.0.1')).toEqual([0, 0, 0])
    expect(countryCode('NO')).toBeGreaterThan(0)
  })
})
