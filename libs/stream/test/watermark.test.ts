import { describe, expect, it } from 'vitest'
import { advanceWatermark, initialWatermark, type WatermarkState } from '../src/index.ts'

type Stamp = [producer: string, stampMs: number]

function read(log: readonly Stamp[], state: WatermarkState = initialWatermark): WatermarkState {
  return log.reduce((now, [producer, stampMs]) => advanceWatermark(now, producer, stampMs), state)
}

function beats(producer: string, fromMs: number, untilMs: number): Stamp[] {
  return Array.from({ length: Math.floor((untilMs - fromMs) / 5_000) + 1 }, (_, i) => [producer, fromMs + i * 5_000])
}

/** Merges by stamp, as a log of good clocks has them. */
function merged(...logs: Stamp[][]): Stamp[] {
  return logs.flat().sort((a, b) => a[1] - b[1])
}

describe('advanceWatermark', () => {
  it('is the least of the producers that write', () => {
    expect(
      read([
        ['a', 100_000],
        ['b', 97_000],
        ['a', 105_000],
      ]).watermarkMs,
    ).toBe(100_000)
    expect(read(merged(beats('a', 0, 60_000), beats('b', 2_000, 57_000))).watermarkMs).toBe(57_000)
  })

  it('never falls', () => {
    let state = initialWatermark
    let before = 0
    for (const [producer, stamp] of merged(beats('a', 0, 50_000), beats('b', 20_000, 50_000), [
      ['a', 3_000],
      ['c', 1],
    ])) {
      state = advanceWatermark(state, producer, stamp)
      expect(state.watermarkMs).toBeGreaterThanOrEqual(before)
      before = state.watermarkMs
    }
  })

  it('waits for a silent producer, and goes on without one that is gone', () => {
    const log = merged(beats('a', 0, 100_000), beats('b', 0, 40_000))
    expect(read(log.filter(([, stamp]) => stamp <= 65_000)).watermarkMs).toBe(40_000)
    const after = read(log)
    expect(after.watermarkMs).toBe(100_000)
    expect(Object.keys(after.producers)).toEqual(['a'])
  })

  it('is not driven by one clock that runs ahead', () => {
    const log = merged(beats('good', 0, 50_000)).flatMap(([p, s]): Stamp[] => [
      [p, s],
      ['ahead', s + 3_600_000],
    ])
    expect(read(log).watermarkMs).toBe(50_000)
    const jumping: Stamp[] = [...beats('good', 0, 20_000), ['ahead', 0], ['ahead', 9_000_000], ['good', 25_000]]
    expect(Object.keys(read(jumping).producers)).toEqual(['good', 'ahead'])
  })

  it('is the same however the log is cut, its state being JSON', () => {
    const log = merged(beats('a', 0, 100_000), beats('b', 1_000, 40_000), beats('c', 30_000, 100_000))
    let state = initialWatermark
    for (const stamp of log) state = JSON.parse(JSON.stringify(read([stamp], state))) as WatermarkState
    expect(state).toEqual(read(log))
  })
})
