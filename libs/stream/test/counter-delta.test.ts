import { describe, expect, it } from 'vitest'
import { type CounterKind, counterDelta, type Elapsed, elapsedBetween, type PollTimes } from '../src/index.ts'

const hour = 3_600_000
const t0 = 1_800_000_000_000

function times(atMs: number, upTimeCs: number | null, engineTimeS: number | null = null): PollTimes {
  return { atMs: t0 + atMs, upTimeCs, engineTimeS }
}

describe('elapsedBetween', () => {
  const cases: [string, PollTimes, PollTimes, object][] = [
    [
      'takes device time where the clocks agree',
      times(0, 1_000),
      times(30_400, 4_000),
      { durationMs: 30_000, consistent: true },
    ],
    [
      'takes poll time where there is no device time',
      times(0, null),
      times(30_000, 5),
      { durationMs: 30_000, consistent: false },
    ],
    ['sees a reboot in a small sysUpTime', times(0, 900_000), times(30_000, 1_200), { gap: 'reboot' }],
    [
      'sees a reboot after a long outage, though sysUpTime is larger again',
      times(0, 1_000),
      times(600_000, 20_000),
      { gap: 'reboot' },
    ],
    [
      'takes a wrap after 497 days for one',
      times(0, 4_294_966_296),
      times(30_000, 2_000),
      { durationMs: 30_000, consistent: true },
    ],
    [
      'lets the engine time confirm the wrap',
      times(0, 4_294_966_296, 42_949_662),
      times(30_000, 2_000, 42_949_692),
      { durationMs: 30_000 },
    ],
    [
      'lets an engine time wrap along (hrSystemUptime)',
      times(0, 4_294_966_296, 42_949_662),
      times(30_000, 2_000, 19),
      { durationMs: 30_000 },
    ],
    [
      'lets the engine time expose a reboot at wrap time',
      times(0, 4_294_966_296, 42_949_662),
      times(30_000, 2_000, 5),
      { gap: 'reboot' },
    ],
    [
      'takes poll time for an agent whose clock runs slow',
      times(0, 900_000),
      times(300_000, 925_000),
      { durationMs: 300_000, consistent: false },
    ],
    [
      'knows a poller clock set forward by an hour',
      times(0, 900_000),
      times(hour + 30_000, 903_000),
      { gap: 'clock-stepped' },
    ],
    [
      'knows a poller clock set back by an hour',
      times(hour, 900_000),
      times(30_000, 903_000),
      { gap: 'clock-stepped' },
    ],
    ['drops the same poll', times(0, 900_000), times(0, 900_000), { gap: 'out-of-order' }],
    ['drops an older poll', times(30_000, 903_000), times(0, 900_000), { gap: 'out-of-order' }],
    [
      'does not spread traffic over more than allowed',
      times(0, 100_000),
      times(2 * hour, 820_000),
      { gap: 'interval-too-long' },
    ],
  ]
  it.each(cases)('%s', (_, previous, next, expected) => {
    expect(elapsedBetween(previous, next, 30_000, hour)).toMatchObject(expected)
  })
})

describe('counterDelta', () => {
  const elapsed: Elapsed = { fromMs: t0, toMs: t0 + 30_000, durationMs: 30_000, consistent: true }
  const unsure: Elapsed = { ...elapsed, consistent: false }
  const slow: Elapsed = { ...elapsed, toMs: t0 + 40_000, durationMs: 40_000 }
  const gigabit: CounterKind = { bits: 32, perSecondMax: 125_000_000, atLineRate: true }
  const hundred: CounterKind = { bits: 32, perSecondMax: 12_500_000, atLineRate: true }
  const wide: CounterKind = { bits: 64, perSecondMax: 125_000_000, atLineRate: true }
  const errors: CounterKind = { bits: 32, perSecondMax: 1_488_095, atLineRate: false }
  const max = 2n ** 32n

  const cases: [string, bigint, bigint, CounterKind, Elapsed, object][] = [
    ['counts', 5n, 105n, wide, elapsed, { delta: 100n }],
    ['counts exactly past 2^53', 2n ** 63n, 2n ** 63n + 9_007_199n, wide, elapsed, { delta: 9_007_199n }],
    ['stands still', 7n, 7n, wide, elapsed, { delta: 0n }],
    ['never wraps 64 bits', 100n, 99n, wide, elapsed, { gap: 'counter-reset' }],
    ['never wraps 64 bits near their end either', 2n ** 64n - 1n, 5n, wide, elapsed, { gap: 'counter-reset' }],
    ['wraps 32 bits where all conditions hold', max - 50n, 49n, hundred, elapsed, { delta: 99n }],
    ['wraps no 32 bits on inconsistent time', max - 50n, 49n, hundred, unsure, { gap: 'wrap-uncertain' }],
    [
      'wraps no 32 bits of unknown speed',
      max - 50n,
      49n,
      { ...hundred, perSecondMax: undefined },
      elapsed,
      { gap: 'wrap-uncertain' },
    ],
    ['takes an impossible wrap for a reset', 1_000_000n, 5n, hundred, elapsed, { gap: 'counter-reset' }],
    ['does not guess past the wrap time (34 s at 1 Gbit/s)', max - 50n, 49n, gigabit, slow, { gap: 'wrap-ambiguous' }],
    ['does not guess past the wrap time when it rises', 0n, 49n, gigabit, slow, { gap: 'wrap-ambiguous' }],
    [
      'trusts a rising error counter however slow the polls',
      0n,
      49n,
      { ...errors, perSecondMax: 1e9 },
      slow,
      { delta: 49n },
    ],
    ['refuses more than 1.2 times the speed', 0n, 4_500_000_001n, wide, elapsed, { gap: 'rate-impossible' }],
    ['allows 1.2 times the speed', 0n, 4_500_000_000n, wide, elapsed, { delta: 4_500_000_000n }],
    [
      'refuses a petabit',
      0n,
      2n ** 60n,
      { ...wide, perSecondMax: 200_000_000_000 },
      elapsed,
      { gap: 'rate-impossible' },
    ],
  ]
  it.each(cases)('%s', (_, previous, next, kind, between, expected) => {
    expect(counterDelta(previous, next, kind, between)).toEqual(expected)
  })
})
