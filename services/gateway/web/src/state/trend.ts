/** Means over short slots of the last hour, for a line that ends now. */
export interface Trend {
  add(value: number, nowMs: number): void
  /** Oldest first, ending in the current slot; null where the screen saw nothing. */
  points(spanMs: number, nowMs: number): (number | null)[]
  /** How far back the screen has seen anything. */
  seenMs(nowMs: number): number
  /** All of it, to be taken up again after a reload. */
  save(): SavedTrend
  restore(saved: unknown): void
}

/** Slot numbers since the Unix epoch with their means. */
export type SavedTrend = [stamp: number, mean: number][]

const slotMs = 10_000
const hourMs = 3_600_000
const slots = hourMs / slotMs

/** Fixed rings, so that a month of running takes the memory of an hour. */
export function createTrend(): Trend {
  const sums = new Float64Array(slots)
  const counts = new Uint32Array(slots)
  const stamps = new Float64Array(slots).fill(-1)
  const at = (stamp: number): number | null => {
    const slot = stamp % slots
    return stamps[slot] === stamp ? sums[slot]! / counts[slot]! : null
  }
  const points = (spanMs: number, nowMs: number) => {
    const length = Math.min(slots, Math.max(2, Math.round(spanMs / slotMs)))
    const first = Math.floor(nowMs / slotMs) - length + 1
    return Array.from({ length }, (_, index) => at(first + index))
  }
  return {
    add(value, nowMs) {
      const stamp = Math.floor(nowMs / slotMs)
      const slot = stamp % slots
      if (stamps[slot] !== stamp) {
        stamps[slot] = stamp
        sums[slot] = 0
        counts[slot] = 0
      }
      sums[slot]! += value
      counts[slot]!++
    },
    points,
    save() {
      return [...stamps].flatMap((stamp, slot) =>
        stamp < 0 ? [] : [[stamp, sums[slot]! / counts[slot]!] as [number, number]],
      )
    },
    restore(saved) {
      if (!Array.isArray(saved)) return
      for (const entry of saved.slice(0, slots) as unknown[]) {
        if (!Array.isArray(entry)) continue
        const [stamp, mean] = entry as unknown[]
        if (!Number.isInteger(stamp) || (stamp as number) < 0 || typeof mean !== 'number' || !Number.isFinite(mean))
          continue
        const slot = (stamp as number) % slots
        if (stamps[slot]! > (stamp as number)) continue
        stamps[slot] = stamp as number
        sums[slot] = mean
        counts[slot] = 1
      }
    },
    seenMs(nowMs) {
      const all = points(hourMs, nowMs)
      const first = all.findIndex(point => point !== null)
      return first < 0 ? 0 : (all.length - first) * slotMs
    },
  }
}

const spansMs = [300_000, 900_000, 1_800_000, hourMs]

/** Span of a chart: the shortest round one that holds what was seen, so that a screen just started is not an empty box. */
export function trendSpan(seenMs: number): number {
  return spansMs.find(spanMs => seenMs <= spanMs) ?? hourMs
}
