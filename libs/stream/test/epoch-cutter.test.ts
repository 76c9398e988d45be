import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CuttableRecord, EpochCutter } from '../src/index.ts'

const bounds = { lengthMs: 10_000, recordsMax: 8 }

/** Closed epochs of a log read from `from`, and where the open one begins. */
function epochs(log: readonly CuttableRecord[], from = 0): { closed: [number, number][]; open: number | undefined } {
  const cutter = new EpochCutter(bounds)
  const closed: [number, number][] = []
  for (const record of log.filter(one => one.offset >= from)) {
    const { from: openFrom, to: openTo } = cutter.epoch
    const cut = cutter.offer(record)
    if (cut === 'closes-before' || cut === 'closes-both') closed.push([openFrom, openTo])
    if (cut === 'closes-after' || cut === 'closes-both') closed.push([cutter.epoch.from, cutter.epoch.to])
  }
  return { closed, open: cutter.records > 0 ? cutter.epoch.from : undefined }
}

const logs = fc
  .array(fc.record({ stepMs: fc.integer({ min: -12_000, max: 15_000 }), skip: fc.constantFrom(1, 1, 1, 3) }), {
    maxLength: 60,
  })
  .map(steps => {
    let offset = 100
    let timestampMs = 1_000_000
    return steps.map(({ stepMs, skip }) => {
      offset += skip
      timestampMs += stepMs
      return { offset, timestampMs }
    })
  })

describe('EpochCutter', () => {
  it('closes before the first record stamped more than the length after the first', () => {
    const log = [0, 4_000, 10_000, 10_001, 20_000, 20_002].map((timestampMs, offset) => ({ offset, timestampMs }))
    expect(epochs(log)).toEqual({
      closed: [
        [0, 3],
        [3, 5],
      ],
      open: 5,
    })
  })

  it('closes after the greatest number of records', () => {
    const log = Array.from({ length: 17 }, (_, offset) => ({ offset, timestampMs: 5 }))
    expect(epochs(log)).toEqual({
      closed: [
        [0, 8],
        [8, 16],
      ],
      open: 16,
    })
  })

  it('never closes for a stamp that goes backwards', () => {
    const log = [50_000, 40_000, 1, 60_000].map((timestampMs, offset) => ({ offset, timestampMs }))
    expect(epochs(log)).toEqual({ closed: [], open: 0 })
  })

  it('gives the same bounds from the start of any epoch', () => {
    fc.assert(
      fc.property(logs, log => {
        const whole = epochs(log)
        for (const [from] of [...whole.closed, ...(whole.open === undefined ? [] : [[whole.open] as const])]) {
          expect(epochs(log, from)).toEqual({ closed: whole.closed.filter(([a]) => a >= from), open: whole.open })
        }
      }),
    )
  })

  it('covers every record once, in order', () => {
    fc.assert(
      fc.property(logs, log => {
        const { closed, open } = epochs(log)
        const covered = log.filter(({ offset }) => closed.some(([a, b]) => offset >= a && offset < b))
        const rest = log.filter(({ offset }) => open !== undefined && offset >= open)
        expect([...covered, ...rest]).toEqual(log)
      }),
    )
  })
})
