import type { ProbeLive } from '../../../../libs/model/src/index.ts'
import type { LiveState } from '../live/live-state.ts'
import { isProbeStale } from '../live/probe-state.ts'
import { type Exposition, labelSet } from './exposition.ts'
import type { MetricType } from './if-mib.ts'

interface ProbeMetric {
  name: string
  type: MetricType
  help: string
  /** Undefined leaves the sample out. */
  value: (live: ProbeLive) => number | undefined
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000)

const probeMetrics: readonly ProbeMetric[] = [
  {
    name: 'weir_probe_sent_total',
    type: 'counter',
    help: 'Packets, connections or queries sent.',
    value: live => Number(live.sentTotal),
  },
  {
    name: 'weir_probe_lost_total',
    type: 'counter',
    help: 'Of them, those without an answer.',
    value: live => Number(live.lostTotal),
  },
  {
    name: 'weir_probe_loss_ratio',
    type: 'gauge',
    help: 'Lost in the last round, 0 to 1.',
    value: live => (live.sent > 0 ? live.lost / live.sent : undefined),
  },
  {
    name: 'weir_probe_rtt_min_seconds',
    type: 'gauge',
    help: 'Least round trip of the last round.',
    value: live => seconds(live.rttMinMs),
  },
  {
    name: 'weir_probe_rtt_mean_seconds',
    type: 'gauge',
    help: 'Mean round trip of the last round.',
    value: live => seconds(live.rttMeanMs),
  },
  {
    name: 'weir_probe_rtt_max_seconds',
    type: 'gauge',
    help: 'Greatest round trip of the last round.',
    value: live => seconds(live.rttMaxMs),
  },
  {
    name: 'weir_probe_jitter_seconds',
    type: 'gauge',
    help: 'Mean difference between round trips that follow each other in the last round.',
    value: live => seconds(live.jitterMs),
  },
]

/** Series of active probes. Bounded by the inventory's probes; what is asked is in the API and in no label. */
export function writeProbeSeries(
  page: Exposition,
  state: LiveState,
  sees: (tenantId: string) => boolean,
  nowMs: number,
): void {
  const probes = [...state.probes.values()].filter(probe => sees(probe.tenantId) && !isProbeStale(probe, nowMs))
  if (probes.length === 0) return
  for (const { name, type, help, value } of probeMetrics) {
    page.family(name, type, help)
    for (const { tenantId, probeId, live } of probes) {
      const sample = value(live)
      if (sample === undefined) continue
      page.sample(labelSet({ tenant: tenantId, site: live.siteId, probe: probeId, kind: live.kind }), sample)
    }
  }
}
