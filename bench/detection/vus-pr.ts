import type { LabelledSeries } from './nab-corpus.ts'

/**
 * VUS-PR of a score (Paparrizos et al., PVLDB 15(11) 2022; the rules of TSB-AD's implementation): the area under the
 * range-based precision-recall curve, averaged over label slopes of 0 to `slopeMax` points around each window, at 60
 * thresholds. Rows of the probation are left out.
 */
export function vusPr(series: LabelledSeries, scores: Float64Array, slopeMax = 100, thresholds = 60): number {
  const ranges = series.windows
    .map(([first, last]) => [Math.max(0, first - series.probation), last - series.probation] as const)
    .filter(([, last]) => last >= 0)
  const judged = scores.subarray(series.probation)
  const rows = judged.length
  const sorted = Float64Array.from(judged).sort().reverse()
  const predictions = Array.from({ length: thresholds }, (_, i) => {
    const threshold = sorted[Math.floor((i * (rows - 1)) / (thresholds - 1))]!
    const positive = Uint8Array.from(judged, score => (score >= threshold ? 1 : 0))
    return { positive, count: positive.reduce((sum, one) => sum + one, 0) }
  })
  const inRange = new Uint8Array(rows)
  for (const [first, last] of ranges) inRange.fill(1, first, last + 1)
  const labelled = inRange.reduce((sum, one) => sum + one, 0)
  const widest = merged(ranges, slopeMax, rows)
  let area = 0
  for (let slope = 0; slope <= slopeMax; slope++) {
    const labels = slopedLabels(inRange, ranges, slope)
    const events = merged(ranges, slope, rows)
    let recallBefore = 0
    for (const { positive, count } of predictions) {
      let hits = 0
      let weight = 0
      for (const [first, last] of widest) {
        for (let i = first; i <= last; i++) {
          const label = inRange[i] ? 1 : labels[i]! * positive[i]!
          weight += label
          if (positive[i]) hits += label
        }
      }
      const found = events.filter(([first, last]) => positive.subarray(first, last + 1).includes(1)).length
      const recall = Math.min(1, hits / ((labelled + weight) / 2)) * (found / events.length)
      area += (recall - recallBefore) * (hits / count)
      recallBefore = recall
    }
  }
  return area / (slopeMax + 1)
}

type Ranges = readonly (readonly [first: number, last: number])[]

/** Ranges widened by half a slope on each side; those that touch become one. */
function merged(ranges: Ranges, slope: number, rows: number): Ranges {
  const half = Math.floor(slope / 2)
  const out: [number, number][] = []
  let first = Math.max(ranges[0]![0] - half, 0)
  for (let i = 0; i + 1 < ranges.length; i++) {
    const last = ranges[i]![1] + half
    const next = ranges[i + 1]![0] - half
    if (last >= next) continue
    out.push([first, last])
    first = next
  }
  out.push([first, Math.min(ranges.at(-1)![1] + half, rows - 1)])
  return out
}

function slopedLabels(inRange: Uint8Array, ranges: Ranges, slope: number): Float64Array {
  const labels = Float64Array.from(inRange)
  const half = Math.floor(slope / 2)
  const rows = labels.length
  for (const [first, last] of ranges) {
    for (let i = last + 1; i < Math.min(last + half + 1, rows); i++) labels[i]! += Math.sqrt(1 - (i - last) / slope)
    for (let i = Math.max(first - half, 0); i < first; i++) labels[i]! += Math.sqrt(1 - (first - i) / slope)
  }
  return labels.map(label => Math.min(1, label))
}
