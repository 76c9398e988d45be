import type { Store } from '../store.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { allOf, listPredicate, type TenantScope, tenantPredicate } from './tenant-scope.ts'
import {
  checkRange,
  chooseStepSeconds,
  isoTime,
  levelForStep,
  type TimeRange,
  type WindowContext,
} from './time-windows.ts'

export interface ProbeSeriesQuery extends TimeRange, WindowContext {
  tenants: TenantScope
  /** Sites whose probes may be seen; all unless given. */
  siteIds?: readonly string[]
  probeId: string
  /** A multiple of 60; chosen for some 400 points when not given. */
  stepSeconds?: number
}

export interface ProbePoint {
  /** Start of the step, ISO 8601 UTC. */
  at: string
  sent: number
  lost: number
  /** 0..1. */
  lossRatio: number
  /** Milliseconds of those that came; null where none did. Quantiles are within 5 % of the truth. */
  rttMinMs: number | null
  rttMeanMs: number | null
  rttP50Ms: number | null
  rttP95Ms: number | null
  rttMaxMs: number | null
  jitterMs: number | null
}

export interface ProbeSeries {
  stepSeconds: number
  /** Steps without a round are absent. */
  points: ProbePoint[]
}

/** As libs/stream's `rttBucket` fills them. */
const lostBucket = 255
const bucketGrowth = 1.1

interface Row {
  at: string
  buckets: number[]
  counts: string[]
  sum: string
  least: string
  most: string
  jitterSum: string
  jitterPairs: string
}

/** Loss, round trips and jitter of one probe over time, from the rollup that fits the step. */
export async function readProbeSeries(
  store: Store,
  query: ProbeSeriesQuery,
  limits: QueryLimits = {},
): Promise<ProbeSeries> {
  checkRange(query)
  const stepSeconds = query.stepSeconds ?? chooseStepSeconds(query, 400, query)
  const level = levelForStep(stepSeconds, query, query)
  const where = allOf(
    tenantPredicate(query.tenants, 't.tenant_id'),
    listPredicate('t.site_id', 'sites', query.siteIds),
    listPredicate('t.probe_id', 'probes', [query.probeId]),
  )
  const rows = await store.query<Row>(
    `SELECT at, groupArray(bucket) AS buckets, groupArray(toString(bucketPackets)) AS counts, toString(sum(rttSum)) AS sum,
            toString(minIf(rttMin, bucket < ${lostBucket})) AS least, toString(max(rttMax)) AS most,
            toString(sum(jumps)) AS jitterSum, toString(sum(pairs)) AS jitterPairs
     FROM (SELECT intDiv(toUnixTimestamp(t.window_start), {step:UInt32}) * {step:UInt32} AS at, t.bucket AS bucket,
                  sum(t.packets) AS bucketPackets, sum(t.rtt_us_sum) AS rttSum, min(t.rtt_us_min) AS rttMin,
                  max(t.rtt_us_max) AS rttMax, sum(t.jitter_us_sum) AS jumps, sum(t.jitter_pairs) AS pairs
           FROM probe_${level} AS t
           WHERE ${where.sql} AND t.window_start >= toDateTime({from:UInt32}, 'UTC') AND t.window_start < toDateTime({to:UInt32}, 'UTC')
           GROUP BY at, bucket ORDER BY at, bucket)
     GROUP BY at ORDER BY at`,
    {
      ...where.params,
      step: stepSeconds,
      from: Math.floor(query.fromMs / 1000 / stepSeconds) * stepSeconds,
      to: Math.ceil(query.toMs / 1000),
    },
    optionsOf(limits, limitOf(limits, 10_000)),
  )
  return { stepSeconds, points: rows.map(pointOf) }
}

function pointOf(row: Row): ProbePoint {
  const buckets = row.buckets.map((bucket, i) => ({ bucket: Number(bucket), packets: Number(row.counts[i]) }))
  const came = buckets.filter(({ bucket }) => bucket < lostBucket).sort((a, b) => a.bucket - b.bucket)
  const sent = buckets.reduce((sum, { packets }) => sum + packets, 0)
  const answered = came.reduce((sum, { packets }) => sum + packets, 0)
  const pairs = Number(row.jitterPairs)
  const [least, most] = [Number(row.least), Number(row.most)]
  const quantile = (share: number): number | null =>
    answered === 0 ? null : Math.min(most, Math.max(least, quantileUs(came, answered, share))) / 1_000
  return {
    at: isoTime(Number(row.at)),
    sent,
    lost: sent - answered,
    lossRatio: (sent - answered) / sent,
    rttMinMs: answered === 0 ? null : least / 1_000,
    rttMeanMs: answered === 0 ? null : Number(row.sum) / answered / 1_000,
    rttP50Ms: quantile(0.5),
    rttP95Ms: quantile(0.95),
    rttMaxMs: answered === 0 ? null : most / 1_000,
    jitterMs: pairs === 0 ? null : Number(row.jitterSum) / pairs / 1_000,
  }
}

/** The middle of the bucket that holds the quantile: as far from either of its ends, as a ratio. */
function quantileUs(came: readonly { bucket: number; packets: number }[], answered: number, share: number): number {
  const rank = Math.ceil(share * answered)
  let passed = 0
  for (const { bucket, packets } of came) {
    passed += packets
    if (passed >= rank) return (2 * bucketGrowth ** bucket) / (1 + bucketGrowth)
  }
  return 0
}
