/** Durations from here on tell something of a timeout; no exporter is set to more than two hours. */
const shortestMs = 5_000
const longestMs = 7_200_000
const windowMs = 600_000
/** Buckets are a tenth wide. */
const bucketWidth = Math.log(1.1)
const samplesLeast = 3

/** Plain JSON: by bucket, samples and their sum, of this window of ten minutes and of the one before. */
export interface ActiveTimeoutState {
  windowStartMs: number
  now: Record<string, [count: number, sumMs: number]>
  before: Record<string, [count: number, sumMs: number]>
}

export function newActiveTimeout(): ActiveTimeoutState {
  return { windowStartMs: 0, now: {}, before: {} }
}

/** Notes how long one record lasted. */
export function sampleDuration(state: ActiveTimeoutState, durationMs: number, atMs: number): void {
  if (atMs - state.windowStartMs >= windowMs) {
    state.before = atMs - state.windowStartMs < 2 * windowMs ? state.now : {}
    state.now = {}
    state.windowStartMs = Math.floor(atMs / windowMs) * windowMs
  }
  if (durationMs < shortestMs || durationMs > longestMs) return
  const bucket = Math.floor(Math.log(durationMs) / bucketWidth)
  const known = state.now[bucket]
  if (known) {
    known[0]++
    known[1] += durationMs
  } else {
    state.now[bucket] = [1, durationMs]
  }
}

/**
 * The exporter's active timeout, to the second: records of flows longer than it are cut there, so that the longest
 * durations pile up. Undefined where they thin out instead, as flows that end by themselves do.
 */
export function activeTimeoutMs(state: ActiveTimeoutState): number | undefined {
  const of = (bucket: number): [number, number] => {
    const [a, b] = [state.now[bucket], state.before[bucket]]
    return [(a?.[0] ?? 0) + (b?.[0] ?? 0), (a?.[1] ?? 0) + (b?.[1] ?? 0)]
  }
  const buckets = [...new Set([...Object.keys(state.now), ...Object.keys(state.before)])].map(Number)
  const top = buckets.filter(bucket => of(bucket)[0] >= samplesLeast).sort((a, b) => b - a)[0]
  if (top === undefined) return undefined
  const [count, sumMs] = of(top)
  const below = of(top - 2)[0] + of(top - 3)[0]
  if (count + of(top - 1)[0] < below) return undefined
  return Math.round(sumMs / count / 1_000) * 1_000
}
