import type { ExporterLive } from '../../../../libs/model/src/index.ts'
import type { LiveState } from '../live/live-state.ts'
import { type Exposition, labelSet } from './exposition.ts'
import type { MetricType } from './if-mib.ts'

interface HealthMetric {
  name: string
  type: MetricType
  help: string
  /** Undefined leaves the sample out. */
  value: (health: ExporterLive) => number | bigint | undefined
}

const metric = (name: string, type: MetricType, help: string, value: HealthMetric['value']): HealthMetric => ({
  name: `weir_exporter_${name}`,
  type,
  help,
  value,
})

const healthMetrics: readonly HealthMetric[] = [
  metric('stale', 'gauge', 'Whether the exporter is silent for longer than is usual for it.', one =>
    one.stale ? 1 : 0,
  ),
  metric('datagrams_total', 'counter', 'Datagrams decoded.', one => one.datagrams),
  metric('records_total', 'counter', 'Flow records decoded.', one => one.records),
  metric('options_records_total', 'counter', 'Options records decoded.', one => one.optionsRecords),
  metric('loss_ratio', 'gauge', 'Lost among all sequence units of the last five minutes.', one => one.lossRatio),
  metric('sequence_received_total', 'counter', 'Sequence units that came.', one => one.sequenceReceived),
  // What comes late after all is no longer lost, so that it can fall: a gauge.
  metric('sequence_lost', 'gauge', 'Sequence units that never came.', one => one.sequenceLost),
  metric('sequence_reordered_total', 'counter', 'Datagrams that came late.', one => one.sequenceReordered),
  metric('sequence_duplicates_total', 'counter', 'Datagrams that came twice.', one => one.sequenceDuplicates),
  metric('sequence_restarts_total', 'counter', 'Times its numbers began anew.', one => one.sequenceRestarts),
  metric('samples_lost_total', 'counter', 'sFlow samples that never came.', one => one.samplesLost),
  metric('templates', 'gauge', 'Templates known.', one => one.templatesKnown),
  metric(
    'templates_redefined_total',
    'counter',
    'Templates that came with another layout.',
    one => one.templatesRedefined,
  ),
  metric('template_refresh_seconds', 'gauge', 'Time between two announcements of a template.', one =>
    seconds(one.templateRefreshMs),
  ),
  metric('held_sets', 'gauge', 'Data sets that wait for their template.', one => one.heldSets),
  metric('no_template_seconds', 'gauge', 'How long the eldest of them has waited.', one =>
    one.heldSinceMs === undefined ? 0 : Math.max(0, Number(one.asOfMs - one.heldSinceMs) / 1_000),
  ),
  metric('held_dropped_total', 'counter', 'Data sets whose template never came.', one => one.heldDropped),
  metric('unscaled_records_total', 'counter', 'Records sampled at an unknown rate.', one => one.unscaledRecords),
  metric('clock_skew_seconds', 'gauge', "The exporter's clock less arrival.", one =>
    one.clockSkewMs === undefined ? undefined : Number(one.clockSkewMs) / 1_000,
  ),
  metric('active_timeout_seconds', 'gauge', 'Duration at which records of long flows are cut, as learned.', one =>
    seconds(one.activeTimeoutMs),
  ),
]

/** Series of exporters: their rates, and how well their export works. Bounded by exporters, closed tables and the page. */
export function writeExporterSeries(
  page: Exposition,
  state: LiveState,
  sees: (tenantId: string) => boolean,
  nowMs: number,
): void {
  const exporters = [...state.exporters.values()].filter(exporter => sees(exporter.tenantId))
  const exporterSeries = exporters.map(exporter => ({
    labels: labelSet({ tenant: exporter.tenantId, exporter: exporter.exporterId }),
    rates: exporter.rates(nowMs),
    lastSeenMs: exporter.lastSeenMs,
  }))
  page.family(
    'weir_exporter_flow_bytes_per_second',
    'gauge',
    'Traffic in the newest complete minute, scaled by sampling.',
  )
  for (const { labels, rates } of exporterSeries) page.sample(labels, rates.bitsPerSecond / 8)
  page.family(
    'weir_exporter_flow_packets_per_second',
    'gauge',
    'Packets in the newest complete minute, scaled by sampling.',
  )
  for (const { labels, rates } of exporterSeries) page.sample(labels, rates.packetsPerSecond)
  page.family('weir_exporter_flow_records_per_second', 'gauge', 'Flow records in the newest complete minute.')
  for (const { labels, rates } of exporterSeries) page.sample(labels, rates.recordsPerSecond)
  page.family('weir_exporter_last_seen_timestamp_seconds', 'gauge', 'When flows of the exporter last came.')
  for (const { labels, lastSeenMs } of exporterSeries) page.sample(labels, lastSeenMs / 1_000)
  writeHealth(
    page,
    exporters.flatMap(({ tenantId, exporterId, health }) =>
      health ? [{ labels: { tenant: tenantId, exporter: exporterId }, health }] : [],
    ),
  )
}

function writeHealth(
  page: Exposition,
  exporters: readonly { labels: Readonly<Record<string, string>>; health: ExporterLive }[],
): void {
  for (const { name, type, help, value } of healthMetrics) {
    page.family(name, type, help)
    for (const { labels, health } of exporters) {
      const sample = value(health)
      if (sample !== undefined) page.sample(labelSet(labels), Number(sample))
    }
  }
  page.family('weir_exporter_decode_errors_total', 'counter', 'What did not parse, by code.')
  for (const { labels, health } of exporters) {
    for (const [code, errors] of Object.entries(health.errors))
      page.sample(labelSet({ ...labels, code }), Number(errors))
  }
  page.family('weir_exporter_sampling_rate', 'gauge', 'Sampling rates seen on its records lately, one in n; 0 unknown.')
  for (const { labels, health } of exporters) {
    for (const rate of health.samplingRates) page.sample(labelSet({ ...labels, rate: String(rate) }), rate)
  }
  page.family('weir_exporter_drops_total', 'counter', 'Datagrams that never reached the decoder, by reason.')
  for (const { labels, health } of exporters) {
    page.sample(labelSet({ ...labels, reason: 'kernel' }), Number(health.kernelDrops))
    page.sample(labelSet({ ...labels, reason: 'rate-limit' }), Number(health.rateLimitDrops))
    page.sample(labelSet({ ...labels, reason: 'buffer' }), Number(health.bufferDrops))
  }
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}
