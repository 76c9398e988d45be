/** Moves the whole picture a little every few minutes, so that no letter stays on the same pixels for months. */
export const pixelShiftEveryMs = 180_000

/** CSS pixels right and down. A walk around a square of 8 pixels that visits each stop before it repeats. */
export function pixelShift(nowMs: number): { x: number; y: number } {
  const stops = [
    [0, 0],
    [4, 0],
    [8, 0],
    [8, 4],
    [8, 8],
    [4, 8],
    [0, 8],
    [0, 4],
  ] as const
  const [x, y] = stops[Math.floor(nowMs / pixelShiftEveryMs) % stops.length]!
  return { x: x - 4, y: y - 4 }
}

/** The headline's edge alternates by local day; it is chosen when the page loads, which happens each night. */
export function headlineEdge(edge: 'auto' | 'top' | 'bottom', localMs: number): 'top' | 'bottom' {
  if (edge !== 'auto') return edge
  return Math.floor(localMs / 86_400_000) % 2 === 0 ? 'top' : 'bottom'
}
