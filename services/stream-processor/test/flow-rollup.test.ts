import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlowColumns } from '../../../libs/wire/src/index.ts'
import { FlowRollup, servicePort } from '../src/flows/flow-rollup.ts'

interface Flow {
  exporter: number
  startMs: number
  durationMs: number
  octets: bigint
  packets: bigint
  rate: number
  input: number
  protocol: number
  port: number
}

const base = Date.UTC(2026, 0, 1)

const flow: fc.Arbitrary<Flow> = fc.record({
  exporter: fc.integer({ min: 0, max: 2 }),
  startMs: fc.integer({ min: base, max: base + 600_000 }),
  durationMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 }), fc.constant(1_800_000)),
  octets: fc.oneof(fc.bigInt({ min: 0n, max: 1n << 40n }), fc.bigInt({ min: 0n, max: (1n << 58n) - 1n })),
  packets: fc.bigInt({ min: 0n, max: 1n << 33n }),
  rate: fc.constantFrom(0, 1, 100, 16_384, 4_000_000_000),
  input: fc.integer({ min: 0, max: 3 }),
  protocol: fc.constantFrom(1, 6, 17),
  port: fc.constantFrom(53, 443, 50_000),
})

function columnsOf(flows: readonly Flow[]): FlowColumns {
  const columns = new FlowColumns(4)
  columns.reserve(flows.length)
  for (const one of flows) {
    const i = columns.length++
    columns.startMs[i] = one.startMs
    columns.endMs[i] = one.startMs + one.durationMs
    columns.octets[i] = one.octets
    columns.packets[i] = one.packets
    columns.samplingRate[i] = one.rate
    columns.inputInterface[i] = one.input
    columns.protocol[i] = one.protocol
    columns.sourcePort[i] = one.port
    columns.destinationPort[i] = 60_000
  }
  return columns
}

/** The same sums in plain BigInt arithmetic: floor(amount × elapsed / duration), remainders carried. */
function naive(flows: readonly Flow[]): Map<string, bigint[]> {
  const sums = new Map<string, bigint[]>()
  for (const one of flows) {
    const start = BigInt(one.startMs)
    const end = start + BigInt(one.durationMs)
    const upTo = (amount: bigint, time: bigint) => (end === start ? amount : (amount * (time - start)) / (end - start))
    let first = true
    for (let window = start - (start % 60_000n); first || window < end; window += 60_000n) {
      const from = window > start ? window : start
      const to = window + 60_000n < end ? window + 60_000n : end
      const part = (amount: bigint) =>
        end <= window + 60_000n && first ? amount : upTo(amount, to) - upTo(amount, from)
      const rate = BigInt(one.rate || 1)
      const key = [
        `exporter-${one.exporter}`,
        Number(window / 1000n),
        one.input,
        one.protocol,
        servicePort(one.protocol, one.port, 60_000),
      ].join(' ')
      const sum = sums.get(key) ?? [0n, 0n, 0n, 0n, 0n, 0n]
      const octets = part(one.octets)
      const packets = part(one.packets)
      const added = [octets * rate, packets * rate, octets, packets, first ? 1n : 0n, first && !one.rate ? 1n : 0n]
      sums.set(
        key,
        sum.map((value, i) => BigInt.asUintN(64, value + added[i]!)),
      )
      first = false
    }
  }
  return sums
}

function rolled(rollup: FlowRollup, flows: readonly Flow[]): Map<string, bigint[]> {
  const columns = columnsOf(flows)
  const exporters = [0, 1, 2].map(i => rollup.exporter({ tenantId: 'northwind', exporterId: `exporter-${i}` }))
  flows.forEach((one, i) => {
    rollup.add(exporters[one.exporter]!, columns, i)
  })
  const block = rollup.take()
  const column = (name: string) => block.columns[name] as ArrayLike<number | bigint | string>
  const sums = new Map<string, bigint[]>()
  for (let row = 0; row < block.length; row++) {
    const key = ['exporter_id', 'window_start', 'input_interface', 'protocol', 'service_port'].map(
      name => column(name)[row],
    )
    const values = ['octets', 'packets', 'octets_exported', 'packets_exported', 'records', 'unscaled_records']
    sums.set(
      key.join(' '),
      values.map(name => column(name)[row] as bigint),
    )
  }
  return sums
}

describe('flow rollup', () => {
  it('equals plain arithmetic for any flows, splits and sampling rates', () => {
    const rollup = new FlowRollup()
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 60 }), flows => {
        // Products past 2^64 wrap in the store's UInt64 and are beyond any network; keep rates that fit.
        const sane = flows.map(one => (one.octets > 1n << 40n ? { ...one, rate: Math.min(one.rate, 1) } : one))
        expect(rolled(rollup, sane)).toEqual(naive(sane))
      }),
      { numRuns: 200 },
    )
  })

  it('F28: keeps a counter of 2^64-1 exact', () => {
    const one: Flow = {
      exporter: 0,
      startMs: base,
      durationMs: 0,
      octets: (1n << 64n) - 1n,
      packets: (1n << 53n) + 1n,
      rate: 1,
      input: 1,
      protocol: 6,
      port: 443,
    }
    const [sums] = [...rolled(new FlowRollup(), [one]).values()]
    expect(sums).toEqual([(1n << 64n) - 1n, (1n << 53n) + 1n, (1n << 64n) - 1n, (1n << 53n) + 1n, 1n, 0n])
  })

  it('F20: spreads a 30-minute record over its minutes', () => {
    const one: Flow = {
      exporter: 0,
      startMs: base + 30_000,
      durationMs: 1_800_000,
      octets: 1_800_000_000n,
      packets: 1_800n,
      rate: 1,
      input: 1,
      protocol: 6,
      port: 443,
    }
    const octets = [...rolled(new FlowRollup(), [one]).values()].map(sum => sum[0]!)
    expect(octets).toHaveLength(31)
    expect(Math.max(...octets.map(Number))).toBe(60_000_000)
    expect(octets.reduce((sum, part) => sum + part, 0n)).toBe(1_800_000_000n)
  })

  it('grows past its first table and starts empty after each epoch', () => {
    const rollup = new FlowRollup()
    const flows = Array.from({ length: 5_000 }, (_, i) => ({
      exporter: i % 3,
      startMs: base + i * 1_000,
      durationMs: 0,
      octets: BigInt(i),
      packets: 1n,
      rate: 1,
      input: i,
      protocol: 6,
      port: 443,
    }))
    expect(rolled(rollup, flows)).toEqual(naive(flows))
    expect(rollup.rows).toBe(0)
    expect(rolled(rollup, [])).toEqual(new Map())
  })
})
