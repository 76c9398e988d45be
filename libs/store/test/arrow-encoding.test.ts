import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeArrowStream } from '../src/arrow/encode-block.ts'
import { type ColumnBlock, type ColumnType, type ColumnValues, type TableName, tables } from '../src/index.ts'
import { blockOf } from './sample-blocks.ts'

/** What apache-arrow, which shares no code with the encoder, reads back: one list of plain values a column. */
function decoded(bytes: Uint8Array): Record<string, unknown[]> {
  const table = tableFromIPC(bytes)
  return Object.fromEntries(
    table.schema.fields.map(field => {
      const column = table.getChild(field.name)!
      const values = Array.from({ length: table.numRows }, (_, row) => column.get(row))
      return [field.name, values.map(value => (value instanceof Uint8Array ? [...value] : value))]
    }),
  )
}

function meant(table: TableName, block: ColumnBlock): Record<string, unknown[]> {
  return Object.fromEntries(
    Object.entries(tables[table]).map(([name, type]: [string, ColumnType]) => {
      const values = block.columns[name]!
      const row = (i: number) => {
        if (type === 'IPv6') return [...(values as Uint8Array).subarray(16 * i, 16 * i + 16)]
        return type === 'DateTime64(3)' ? Math.floor(values[i] as number) : values[i]
      }
      return [name, Array.from({ length: block.length }, (_, i) => row(i))]
    }),
  )
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', 'acme', 'a longer name that repeats', '漢字', '🛰'),
)

function valuesOf(type: ColumnType, length: number): fc.Arbitrary<ColumnValues> {
  const array = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: length, maxLength: length })
  switch (type) {
    case 'String':
      // Sorted columns of few values take another path than random ones.
      return fc.oneof(
        array(text),
        array(fc.constantFrom('x', 'ü')).map(values => values.sort()),
      )
    case 'UInt8':
      return array(fc.nat(0xff)).chain(values => fc.constantFrom<ColumnValues>(values, Uint8Array.from(values)))
    case 'UInt16':
      return array(fc.nat(0xffff)).chain(values => fc.constantFrom<ColumnValues>(values, Uint16Array.from(values)))
    case 'UInt32':
    case 'DateTime':
      return array(fc.nat(0xffff_ffff)).chain(values =>
        fc.constantFrom<ColumnValues>(values, Uint32Array.from(values), Float64Array.from(values)),
      )
    case 'UInt64':
      return array(fc.bigInt(0n, 2n ** 64n - 1n)).chain(values =>
        fc.constantFrom<ColumnValues>(values, BigUint64Array.from(values)),
      )
    case 'Float64':
      return array(fc.double({ noNaN: true })).map(values => Float64Array.from(values))
    case 'DateTime64(3)':
      return array(fc.nat(4_102_444_800_000)).map(values => Float64Array.from(values))
    case 'IPv6':
      return fc.uint8Array({ minLength: 16 * length, maxLength: 16 * length })
  }
}

describe('Arrow encoding', () => {
  it.each(Object.keys(tables) as TableName[])('of %s is what an independent reader reads', table => {
    const blocks = fc
      .nat(40)
      .chain(length =>
        fc
          .record(
            Object.fromEntries(Object.entries(tables[table]).map(([name, type]) => [name, valuesOf(type, length)])),
          )
          .map((columns): ColumnBlock => ({ length, columns })),
      )
    fc.assert(
      fc.property(blocks, block => {
        expect(decoded(encodeArrowStream(table, block))).toEqual(meant(table, block))
      }),
      { numRuns: 40 },
    )
  })

  it('keeps columns apart that share one array, or lie in one buffer', () => {
    const shared = BigUint64Array.from([1n, 2n, 3n])
    const backing = new Uint32Array([1, 2, 3, 4, 5, 6])
    const block = blockOf('flow_1m', [{}, {}, {}])
    const columns = {
      ...block.columns,
      octets: shared,
      packets: shared,
      octets_exported: shared.subarray(0),
      source_as: backing.subarray(0, 3),
      destination_as: backing.subarray(2, 5),
    }
    expect(decoded(encodeArrowStream('flow_1m', { length: 3, columns }))).toMatchObject({
      octets: [1n, 2n, 3n],
      packets: [1n, 2n, 3n],
      octets_exported: [1n, 2n, 3n],
      source_as: [1, 2, 3],
      destination_as: [3, 4, 5],
    })
  })

  it('keeps texts apart that would join into another character', () => {
    const halves = ['é', 'x\ud83d', '\udef0y', 'z']
    const block = { ...blockOf('interfaces', [{}, {}, {}, {}]) }
    const bytes = encodeArrowStream('interfaces', { ...block, columns: { ...block.columns, if_alias: halves } })
    expect(decoded(bytes).if_alias).toEqual(['é', 'x\ufffd', '\ufffdy', 'z'])
  })

  it('encodes large blocks', () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => ({
      tenant_id: `t${i % 3}`,
      exporter: `e${i}`,
      octets: BigInt(i),
    }))
    const read = decoded(encodeArrowStream('flows', blockOf('flows', rows)))
    expect(read.exporter!.every((value, i) => value === `e${i}`)).toBe(true)
    expect(read.octets![69_999]).toBe(69_999n)
  })
})
