import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DetectedCondition,
  detectConfigSchema,
  detectPower,
  detectPowerSilence,
  type PowerState,
} from '../src/index.ts'

const t0 = Date.UTC(2026, 9, 21, 9, 30, 12)
const event = (kind: 'power-on-battery' | 'power-restored', atMs = t0, repeats = false) => ({
  deviceId: 'ups1',
  siteId: 's1',
  atMs,
  kind,
  repeats,
})

describe('power-on-battery', () => {
  it('begins with the first message, is not said again, and ends when power is back', () => {
    const first = detectPower(undefined, event('power-on-battery'))
    expect(first.conditions).toMatchObject([
      {
        alarmType: 'power-on-battery',
        resource: 'device/ups1',
        state: 'active',
        severity: 'major',
        eventTimeMs: t0,
        windowStartMs: t0 - 12_000,
      },
    ])
    const second = detectPower(first.state, event('power-on-battery', t0 + 60_000))
    expect(second.conditions).toEqual([])
    const last = detectPower(second.state, event('power-restored', t0 + 90_000))
    expect(last.conditions).toMatchObject([{ state: 'cleared', windowStartMs: t0 - 12_000 }])
    expect(last.state).toBeUndefined()
    expect(detectPower(undefined, event('power-restored')).conditions).toEqual([])
  })

  it('ends when what is repeated each minute is repeated no more; a single message stands until power is back', () => {
    const repeated = detectPower(undefined, event('power-on-battery', t0, true)).state!
    expect(detectPowerSilence(repeated, t0 + 300_000).state).toBe(repeated)
    expect(detectPowerSilence(repeated, t0 + 301_000)).toMatchObject({
      state: undefined,
      conditions: [{ state: 'cleared' }],
    })
    const single = detectPower(undefined, event('power-on-battery')).state!
    expect(detectPowerSilence(single, t0 + 86_400_000).state).toBe(single)
  })

  it('says nothing when it is switched off, and ends what it said before', () => {
    const off = detectConfigSchema.parse({ powerOnBattery: { enabled: false } })
    expect(detectPower(undefined, event('power-on-battery'), off)).toEqual({ state: undefined, conditions: [] })
    const { state } = detectPower(undefined, event('power-on-battery'))
    expect(detectPowerSilence(state!, t0 + 1_000, off)).toMatchObject({
      state: undefined,
      conditions: [{ state: 'cleared' }],
    })
  })

  it('begins and ends in turn, whatever is said in whatever order; its state is plain JSON', () => {
    const step = fc.record({
      kind: fc.constantFrom('power-on-battery' as const, 'power-restored' as const, 'time' as const),
      repeats: fc.boolean(),
      laterMs: fc.integer({ min: -60_000, max: 600_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        let state: PowerState | undefined
        let atMs = t0
        const said: DetectedCondition[] = []
        for (const { kind, repeats, laterMs } of steps) {
          atMs += laterMs
          const before = state && (JSON.parse(JSON.stringify(state)) as PowerState)
          const outcome =
            kind === 'time'
              ? before && detectPowerSilence(before, atMs)
              : detectPower(before, event(kind, atMs, repeats))
          if (!outcome) continue
          state = outcome.state
          said.push(...outcome.conditions)
        }
        expect(said.map(one => one.state)).toEqual(said.map((_, i) => (i % 2 === 0 ? 'active' : 'cleared')))
        expect(state !== undefined).toBe(said.length % 2 === 1)
        for (let i = 1; i < said.length; i += 2) expect(said[i]!.windowStartMs).toBe(said[i - 1]!.windowStartMs)
      }),
    )
  })
})
