import { CounterByCode, type Metrics } from '../../../../libs/kernel/src/index.ts'
import type { Outbox } from '../outbox.ts'
import type { DatagramListener } from './datagram-listener.ts'
import type { UsmNotifications } from './read-usm-notification.ts'

export type EventProtocol = 'snmp' | 'syslog'

/** Why a datagram is no event. received = events + dropped. */
export type EventDrop =
  | 'rate-limited'
  | 'malformed'
  | 'version-unsupported'
  | 'not-a-notification'
  | 'unknown-source'
  | 'ambiguous-source'
  | 'wrong-community'
  | 'unknown-user'
  | 'level-too-low'
  | 'wrong-digest'
  | 'not-in-time-window'
  | 'decryption-failed'
  | 'engine-discovery'
  | 'repeated-inform'
  | 'uninteresting'

/** Unknown sources named at most; the others are counted under one name. */
const namedMax = 32

/** Plain numbers, read when the endpoint is scraped. */
export class EventCounters {
  readonly received: Record<EventProtocol, number> = { snmp: 0, syslog: 0 }
  readonly dropped: Record<EventProtocol, CounterByCode> = { snmp: new CounterByCode(), syslog: new CounterByCode() }
  readonly events: Record<EventProtocol, CounterByCode> = { snmp: new CounterByCode(), syslog: new CounterByCode() }
  readonly unknownSources = new Map<string, number>()
  informsAnswered = 0

  drop(protocol: EventProtocol, reason: EventDrop): void {
    this.dropped[protocol].add(reason)
  }

  /** Whether the source is named for the first time. */
  unknownSource(address: string): boolean {
    const known = this.unknownSources.has(address)
    const name = known || this.unknownSources.size < namedMax ? address : 'other'
    this.unknownSources.set(name, (this.unknownSources.get(name) ?? 0) + 1)
    return !known && name === address
  }
}

export interface EventMetricSources {
  readonly counters: EventCounters
  readonly outbox: Outbox
  readonly usm: UsmNotifications
  readonly listeners: () => readonly { protocol: EventProtocol; listener: DatagramListener }[]
}

export function exposeEventMetrics(metrics: Metrics, { counters, outbox, usm, listeners }: EventMetricSources): void {
  const protocols = ['snmp', 'syslog'] as const
  metrics.counters('weir_event_datagrams_total', 'Notifications and syslog messages received', ['protocol'], () =>
    protocols.map(protocol => [{ protocol }, counters.received[protocol]] as const),
  )
  metrics.counters('weir_events_total', 'Events of known devices, by what they say', ['protocol', 'kind'], () =>
    protocols.flatMap(protocol =>
      [...counters.events[protocol].samples('kind')].map(([labels, n]) => [{ protocol, ...labels }, n] as const),
    ),
  )
  metrics.counters('weir_event_dropped_total', 'Datagrams that made no event', ['protocol', 'reason'], () =>
    protocols.flatMap(protocol =>
      [...counters.dropped[protocol].samples('reason')].map(([labels, n]) => [{ protocol, ...labels }, n] as const),
    ),
  )
  metrics.counters(
    'weir_event_unknown_source_total',
    `Datagrams from addresses that no device of the inventory has; the first ${namedMax} are named`,
    ['address'],
    () => [...counters.unknownSources].map(([address, n]) => [{ address }, n] as const),
  )
  metrics.counters('weir_informs_answered_total', 'Informs acknowledged', [], () => [[{}, counters.informsAnswered]])
  metrics.counters('weir_event_engines_forgotten_total', 'SNMPv3 engines that made room for others', ['kind'], () => [
    [{ kind: 'clock' }, usm.forgotten.clock],
    [{ kind: 'keys' }, usm.forgotten.keys],
  ])
  metrics.gauges('weir_event_listener_up', 'Whether the socket listens', ['protocol', 'host'], () =>
    listeners().map(
      ({ protocol, listener }) => [{ protocol, host: listener.host }, listener.listening ? 1 : 0] as const,
    ),
  )
  metrics.counters(
    'weir_event_records_total',
    'Records for the bus: enqueued = sent + dropped + held',
    ['state'],
    () => [
      [{ state: 'enqueued' }, outbox.enqueued],
      [{ state: 'sent' }, outbox.sent],
      [{ state: 'dropped' }, outbox.dropped],
    ],
  )
  metrics.gauges('weir_event_records_held', 'Event records that wait for the bus', [], () => [[{}, outbox.held]])
}
