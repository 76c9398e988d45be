import type { RemoteInfo } from 'node:dgram'
import { create, toBinary } from '@bufbuild/protobuf'
import type { Bus } from '../../../../libs/bus/src/index.ts'
import type { Clock, Logger, Metrics } from '../../../../libs/kernel/src/index.ts'
import {
  type Device,
  type DeviceEvent,
  DeviceEventSchema,
  type EventKind,
  EventRecordSchema,
  HeartbeatSchema,
  heartbeatIntervalMs,
  type Inventory,
  keys,
  topics,
} from '../../../../libs/model/src/index.ts'
import { decodeUsmMessage, formatOid, oid } from '../../../../libs/snmp/src/index.ts'
import type { SnmpPollerConfig } from '../config.ts'
import { addressKey } from '../host-address.ts'
import { Outbox } from '../outbox.ts'
import { valueText } from '../redaction.ts'
import { DatagramListener } from './datagram-listener.ts'
import { DeviceSources } from './device-sources.ts'
import { EventCounters, type EventDrop, type EventProtocol, exposeEventMetrics } from './event-counters.ts'
import { InformMemory } from './inform-memory.ts'
import { meaningOf } from './notification-table.ts'
import { type ReadNotification, readNotification } from './read-notification.ts'
import { UsmNotifications, type UsmRefusal } from './read-usm-notification.ts'
import { SourceLimits } from './source-limits.ts'
import { readSyslog } from './syslog-message.ts'
import { syslogMeaning } from './syslog-table.ts'

export interface DeviceEventsOptions {
  readonly config: SnmpPollerConfig
  readonly inventory: Inventory
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Asks for a poll of the device now, with what its profiles read or without. */
  readonly expedite: (key: string, withHardware: boolean) => void
  /** What polls of the device call the interface that a message means; undefined where none is known to fit. */
  readonly interfaceName: (key: string, ifIndex: number | undefined, told: string) => string | undefined
}

const textMax = 255
const sourcesMax = 10_000
/** RFC 3584's varbind that carries the community of a proxied trap. */
const snmpTrapCommunity = '1.3.6.1.6.3.18.1.4'

/** What these say, a poll confirms: an alarm is raised on what the poll finds. */
const confirmedByPoll: ReadonlySet<EventKind> = new Set<EventKind>([
  'link-down',
  'link-up',
  'cold-start',
  'warm-start',
  'peer-down',
  'peer-up',
  'optics',
  'power-supply',
  'power-on-battery',
  'power-restored',
  'fan',
  'temperature',
  'disk',
  'part',
  'failover',
])

/** Of these, what the poll confirms stands in the profiles' part of it. */
const ofHardware: ReadonlySet<EventKind> = new Set(
  [...confirmedByPoll].filter(kind => !kind.startsWith('link-') && !kind.endsWith('-start')),
)

/**
 * Receives what devices say unasked, publishes it on `weir.events.v1`, and has the device polled at once where a poll can
 * confirm it. Whoever sends too much, is not in the inventory, or sends what cannot be read costs a counter.
 */
export class DeviceEvents {
  readonly #options: DeviceEventsOptions
  readonly #counters = new EventCounters()
  readonly #outbox: Outbox
  readonly #limits: SourceLimits
  readonly #informs = new InformMemory()
  readonly #usm: UsmNotifications
  #auths: SnmpPollerConfig['auths']
  #sources: DeviceSources
  #listeners: { protocol: EventProtocol; listener: DatagramListener }[] = []
  #partitions: readonly number[] = []
  #sequence = 0n

  constructor(options: DeviceEventsOptions) {
    const { bus, clock, log, config } = options
    this.#options = options
    this.#auths = config.auths
    this.#usm = new UsmNotifications(config.producerId, clock)
    this.#outbox = new Outbox({ bus, topic: topics.events, clock, log, recordsMax: config.queueRecordsMax })
    this.#limits = new SourceLimits(config.eventsPerSourcePerSecondMax, sourcesMax)
    this.#sources = new DeviceSources(options.inventory)
    exposeEventMetrics(options.metrics, {
      counters: this.#counters,
      outbox: this.#outbox,
      usm: this.#usm,
      listeners: () => this.#listeners,
    })
  }

  /** Where it listens: for tests and logs, since port 0 takes a free one. */
  ports(protocol: EventProtocol): number[] {
    return this.#listeners.filter(one => one.protocol === protocol).map(({ listener }) => listener.port)
  }

  applyInventory(inventory: Inventory, auths: SnmpPollerConfig['auths']): void {
    this.#sources = new DeviceSources(inventory)
    this.#auths = auths
  }

  async start(): Promise<void> {
    const { config, clock, log, bus } = this.#options
    if (!config.traps.enabled && !config.syslog.enabled) return
    this.#partitions = (await bus.bounds(topics.events)).map(({ partition }) => partition)
    for (const [protocol, { enabled, listeners }] of [
      ['snmp', config.traps],
      ['syslog', config.syslog],
    ] as const) {
      for (const address of enabled ? listeners : []) {
        const receive = (datagram: Buffer, from: RemoteInfo, reply: (answer: Buffer) => void): void => {
          const verdict = this.#take(protocol, datagram, from, reply)
          if (verdict) this.#counters.drop(protocol, verdict)
        }
        const listener = new DatagramListener({ ...address, clock, log, receive })
        await listener.open()
        this.#listeners.push({ protocol, listener })
      }
    }
  }

  async stop(withinMs: number): Promise<void> {
    for (const { listener } of this.#listeners) await listener.close()
    this.#listeners = []
    this.#partitions = []
    await this.#outbox.close(withinMs)
  }

  beat(): void {
    if (this.#outbox.refusedSinceMs !== undefined) return
    const timestampMs = Math.round(this.#options.clock.nowMs())
    const value = create(HeartbeatSchema, { intervalMs: heartbeatIntervalMs })
    this.#outbox.add(
      this.#partitions.map(partition => ({
        key: `heartbeat/${this.#options.config.producerId}`,
        value: this.#record('', { case: 'heartbeat', value }),
        timestampMs,
        partition,
      })),
    )
  }

  #take(
    protocol: EventProtocol,
    datagram: Buffer,
    from: RemoteInfo,
    reply: (answer: Buffer) => void,
  ): EventDrop | undefined {
    const nowMs = this.#options.clock.monotonicMs()
    const address = addressKey(from.address)
    this.#counters.received[protocol]++
    // Before anything is read: a flood must cost little.
    if (!this.#limits.take(address, nowMs)) return 'rate-limited'
    const candidates = this.#sources.from(address)
    if (candidates.length === 0) {
      if (this.#counters.unknownSource(address)) {
        this.#options.log.warn(
          { address, protocol },
          'an event from an address that no device has; further ones are counted',
        )
      }
      return 'unknown-source'
    }
    return protocol === 'snmp'
      ? this.#takeNotification(datagram, from, candidates, reply)
      : this.#takeSyslog(datagram, address, candidates)
  }

  #takeNotification(
    datagram: Buffer,
    from: RemoteInfo,
    candidates: readonly Device[],
    reply: (answer: Buffer) => void,
  ): EventDrop | undefined {
    const address = addressKey(from.address)
    const read = this.#read(datagram, candidates, address)
    if ('drop' in read) {
      if (read.answer) reply(read.answer)
      return read.drop
    }
    const { answer, notification, device } = read
    if (answer && notification.informId !== undefined) {
      this.#counters.informsAnswered++
      reply(answer)
      const nowMs = this.#options.clock.monotonicMs()
      if (!this.#informs.isNew(`${address}/${from.port}`, notification.informId, nowMs)) return 'repeated-inform'
    }
    this.#publish('snmp', device, notificationEvent(read, address))
    return undefined
  }

  #read(datagram: Buffer, candidates: readonly Device[], address: string): ReadNotification | UsmRefusal {
    const auths = this.#auths
    const usm = decodeUsmMessage(datagram)
    if (usm) return this.#usm.read(datagram, usm, { candidates, auths, address })
    const { communities } = this.#options.config.traps
    const read = readNotification(datagram, { candidates, auths, communities })
    return typeof read === 'string' ? { drop: read } : read
  }

  #takeSyslog(datagram: Buffer, address: string, candidates: readonly Device[]): EventDrop | undefined {
    if (candidates.length > 1) return 'ambiguous-source'
    const message = readSyslog(datagram)
    if (!message) return 'malformed'
    const meaning = syslogMeaning(message.text)
    if (!meaning) return 'uninteresting'
    this.#publish('syslog', candidates[0]!, {
      source: 'syslog',
      sourceAddress: address,
      kind: meaning.kind,
      ifName: meaning.ifName,
      peerProtocol: meaning.peerAddress === '' ? '' : 'bgp',
      peerAddress: meaning.peerAddress,
      syslogSeverity: message.severity,
      text: message.text,
    })
    return undefined
  }

  #publish(protocol: EventProtocol, device: Device, event: EventFields): void {
    const nowMs = Math.round(this.#options.clock.nowMs())
    const key = keys.device(device.tenant, device.id)
    this.#counters.events[protocol].add(event.kind)
    const { ifIndex, ifName: told = '' } = event
    const value = create(DeviceEventSchema, {
      ...event,
      ifName: this.#options.interfaceName(key, ifIndex, told) ?? told,
      deviceId: device.id,
      siteId: device.site,
      receivedMs: BigInt(nowMs),
    })
    this.#outbox.add([{ key, value: this.#record(device.tenant, { case: 'event', value }), timestampMs: nowMs }])
    if (confirmedByPoll.has(event.kind)) this.#options.expedite(key, ofHardware.has(event.kind))
  }

  #record(tenantId: string, body: EventRecordBody): Uint8Array {
    const { producerId } = this.#options.config
    return toBinary(
      EventRecordSchema,
      create(EventRecordSchema, { tenantId, producerId, sequence: this.#sequence++, body }),
    )
  }
}

type EventRecordBody = NonNullable<Parameters<typeof create<typeof EventRecordSchema>>[1]>['body'] & object
type EventFields = Partial<
  Pick<DeviceEvent, 'ifName' | 'peerProtocol' | 'peerAddress' | 'repeats' | 'trapOid' | 'text'>
> &
  Pick<DeviceEvent, 'source' | 'sourceAddress'> & {
    kind: EventKind
    ifIndex?: number
    upTimeCs?: number
    syslogSeverity?: number
    varbinds?: { oid: string; value: string }[]
  }

const trapCommunity = oid(snmpTrapCommunity)

function notificationEvent({ notification, community }: ReadNotification, sourceAddress: string): EventFields {
  const { trapOid, upTimeCs, varbinds, informId } = notification
  const { ifIndex, ...meaning } = meaningOf(notification)
  return {
    source: informId === undefined ? 'trap' : 'inform',
    sourceAddress,
    ...meaning,
    ...(ifIndex === undefined ? {} : { ifIndex }),
    ...(upTimeCs === undefined ? {} : { upTimeCs }),
    trapOid: formatOid(trapOid),
    varbinds: varbinds
      .filter(({ oid: name }) => !name.startsWith(trapCommunity))
      .map(({ oid: name, value }) => ({
        oid: formatOid(name),
        value: valueText(value, [community]).slice(0, textMax),
      })),
  }
}
