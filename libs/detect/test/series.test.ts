import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCorpus } from '../../../bench/detection/nab-corpus.ts'
import { type Detections, leaveCategoryOut, nabScore } from '../../../bench/detection/nab-score.ts'
import { vusPr } from '../../../bench/detection/vus-pr.ts'
import { packageRoot, seededRandom } from '../../kernel/src/index.ts'
import { judgeValue, newSeries, type SeriesJudgement, type SeriesState } from '../src/index.ts'

const fiveMinutes = 300_000

/** Three weeks of a link's load in five-minute steps: a day's swing and noise. */
function load(change: (value: number, i: number) => number = value => value, seed = 1): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: 6_048 }, (_, i) => {
    const swing = 40 + 25 * Math.sin((2 * Math.PI * i) / 288)
    const noise = 3 * (random() + random() + random() - 1.5)
    return change(swing + noise, i)
  })
}

function judge(
  values: readonly number[],
  between: (state: SeriesState, i: number) => SeriesState = state => state,
): SeriesJudgement[] {
  let state = newSeries()
  return values.map((value, i) => {
    state = between(state, i)
    return judgeValue(state, i * fiveMinutes, value)
  })
}

const alertsOf = (judgements: readonly SeriesJudgement[]) => judgements.flatMap((one, i) => (one.alert ? [i] : []))

describe('judgeValue', () => {
  it('alerts once for a spike, at the spike', () => {
    const alerts = alertsOf(judge(load((value, i) => (i >= 4_000 && i < 4_010 ? value + 80 : value))))
    expect(alerts.filter(i => i >= 3_900)).toEqual([4_000])
  })

  it('alerts when the load breaks away at its busiest, within an hour', () => {
    // Low for that time of day, and well within the range of the days before.
    const from = 288 * 14 + 72
    const alerts = alertsOf(judge(load((value, i) => (i >= from && i < from + 60 ? 20 + (value % 3) : value))))
    expect(alerts.some(i => i >= from && i < from + 12)).toBe(true)
  })

  it('keeps quiet over three weeks in which nothing happens', () => {
    for (let seed = 1; seed <= 10; seed++)
      expect(alertsOf(judge(load(undefined, seed))).filter(i => i >= 600).length).toBeLessThanOrEqual(1)
  })

  it('scores a disturbed day above every other, for as long as it lasts', () => {
    const random = seededRandom(2)
    const from = 288 * 12
    const scores = judge(load((value, i) => (i >= from && i < from + 288 ? value + 30 * (random() - 0.5) : value))).map(
      one => one.score,
    )
    const mean = (a: number, b: number) => scores.slice(a, b).reduce((sum, one) => sum + one, 0) / (b - a)
    expect(mean(from + 48, from + 288)).toBeGreaterThan(3 * mean(288 * 4, from))
    expect(Math.max(...scores)).toBeLessThanOrEqual(1)
  })

  it('goes on the same from JSON at any point, and stays below 2.5 KB', () => {
    const values = load((value, i) => (i % 977 === 0 ? value * 3 : value))
    let largest = 0
    const cut = judge(values, (state, i) => {
      if (i % 500 !== 499) return state
      const text = JSON.stringify(state)
      largest = Math.max(largest, text.length)
      return JSON.parse(text) as SeriesState
    })
    expect(cut).toEqual(judge(values))
    expect(largest).toBeLessThan(2_560)
  })

  it('skips what is no number and learns nothing from it', () => {
    const state = newSeries()
    judgeValue(state, 0, 5)
    const before = JSON.stringify(state)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(judgeValue(state, 1, value)).toEqual({ score: 0, alertScore: 0, alert: false })
    judgeValue(state, Number.NaN, 5)
    expect(JSON.stringify(state)).toBe(before)
  })

  it('gives numbers from 0 to 1 for any series: flat, huge, tiny, or from before 1970', () => {
    for (const series of [
      [7, 7, 7, 8, 7],
      [1e300, -1e300, 1e300],
      [1e-300, 2e-300, 0],
      [0, 0, 0, 0],
    ]) {
      const state = newSeries()
      series.forEach((value, i) => {
        const { score, alertScore } = judgeValue(state, -1e12 + i, value)
        for (const one of [score, alertScore]) {
          expect(one).toBeGreaterThanOrEqual(0)
          expect(one).toBeLessThanOrEqual(1)
        }
      })
    }
  })
})

const nab = join(process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material'), 'detection/nab')

describe.skipIf(!existsSync(nab))(`NAB (SKIPPED where ${nab} is absent: set WEIR_MATERIAL)`, () => {
  it('is answered at least as well as the targets say, at the fixed threshold', () => {
    const corpus = readCorpus(nab)
    const said: Detections[] = []
    const strengths: Detections[] = []
    const volumes: number[] = []
    for (const series of corpus) {
      const state = newSeries()
      const judgements = Array.from(series.values, (value, i) => judgeValue(state, series.timesMs[i]!, value))
      said.push({ series, scores: Float64Array.from(judgements, one => (one.alert ? 1 : 0)) })
      strengths.push({ series, scores: Float64Array.from(judgements, one => one.alertScore) })
      if (series.windows.length > 0 && series.values.length <= 5_400) {
        volumes.push(
          vusPr(
            series,
            Float64Array.from(judgements, one => one.score),
          ),
        )
      }
    }
    expect(nabScore(said, 'standard', 1).score).toBeGreaterThanOrEqual(72)
    expect(nabScore(said, 'low FP', 1).score).toBeGreaterThanOrEqual(67)
    expect(nabScore(said, 'low FN', 1).score).toBeGreaterThanOrEqual(76)
    expect(leaveCategoryOut(strengths)).toBeGreaterThanOrEqual(70)
    expect(volumes.reduce((a, b) => a + b, 0) / volumes.length).toBeGreaterThanOrEqual(0.42)
  })
})
