import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { Bus, Membership } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema, type FirmwarePolicy } from '../../../libs/detect/src/index.ts'
import { type Clock, type Component, CounterByCode, type Logger, type Metrics } from '../../../libs/kernel/src/index.ts'
import { epochBounds, type Inventory, topics } from '../../../libs/model/src/index.ts'
import type { Store } from '../../../libs/store/src/index.ts'
import type { Network } from '../../../libs/stream/src/index.ts'
import { type ConfigVersions, recordConfigVersion } from './config-versions.ts'
import { type CorrelatorCounts, CorrelatorWork } from './correlator/correlator-work.ts'
import { type enrichmentConfigSchema, loadAddressDatabases } from './enrichment/address-databases.ts'
import { EpochRunner } from './epoch-runner.ts'
import { EventCounts, EventsWork } from './events/events-work.ts'
import { type FlowCounts, FlowsWork, newFlowCounts } from './flows/flows-work.ts'
import { newPollCounts, type PollCounts, PollsWork } from './polls/polls-work.ts'
import { type StreamConfig, streamConfigOf } from './stream-config.ts'

export const streamProcessorConfigSchema = z.strictObject({
  /** Names of the consumer groups; a changed name starts again at the oldest record and is refused over old tables. */
  group: z.string().default('weir-processor'),
  correlatorGroup: z.string().default('weir-correlator'),
  /**
   * Addresses of exporters that change their source port from datagram to datagram. Elsewhere the port tells exporters
   * behind one address apart, so these would never find their templates.
   */
  changingPorts: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(10_000)
    .default([]),
  /** Thresholds of the detectors, and timing of alarms. */
  detection: detectConfigSchema.prefault({}),
  alarms: alarmConfigSchema.prefault({}),
})

export interface StreamProcessorOptions {
  config: z.output<typeof streamProcessorConfigSchema>
  inventory: Inventory
  /** Networks that flows are told by, and databases of addresses; none unless given. */
  networks?: readonly Network[]
  enrichment?: z.output<typeof enrichmentConfigSchema>
  /** What devices' versions are held against; nothing unless given. */
  firmware?: FirmwarePolicy
  bus: Bus
  store: Store
  clock: Clock
  log: Logger
  metrics: Metrics
}

/** What the stream's output depends on and may change while it runs. */
export type StreamSources = Pick<StreamProcessorOptions, 'inventory' | 'networks' | 'firmware'> & {
  config: Pick<StreamProcessorOptions['config'], 'detection' | 'alarms' | 'changingPorts'>
}

export interface StreamProcessor extends Component {
  /** Holds for each partition from its next epoch on. */
  apply(sources: StreamSources): Promise<void>
}

/**
 * Decodes flows, turns counters into rates, rolls both up by minute, detects, and keeps alarms. Partitions of flows and
 * polls are shared with the other processors; each tenant's signals have one correlator.
 */
export function createStreamProcessor(options: StreamProcessorOptions): StreamProcessor {
  const { config, bus, store, clock, metrics } = options
  const log = options.log.child({ service: 'stream-processor' })
  const producerId = `processor-${randomUUID()}`
  // One family of series for all detectors.
  const conditions = new CounterByCode()
  const flowCounts = newFlowCounts(conditions)
  const pollCounts = newPollCounts(conditions)
  const correlatorCounts: CorrelatorCounts = {
    signals: 0,
    dropped: new CounterByCode(),
    events: new CounterByCode(),
    derived: new CounterByCode(),
  }
  const eventCounts = new EventCounts()
  let memberships: Membership[] = []
  let sources: StreamSources = options
  let digests: Readonly<Record<string, string>> = {}
  let versions: ConfigVersions | undefined

  function streamConfig(): StreamConfig {
    const { inventory, networks = [], firmware, config } = sources
    const { detection, alarms, changingPorts } = config
    return streamConfigOf(inventory, detection, alarms, { networks, databases: digests }, firmware, changingPorts)
  }

  registerCounts(metrics, flowCounts, pollCounts, correlatorCounts)
  registerEventCounts(metrics, eventCounts)
  metrics.gauges('weir_processor_lag_records', 'Records not yet read', ['topic', 'partition'], () =>
    memberships
      .flatMap(membership => membership.lag())
      .map(({ topic, partition, records }) => [{ topic, partition: String(partition) }, records] as const),
  )

  return {
    name: 'stream-processor',
    async start() {
      const databases = loadAddressDatabases(options.enrichment ?? {})
      digests = databases.digests
      const configVersions = await recordConfigVersion(bus, streamConfig(), clock.nowMs())
      versions = configVersions
      const runner = new EpochRunner({
        bus,
        store,
        clock,
        log,
        producerId,
        bounds: epochBounds,
        configVersions,
        work: {
          [topics.flowsRaw]: context => new FlowsWork(context, flowCounts, databases),
          [topics.polls]: context => new PollsWork(context, pollCounts),
          [topics.events]: context => new EventsWork(context, eventCounts),
          [topics.signals]: context => new CorrelatorWork(context, correlatorCounts),
        },
      })
      runner.register(metrics)
      const correlator = await bus.join({ group: config.correlatorGroup, topics: [topics.signals], handler: runner })
      memberships = [correlator]
      memberships.push(
        await bus.join({
          group: config.group,
          topics: [topics.flowsRaw, topics.polls, topics.events],
          handler: runner,
        }),
      )
    },
    async apply(next) {
      sources = next
      await versions?.change(streamConfig(), clock.nowMs())
    },
    async stop() {
      for (const membership of [...memberships].reverse()) await membership.leave()
      memberships = []
    },
  }
}

function registerEventCounts(metrics: Metrics, counts: EventCounts): void {
  metrics.counters('weir_processor_events_total', 'Traps and syslog messages processed', ['kind'], () =>
    counts.events.samples('kind'),
  )
  metrics.counters('weir_event_conditions_total', 'Conditions that came of events', ['alarm_type'], () =>
    counts.conditions.samples('alarm_type'),
  )
  metrics.counters(
    'weir_processor_events_refused_total',
    'Events of devices beyond the bound of one partition',
    [],
    () => [[{}, counts.refusedDevices]],
  )
}

function registerCounts(metrics: Metrics, flows: FlowCounts, polls: PollCounts, correlator: CorrelatorCounts): void {
  const one = (read: () => number) => () => [[{}, read()] as const]
  metrics.counters(
    'weir_flow_datagrams_total',
    'Flow datagrams decoded',
    [],
    one(() => flows.datagrams),
  )
  metrics.counters(
    'weir_flow_records_total',
    'Flow records decoded',
    [],
    one(() => flows.records),
  )
  metrics.counters(
    'weir_flow_options_records_total',
    'Options records decoded',
    [],
    one(() => flows.optionsRecords),
  )
  metrics.counters('weir_flow_decode_errors_total', 'What did not parse', ['code'], () => flows.errors.samples('code'))
  metrics.counters(
    'weir_flow_kernel_drops_total',
    'Datagrams the kernel dropped before a collector read them',
    [],
    one(() => flows.kernelDrops),
  )
  metrics.counters(
    'weir_flow_rate_limit_drops_total',
    'Datagrams dropped by rate limits',
    [],
    one(() => flows.rateLimitDrops),
  )
  metrics.counters(
    'weir_flow_exporters_forgotten_total',
    'Exporters forgotten at the bound',
    [],
    one(() => flows.forgottenExporters),
  )
  metrics.counters(
    'weir_flow_states_unreadable_total',
    'States of exporters begun afresh because this version cannot read them',
    [],
    one(() => flows.unreadableStates),
  )
  metrics.counters(
    'weir_flow_records_folded_total',
    'Records counted with others because an epoch had too many rollup rows',
    [],
    one(() => flows.foldedRecords),
  )
  metrics.counters(
    'weir_flow_records_unlisted_total',
    'Records counted with the rest because an epoch had too many hosts, or pairs of them, to list',
    [],
    one(() => flows.unlistedRecords),
  )
  metrics.counters(
    'weir_flow_records_clamped_total',
    'Records longer than a day, spread over its last day',
    [],
    one(() => flows.clampedRecords),
  )
  metrics.counters(
    'weir_flow_templates_unlisted_total',
    'Templates beyond what is written down of one exporter, counted at each look',
    [],
    one(() => flows.templatesBeyond),
  )
  metrics.counters(
    'weir_flow_names_beyond_total',
    'Names of options data that made room for others of their exporter',
    [],
    one(() => flows.namesBeyond),
  )
  metrics.counters(
    'weir_processor_polls_total',
    'Device polls processed',
    [],
    one(() => polls.polls),
  )
  metrics.counters(
    'weir_processor_polls_failed_total',
    'Device polls without an answer',
    [],
    one(() => polls.failedPolls),
  )
  metrics.counters(
    'weir_processor_probe_rounds_total',
    'Rounds of active probes processed',
    [],
    one(() => polls.probeRounds),
  )
  metrics.counters(
    'weir_processor_polls_refused_total',
    'Polls of devices beyond the bound of one partition',
    [],
    one(() => polls.refusedDevices),
  )
  metrics.counters(
    'weir_processor_parts_refused_total',
    'Readings of parts beyond the bound of one device: no detector watches them',
    [],
    one(() => polls.refusedParts),
  )
  metrics.counters('weir_device_changes_total', 'Changes of devices written down', ['kind'], () =>
    polls.changes.samples('kind'),
  )
  metrics.counters(
    'weir_device_changes_omitted_total',
    'Changes beyond what is kept of one device in an hour',
    [],
    one(() => polls.omittedChanges),
  )
  metrics.counters('weir_interface_gaps_total', 'Interface intervals without a usable delta', ['reason'], () =>
    polls.gaps.samples('reason'),
  )
  metrics.counters('weir_conditions_total', 'Conditions sent by detectors', ['alarm_type'], () =>
    polls.conditions.samples('alarm_type'),
  )
  metrics.counters(
    'weir_correlator_signals_total',
    'Signals read',
    [],
    one(() => correlator.signals),
  )
  metrics.counters('weir_correlator_dropped_total', 'Signals that changed nothing', ['reason'], () =>
    correlator.dropped.samples('reason'),
  )
  metrics.counters('weir_correlator_conditions_total', 'Conditions found over several devices', ['alarm_type'], () =>
    correlator.derived.samples('alarm_type'),
  )
  metrics.counters('weir_alarm_events_total', 'Transitions of alarms', ['axis'], () =>
    correlator.events.samples('axis'),
  )
}
