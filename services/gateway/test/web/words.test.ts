import { describe, expect, it } from 'vitest'
import { alarmTypes } from '../../../../libs/model/src/index.ts'
import { niceMax } from '../../web/src/state/axis.ts'
import { lonePoints } from '../../web/src/state/lone-points.ts'
import { siteWords } from '../../web/src/state/place.ts'
import { alarmTypeWords, headAndTail, inertText, shortPortName } from '../../web/src/state/text.ts'
import { bitRate, count, duration, percent, rateScale, shortSpan, threeDigits } from '../../web/src/state/units.ts'
import { hostileTexts } from './scenarios.ts'

describe('units', () => {
  it('have three digits at most', () => {
    expect([0, 0.001, 0.12345, 1, 9.999, 12.34, 99.96, 123.4, 9999].map(threeDigits)).toEqual([
      '0',
      '0',
      '0.12',
      '1.00',
      '10.0',
      '12.3',
      '100',
      '123',
      '9999',
    ])
  })

  it('do not flicker around a step', () => {
    const gigabit = rateScale(1.2e9)
    expect(bitRate(0.9e9, rateScale(0.9e9, gigabit))).toEqual({ figure: '0.90', unit: 'Gbit/s' })
    expect(rateScale(2e7, gigabit).unit).toBe('Mbit/s')
    expect(rateScale(3e12, gigabit).unit).toBe('Tbit/s')
  })

  it('say how long in words', () => {
    expect([0, 59_999, 60_000, 840_000, 11_520_000, 187_200_000, 9e8].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '14 min',
      '3 h 12 min',
      '2 d 4 h',
      '10 d',
    ])
    expect(shortSpan(420)).toEqual({ figure: '0.4', unit: 's' })
    expect(shortSpan(185_000)).toEqual({ figure: '3', unit: 'min' })
  })

  it('call more than the speed impossible, and nothing observed a dash', () => {
    expect(percent(1.02)).toMatchObject({ figure: '102', impossible: false })
    expect(percent(1.5)).toMatchObject({ figure: '>100', impossible: true })
    expect(percent(null).figure).toBe('–')
    expect(bitRate(null).figure).toBe('–')
  })

  it('group thousands', () => expect(count(1_234_567)).toBe('1\u202f234\u202f567'))

  it('find the values that stand alone between gaps', () => {
    expect(lonePoints([1, null, 2, 3, null, 4, null])).toEqual([0, 5])
    expect(lonePoints([null, null])).toEqual([])
  })

  it('end axes at numbers that can be read aloud', () => {
    expect([0, 1, 1.1, 2.2, 3, 7, 3.2e9].map(niceMax)).toEqual([1, 1, 2, 2.5, 5, 10, 5e9])
  })
})

describe('text', () => {
  it('loses what reorders or hides its neighbours, and nothing else', () => {
    for (const text of hostileTexts)
      expect(inertText(text)).not.toMatch(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
    expect(inertText('abc\u202Egnp.exe')).toBe('abc gnp.exe')
    expect(inertText('👩‍👩‍👧‍👦 Büro')).toBe('👩‍👩‍👧‍👦 Büro')
    expect(inertText('<b>x</b>')).toBe('<b>x</b>')
    expect(inertText('y'.repeat(1_000))).toHaveLength(400)
  })

  it('is cut in the middle and never within a character', () => {
    expect(headAndTail('short', 7)).toEqual({ head: 'short', tail: '' })
    expect(headAndTail('customer-berlin-core-1', 7)).toEqual({ head: 'customer-berlin', tail: '-core-1' })
    expect(headAndTail(`${'a'.repeat(20)}👩‍👩‍👧‍👦23456`, 7).tail).toBe('a👩‍👩‍👧‍👦23456')
  })

  it('does not say a client’s name twice', () => {
    expect(siteWords('Acme', 'Acme, plant 2')).toBe('plant 2')
    expect(siteWords('Acme', 'Acme')).toBe('Acme')
    expect(siteWords('Acme', 'Berlin')).toBe('Berlin')
  })

  it('has words for every alarm type', () => {
    expect(alarmTypeWords('snmp-failing')).toBe('SNMP failing')
    expect(alarmTypes.map(alarmTypeWords).filter(words => !/^[A-Z][A-Za-z ]+$/.test(words))).toEqual([])
  })

  it('shortens port names as consoles do', () => {
    expect(
      [
        'GigabitEthernet1/0/48',
        'TenGigE0/0/0/1',
        'HundredGigE0/0/0/1',
        'Ethernet1/49',
        'xe-0/0/3',
        'Ethernet',
        'sfp-sfpplus1',
      ].map(shortPortName),
    ).toEqual(['Gi1/0/48', 'Te0/0/0/1', 'Hu0/0/0/1', 'Eth1/49', 'xe-0/0/3', 'Ethernet', 'sfp+1'])
  })
})
