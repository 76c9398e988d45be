import { create, toBinary } from '@bufbuild/protobuf'
import type { Bus, NewRecord } from '../../../libs/bus/src/index.ts'
import {
  type Clock,
  type Component,
  every,
  type Logger,
  type Metrics,
  type Random,
  type Readiness,
  seededRandom,
  seedOf,
  type Timer,
} from '../../../libs/kernel/src/index.ts'
import {
  type Device,
  HeartbeatSchema,
  heartbeatIntervalMs,
  type Inventory,
  keys,
  PollRecordSchema,
  type Reach,
  topics,
} from '../../../libs/model/src/index.ts'
import { AuthFailures } from './auth-failures.ts'
import type { SnmpPollerConfig } from './config.ts'
import { credentialsFor } from './credentials.ts'
import { DevicePoller, type PollOutcome } from './device-poller.ts'
import { DeviceEvents } from './events/device-events.ts'
import { fastPlanOf } from './fast-rules.ts'
import { InterfaceTables } from './interface-table.ts'
import { Outbox } from './outbox.ts'
import { PollSchedule } from './poll-schedule.ts'
import { PollerGroup } from './poller-group.ts'
import { exposePollerMetrics, PollerCounters } from './poller-metrics.ts'
import { loadProfiles } from './profiles/load-profiles.ts'
import { ActiveProbes } from './reach/active-probes.ts'
import type { EchoTool } from './reach/echo-tool.ts'
import { Reachability } from './reach/reachability.ts'
import { refusedSession } from './refused-session.ts'
import { type SnmpAuth, type SnmpSession, type SnmpTransport, totalWaitMs } from './snmp-transport.ts'
import { createTransport } from './transports.ts'

export interface SnmpPollerOptions {
  readonly config: SnmpPollerConfig
  readonly inventory: Inventory
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: Metrics
  /** Made by the poller unless given. */
  readonly transport?: SnmpTransport
  /** Sends echo requests; found on this host unless given. */
  readonly echo?: EchoTool
}

export interface SnmpPoller extends Component {
  /**
   * Takes over a new inventory, and credentials where given: devices come, go, or are polled by their new entry; the others
   * are not disturbed.
   */
  applyInventory(inventory: Inventory, auths?: SnmpPollerConfig['auths']): void
  /** Where it listens for traps and for syslog. */
  eventPorts(): { traps: number[]; syslog: number[] }
  readiness(): Readiness
}

/** The first polls are spread over this, so that a start asks a thousand devices neither at once nor a minute late. */
const firstPollSpreadMs = 5_000
/** A first poll reads all there is of a device: no more than these begin in a second, save where their interval demands it. */
const firstPollsPerSecond = 150
const stopWithinMs = 5_000
const busRefusesTooLongMs = 30_000

/**
 * Polls every device of the inventory on its own schedule and publishes a record for each poll on `weir.polls.v1`.
 * Receives traps and syslog messages, publishes them on `weir.events.v1`, and polls their device at once.
 */
export function createSnmpPoller(options: SnmpPollerOptions): SnmpPoller {
  const { config, bus, clock, log } = options
  const counters = new PollerCounters()
  const profiles = loadProfiles(config.profileFolders)
  const tables = new InterfaceTables()
  const transport = options.transport ?? createTransport(clock, options.random, text => log.warn(text))
  const lag = options.metrics.histogram(
    'weir_poll_lag_seconds',
    'How late polls began',
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
  )
  const duration = options.metrics.histogram(
    'weir_poll_duration_seconds',
    'How long polls took',
    [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
  )
  const schedule = new PollSchedule(clock, {
    inFlightMax: config.pollsInFlightMax,
    expeditedGapMs: config.expeditedPollGapMs,
    observeLag: seconds => lag.observe(seconds),
  })
  const outbox = new Outbox({ bus, topic: topics.polls, clock, log, recordsMax: config.queueRecordsMax })
  const reach = new Reachability({
    config: config.reachability,
    clock,
    log,
    ...(options.echo && { tool: options.echo }),
  })

  const probes = new ActiveProbes({
    clock,
    random: options.random,
    log,
    tool: () => reach.tool,
    sight: askedMs => reach.sight(askedMs),
    publish(probe, round) {
      const key = keys.probe(probe.tenant, probe.id)
      const value = record(probe.tenant, { case: 'probe', value: round })
      outbox.add([{ key, value, timestampMs: Math.round(clock.nowMs()) }])
    },
  })

  const events = new DeviceEvents({
    ...options,
    expedite(key, withHardware) {
      if (withHardware) polled.get(key)?.poller.wantHardware()
      schedule.expedite(key)
    },
    interfaceName: (key, ifIndex, told) => polled.get(key)?.poller.interfaceName(ifIndex, told),
  })

  const group =
    config.group &&
    new PollerGroup({ ...options, ...config.group, producerId: config.producerId, changed: () => poll(inventory) })
  exposePollerMetrics(options.metrics, {
    counters,
    schedule,
    outbox,
    group,
    reach,
    probes,
    transport: () => transport.counters,
  })

  let inventory = options.inventory
  let auths = config.auths
  let polled = new Map<string, { entry: string; poller: DevicePoller }>()
  let sequence = 0n
  let heartbeat: Timer | undefined
  let partitions: number[] = []
  let started = false

  function record(tenantId: string, body: PollRecordBody): Uint8Array {
    const message = create(PollRecordSchema, { tenantId, producerId: config.producerId, sequence: sequence++, body })
    return toBinary(PollRecordSchema, message)
  }

  async function pollOnce(device: Device, poller: DevicePoller, doubtAfterMs: number, expedited: boolean) {
    const key = keys.device(device.tenant, device.id)
    let confirming: Promise<Reach | undefined> | undefined
    // A poll that has no answer by now seldom gets one: its host is asked meanwhile, and the poll is not made longer.
    const doubt = clock.after(doubtAfterMs, () => {
      if (!poller.heardInPoll) confirming = reach.confirm(key)
    })
    try {
      reach.asked(key)
      const outcome = await poller.poll()
      doubt.cancel()
      if (poller.closed) return true
      // How long a device has been silent is counted in polls of its grid: an event must not make it look longer.
      if (expedited && !outcome.poll.health?.reachable) {
        counters.expeditedUnanswered++
        return false
      }
      const found = outcome.poll.health?.reachable ? reach.answered(key) : await (confirming ?? reach.confirm(key))
      if (poller.closed) return true
      if (found) outcome.poll.reach = found
      if (!outcome.poll.health?.reachable) {
        if (!found?.received) reach.failed(key, outcome.poll.health?.errors[0]?.code ?? '')
        outcome.poll.sight = reach.sight(Number(outcome.poll.startedMs))
      }
      publish(device, outcome)
      await poller.readHardware(outcome)
      return outcome.poll.health?.reachable ?? false
    } catch (cause) {
      // Nothing a device sends comes here: this is our fault, and it must not stop the other devices.
      log.error({ err: cause, device: device.id }, 'a poll failed; this is a defect')
      counters.errors.add('internal')
      return false
    } finally {
      doubt.cancel()
    }
  }

  async function pollFastOnce(device: Device, poller: DevicePoller): Promise<boolean> {
    try {
      const outcome = await poller.pollFast()
      if (outcome?.poll.health?.reachable) reach.heard(keys.device(device.tenant, device.id))
      // What is wrong with a device is for its whole polls to say: they are what its silence is counted in.
      if (outcome && !poller.closed) publish(device, outcome)
      else counters.fastWithout++
      return outcome !== undefined
    } catch (cause) {
      log.error({ err: cause, device: device.id }, 'a poll of some interfaces failed; this is a defect')
      counters.errors.add('internal')
      return false
    }
  }

  function publish(device: Device, outcome: PollOutcome): void {
    counters.count(outcome)
    duration.observe((outcome.poll.health?.durationMs ?? 0) / 1_000)
    outbox.add([
      {
        key: keys.device(device.tenant, device.id),
        value: record(device.tenant, { case: 'poll', value: outcome.poll }),
        timestampMs: Number(outcome.poll.completedMs),
      },
    ])
  }

  function beat(): void {
    // While the bus refuses, one heartbeat behind the records is enough: a late one says no more.
    if (outbox.refusedSinceMs !== undefined) {
      counters.heartbeatsSkipped += partitions.length
      return
    }
    const timestampMs = Math.round(clock.nowMs())
    const value = create(HeartbeatSchema, { intervalMs: heartbeatIntervalMs, sight: reach.heartbeat() })
    counters.heartbeats += partitions.length
    outbox.add(
      partitions.map(
        (partition): NewRecord => ({
          key: `heartbeat/${config.producerId}`,
          value: record('', { case: 'heartbeat', value }),
          timestampMs,
          partition,
        }),
      ),
    )
  }

  function applyInventory(next: Inventory, nextAuths = auths): void {
    inventory = next
    auths = nextAuths
    events.applyInventory(next, auths)
    if (started) poll(next)
  }

  /** Begins with devices that are ours and were not, and ends with those that no longer are. */
  function poll(next: Inventory): void {
    const before = polled
    polled = new Map()
    const ours = next.devices.filter(({ snmp, tenant, id }) => snmp && (group?.owns(keys.device(tenant, id)) ?? true))
    const spreadMs = Math.max(firstPollSpreadMs, (1_000 * (ours.length - before.size)) / firstPollsPerSecond)
    for (const device of ours) {
      const key = keys.device(device.tenant, device.id)
      const entry = JSON.stringify([device, auths[device.snmp?.auth ?? '']])
      const known = before.get(key)
      if (known?.entry === entry) {
        polled.set(key, known)
        before.delete(key)
      } else if (!polled.has(key)) {
        dismiss(before, key)
        polled.set(key, { entry, poller: begin(device, key, spreadMs) })
      }
    }
    for (const key of [...before.keys()]) dismiss(before, key)
    probes.apply(next, key => group?.owns(key) ?? true)
    log.info({ devices: polled.size, probes: probes.size }, 'inventory applied')
  }

  function dismiss(from: typeof polled, key: string): void {
    schedule.remove(key)
    schedule.remove(fastKey(key))
    reach.forget(key)
    from.get(key)?.poller.close()
    from.delete(key)
  }

  function begin(device: Device, key: string, spreadMs: number): DevicePoller {
    const intervalMs = device.snmp?.intervalMs ?? config.intervalMs
    const budgetMs = Math.max(500, config.budgetShare * intervalMs)
    const failures = new AuthFailures(clock)
    const plan = fastPlanOf(device, intervalMs, config.fastPolls)
    const poller = new DevicePoller({
      device,
      session: openSession(device, budgetMs, failures),
      clock,
      intervalMs,
      budgetMs,
      slowRefreshMs: config.slowRefreshMs,
      interfacesMax: config.interfacesMax,
      tables,
      profiles,
      hardwareIntervalMs: config.hardwareIntervalMs,
      stationsIntervalMs: config.stations.enabled ? config.stations.intervalMs : undefined,
      ...(plan ? { fast: { plan, session: openSession(device, plan.intervalMs, failures) } } : {}),
    })
    reach.watch({
      key,
      tenantId: device.tenant,
      siteId: device.site,
      host: device.snmp?.host ?? device.address,
      echo: device.echo ?? true,
    })
    // Most of the time after which a device that does not answer is given up.
    const doubtAfterMs =
      0.6 * Math.min(budgetMs, (device.snmp?.timeoutMs ?? config.timeoutMs) * totalWaitMs(1, config.retries))
    // The same device has the same place in its interval after every restart.
    const place = seededRandom(seedOf(key))()
    schedule.add({
      key,
      intervalMs,
      firstAfterMs: place * Math.min(intervalMs, spreadMs),
      // Ten thousand devices polled within five seconds of a minute would be twelve times the load.
      gridAfterMs: place * intervalMs,
      run: expedited => pollOnce(device, poller, doubtAfterMs, expedited),
    })
    if (plan) {
      schedule.add({
        key: fastKey(key),
        intervalMs: plan.intervalMs,
        firstAfterMs: place * plan.intervalMs,
        run: () => pollFastOnce(device, poller),
      })
    }
    return poller
  }

  function openSession(device: Device, budgetMs: number, failures: AuthFailures): SnmpSession {
    const target = device.snmp!
    const credentials = credentialsFor(auths, target.auth, device.tenant)
    if (!credentials.ok) {
      if (credentials.code === 'snmp-auth-unknown') {
        log.warn({ device: device.id, auth: target.auth }, 'no such entry in poller.auths; the device cannot be polled')
      }
      return refusedSession(credentials.code, credentials.detail)
    }
    const { auth } = credentials
    const session = openWith(device, target, auth, budgetMs)
    return auth.version === 'v3' ? failures.guard(session) : session
  }

  function openWith(
    device: Device,
    target: NonNullable<Device['snmp']>,
    auth: SnmpAuth,
    budgetMs: number,
  ): SnmpSession {
    return transport.open({
      host: target.host ?? device.address,
      port: target.port,
      auth,
      // All repetitions of a first request fit into the budget, so that a dead device is told from a slow one.
      timeoutMs: Math.min(target.timeoutMs ?? config.timeoutMs, budgetMs / totalWaitMs(1, config.retries)),
      retries: config.retries,
      ...(target.answersFrom ? { answersFrom: target.answersFrom } : {}),
    })
  }

  return {
    name: 'snmp-poller',
    applyInventory,
    async start() {
      await group?.start()
      partitions = (await bus.bounds(topics.polls)).map(({ partition }) => partition)
      await reach.start()
      started = true
      applyInventory(inventory)
      await events.start()
      const beatAll = (): void => {
        beat()
        events.beat()
      }
      beatAll()
      heartbeat = every(clock, heartbeatIntervalMs, beatAll)
    },
    async stop() {
      started = false
      heartbeat?.cancel()
      await group?.stop()
      await events.stop(stopWithinMs)
      schedule.clear()
      for (const [key, { poller }] of polled) {
        poller.close()
        reach.forget(key)
      }
      polled = new Map()
      probes.stop()
      reach.stop()
      // Its last word: it polls nothing any more, and is not missed.
      if (partitions.length > 0) beat()
      transport.close()
      await outbox.close(stopWithinMs)
    },
    eventPorts: () => ({ traps: events.ports('snmp'), syslog: events.ports('syslog') }),
    readiness() {
      const refusedMs = outbox.refusedSinceMs === undefined ? 0 : clock.monotonicMs() - outbox.refusedSinceMs
      if (refusedMs > busRefusesTooLongMs) {
        return { ready: false, reason: `the bus has refused records for ${Math.round(refusedMs / 1_000)} s` }
      }
      return started ? { ready: true } : { ready: false, reason: 'not started' }
    },
  }
}

function fastKey(key: string): string {
  return `${key} fast`
}

type PollRecordBody = NonNullable<Parameters<typeof create<typeof PollRecordSchema>>[1]>['body'] & object
