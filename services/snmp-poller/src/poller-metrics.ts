import { CounterByCode, type Metrics } from '../../../libs/kernel/src/index.ts'
import type { PollOutcome } from './device-poller.ts'
import type { Outbox } from './outbox.ts'
import type { PollSchedule } from './poll-schedule.ts'
import type { PollerGroup } from './poller-group.ts'
import type { ActiveProbes } from './reach/active-probes.ts'
import type { Reachability } from './reach/reachability.ts'
import type { TransportCounters } from './snmp-transport.ts'

/** Plain numbers, read when the endpoint is scraped. */
export class PollerCounters {
  answered = 0
  unanswered = 0
  expeditedUnanswered = 0
  /** Polls of some interfaces, and those that brought nothing. */
  fast = 0
  fastWithout = 0
  cut = 0
  interfaces = 0
  pdus = 0
  heartbeats = 0
  heartbeatsSkipped = 0
  readonly errors = new CounterByCode()

  count({ poll, errorCounts, overran }: PollOutcome): void {
    if (poll.partial) this.fast++
    else if (poll.health?.reachable) this.answered++
    else this.unanswered++
    if (overran) this.cut++
    this.interfaces += poll.interfaces.length
    this.pdus += poll.health?.pdus ?? 0
    for (const [code, count] of errorCounts) this.errors.add(code, count)
  }
}

export interface MetricSources {
  readonly counters: PollerCounters
  readonly schedule: PollSchedule
  readonly outbox: Outbox
  readonly group: PollerGroup | undefined
  readonly reach: Pick<Reachability, 'counters'>
  readonly probes: Pick<ActiveProbes, 'counters' | 'size'>
  readonly transport: () => TransportCounters
}

export function exposePollerMetrics(metrics: Metrics, sources: MetricSources): void {
  const { counters, schedule, outbox, group, transport } = sources
  exposeReachability(metrics, sources.reach)
  exposeProbes(metrics, sources.probes)
  metrics.counters('weir_polls_total', 'Polls done, by whether the device answered', ['outcome'], () => [
    [{ outcome: 'answered' }, counters.answered],
    [{ outcome: 'unanswered' }, counters.unanswered],
  ])
  metrics.counters(
    'weir_poll_overrun_total',
    'Polls cut at their deadline, and polls skipped because the one before was not done',
    ['reason'],
    () => [
      [{ reason: 'cut' }, counters.cut],
      [{ reason: 'skipped' }, schedule.skipped],
    ],
  )
  metrics.counters(
    'weir_polls_expedited_total',
    'Polls that traps and syslog messages asked for; one without an answer is no record',
    ['state'],
    () => [
      [{ state: 'asked' }, schedule.expedited],
      [{ state: 'unanswered' }, counters.expeditedUnanswered],
    ],
  )
  metrics.counters(
    'weir_polls_fast_total',
    'Polls of the interfaces that are polled more often; without: no answer, a whole poll under way, or no such interface',
    ['outcome'],
    () => [
      [{ outcome: 'answered' }, counters.fast],
      [{ outcome: 'without' }, counters.fastWithout],
    ],
  )
  metrics.gauges('weir_poll_group_pollers', 'Pollers that share the inventory, this one among them', [], () => [
    [{}, group?.size ?? 1],
  ])
  metrics.counters('weir_poll_group_changes_total', 'Times that pollers of the group came or went', [], () => [
    [{}, group?.changes ?? 0],
  ])
  metrics.counters('weir_poll_group_refused_total', 'Leases that the bus did not take', [], () => [
    [{}, group?.refused ?? 0],
  ])
  metrics.counters('weir_poll_errors_total', 'What went wrong in polls, by code', ['code'], () =>
    counters.errors.samples('code'),
  )
  metrics.counters('weir_poll_interfaces_total', 'Interface rows read', [], () => [[{}, counters.interfaces]])
  metrics.counters('weir_poll_pdus_total', 'SNMP requests sent, repetitions included', [], () => [[{}, counters.pdus]])
  metrics.gauges('weir_poll_devices', 'Devices that are polled', [], () => [[{}, schedule.size]])
  metrics.gauges('weir_polls_in_flight', 'Polls under way', [], () => [[{}, schedule.running]])
  metrics.gauges('weir_polls_waiting', 'Polls that are due and wait for a place', [], () => [[{}, schedule.waiting]])

  metrics.counters('weir_snmp_datagrams_total', 'Datagrams sent and received', ['direction'], () => [
    [{ direction: 'sent' }, transport().datagramsSent],
    [{ direction: 'received' }, transport().datagramsReceived],
  ])
  metrics.counters('weir_snmp_retries_total', 'Requests repeated', [], () => [[{}, transport().retries]])
  metrics.counters('weir_snmp_timeouts_total', 'Requests given up', [], () => [[{}, transport().timeouts]])
  metrics.counters(
    'weir_snmp_shared_engine_ids_total',
    'Times that an SNMPv3 engine id was found at another address than before',
    [],
    () => [[{}, transport().sharedEngineIds]],
  )
  metrics.counters('weir_snmp_dropped_total', 'Datagrams received and not taken for a reply', ['reason'], () =>
    Object.entries(transport().dropped).map(([reason, count]) => [{ reason }, count] as const),
  )

  metrics.counters(
    'weir_poll_records_total',
    'Records for the bus: enqueued = sent + dropped + held',
    ['state'],
    () => [
      [{ state: 'enqueued' }, outbox.enqueued],
      [{ state: 'sent' }, outbox.sent],
      [{ state: 'dropped' }, outbox.dropped],
    ],
  )
  metrics.gauges('weir_poll_records_held', 'Records that wait for the bus', [], () => [[{}, outbox.held]])
  metrics.counters('weir_poll_heartbeats_total', 'Heartbeats written, a partition each', [], () => [
    [{}, counters.heartbeats],
  ])
}

function exposeReachability(metrics: Metrics, { counters }: Pick<Reachability, 'counters'>): void {
  metrics.counters('weir_reach_rounds_total', 'Rounds of echo requests', ['outcome'], () => [
    [{ outcome: 'done' }, counters.rounds],
    [{ outcome: 'failed' }, counters.roundsFailed],
  ])
  metrics.counters('weir_reach_echoes_total', 'Echo requests sent, and answered', ['state'], () => [
    [{ state: 'sent' }, counters.sent],
    [{ state: 'answered' }, counters.received],
  ])
  metrics.counters(
    'weir_reach_confirmations_total',
    'Devices asked below SNMP because a poll had no answer, by what came of it',
    ['outcome'],
    () => [
      [{ outcome: 'answered' }, counters.refuted],
      [{ outcome: 'silent' }, counters.confirmed],
      [{ outcome: 'not-asked' }, counters.unasked],
    ],
  )
}

function exposeProbes(metrics: Metrics, probes: Pick<ActiveProbes, 'counters' | 'size'>): void {
  const { counters } = probes
  metrics.gauges('weir_poller_probes', 'Active probes that are run', [], () => [[{}, probes.size]])
  metrics.counters('weir_poller_probe_rounds_total', 'Rounds of active probes', ['outcome'], () => [
    [{ outcome: 'done' }, counters.rounds],
    [{ outcome: 'skipped' }, counters.skipped],
    [{ outcome: 'no-echo-tool' }, counters.withoutTool],
  ])
  metrics.counters('weir_poller_probe_packets_total', 'Packets, connections and queries of probes', ['state'], () => [
    [{ state: 'sent' }, counters.sent],
    [{ state: 'answered' }, counters.answered],
  ])
  metrics.counters('weir_poller_probe_errors_total', 'Why rounds lost something, once a round', ['code'], () =>
    counters.errors.samples('code'),
  )
  metrics.counters('weir_poller_probes_refused_total', 'Probes beyond what one poller runs', [], () => [
    [{}, counters.refused],
  ])
}
