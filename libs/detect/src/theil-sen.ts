export interface Trend {
  /** Of a unit of x. */
  slope: number
  /** Bounds within which the slope lies with 95 % confidence. */
  low: number
  high: number
  /** Value of the line at the last x. */
  last: number
}

/** Points beyond this are a series to thin out first: the pairs of n points are n²/2. */
const pointsMax = 400
/** Fewer points have no bounds worth saying. */
const pointsLeast = 5

/**
 * The median of the slopes between all pairs of points, with Kendall's bounds (Sen 1968, "Estimates of the Regression
 * Coefficient Based on Kendall's Tau", §4): up to 29 % of the points may be anything. Undefined of too few points.
 * @param points with x rising
 */
export function theilSen(points: readonly { x: number; y: number }[]): Trend | undefined {
  const n = points.length
  if (n < pointsLeast || n > pointsMax) return undefined
  const slopes: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const dx = points[j]!.x - points[i]!.x
      if (dx > 0) slopes.push((points[j]!.y - points[i]!.y) / dx)
    }
  }
  slopes.sort((a, b) => a - b)
  const count = slopes.length
  if (count === 0) return undefined
  const slope = median(slopes)
  const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const low = slopes[Math.max(0, Math.round((count - spread) / 2) - 1)]!
  const high = slopes[Math.min(count - 1, Math.round((count + spread) / 2))]!
  const intercept = median(points.map(({ x, y }) => y - slope * x).sort((a, b) => a - b))
  return { slope, low, high, last: intercept + slope * points.at(-1)!.x }
}

function median(sorted: readonly number[]): number {
  return (sorted[sorted.length >> 1]! + sorted[(sorted.length - 1) >> 1]!) / 2
}
