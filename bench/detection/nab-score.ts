import type { LabelledSeries } from './nab-corpus.ts'

/** Weights of a NAB profile: what a found window earns, a missed one and a false alarm cost. */
export const nabProfiles = {
  standard: { found: 1, missed: 1, falseAlarm: 0.11 },
  'low FP': { found: 1, missed: 1, falseAlarm: 0.22 },
  'low FN': { found: 1, missed: 2, falseAlarm: 0.11 },
} as const
export type NabProfile = keyof typeof nabProfiles

export interface Detections {
  series: LabelledSeries
  scores: Float64Array
}

export interface NabResult {
  /** 100 for perfect, 0 for a detector that never speaks. */
  score: number
  threshold: number
  windowsFound: number
  falseAlarms: number
}

interface Point {
  score: number
  series: number
  index: number
}

/**
 * NAB's score (its sweeper's rules): in a window the earliest detection counts, from 1 at its left edge down to 0 at its
 * right; outside each detection costs, less just after a window. One threshold for the whole corpus; `best` is the one
 * with the highest score, found on the scored data itself as NAB does.
 */
export function nabScore(detections: readonly Detections[], profile: NabProfile, threshold?: number): NabResult {
  const { found, missed, falseAlarm } = nabProfiles[profile]
  const weights = detections.map(({ series }) => positionWeights(series))
  const windowCount = detections.reduce((sum, { series }) => sum + series.windows.length, 0)
  const best = new Map<string, number>()
  let total = -missed * windowCount
  let falseAlarms = 0
  let result: NabResult = { score: total, threshold: Number.POSITIVE_INFINITY, windowsFound: 0, falseAlarms: 0 }
  const points = scoredPoints(detections)
  for (let i = 0; i < points.length; ) {
    const at = points[i]!.score
    if (threshold !== undefined && at < threshold) break
    for (; i < points.length && points[i]!.score === at; i++) {
      const { series, index } = points[i]!
      const { window, weight } = weights[series]!
      if (window[index]! < 0) {
        total += weight[index]! * falseAlarm
        falseAlarms++
        continue
      }
      const key = `${series}/${window[index]}`
      const before = best.get(key) ?? -missed
      const after = Math.max(before, weight[index]! * found)
      total += after - before
      best.set(key, after)
    }
    if (threshold !== undefined || total > result.score) {
      result = { score: total, threshold: threshold ?? at, windowsFound: best.size, falseAlarms }
    }
  }
  const worst = -missed * windowCount
  return { ...result, score: (100 * (result.score - worst)) / (found * windowCount - worst) }
}

/** Detections above 0 after probation, strongest first. */
function scoredPoints(detections: readonly Detections[]): Point[] {
  const points: Point[] = []
  detections.forEach(({ series, scores }, which) => {
    for (let index = series.probation; index < scores.length; index++) {
      const score = scores[index]!
      if (score > 0) points.push({ score, series: which, index })
    }
  })
  return points.sort((a, b) => b.score - a.score)
}

/** For each row the window it lies in (-1: none) and what a detection there earns or costs. */
function positionWeights(series: LabelledSeries): { window: Int32Array; weight: Float64Array } {
  const rows = series.values.length
  const window = new Int32Array(rows).fill(-1)
  const weight = new Float64Array(rows)
  series.windows.forEach(([first, last], which) => {
    window.fill(which, first, last + 1)
  })
  const most = scaledSigmoid(-1)
  let previous: readonly [number, number] | undefined
  for (let i = 0; i < rows; i++) {
    if (window[i]! >= 0) {
      previous = series.windows[window[i]!]!
      const [first, last] = previous
      weight[i] = scaledSigmoid(-(last - i + 1) / (last - first + 1)) / most
    } else if (previous) {
      weight[i] = scaledSigmoid((i - previous[1]) / (previous[1] - previous[0]))
    } else weight[i] = -1
  }
  return { window, weight }
}

function scaledSigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}

/** The score when each category is judged by the threshold found on all others: no threshold has seen its data. */
export function leaveCategoryOut(detections: readonly Detections[]): number {
  const categories = [...new Set(detections.map(({ series }) => series.category))]
  let sum = 0
  let windows = 0
  for (const category of categories) {
    const rest = detections.filter(({ series }) => series.category !== category)
    const own = detections.filter(({ series }) => series.category === category)
    const count = own.reduce((total, { series }) => total + series.windows.length, 0)
    const { threshold } = nabScore(rest, 'standard')
    // A category without windows only adds its false alarms; scoring it with one empty window keeps the scale.
    if (count === 0) {
      const { falseAlarms } = nabScore(own, 'standard', threshold)
      sum -= falseAlarms * nabProfiles.standard.falseAlarm * 50
      continue
    }
    sum += nabScore(own, 'standard', threshold).score * count
    windows += count
  }
  return sum / windows
}
