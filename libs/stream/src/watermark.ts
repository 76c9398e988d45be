import { heartbeatIntervalMs } from '../../model/src/index.ts'

/** Plain JSON; a partition's watermark as of one position of its log. */
export interface WatermarkState {
  /** No record stamped before this is expected any more, milliseconds since the Unix epoch. Never falls. */
  watermarkMs: number
  /** Time that passed in the log, counted from its producers' own stamps. */
  logMs: number
  producers: Record<string, ProducerProgress>
}

interface ProducerProgress {
  /** Newest stamp. */
  stampMs: number
  /** `logMs` when it last wrote. */
  seenAtLogMs: number
}

/** Producers a partition follows at most; the longest silent one goes. */
const producersMax = 1_024
/** A producer that wrote nothing while the log went on by this much is gone, and no longer holds the watermark back. */
const retireAfterMs = 6 * heartbeatIntervalMs
/** One record moves the log's time by no more than this, so that a clock that jumps retires nobody. */
const stepMsMax = 2 * heartbeatIntervalMs

export const initialWatermark: WatermarkState = { watermarkMs: 0, logMs: 0, producers: {} }

/**
 * The state after one record (a heartbeat or any other) of the partition: the watermark is the least of the newest
 * stamps of the producers that still write. Live producers write a heartbeat every 5 s; one that is silent while others
 * move the log on by 30 s is gone. A pure function of the log: it never looks at a clock.
 */
export function advanceWatermark(state: WatermarkState, producerId: string, stampMs: number): WatermarkState {
  const known = state.producers[producerId]
  const step = known ? Math.min(stepMsMax, Math.max(0, stampMs - known.stampMs)) : 0
  // Each producer's progress counts from where the log was when it last wrote: two producers do not make time run twice.
  const logMs = known ? Math.max(state.logMs, known.seenAtLogMs + step) : state.logMs
  const producers = { ...state.producers }
  producers[producerId] = { stampMs: Math.max(stampMs, known?.stampMs ?? stampMs), seenAtLogMs: logMs }
  let least = Number.POSITIVE_INFINITY
  let silent: string | undefined
  let count = 0
  for (const [id, progress] of Object.entries(producers)) {
    if (logMs - progress.seenAtLogMs > retireAfterMs) {
      delete producers[id]
      continue
    }
    count++
    least = Math.min(least, progress.stampMs)
    if (silent === undefined || progress.seenAtLogMs < producers[silent]!.seenAtLogMs) silent = id
  }
  if (count > producersMax && silent !== undefined && silent !== producerId) delete producers[silent]
  return { watermarkMs: Math.max(state.watermarkMs, least), logMs, producers }
}
