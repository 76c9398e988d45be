import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { FlowAmounts, type SketchRows, TrafficSketch, trafficMeasures, WordTable } from '../src/index.ts'

const limits = { keysMax: 32, listedMax: 8, linksMax: 4 }
/** Hour, input, output, host. */
const keyWords = 4

interface Sent {
  input: number
  host: number
  octets: number
  packets: number
  samplingRate: number
}

function sketchOf(sent: readonly Sent[], bounds = limits): { listed: SketchRows; rest: SketchRows } {
  const sketch = new TrafficSketch(keyWords, bounds)
  for (const one of sent) {
    sketch.key.set([7, one.input, 0, one.host])
    sketch.add(amountsOf(one))
    expect(sketch.keys).toBeLessThanOrEqual(bounds.keysMax)
  }
  return sketch.take()
}

function amountsOf({ octets, packets, samplingRate }: Sent): FlowAmounts {
  const amounts = new FlowAmounts()
  amounts.set(0, octets, 0, packets, samplingRate, 1)
  return amounts
}

type Bounds = Record<(typeof trafficMeasures)[number], bigint>

/** What sketches say of one host on one link, by summing rows as the store does. */
function boundsOf(sketches: readonly { listed: SketchRows; rest: SketchRows }[], input: number, host: number) {
  const least: Bounds = { octets: 0n, packets: 0n, records: 0n }
  const most: Bounds = { octets: 0n, packets: 0n, records: 0n }
  for (const { listed, rest } of sketches) {
    for (let row = 0; row < listed.length; row++) {
      if (listed.words(1)[row] !== input || listed.words(3)[row] !== host) continue
      for (const measure of trafficMeasures) {
        least[measure] += listed.sums[measure][row]!
        most[measure] += listed.sums[measure][row]! - listed.unlistedMax[measure][row]!
      }
    }
    for (let row = 0; row < rest.length; row++) {
      if (rest.words(1)[row] !== input) continue
      for (const measure of trafficMeasures) most[measure] += rest.unlistedMax[measure][row]!
    }
  }
  return { least, most }
}

function meant(sent: readonly Sent[], input: number, host: number): Bounds {
  const sums: Bounds = { octets: 0n, packets: 0n, records: 0n }
  for (const one of sent) {
    if (one.input !== input || one.host !== host) continue
    sums.octets += BigInt(one.octets) * BigInt(one.samplingRate || 1)
    sums.packets += BigInt(one.packets) * BigInt(one.samplingRate || 1)
    sums.records += 1n
  }
  return sums
}

const sentOf = (hosts: number, links = 3) =>
  fc.record({
    input: fc.integer({ min: 1, max: links }),
    host: fc.integer({ min: 1, max: hosts }),
    octets: fc.integer({ min: 0, max: 0xffff_ffff }),
    packets: fc.integer({ min: 0, max: 1_000 }),
    samplingRate: fc.constantFrom(0, 1, 1_000, 1_000_000),
  })

describe('a traffic sketch', () => {
  it('bounds every key, listed or not, and totals are exact', () => {
    const epochs = fc.array(fc.array(sentOf(60), { maxLength: 300 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(epochs, parts => {
        const sketches = parts.map(sent => sketchOf(sent))
        const all = parts.flat()
        for (let input = 1; input <= 3; input++) {
          for (let host = 1; host <= 61; host++) {
            const { least, most } = boundsOf(sketches, input, host)
            const exact = meant(all, input, host)
            for (const measure of trafficMeasures) {
              expect(least[measure]).toBeLessThanOrEqual(exact[measure])
              expect(most[measure]).toBeGreaterThanOrEqual(exact[measure])
            }
          }
        }
        const sum = (values: BigUint64Array) => values.reduce((total, value) => total + value, 0n)
        const octets = sketches.reduce(
          (total, { listed, rest }) => total + sum(listed.sums.octets) + sum(rest.sums.octets),
          0n,
        )
        expect(octets).toBe(all.reduce((total, one) => total + BigInt(one.octets) * BigInt(one.samplingRate || 1), 0n))
        for (const { listed } of sketches) expect(listed.length).toBeLessThanOrEqual(limits.listedMax)
      }),
      { numRuns: 60 },
    )
  })

  it('is exact, without a rest, while keys are few', () => {
    fc.assert(
      fc.property(fc.array(sentOf(2)), sent => {
        const sketch = sketchOf(sent)
        expect(sketch.rest.length).toBe(0)
        for (const host of [1, 2, 3]) {
          const { least, most } = boundsOf([sketch], 1, host)
          expect(least).toEqual(meant(sent, 1, host))
          expect(most).toEqual(least)
        }
      }),
    )
  })

  it('finds the large ones in a flood of forged addresses, which costs few rows', () => {
    const random = seededRandom(5)
    const large = [1, 2, 3].map(host => ({ host, octets: 40_000 * host }))
    const sent = Array.from({ length: 200_000 }, (_, i): Sent => {
      const one = i % 50 === 0 ? large[(i / 50) % 3]! : { host: 1_000 + Math.floor(random() * 2 ** 31), octets: 64 }
      return { ...one, input: 1, packets: 1, samplingRate: 1 }
    })
    const sketch = sketchOf(sent, { keysMax: 2_048, listedMax: 512, linksMax: 4 })
    for (const { host } of large) {
      const { least, most } = boundsOf([sketch], 1, host)
      const exact = meant(sent, 1, host).octets
      expect(least.octets).toBe(exact)
      expect(most.octets).toBe(exact)
    }
    // The forged ones are each less than a sixteenth of a fair share.
    expect(sketch.listed.length).toBe(3)
    // Which of the others was heard how often is known within 0.1 % of the traffic.
    expect(Number(boundsOf([sketch], 1, 7).most.octets)).toBeLessThan(0.001 * Number(sketch.rest.sums.octets[0]))
  })

  it('counts links beyond the bound together, with their hosts', () => {
    const sent = Array.from(
      { length: 20 },
      (_, i): Sent => ({ input: i + 1, host: 9, octets: 1, packets: 1, samplingRate: 1 }),
    )
    const { listed } = sketchOf(sent)
    expect([...listed.words(1)]).toEqual([1, 2, 3, 4, 0])
    expect([...listed.sums.octets]).toEqual([1n, 1n, 1n, 1n, 16n])
  })

  it('is empty after it was taken, and rounds no bound down', () => {
    const sketch = new TrafficSketch(keyWords, { keysMax: 2, listedMax: 1, linksMax: 1 })
    const huge = new FlowAmounts()
    huge.set(0x20_0000, 1, 0, 1, 1, 1)
    for (const host of [1, 2, 3]) {
      sketch.key.set([7, 1, 0, host])
      sketch.add(huge)
    }
    const { rest } = sketch.take()
    expect(rest.unlistedMax.octets[0]!).toBeGreaterThanOrEqual((0x20_0000n << 32n) + 1n)
    const empty = sketch.take()
    expect([empty.listed.length, empty.rest.length, sketch.keys]).toEqual([0, 0, 0])
  })
})

describe('a word table', () => {
  it('numbers keys as a map does, whatever is let go of', () => {
    const word = fc.integer({ min: 0, max: 3 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, word), { maxLength: 200 }),
        fc.integer({ min: 1, max: 5 }),
        (keys, step) => {
          const table = new WordTable(3, 2)
          const rows: string[] = []
          for (const [i, key] of keys.entries()) {
            table.key.set(key)
            const found = table.find()
            expect(found).toBe(rows.indexOf(key.join()))
            if (found < 0) expect(table.insert()).toBe(rows.push(key.join()) - 1)
            if (i % 40 !== 39) continue
            const kept = rows.map((_, row) => row).filter(row => row % step === 0)
            table.keep(kept)
            rows.splice(0, rows.length, ...kept.map(row => rows[row]!))
          }
          expect(table.count).toBe(rows.length)
        },
      ),
    )
  })
})
