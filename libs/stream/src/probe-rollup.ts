import { windowMs } from './window-split.ts'

/** Partial row of `probe_1m`. */
export interface ProbeWindowRow {
  window_start: number
  site_id: string
  probe_id: string
  bucket: number
  packets: bigint
  rtt_us_sum: bigint
  rtt_us_min: bigint
  rtt_us_max: bigint
  jitter_us_sum: bigint
  jitter_pairs: bigint
}

export interface ProbeFigures {
  sent: number
  lost: number
  /** Of those that came; null where none did. */
  rttMinUs: number | null
  rttMeanUs: number | null
  rttMaxUs: number | null
  /**
   * Mean difference between the round trips of packets that follow each other and both came: the magnitude of RFC 3393's
   * delay variation with the packet before as reference (§4.5), of round trips and not of one way.
   */
  jitterUs: number | null
}

/** Bucket of what was lost. */
export const lostBucket = 255
/** Each bucket's end is so many times its beginning: a quantile read from it is within 5 % of the truth (DDSketch). */
export const bucketGrowth = 1.1
const logGrowth = Math.log(bucketGrowth)
const bucketMost = lostBucket - 1

/** Bucket n holds round trips above 1.1^(n-1) up to 1.1^n microseconds; 0 those of a microsecond or less. */
export function rttBucket(microseconds: number): number {
  if (microseconds <= 1) return 0
  return Math.min(bucketMost, Math.ceil(Math.log(microseconds) / logGrowth - 1e-9))
}

/**
 * What one round adds to the rollup: the whole round counts in the minute in which it began.
 * @param rttUs in the order of sending, microseconds; 0 for what was lost
 * @param consecutive sent one right after the other: the differences between them are jitter
 */
export function probeRows(
  probeId: string,
  siteId: string,
  startedMs: number,
  rttUs: readonly number[],
  consecutive = true,
): ProbeWindowRow[] {
  const rows = new Map<number, ProbeWindowRow>()
  rttUs.forEach((us, i) => {
    const bucket = us === 0 ? lostBucket : rttBucket(us)
    let row = rows.get(bucket)
    if (!row) {
      row = {
        window_start: Math.floor(startedMs / windowMs) * (windowMs / 1_000),
        site_id: siteId,
        probe_id: probeId,
        bucket,
        packets: 0n,
        rtt_us_sum: 0n,
        // A row of lost packets has no round trips: their least and greatest must not win over those of others.
        rtt_us_min: BigInt(us),
        rtt_us_max: 0n,
        jitter_us_sum: 0n,
        jitter_pairs: 0n,
      }
      rows.set(bucket, row)
    }
    const value = BigInt(us)
    row.packets++
    row.rtt_us_sum += value
    if (value < row.rtt_us_min) row.rtt_us_min = value
    if (value > row.rtt_us_max) row.rtt_us_max = value
    const before = rttUs[i - 1]
    if (consecutive && us > 0 && before !== undefined && before > 0) {
      row.jitter_us_sum += BigInt(Math.abs(us - before))
      row.jitter_pairs++
    }
  })
  return [...rows.values()].sort((a, b) => a.bucket - b.bucket)
}

export function probeFigures(rttUs: readonly number[]): ProbeFigures {
  const came = rttUs.filter(us => us > 0)
  const jumps = rttUs.flatMap((us, i) => (i > 0 && us > 0 && rttUs[i - 1]! > 0 ? [Math.abs(us - rttUs[i - 1]!)] : []))
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    sent: rttUs.length,
    lost: rttUs.length - came.length,
    rttMinUs: came.length === 0 ? null : Math.min(...came),
    rttMeanUs: mean(came),
    rttMaxUs: came.length === 0 ? null : Math.max(...came),
    jitterUs: mean(jumps),
  }
}
