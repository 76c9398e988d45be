/**
 * The server's clock as the screen can know it. The screen's own clock only has to run evenly (`monotonicMs`, as
 * `performance.now()`); whether its wall clock is right is a finding, not an assumption.
 */
export interface ServerTime {
  observe(serverTimeMs: number, monotonicMs: number, wallMs: number): void
  /** Milliseconds since the Unix epoch by the server's clock; the screen's wall clock before the first observation. */
  nowMs(monotonicMs: number, wallMs: number): number
  /** Screen minus server; null before the first observation. */
  driftMs(): number | null
}

/** More than this between screen and server is said on the wall. */
export const driftWarningMs = 2_000

const samplesMax = 12

export function createServerTime(): ServerTime {
  // A frame that waited on its way makes the server look late, never early: of the last few the largest offset is the
  // one with the least delay in it.
  const offsets: number[] = []
  const drifts: number[] = []
  const best = () => Math.max(...offsets)
  return {
    observe(serverTimeMs, monotonicMs, wallMs) {
      offsets.push(serverTimeMs - monotonicMs)
      drifts.push(wallMs - serverTimeMs)
      if (offsets.length > samplesMax) offsets.shift()
      if (drifts.length > samplesMax) drifts.shift()
    },
    nowMs(monotonicMs, wallMs) {
      return offsets.length ? monotonicMs + best() : wallMs
    },
    driftMs() {
      return drifts.length ? Math.min(...drifts) : null
    },
  }
}
