import type { Metrics } from '../../../libs/kernel/src/index.ts'
import type { LiveState } from './live/live-state.ts'
import type { Admission } from './socket/admission.ts'
import type { LiveHub } from './socket/live-hub.ts'

const requestBucketsSeconds = [0.005, 0.02, 0.1, 0.5, 2, 10]

/** Registers what the gateway counts; @returns what observes the time of each request. */
export function registerGatewayMetrics(
  metrics: Metrics,
  parts: { state: LiveState; hub: LiveHub; admission: Admission },
): (seconds: number) => void {
  const { state, hub, admission } = parts
  const { counters } = hub

  metrics.gauges('weir_gateway_clients', 'Open live streams.', [], () => [[{}, admission.open]])
  metrics.gauges('weir_gateway_queue_bytes', 'Bytes that clients have not taken yet.', [], () => [
    [{}, hub.queuedBytes],
  ])
  metrics.gauges('weir_gateway_history_bytes', 'Alarm deltas kept for clients that resume.', [], () => [
    [{}, hub.historyBytes],
  ])
  metrics.counters(
    'weir_gateway_messages_sent_total',
    'Messages to live clients; a batch of alarms counts once.',
    ['type'],
    () => counters.messagesSent.samples('type'),
  )
  metrics.counters('weir_gateway_messages_received_total', 'Messages of live clients.', ['type'], () =>
    counters.messagesReceived.samples('type'),
  )
  metrics.counters('weir_gateway_sent_bytes_total', 'Bytes written to live clients.', [], () => [
    [{}, counters.bytesSent],
  ])
  metrics.counters('weir_gateway_tiles_conflated_total', 'Tile updates that a lagging client skipped.', [], () => [
    [{}, counters.tilesConflated],
  ])
  metrics.counters('weir_gateway_closes_total', 'Live streams closed by the gateway; 3008 is slow.', ['code'], () =>
    counters.closes.samples('code'),
  )
  metrics.counters(
    'weir_gateway_upgrades_refused_total',
    'Upgrades refused before a stream was open.',
    ['reason'],
    () => counters.refused.samples('reason'),
  )
  metrics.counters('weir_gateway_hellos_total', 'Hellos, by whether they resumed or why not.', ['outcome'], () =>
    counters.resumes.samples('outcome'),
  )
  metrics.counters(
    'weir_gateway_snapshots_built_total',
    'Snapshots serialised; clients of one second share one.',
    [],
    () => [[{}, counters.snapshotsBuilt]],
  )
  metrics.counters('weir_gateway_live_records_total', 'Records read from the live topic.', [], () => [
    [{}, state.counters.received],
  ])
  metrics.counters('weir_gateway_dropped_total', 'Records and entities not taken in, by reason.', ['reason'], () => [
    [{ reason: 'live-repeated' }, state.counters.repeated],
    [{ reason: 'live-malformed' }, state.counters.malformed],
    [{ reason: 'devices-full' }, state.counters.devicesRefused],
    [{ reason: 'interfaces-full' }, state.counters.interfacesRefused],
    [{ reason: 'exporters-full' }, state.counters.exportersRefused],
    [{ reason: 'probes-full' }, state.counters.probesRefused],
    [{ reason: 'template-malformed' }, state.templates.counters.malformed],
    [{ reason: 'templates-full' }, state.templates.counters.refused],
    [{ reason: 'alarm-repeated' }, state.alarms.counters.repeated],
    [{ reason: 'alarm-malformed' }, state.alarms.counters.malformed],
    [{ reason: 'alarms-full' }, state.alarms.counters.overflowed],
  ])
  const requests = metrics.histogram('weir_gateway_request_seconds', 'Time to answer a request.', requestBucketsSeconds)
  return seconds => requests.observe(seconds)
}
