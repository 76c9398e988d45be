import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Exporter } from './decoding.ts'
import { type Field, ipfix, set, template, uint, v5, v5Record, v9 } from './packets.ts'

const port = fc.nat({ max: 65_535 })
const u32 = fc.nat({ max: 0xffff_ffff })
const octet = fc.nat({ max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet).map(parts => parts.join('.'))

describe('what is written is read', () => {
  it('NetFlow v5', () => {
    const record = fc.record({
      source: ipv4,
      destination: ipv4,
      input: port,
      output: port,
      packets: u32,
      octets: u32,
      sourcePort: port,
      destinationPort: port,
      tcpFlags: octet,
      protocol: octet,
      tos: octet,
      sourceAs: port,
      destinationAs: port,
      sourceMask: octet,
      destinationMask: octet,
    })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), records => {
        const { rows, errors } = new Exporter().send(v5(records.map(v5Record)))
        expect(errors).toEqual([])
        expect(rows).toHaveLength(records.length)
        for (const [index, expected] of records.entries()) {
          const { packets, octets, ...rest } = expected
          expect(rows[index]).toMatchObject({ ...rest, packets: BigInt(packets), octets: BigInt(octets) })
        }
      }),
      { numRuns: 100 },
    )
  })

  /** Columns by element, with the width of the column in octets. */
  const elements = {
    1: ['octets', 8],
    2: ['packets', 8],
    4: ['protocol', 1],
    5: ['tos', 1],
    6: ['tcpFlags', 2],
    7: ['sourcePort', 2],
    11: ['destinationPort', 2],
    10: ['input', 4],
    14: ['output', 4],
    16: ['sourceAs', 4],
    17: ['destinationAs', 4],
    9: ['sourceMask', 1],
    13: ['destinationMask', 1],
    58: ['vlan', 2],
    61: ['direction', 1],
  } as const

  const anyField = fc
    .constantFrom(...(Object.keys(elements).map(Number) as (keyof typeof elements)[]))
    .chain(element =>
      fc.record({ element: fc.constant(element), length: fc.integer({ min: 1, max: 8 }), filler: fc.nat({ max: 5 }) }),
    )

  it('any template of v9 and IPFIX, with any lengths, fields unknown to the columns, and text of its own length', () => {
    const layout = fc.uniqueArray(anyField, { selector: field => field.element, minLength: 1, maxLength: 15 })
    fc.assert(
      fc.property(
        layout,
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        fc.boolean(),
        (fields, seeds, isIpfix, isVariable) => {
          const variable = isIpfix && isVariable
          // 371 (userName) is text, 210 padding: neither has a column.
          const all: Field[] = fields.flatMap(({ element, length, filler }): Field[] => [
            [element, length],
            variable ? [371, 65_535] : [210, filler],
          ])
          const valueFor = (seed: bigint, index: number, length: number): bigint =>
            BigInt.asUintN(8 * length, seed * BigInt(index + 1) + BigInt(index))
          const records = seeds.flatMap(seed =>
            fields.flatMap(({ length, filler }, index) => [
              ...uint(valueFor(seed, index, length), length),
              ...(variable ? [filler, ...new Array<number>(filler).fill(0x61)] : new Array<number>(filler).fill(0xee)),
            ]),
          )
          const sets = [set(isIpfix ? 2 : 0, template(256, all)), set(256, records)]
          const { rows, errors } = new Exporter().send(isIpfix ? ipfix(sets) : v9(sets))
          expect(errors).toEqual([])
          expect(rows).toHaveLength(seeds.length)
          for (const [row, seed] of seeds.entries()) {
            for (const [index, { element, length }] of fields.entries()) {
              const [name, width] = elements[element]
              const value = BigInt.asUintN(8 * width, valueFor(seed, index, length))
              expect(BigInt(rows[row]![name]), `${name}/${length}`).toBe(value)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
