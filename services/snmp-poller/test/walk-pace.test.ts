import { describe, expect, it } from 'vitest'
import { type Column, type IfColumn, ifColumns } from '../../../libs/snmp/src/index.ts'
import { WalkPace } from '../src/walk-pace.ts'

const columns: readonly IfColumn[] = Object.values(ifColumns).slice(0, 20)
const ten = columns.slice(0, 10)

/** Has the pace learn that replies have 60 octets beside their cells, which take so many each. */
function paceOf(cellBytes: number): WalkPace {
  const pace = new WalkPace()
  for (let i = 0; i < 60; i++) pace.learn(60 + 70 * cellBytes, 70 * cellBytes, 70)
  return pace
}

describe('the pace of walks', () => {
  it('F40: halves rows by tooBig for good, then columns, then gives up', () => {
    const pace = paceOf(20)
    expect(pace.repetitions(ten)).toBe(6)
    expect(pace.tooBig(6, 10)).toBe(true)
    expect(pace.repetitions(ten)).toBe(3)
    pace.allCame()
    expect(pace.repetitions(ten)).toBe(3)
    expect(pace.tooBig(1, 10)).toBe(true)
    expect(pace.columnsMax).toBe(5)
    for (const run of pace.runs(columns, 49)) expect(run.length).toBeLessThanOrEqual(5)
    expect(pace.tooBig(1, 1)).toBe(false)
  })

  it('F35: halves rows by silence, which it forgives poll by poll', () => {
    const pace = paceOf(20)
    expect(pace.silence(6)).toBe(true)
    expect(pace.repetitions(ten)).toBe(3)
    for (let i = 0; i < 3; i++) pace.allCame()
    expect(pace.repetitions(ten)).toBe(6)
    expect(pace.silence(1)).toBe(false)
  })

  it('splits columns where their rows would leave replies half empty', () => {
    const pace = paceOf(19)
    const requests = (runs: readonly (readonly Column[])[]): number =>
      runs.reduce((sum, run) => sum + Math.ceil(49 / pace.repetitions(run)), 0)
    // 20 columns: 3 rows of a possible 3.6, 17 requests; two runs of ten: 7 rows each.
    const runs = pace.runs(columns, 49)
    expect(runs.flat()).toEqual(columns)
    expect(requests([columns])).toBe(17)
    expect(requests(runs)).toBe(14)
    expect(pace.runs(columns, 2)).toHaveLength(1)
    expect(pace.runs([], 49)).toEqual([])
  })

  it('learns what the cells of each column take', () => {
    const pace = paceOf(19)
    for (const column of ten) for (let i = 0; i < 20; i++) pace.learnColumn(column, 48 * 27, 48)
    expect(pace.repetitions(ten)).toBe(5)
    expect(pace.repetitions(columns.slice(10))).toBe(7)
    // Columns of other tables are judged by all cells.
    expect(pace.repetitions(Array.from({ length: 10 }, () => ({ ...ten[0]!, place: undefined as never })))).toBe(7)
  })
})
