import { describe, expect, it } from 'vitest'
import { oid } from '../../../libs/snmp/src/index.ts'
import { WalkPace } from '../src/walk-pace.ts'

/** Has the pace learn that a varbind takes so many octets. */
function paceOf(varbindBytes: number): WalkPace {
  const pace = new WalkPace()
  for (let i = 0; i < 60; i++) pace.learn(70 * varbindBytes, 70)
  return pace
}

describe('the pace of walks', () => {
  it('F40: halves rows by tooBig for good, then columns, then gives up', () => {
    const pace = paceOf(20)
    expect(pace.repetitions(10)).toBe(6)
    expect(pace.tooBig(6, 10)).toBe(true)
    expect(pace.repetitions(10)).toBe(3)
    pace.allCame()
    expect(pace.repetitions(10)).toBe(3)
    expect(pace.tooBig(1, 10)).toBe(true)
    expect(pace.columnsMax).toBe(5)
    expect(pace.tooBig(1, 1)).toBe(false)
  })

  it('F35: halves rows by silence, which it forgives poll by poll', () => {
    const pace = paceOf(20)
    expect(pace.silence(6)).toBe(true)
    expect(pace.repetitions(10)).toBe(3)
    for (let i = 0; i < 3; i++) pace.allCame()
    expect(pace.repetitions(10)).toBe(6)
    expect(pace.silence(1)).toBe(false)
  })

  it('splits columns where their rows would leave replies half empty', () => {
    const pace = paceOf(19)
    // 20 columns: 3 rows of a possible 3.6; two groups of 10: 7 of 7.2.
    expect(pace.groups(20, 49)).toBe(2)
    expect(pace.groups(20, 2)).toBe(1)
    expect(pace.groups(1, 49)).toBe(1)
  })

  it('learns by first column what its cells take', () => {
    const pace = paceOf(19)
    const wide = oid('1.3.6.1.2.1.31.1.1.1.6')
    for (let i = 0; i < 60; i++) pace.learn(70 * 25, 70, wide)
    expect(pace.repetitions(10, wide)).toBe(5)
    for (let i = 0; i < 200; i++) pace.learn(70 * 19, 70, oid(`1.3.6.1.4.1.${i}`))
    expect(pace.repetitions(10)).toBe(7)
  })
})
