import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DevicePoll } from '../../model/src/index.ts'
import { type DeviceTrackState, type TrackedPoll, type TrackOptions, trackPoll } from '../src/index.ts'
import { poll, startMs } from './polls.ts'

/** Tracks polls in order, the state going through JSON after each. */
function track(polls: DevicePoll[], options: TrackOptions = {}): TrackedPoll[] {
  let state: DeviceTrackState | undefined
  return polls.map(one => {
    const result = trackPoll(state, one, options)
    state = JSON.parse(JSON.stringify(result.state)) as DeviceTrackState
    return result.tracked
  })
}

function last(polls: DevicePoll[], options?: TrackOptions): TrackedPoll {
  return track(polls, options).at(-1)!
}

const octets = (inOctets: bigint, outOctets = inOctets) => ({ inOctets, outOctets })

describe('trackPoll', () => {
  it('gives deltas, rates and layer-1 utilisation by direction', () => {
    const at = (seconds: number, n: bigint) =>
      poll(startMs + seconds * 1_000, 1_000 + seconds * 100, [
        {
          inOctets: 1_000n + n * 64n,
          outOctets: 5n,
          inUcastPkts: n,
          outUcastPkts: 0n,
          inMulticastPkts: 0n,
          outMulticastPkts: 0n,
          inDiscards: 3n,
        },
      ])
    const [one] = last([at(0, 0n), at(30, 44_642_857n)]).interfaces
    expect(one).toMatchObject({ interfaceId: 'core-1/eth0', gap: undefined, physical: true })
    expect(one!.interval).toMatchObject({ fromMs: startMs, toMs: startMs + 30_000, durationMs: 30_000 })
    expect(one!.interval!.deltas).toMatchObject({
      inOctets: 2_857_142_848n,
      inPackets: 44_642_857n,
      outOctets: 0n,
      inDiscards: 0n,
      inErrors: undefined,
    })
    // 64-octet frames at line rate: 762 Mbit/s of octets fill the wire.
    expect(one!.interval!.rates.inBitsPerSecond).toBeCloseTo(761_904_759, 0)
    expect(one!.interval!.rates.utilisationIn).toBeCloseTo(1, 6)
    expect(one!.interval!.rates).toMatchObject({ utilisationOut: 0, inErrorsPerSecond: null, inDiscardsPerSecond: 0 })
  })

  it('splits the interval over the minutes it spans, exactly', () => {
    const tracked = last([
      poll(startMs + 50_000, 100_000, [octets(10n ** 18n)]),
      poll(startMs + 140_000, 109_000, [octets(10n ** 18n + 1_000_001n, 10n ** 18n + 7n)]),
    ])
    expect(
      tracked.rows.map(row => [row.window_start - startMs / 1_000, row.in_octets, row.out_octets, row.observed_ms]),
    ).toEqual([
      [0, 111_111n, 0n, 10_000],
      [60, 666_667n, 5n, 60_000],
      [120, 222_223n, 2n, 20_000],
    ])
    expect(tracked.rows[0]).toMatchObject({
      device_id: 'core-1',
      interface_id: 'core-1/eth0',
      speed_bits_per_second: 1_000_000_000n,
      in_bits_per_second_max: 88_889n,
      in_packets: 0n,
    })
  })

  it('compares circuits with their capacity, in frame octets', () => {
    const polls = [
      poll(startMs, 100_000, [{ ...octets(0n), inUcastPkts: 0n }]),
      poll(startMs + 30_000, 103_000, [{ ...octets(37_500_000n), inUcastPkts: 100_000n }]),
    ]
    const [one] = last(polls, {
      capacityOf: name => (name === 'eth0' ? { inBitsPerSecond: 20_000_000, outBitsPerSecond: 5_000_000 } : undefined),
    }).interfaces
    expect(one!.interval!.rates).toMatchObject({ utilisationIn: 0.5, utilisationOut: 2 })
  })

  const base = () => poll(startMs, 500_000, [octets(5_000_000n), octets(7_000_000n)])
  const next = (rows = [octets(6_000_000n), octets(8_000_000n)], upTimeCs = 503_000, rest = {}) =>
    poll(startMs + 30_000, upTimeCs, rows, rest)

  const gaps: [string, DevicePoll[], string][] = [
    ['the first poll', [base()], 'first-poll'],
    ['a reboot', [base(), next([octets(9_000_000n), octets(9_000_000n)], 900)], 'reboot'],
    [
      'a Counter64 that fell without a reboot',
      [base(), next([octets(4_999_999n), octets(8_000_000n)])],
      'counter-reset',
    ],
    [
      'a discontinuity',
      [
        poll(startMs, 500_000, [{ ...octets(1n), counterDiscontinuityCs: 0 }]),
        poll(startMs + 30_000, 503_000, [{ ...octets(9n), counterDiscontinuityCs: 501_000 }]),
      ],
      'discontinuity',
    ],
    [
      'counters of another width',
      [base(), next([{ ...octets(6_000_000n), octetCounterBits: 32 } as never, octets(1n)])],
      'width-changed',
    ],
    ['missing counters', [base(), next([{} as never, octets(8_000_000n)])], 'not-answered'],
    ['more than the wire carries', [base(), next([octets(5_000_000_000n), octets(8_000_000n)])], 'rate-impossible'],
    [
      'renumbering without a reboot',
      [base(), poll(startMs + 30_000, 503_000, [{ ...octets(6_000_000n), ifIndex: 9 }, { ...octets(8_000_000n) }])],
      'renumbered',
    ],
    [
      'an interface that was gone for one poll',
      [
        base(),
        poll(startMs + 30_000, 503_000, [{ ...octets(8_000_000n), ifIndex: 2, ifName: 'eth1' }]),
        poll(startMs + 60_000, 506_000, [octets(7_000_000n), octets(9_000_000n)]),
      ],
      'reappeared',
    ],
    ['a cached answer', [base(), next([octets(5_000_000n), octets(7_000_000n)], 500_000)], 'not-advanced'],
    [
      "a poller's clock that was set",
      [base(), poll(startMs + 3_630_000, 503_000, [octets(6_000_000n), octets(8_000_000n)])],
      'clock-stepped',
    ],
    [
      'a 32-bit counter past its wrap time',
      [
        poll(startMs, 500_000, [{ ...octets(5n), octetCounterBits: 32 }]),
        poll(startMs + 60_000, 506_000, [{ ...octets(50n), octetCounterBits: 32 }]),
      ],
      'wrap-ambiguous',
    ],
  ]
  it.each(gaps)('leaves a gap and no rows for %s', (_, polls, reason) => {
    const tracked = last(polls)
    expect(tracked.interfaces[0]).toMatchObject({ interfaceId: 'core-1/eth0', gap: reason, interval: undefined })
    expect(tracked.rows.filter(row => row.interface_id === 'core-1/eth0')).toEqual([])
  })

  it('wraps 32-bit counters where that is proven', () => {
    const narrow = (upTimeCs: number, ms: number, n: bigint) =>
      poll(startMs + ms, upTimeCs, [{ ...octets(n), octetCounterBits: 32, speedBitsPerSecond: 100_000_000n }])
    const [one] = last([narrow(500_000, 0, 2n ** 32n - 1_000n), narrow(503_000, 30_000, 999n)]).interfaces
    expect(one!.interval!.deltas.inOctets).toBe(1_999n)
  })

  it('covers the time of a cached answer and of lost polls with the next answer', () => {
    const polls = [
      base(),
      next([octets(5_000_000n), octets(7_000_000n)], 500_000),
      poll(startMs + 60_000, undefined, [], { reachable: false }),
      poll(startMs + 90_000, 509_000, [octets(5_900_000n), octets(7_000_000n)]),
    ]
    const tracked = track(polls)
    expect(tracked[2]).toMatchObject({ reachable: false, interfaces: [], rows: [] })
    expect(tracked[3]!.interfaces[0]!.interval).toMatchObject({
      fromMs: startMs,
      durationMs: 90_000,
      deltas: { inOctets: 900_000n },
    })
  })

  it('keeps the baseline of rows that a broken walk left out', () => {
    const tracked = track([
      base(),
      poll(startMs + 30_000, 503_000, [octets(6_000_000n)], { errors: ['timeout'] }),
      poll(startMs + 60_000, 506_000, [octets(7_000_000n), octets(8_000_000n)]),
    ])
    expect(tracked[2]!.interfaces.map(one => [one.interval?.fromMs, one.interval?.deltas.inOctets])).toEqual([
      [startMs + 30_000, 1_000_000n],
      [startMs, 1_000_000n],
    ])
  })

  it("takes each row's own device time, where a slow device's rows are read seconds apart", () => {
    const slow = (atMs: number, upTimeCs: number, offsetCs: number, n: bigint) => {
      const one = poll(atMs, upTimeCs, [octets(n), { ...octets(n), upTimeCs: upTimeCs + offsetCs }])
      one.completedMs = BigInt(atMs + 8_000)
      return one
    }
    const tracked = track([slow(startMs, 500_000, 100, 0n), slow(startMs + 30_000, 503_000, 700, 36_000_000n)])
    expect(tracked[1]!.interfaces.map(one => one.interval)).toMatchObject([
      { fromMs: startMs, toMs: startMs + 30_000, durationMs: 30_000, rates: { inBitsPerSecond: 9_600_000 } },
      { fromMs: startMs + 1_000, toMs: startMs + 37_000, durationMs: 36_000, rates: { inBitsPerSecond: 8_000_000 } },
    ])
  })

  it("a steady rate stays the same rate whenever a slow device's rows are read, also over a wrap of its clock", () => {
    const pollTimes = fc.array(
      fc.record({ gapCs: fc.integer({ min: 2_000, max: 6_000 }), offsetCs: fc.integer({ min: 0, max: 1_500 }) }),
      { minLength: 2, maxLength: 12 },
    )
    const bootCs = fc.oneof(fc.constant(100_000), fc.integer({ min: 4_294_960_000, max: 4_294_967_295 }))
    fc.assert(
      fc.property(pollTimes, bootCs, fc.integer({ min: 1, max: 1_000_000 }), (times, firstCs, octetsPerCs) => {
        let sinceCs = 0
        const readCs: number[] = []
        const polls = times.map(({ gapCs, offsetCs }) => {
          sinceCs += gapCs
          const upTimeCs = (firstCs + sinceCs) % 4_294_967_296
          const rowCs = (upTimeCs + offsetCs) % 4_294_967_296
          readCs.push(sinceCs + offsetCs)
          const count = octets(BigInt(octetsPerCs) * BigInt(sinceCs + offsetCs))
          const one = poll(startMs + sinceCs * 10, upTimeCs, [{ ...count, upTimeCs: rowCs }], {
            engineTimeS: Math.floor((firstCs + sinceCs) / 100),
          })
          one.completedMs = one.startedMs + 15_000n
          return one
        })
        const tracked = track(polls)
        for (const [i, { interfaces }] of tracked.entries()) {
          if (i === 0) continue
          const { interval } = interfaces[0]!
          expect(interval).toMatchObject({
            fromMs: startMs + readCs[i - 1]! * 10,
            toMs: startMs + readCs[i]! * 10,
            durationMs: (readCs[i]! - readCs[i - 1]!) * 10,
          })
          expect(interval!.rates.inBitsPerSecond).toBeCloseTo(octetsPerCs * 800, 3)
        }
      }),
    )
  })

  it('takes nothing from a poll that comes twice or late', () => {
    const polls = [
      base(),
      next(),
      next(),
      base(),
      poll(startMs + 60_000, 506_000, [octets(6_500_000n), octets(8_000_000n)]),
    ]
    const tracked = track(polls)
    expect(tracked.map(one => one.stale)).toEqual([false, false, true, true, false])
    expect(tracked[4]!.interfaces[0]!.interval!.deltas.inOctets).toBe(500_000n)
  })

  it('joins history over renumbering at a reboot, without a spike', () => {
    const tracked = track([
      base(),
      poll(startMs + 60_000, 1_000, [
        { ...octets(90_000_000n), ifIndex: 7, ifName: 'eth1' },
        { ...octets(100n), ifIndex: 9, ifName: 'eth0' },
      ]),
      poll(startMs + 90_000, 4_000, [
        { ...octets(90_000_500n), ifIndex: 7, ifName: 'eth1' },
        { ...octets(300n), ifIndex: 9, ifName: 'eth0' },
      ]),
    ])
    expect(tracked[1]).toMatchObject({ rebooted: true, rows: [] })
    expect(tracked[2]!.interfaces.map(one => [one.interfaceId, one.interval!.deltas.inOctets])).toEqual([
      ['core-1/eth1', 500n],
      ['core-1/eth0', 200n],
    ])
  })

  it('does not bound virtual interfaces by their nominal speed', () => {
    const tunnel = { ifType: 131, connectorPresent: false, speedBitsPerSecond: 100_000n }
    const [one] = last([
      poll(startMs, 500_000, [{ ...octets(0n), ...tunnel }]),
      poll(startMs + 30_000, 503_000, [{ ...octets(187_500_000n), ...tunnel }]),
    ]).interfaces
    expect(one!.interval!.rates.inBitsPerSecond).toBe(50_000_000)
  })

  it('knows no utilisation where the speed is unknown or changed in between', () => {
    const rates = (first: bigint, second: bigint) =>
      last([
        poll(startMs, 500_000, [{ ...octets(0n), speedBitsPerSecond: first }]),
        poll(startMs + 30_000, 503_000, [{ ...octets(9n), speedBitsPerSecond: second }]),
      ]).interfaces[0]!.interval!.rates
    expect(rates(0n, 0n)).toMatchObject({ utilisationIn: null, utilisationOut: null })
    expect(rates(10n ** 9n, 10n ** 8n).utilisationIn).toBeNull()
  })

  it('loses and invents nothing, whatever the jitter, losses and caches', () => {
    const steps = fc.array(
      fc.record({
        jitterMs: fc.integer({ min: 0, max: 2_000 }),
        outcome: fc.constantFrom('ok', 'ok', 'ok', 'lost', 'cached'),
        octets: fc.bigInt({ min: 0n, max: 3_000_000_000n }),
      }),
      { minLength: 2, maxLength: 25 },
    )
    fc.assert(
      fc.property(steps, list => {
        let total = 2n ** 63n
        let answered = { upTimeCs: 100_000, total }
        const polls = [poll(startMs, 100_000, [octets(total)])]
        list.forEach(({ jitterMs, outcome, octets: more }, i) => {
          const atMs = startMs + (i + 1) * 30_000 + jitterMs
          total += more
          if (outcome === 'lost') polls.push(poll(atMs, undefined, [], { reachable: false }))
          else {
            if (outcome === 'ok') answered = { upTimeCs: 100_000 + Math.floor((atMs - startMs) / 10), total }
            polls.push(poll(atMs, answered.upTimeCs, [octets(answered.total)]))
          }
        })
        const rows = track(polls).flatMap(one => one.rows)
        expect(rows.reduce((sum, row) => sum + row.in_octets, 0n)).toBe(answered.total - 2n ** 63n)
        for (const row of rows) expect(row.observed_ms).toBeLessThanOrEqual(60_000)
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same state for the same polls, byte for byte', () => {
    const polls = [
      base(),
      next(),
      poll(startMs + 60_000, 1_000, [octets(1n), octets(2n)]),
      poll(startMs + 90_000, 4_000, [octets(5n), octets(2n)]),
    ]
    const run = () => {
      let state: DeviceTrackState | undefined
      const texts: string[] = []
      for (const one of polls) {
        state = trackPoll(
          texts.length % 2 === 0 ? state : (JSON.parse(JSON.stringify(state)) as DeviceTrackState),
          one,
        ).state
        texts.push(JSON.stringify(state))
      }
      return texts
    }
    expect(run()).toEqual(run())
  })

  describe('polls of some interfaces between whole ones', () => {
    const second = (n: bigint) => ({ ifIndex: 2, ifName: 'eth1', ...octets(n) })
    const partial = { partial: true }

    it('give the asked interface its intervals, and take nothing from the others', () => {
      const tracked = track([
        poll(startMs, 500_000, [octets(1_000n), octets(2_000n)]),
        poll(startMs + 10_000, 501_000, [second(3_000n)], partial),
        poll(startMs + 20_000, 502_000, [second(5_000n)], partial),
        poll(startMs + 30_000, 503_000, [octets(4_000n), octets(6_000n)]),
      ])
      const deltas = tracked.map(one =>
        one.interfaces.map(({ ifName, interval }) => [ifName, interval?.durationMs, interval?.deltas.inOctets]),
      )
      expect(deltas.slice(1)).toEqual([
        [['eth1', 10_000, 1_000n]],
        [['eth1', 10_000, 2_000n]],
        [
          ['eth0', 30_000, 3_000n],
          ['eth1', 10_000, 1_000n],
        ],
      ])
      expect(tracked.flatMap(one => one.interfaces).filter(one => one.gap && one.gap !== 'first-poll')).toEqual([])
      const total = tracked.flatMap(one => one.rows).filter(row => row.interface_id === 'core-1/eth1')
      expect(total.reduce((sum, row) => sum + row.in_octets, 0n)).toBe(4_000n)
    })

    it('leave a restart and the first sight of a device to a whole poll', () => {
      const tracked = track([
        poll(startMs - 10_000, 499_000, [second(1n)], partial),
        poll(startMs, 500_000, [octets(1_000n), octets(2_000n)]),
        poll(startMs + 10_000, 300, [second(7n)], partial),
        poll(startMs + 30_000, 2_300, [octets(9n), octets(9n)]),
      ])
      expect(tracked.map(({ stale, rebooted }) => [stale, rebooted])).toEqual([
        [true, false],
        [false, false],
        [true, false],
        [false, true],
      ])
      expect(tracked[3]!.interfaces.map(one => one.gap)).toEqual(['reboot', 'reboot'])
    })

    it('F45: do not hide that a whole poll left an interface out', () => {
      const tracked = track([
        poll(startMs, 500_000, [octets(1_000n), octets(2_000n)]),
        poll(startMs + 30_000, 503_000, [octets(3_000n)]),
        poll(startMs + 40_000, 504_000, [octets(4_000n)], partial),
        poll(startMs + 60_000, 506_000, [octets(6_000n), octets(9_000_000n)]),
      ])
      expect(tracked[3]!.interfaces.map(one => one.gap)).toEqual([undefined, 'reappeared'])
    })
  })
})
