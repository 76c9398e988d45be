import { describe, expect, it } from 'vitest'
import type { Alarm } from '../../../../libs/model/src/index.ts'
import { fitCells } from '../../web/src/state/cell-fit.ts'
import { headlineEdge, pixelShift, pixelShiftEveryMs } from '../../web/src/state/pixel-shift.ts'
import { createReloadPolicy } from '../../web/src/state/reload.ts'
import { baseFontShare, fittedFontShare, parseScreen } from '../../web/src/state/screen.ts'
import { createServerTime } from '../../web/src/state/server-time.ts'
import { createSoundPolicy, repeatMs } from '../../web/src/state/sounds.ts'
import { createTrend, trendSpan } from '../../web/src/state/trend.ts'
import { sampleAlarms } from './scenarios.ts'

const nowMs = Date.parse('2026-11-23T12:00:00Z')
const minuteMs = 60_000
const critical = (device: string, more: Partial<Alarm> = {}): Alarm => ({
  ...sampleAlarms(nowMs)[0]!,
  alarmId: `${device}/${more.alarmTypeId ?? 'x'}`,
  deviceId: device,
  ...more,
})

describe('sound', () => {
  it('is silent about what was there when the page came, and heard once for each new critical', () => {
    const sound = createSoundPolicy()
    expect(sound.due([critical('a')], nowMs, false)).toBe(false)
    expect(sound.due([critical('a')], nowMs + 10_000, false)).toBe(false)
    expect(sound.due([critical('a'), critical('b')], nowMs + 20_000, false)).toBe(true)
    expect(sound.due([critical('a'), critical('b')], nowMs + 30_000, false)).toBe(false)
  })

  it('is silent about further failures of a device that is on the wall', () => {
    const sound = createSoundPolicy()
    sound.due([critical('a')], nowMs, false)
    expect(sound.due([critical('a'), critical('a', { alarmTypeId: 'psu-failed' })], nowMs + 10_000, false)).toBe(false)
  })

  it('is heard when a lesser alarm becomes critical', () => {
    const sound = createSoundPolicy()
    sound.due([critical('a', { perceivedSeverity: 'major' })], nowMs, false)
    expect(sound.due([critical('a')], nowMs + 10_000, false)).toBe(true)
  })

  it('is silent about what is taken, silenced, cleared or less than critical', () => {
    const sound = createSoundPolicy()
    sound.due([], nowMs, false)
    const quiet = [
      critical('a', { operatorState: 'ack' }),
      critical('b', { shelving: 'shelved' }),
      critical('c', { isCleared: true }),
      critical('d', { perceivedSeverity: 'major' }),
    ]
    expect(sound.due(quiet, nowMs + 10_000, false)).toBe(false)
  })

  it('is heard again when nobody took a critical for a quarter of an hour', () => {
    const sound = createSoundPolicy()
    sound.due([critical('a')], nowMs, false)
    const heard: number[] = []
    for (let atMs = 0; atMs <= 2 * repeatMs; atMs += 30_000) {
      if (sound.due([critical('a')], nowMs + atMs, false)) heard.push(atMs / minuteMs)
    }
    expect(heard).toEqual([15, 30])
  })

  it('is heard once a minute at most in a flood', () => {
    const sound = createSoundPolicy()
    sound.due([], nowMs, true)
    const alarms: Alarm[] = []
    let heard = 0
    for (let second = 1; second <= 180; second++) {
      alarms.push(critical(`d${second}`))
      if (sound.due(alarms, nowMs + second * 1_000, true)) heard++
    }
    expect(heard).toBe(3)
  })
})

describe('reload', () => {
  const calm = { localHour: 12, live: true, unattendedCritical: 0, newAlarms: 0, builds: { first: 'a', current: 'a' } }
  const upgraded = { ...calm, builds: { first: 'a', current: 'b' } }

  it('follows an upgrade after a quiet minute', () => {
    const policy = createReloadPolicy(0, 4)
    expect(policy.due({ ...upgraded, nowMs: 0 })).toBeNull()
    expect(policy.due({ ...upgraded, nowMs: minuteMs })).toBe('upgrade')
    expect(policy.due({ ...upgraded, nowMs: minuteMs + 15_000 })).toBeNull()
  })

  it('never comes in an incident or while disconnected', () => {
    const policy = createReloadPolicy(0, 4)
    for (const busy of [{ unattendedCritical: 1 }, { newAlarms: 8 }, { live: false }]) {
      for (let atMs = 0; atMs < 10 * minuteMs; atMs += 15_000)
        expect(policy.due({ ...upgraded, ...busy, nowMs: atMs })).toBeNull()
    }
  })

  it('comes once a night', () => {
    const policy = createReloadPolicy(0, 4)
    const night = { ...calm, localHour: 4 }
    const at = (hours: number) => hours * 3_600_000
    policy.due({ ...night, nowMs: at(1) })
    expect(policy.due({ ...night, nowMs: at(1.1) })).toBeNull()
    policy.due({ ...night, nowMs: at(20) })
    expect(policy.due({ ...night, nowMs: at(20.1) })).toBe('nightly')
  })
})

describe('screen', () => {
  it('computes the letter of a panel from its size and distance (NUREG-0700: 16 minutes of arc)', () => {
    // The table of wall sizes, for a cap height of 0.727 em.
    for (const [diagonal, share] of [
      [43, 0.06],
      [55, 0.047],
      [65, 0.04],
      [75, 0.034],
    ] as const) {
      const screen = parseScreen(`?diag=${diagonal}&dist=5`)
      expect(baseFontShare(screen, 1920, 1080, 0.727)).toBeCloseTo(share, 3)
      expect(baseFontShare(screen, 3840, 2160, 0.727)).toBeCloseTo(share, 3)
    }
  })

  it('stays within what the layout can carry, and says so', () => {
    expect(fittedFontShare(parseScreen('?diag=24&dist=12'), 1920, 1080).tooFar).toBe(true)
    expect(fittedFontShare(parseScreen('?diag=55&dist=5'), 1920, 1080).tooFar).toBe(false)
  })

  it('says what it did not understand', () => {
    expect(parseScreen('?diag=huge&dist=4&tenat=acme&theme=pink&reload=never')).toMatchObject({
      diagonalInches: 55,
      distanceMetres: 4,
      theme: 'dark',
      reloadHour: null,
      problems: [
        'diag=huge is not a diagonal of 10 to 300 inches',
        'theme=pink is not "dark" or "light"',
        'tenat is not a setting of the wall',
      ],
    })
  })
})

describe('server time', () => {
  it('takes the frame that waited least and runs on by the screen’s even clock', () => {
    const time = createServerTime()
    time.observe(10_000, 0, 10_000)
    time.observe(10_500, 1_000, 11_000)
    expect(time.nowMs(2_000, 99)).toBe(12_000)
    expect(time.driftMs()).toBe(0)
  })

  it('tells a wrong wall clock', () => {
    const time = createServerTime()
    time.observe(10_000, 0, 17_000)
    expect(time.driftMs()).toBe(7_000)
    expect(time.nowMs(500, 17_500)).toBe(10_500)
  })
})

describe('trend', () => {
  it('draws what it did not see as gaps', () => {
    const trend = createTrend()
    trend.add(10, 0)
    trend.add(30, 1_000)
    trend.add(50, 20_000)
    expect(trend.points(50_000, 45_000)).toEqual([20, null, 50, null, null])
  })

  it('goes on after a reload where it was, and takes nothing else for its own', () => {
    const before = createTrend()
    before.add(20, 0)
    before.add(50, 20_000)
    const after = createTrend()
    after.restore(JSON.parse(JSON.stringify(before.save())))
    after.add(70, 30_000)
    for (const wrong of [null, 'x', [[1, 'x']], [[-1, 2]], [null], { length: 9 }]) after.restore(wrong)
    expect(after.points(40_000, 35_000)).toEqual([20, null, 50, 70])
  })

  it('forgets after an hour and grows its span with what it saw', () => {
    const trend = createTrend()
    trend.add(10, 0)
    expect(trend.points(3_600_000, 3_605_000).every(point => point === null)).toBe(true)
    expect([trendSpan(0), trendSpan(400_000), trendSpan(9e9)]).toEqual([300_000, 900_000, 3_600_000])
  })
})

describe('care of the screen', () => {
  it('moves the picture by eight pixels at most, and back', () => {
    const seen = Array.from({ length: 16 }, (_, step) => pixelShift(step * pixelShiftEveryMs))
    expect(new Set(seen.map(({ x, y }) => `${x},${y}`)).size).toBe(8)
    expect(Math.max(...seen.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]))).toBe(4)
  })

  it('alternates the headline’s edge by day', () => {
    expect(headlineEdge('auto', 0)).not.toBe(headlineEdge('auto', 86_400_000))
    expect(headlineEdge('top', 86_400_000)).toBe('top')
  })
})

describe('cells', () => {
  it('fit whatever their number', () => {
    for (const count of [1, 7, 24, 60, 400, 1_999]) {
      const { columns, cellPixels } = fitCells(count, 620, 150, 90)
      expect(columns * cellPixels).toBeLessThanOrEqual(620)
      expect(Math.ceil(count / columns) * cellPixels).toBeLessThanOrEqual(150)
      expect(cellPixels).toBeGreaterThan(0)
    }
  })
})
