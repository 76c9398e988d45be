import type { MessageInitShape } from '@bufbuild/protobuf'
import { exporterLoss } from '../../../../libs/detect/src/index.ts'
import type { ExporterLiveSchema } from '../../../../libs/model/src/index.ts'
import type { Exporter } from './exporter.ts'

/** What gateways show of an exporter, as of `stampMs` of the log. */
export function exporterLive(
  exporter: Exporter,
  stampMs: number,
  watermarkMs: number,
): MessageInitShape<typeof ExporterLiveSchema> {
  const { health, detect } = exporter
  const { totals } = health
  const loss = exporterLoss(detect, watermarkMs)
  const count = (value: number): bigint => BigInt(Math.max(0, value))
  return {
    exporterId: exporter.id,
    asOfMs: BigInt(stampMs),
    firstSeenMs: BigInt(health.firstSeenMs),
    lastSeenMs: BigInt(exporter.lastSeenMs),
    stale: detect?.stale !== undefined,
    protocols: [...health.protocols],
    datagrams: count(totals.datagrams),
    records: count(totals.records),
    optionsRecords: count(totals.optionsRecords),
    errors: Object.fromEntries(Object.entries(health.errors).map(([code, errors]) => [code, count(errors)])),
    sequenceReceived: count(totals.sequenceReceived),
    sequenceLost: count(totals.sequenceLost),
    sequenceReordered: count(totals.sequenceReordered),
    sequenceDuplicates: count(totals.sequenceDuplicates),
    sequenceRestarts: count(totals.sequenceRestarts),
    samplesLost: count(totals.samplesLost),
    lossWindowMs: loss.windowMs,
    ...(loss.ratio === undefined ? {} : { lossRatio: loss.ratio }),
    templatesKnown: health.templatesKnown,
    templatesRedefined: count(totals.templatesRedefined),
    templatesEvicted: count(totals.templatesEvicted),
    heldSets: health.heldSets,
    heldDropped: count(totals.heldDropped),
    ...(health.heldOldestMs > 0 ? { heldSinceMs: BigInt(health.heldOldestMs) } : {}),
    samplingRates: health.samplingRates(stampMs),
    unscaledRecords: count(totals.unscaledRecords),
    clockSkewedDatagrams: count(totals.clockSkewedDatagrams),
    ...(health.clockSkewMs === null ? {} : { clockSkewMs: BigInt(Math.round(health.clockSkewMs)) }),
    ...optional('activeTimeoutMs', health.activeTimeoutMs),
    ...optional('templateRefreshMs', health.templateRefreshMs),
    kernelDrops: count(totals.kernelDrops),
    rateLimitDrops: count(totals.rateLimitDrops),
    bufferDrops: count(totals.bufferDrops),
  }
}

/** A uint32, left out where it is not known or does not fit. */
function optional<Name extends string>(name: Name, value: number | undefined): { [name in Name]?: number } {
  return value === undefined || value > 0xffff_ffff ? {} : ({ [name]: Math.round(value) } as { [name in Name]: number })
}
