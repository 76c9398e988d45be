import type { TimeRange } from '../../../../libs/store/src/index.ts'

export interface Gap {
  from: string
  to: string
}

export interface Completeness {
  /** 0..1; null when nothing could have been observed yet. */
  coverage: number | null
  gaps: Gap[]
}

/**
 * How much of a range was observed, and in which stretches nothing was.
 * @param observed share of each step that was observed, by the step's start in milliseconds; absent is none
 * @param untilMs what lies after it cannot have been observed yet
 */
export function completenessOf(
  observed: ReadonlyMap<number, number>,
  range: TimeRange,
  stepMs: number,
  untilMs: number,
): Completeness {
  let expectedMs = 0
  let observedMs = 0
  const gaps: { fromMs: number; toMs: number }[] = []
  for (let at = range.fromMs; at < Math.min(range.toMs, untilMs); at += stepMs) {
    const end = Math.min(at + stepMs, untilMs)
    const share = observed.get(at) ?? 0
    expectedMs += end - at
    observedMs += Math.min(share * stepMs, end - at)
    if (share > 0) continue
    const last = gaps.at(-1)
    if (last?.toMs === at) last.toMs = end
    else gaps.push({ fromMs: at, toMs: end })
  }
  return {
    coverage: expectedMs > 0 ? observedMs / expectedMs : null,
    gaps: gaps.map(({ fromMs, toMs }) => ({ from: isoOf(fromMs), to: isoOf(toMs) })),
  }
}

export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}
