import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { theilSen } from '../src/index.ts'
import { HardwareDevice, type Sensor } from './hardware-device.ts'

const hourMs = 3_600_000
const minuteMs = 60_000

const rx = (value: number, limits: Partial<Sensor> = { lowWarning: -14.4 }): Sensor => ({
  ...{ id: '1.1', class: 'dbm', name: 'xe-0 Rx power', state: '', value, ifIndex: 7, ...limits },
})
const bias = (milliamps: number): Sensor => ({
  ...{ id: '1.2', class: 'current', name: 'xe-0 Tx bias', state: '', value: milliamps / 1_000, ifIndex: 7 },
})
const tx = (value: number): Sensor => ({
  ...{ id: '1.3', class: 'dbm', name: 'xe-0 Tx power', state: '', value, ifIndex: 7 },
})

function newDevice(): HardwareDevice {
  const device = new HardwareDevice()
  device.atMs = Date.UTC(2026, 9, 21) - hourMs
  return device
}

/** Reads once an hour for so many days; `sensors` is asked with days since the start. Said is `day: alarm`. */
function days(
  device: HardwareDevice,
  from: number,
  to: number,
  sensors: (day: number) => Sensor[],
  parts = {},
): string[] {
  const said: string[] = []
  for (let hour = from * 24; hour < to * 24; hour++) {
    device.atMs += hourMs - minuteMs
    const found = device.read({ sensors: sensors(hour / 24), ...parts })
    said.push(...found.map(one => `${Math.floor(hour / 24)}: ${one}`))
  }
  return said
}

describe('theilSen', () => {
  it('finds a line through noise and odd points, with bounds that hold it', () => {
    const random = seededRandom(3)
    let held = 0
    for (let run = 0; run < 200; run++) {
      const points = Array.from({ length: 14 }, (_, x) => ({ x, y: 2 - 0.1 * x + (random() - 0.5) * 0.2 }))
      const found = theilSen(points)!
      if (found.low <= -0.1 && found.high >= -0.1) held++
      points[5]!.y += 20
      points[9]!.y -= 20
      expect(theilSen(points)!.slope).toBeCloseTo(-0.1, 1)
    }
    expect(held / 200).toBeGreaterThan(0.93)
  })

  it('says nothing of too few points, or of points at one time', () => {
    expect(theilSen([1, 2, 3].map(x => ({ x, y: x })))).toBeUndefined()
    expect(theilSen(Array.from({ length: 9 }, () => ({ x: 1, y: 2 })))).toBeUndefined()
  })
})

describe('optic-degrading', () => {
  const noise = seededRandom(5)
  const fading = (perDay: number) => (day: number) => [rx(-6 - perDay * day + (noise() - 0.5) * 0.1)]

  it('is said of light that meets its limit within a month, weeks before it does', () => {
    const device = newDevice()
    // 8.4 dB above the limit, 0.2 dB a day: six weeks to go.
    const said = days(device, 0, 40, fading(0.2))
    expect(said[0]).toMatch(/^1[2-4]: optic-degrading warning interface\/sw1\/xe-0 xe-0 Rx power$/)
    const [raised] = device.conditions
    expect(raised?.evidence.measured).toMatchObject({ dbPerDay: -0.2, daysToLimit: expect.any(Number) })
    expect(said.filter(one => one.includes('optic-rx-low'))).toEqual([])
  })

  it('is not said of steady light, of slow fading, of a limit that is not known, or of light that grows', () => {
    for (const [perDay, limits] of [
      [0, { lowWarning: -14.4 }],
      [0.03, { lowWarning: -14.4 }],
      [0.2, {}],
      [-0.2, { lowWarning: -14.4 }],
    ] as const) {
      const device = newDevice()
      const sensors = (day: number) => [rx(-6 - perDay * day + (noise() - 0.5) * 0.1, limits)]
      expect([perDay, days(device, 0, 30, sensors)]).toEqual([perDay, []])
    }
  })

  it('is not said of one step, which a patch makes, nor of hours in the dark', () => {
    const device = newDevice()
    const sensors = (day: number) => [rx((day < 12 ? -6 : -7.5) + (noise() - 0.5) * 0.1)]
    expect(days(device, 0, 28, sensors)).toEqual([])
    const dark = newDevice()
    const hours = (day: number) => [rx(Math.floor(day * 24) % 240 === 5 ? -40 : -6 + (noise() - 0.5) * 0.1)]
    expect(days(dark, 0, 28, hours)).toEqual([])
  })

  it('ends after a week of steady light, and not before', () => {
    const device = newDevice()
    days(device, 0, 20, fading(0.2))
    const level = 20 * 0.2
    const after = days(device, 20, 60, () => [rx(-6 - level + (noise() - 0.5) * 0.1)])
    const cleared = after.filter(one => one.includes('cleared'))
    expect(cleared).toHaveLength(1)
    expect(cleared[0]).toMatch(/^(2[7-9]|3[0-9]): optic-degrading cleared/)
    expect(after.at(-1)).toBe(cleared[0])
  })

  it('learns nothing from what is no number', () => {
    const device = newDevice()
    days(device, 0, 8, fading(0.2))
    const state = JSON.stringify(device.state)
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) device.read({ sensors: [rx(value)] })
    expect(JSON.stringify(device.state).replace(/"seenMs":\d+/, '')).toBe(state.replace(/"seenMs":\d+/, ''))
    expect(days(device, 9, 20, fading(0.2))[0]).toMatch(/optic-degrading warning/)
  })

  it('ends at once when the light is back', () => {
    const device = newDevice()
    days(device, 0, 20, fading(0.2))
    const after = days(device, 20, 60, () => [rx(-6 + (noise() - 0.5) * 0.1)])
    expect(after.filter(one => one.includes('cleared'))).toEqual([
      '21: optic-degrading cleared interface/sw1/xe-0 xe-0 Rx power',
    ])
  })

  it('is said of light that begins to swing within the day', () => {
    const device = newDevice()
    const sensors = (day: number) => [rx(-6 + (day < 15 ? 0.1 : 0.9) * Math.sin(2 * Math.PI * day))]
    expect(days(device, 0, 18, sensors)).toEqual(['17: optic-degrading warning interface/sw1/xe-0 xe-0 Rx power'])
    expect(device.conditions[0]?.evidence.summary).toMatch(/swings by 0\.6\d? dB within a day/)
  })

  it('ends when it is switched off for the port, and learns nothing while the port is down', () => {
    const device = newDevice()
    days(device, 0, 10, fading(0))
    const state = JSON.stringify(device.state?.items)
    const interfaces = [{ ifIndex: 7, interfaceId: 'sw1/xe-0', ifName: 'xe-0', adminStatus: 1, operStatus: 2 }]
    days(device, 10, 12, () => [rx(-40)], { interfaces })
    const [item] = Object.values(device.state?.items ?? {})
    expect({ ...item, seenMs: 0 }).toEqual({
      ...Object.values(JSON.parse(state) as Record<string, object>)[0],
      seenMs: 0,
    })
  })
})

describe('laser-ageing', () => {
  it('is said when a laser draws a third more than when it was new for the same light, and ends well below', () => {
    const device = newDevice()
    const at = (milliamps: number) => () => [bias(milliamps), tx(-2)]
    expect(days(device, 0, 9, at(30))).toEqual([])
    expect(days(device, 9, 20, at(38))).toEqual([])
    expect(days(device, 20, 30, at(40))).toEqual(['22: laser-ageing warning interface/sw1/xe-0 xe-0 Tx bias'])
    expect(device.conditions[0]?.evidence).toMatchObject({
      measured: { biasMilliamps: 40, txDbm: -2 },
      expected: { biasMilliamps: 30, txDbm: -2 },
    })
    expect(days(device, 30, 40, at(38))).toEqual([])
    expect(days(device, 40, 50, at(35))).toEqual(['42: laser-ageing cleared interface/sw1/xe-0 xe-0 Tx bias'])
  })

  it('is not said when the light rose with the current, of a laser that is off, or of one hot day', () => {
    const brighter = newDevice()
    days(brighter, 0, 9, () => [bias(30), tx(-4)])
    expect(days(brighter, 9, 20, () => [bias(42), tx(-1.5)])).toEqual([])
    const off = newDevice()
    days(off, 0, 9, () => [bias(30)])
    expect(days(off, 9, 20, () => [bias(0)])).toEqual([])
    const hot = newDevice()
    expect(days(hot, 0, 20, day => [bias(Math.floor(day) === 12 ? 45 : 30)])).toEqual([])
  })

  it('takes a much lower current for another module, and begins anew', () => {
    const device = newDevice()
    days(device, 0, 9, () => [bias(60)])
    expect(days(device, 9, 15, () => [bias(80)])).toHaveLength(1)
    expect(days(device, 15, 25, () => [bias(30)])).toEqual(['16: laser-ageing cleared interface/sw1/xe-0 xe-0 Tx bias'])
    expect(days(device, 25, 35, () => [bias(41)])).toHaveLength(1)
  })
})

describe('fec-margin', () => {
  const ratio = (value: number, wish: Partial<Sensor> = {}): Sensor[] => [
    { id: '1.4', class: 'ber', name: 'xe-0 RS(544,514) pre-FEC BER', state: '', value, ifIndex: 7, ...wish },
  ]
  const codewords = (value: number): Sensor[] => [
    { id: '1.5', class: 'count', name: 'xe-0 FEC uncorrectable codewords', state: '', value, ifIndex: 7 },
  ]

  it('is said after a quarter of an hour at a tenth of the limit, and ends after an hour far from it', () => {
    const device = newDevice()
    expect(device.read({ sensors: ratio(3e-5) }, 15)).toEqual([])
    expect(device.read({ sensors: ratio(3e-5) })).toEqual([
      'fec-margin warning interface/sw1/xe-0 xe-0 RS(544,514) pre-FEC BER',
    ])
    // Between the two shares, nothing is decided.
    expect(device.read({ sensors: ratio(1e-5) }, 120)).toEqual([])
    expect(device.read({ sensors: ratio(1e-7) }, 60)).toEqual([])
    expect(device.read({ sensors: ratio(1e-7) })).toHaveLength(1)
    expect(device.conditions.at(-1)?.state).toBe('cleared')
  })

  it('is not said of a burst, of a code whose limit is not known, or after correction', () => {
    const device = newDevice()
    for (let i = 0; i < 6; i++) {
      device.read({ sensors: ratio(1e-4) }, 10)
      device.read({ sensors: ratio(1e-8) })
    }
    device.read({ sensors: ratio(3e-3, { name: 'xe-0 pre-FEC BER' }) }, 60)
    device.read({ sensors: ratio(3e-3, { name: 'xe-0 post-FEC BER 544' }) }, 60)
    device.read({ sensors: ratio(Number.NaN) }, 60)
    expect(device.conditions).toEqual([])
    device.read({ sensors: ratio(3e-3, { name: 'xe-0 pre-FEC BER', highCritical: 2e-2 }) }, 20)
    expect(device.conditions).toHaveLength(1)
  })

  it('is major as soon as a codeword could not be corrected, and ends an hour after the last', () => {
    const device = newDevice()
    expect(device.read({ sensors: codewords(70) }, 5)).toEqual([])
    expect(device.read({ sensors: codewords(72) })).toEqual([
      'fec-margin major interface/sw1/xe-0 xe-0 FEC uncorrectable codewords',
    ])
    // A count that fell began anew: nothing was lost by that.
    expect(device.read({ sensors: codewords(0) }, 59)).toEqual([])
    expect(device.read({ sensors: codewords(0) })).toHaveLength(1)
    expect(device.conditions.at(-1)?.state).toBe('cleared')
    expect(device.read({ sensors: codewords(0) }, 10)).toEqual([])
  })
})
