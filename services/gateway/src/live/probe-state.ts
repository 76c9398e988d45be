import type { ProbeLive } from '../../../../libs/model/src/index.ts'

/** A probe as its last round was. */
export interface ProbeState {
  tenantId: string
  probeId: string
  live: ProbeLive
}

/** A probe whose rounds no longer come is forgotten after this, or after ten of its intervals. */
const keptMs = 900_000

export function isProbeStale({ live }: ProbeState, nowMs: number): boolean {
  return nowMs - Number(live.startedMs) > 2 * live.intervalMs + 30_000
}

export function isProbeForgotten({ live }: ProbeState, nowMs: number): boolean {
  return nowMs - Number(live.startedMs) > Math.max(keptMs, 10 * live.intervalMs)
}
