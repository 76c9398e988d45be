/** Pauses that double from `firstMs` to `maxMs`; the same for every adapter. */
export function backoffMs(failures: number, firstMs = 100, maxMs = 10_000): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 20))
}
