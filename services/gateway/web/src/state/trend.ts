/** One mean a minute over the last hour, oldest first; null where the screen saw nothing. */
export interface Trend {
  add(value: number, nowMs: number): void
  /** Always `minutes` long and ending in the current minute. */
  points(nowMs: number): (number | null)[]
  /** Start of the oldest minute with a value. */
  sinceMs(nowMs: number): number | null
}

const minuteMs = 60_000

/** Fixed rings, so that a month of running takes the memory of an hour. */
export function createTrend(minutes = 60): Trend {
  const sums = new Float64Array(minutes)
  const counts = new Uint32Array(minutes)
  const stamps = new Float64Array(minutes).fill(-1)
  return {
    add(value, nowMs) {
      const minute = Math.floor(nowMs / minuteMs)
      const slot = minute % minutes
      if (stamps[slot] !== minute) {
        stamps[slot] = minute
        sums[slot] = 0
        counts[slot] = 0
      }
      sums[slot]! += value
      counts[slot]!++
    },
    points(nowMs) {
      const last = Math.floor(nowMs / minuteMs)
      return Array.from({ length: minutes }, (_, index) => {
        const minute = last - minutes + 1 + index
        const slot = minute % minutes
        return stamps[slot] === minute ? sums[slot]! / counts[slot]! : null
      })
    },
    sinceMs(nowMs) {
      const first = this.points(nowMs).findIndex(point => point !== null)
      return first < 0 ? null : (Math.floor(nowMs / minuteMs) - minutes + 1 + first) * minuteMs
    },
  }
}
