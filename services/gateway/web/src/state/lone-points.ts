/** Indexes of values between two gaps, which a line alone would not show. */
export function lonePoints(points: readonly (number | null)[]): number[] {
  return points.flatMap((point, index) =>
    point !== null && (points[index - 1] ?? null) === null && (points[index + 1] ?? null) === null ? [index] : [],
  )
}
