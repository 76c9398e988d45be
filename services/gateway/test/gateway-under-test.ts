import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import type { Bus, TopicSpec } from '../../../libs/bus/src/index.ts'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, type Metrics, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import {
  type Alarm,
  alarmCloudEvent,
  alarmId,
  type Inventory,
  inventorySchema,
  keys,
  type LiveRecord,
  LiveRecordSchema,
  topics,
} from '../../../libs/model/src/index.ts'
import { createEmbeddedStore } from '../../../libs/store/src/embedded/index.ts'
import type { Store } from '../../../libs/store/src/index.ts'
import { createGateway, type Gateway, type GatewayOptions, gatewayConfigSchema } from '../src/index.ts'

export const testInventory: Inventory = inventorySchema.parse({
  tenants: [{ id: 'acme', name: 'Acme Ltd' }, { id: 'globex' }],
  sites: [
    { id: 'acme-hq', tenant: 'acme', name: 'Head office' },
    { id: 'acme-dc', tenant: 'acme' },
    { id: 'globex-main', tenant: 'globex' },
  ],
  devices: [
    { id: 'acme-core-1', tenant: 'acme', site: 'acme-hq', address: '10.0.0.1', snmp: { auth: 'lab' } },
    { id: 'globex-fw-1', tenant: 'globex', site: 'globex-main', address: '10.0.0.1', snmp: { auth: 'lab' } },
  ],
})

const topicSpecs: TopicSpec[] = [topics.live, topics.signals, topics.alarms, topics.templates].map(name => ({
  name,
  partitions: 2,
  retentionMs: 86_400_000,
  retentionBytes: 1 << 30,
  compacted: name === topics.alarms || name === topics.templates,
}))

export interface GatewayUnderTest {
  bus: Bus
  store: Store
  metrics: Metrics
  gateway: Gateway
  address: string
  /** Another gateway on the same bus and store, as after a restart. */
  restart(): Promise<void>
  dispose(): Promise<void>
}

export interface UnderTestOptions {
  config?: unknown
  /** Opens the embedded store too; history needs it, live views do not. */
  withStore?: boolean
  options?: Partial<GatewayOptions>
}

/** A gateway on a bus and a store of its own, listening on a free port. */
export async function startGateway(wish: UnderTestOptions = {}): Promise<GatewayUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-gateway-'))
  const bus = createLocalBus({ path: join(folder, 'log'), log: silentLogger })
  const store = createEmbeddedStore({ path: join(folder, 'store'), log: silentLogger, metrics: createMetrics() })
  await bus.start()
  await bus.createTopics(topicSpecs)
  if (wish.withStore) await store.start()

  async function open(): Promise<{ gateway: Gateway; metrics: Metrics }> {
    const metrics = createMetrics()
    const gateway = createGateway({
      config: gatewayConfigSchema.parse({ port: 0, ...(wish.config as object) }),
      inventory: testInventory,
      bus,
      store,
      clock: systemClock,
      log: silentLogger,
      metrics,
      buildId: 'test',
      wallFolder: join(folder, 'wall'),
      ...wish.options,
    })
    await gateway.start()
    return { gateway, metrics }
  }

  const opened = await open()
  const underTest: GatewayUnderTest = {
    bus,
    store,
    ...opened,
    address: opened.gateway.address,
    async restart() {
      await underTest.gateway.stop()
      Object.assign(underTest, await open())
      underTest.address = underTest.gateway.address
    },
    async dispose() {
      await underTest.gateway.stop()
      if (wish.withStore) await store.stop()
      await bus.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return underTest
}

/** An alarm of acme's head office unless told otherwise. */
export function alarmOf(changes: Partial<Alarm> & { resource: string }): Alarm {
  const tenantId = changes.tenantId ?? 'acme'
  return {
    tenantId,
    alarmId: alarmId(tenantId, 'link-down', changes.resource, '', 0),
    alarmTypeId: 'link-down',
    qualifier: '',
    deviceId: 'acme-core-1',
    siteId: 'acme-hq',
    perceivedSeverity: 'major',
    isCleared: false,
    condition: 'active',
    operatorState: 'none',
    shelving: 'unshelved',
    shelvedUntil: null,
    raisedAt: '2026-11-23T10:00:00.000Z',
    changedAt: '2026-11-23T10:00:00.000Z',
    clearedAt: null,
    evidence: { summary: 'The link is down.', action: 'Check the cable.', measured: {}, expected: {} },
    incidentId: null,
    acknowledgedBy: null,
    occurrences: 1,
    rev: 1,
    ...changes,
  }
}

export async function sendAlarms(bus: Bus, alarms: readonly Alarm[]): Promise<void> {
  await bus.send(
    topics.alarms,
    alarms.map(alarm => ({
      key: keys.alarm(alarm.tenantId, alarm.alarmId),
      value: Buffer.from(JSON.stringify(alarmCloudEvent(alarm))),
      timestampMs: Date.now(),
    })),
  )
}

/** What the processor says of an exporter's health. */
export function exporterHealth(exporterId: string, changes: object = {}) {
  const nowMs = BigInt(Date.now())
  return {
    case: 'exporter' as const,
    value: {
      exporterId,
      asOfMs: nowMs,
      firstSeenMs: nowMs - 60_000n,
      lastSeenMs: nowMs,
      protocols: ['netflow9'],
      datagrams: (1n << 53n) + 1n,
      errors: { 'template-missing': 3n },
      sequenceLost: 4n,
      lossRatio: 0.25,
      lossWindowMs: 300_000,
      templatesKnown: 2,
      heldSinceMs: nowMs - 30_000n,
      samplingRates: [0, 1_000],
      clockSkewMs: -1_500n,
      kernelDrops: 7n,
      ...changes,
    },
  }
}

let nextSourceOffset = 0n

type LiveBody = Parameters<typeof create<typeof LiveRecordSchema>>[1] & {}

/** A record of the live topic with the next source position, or a given one. */
export function liveRecord(tenantId: string, body: LiveBody['body'], offset = nextSourceOffset++): LiveRecord {
  const source = { logId: 'log', topic: topics.polls, partition: 0, offset, ordinal: 0 }
  return create(LiveRecordSchema, { tenantId, producerId: 'test', source, body } as LiveBody)
}

export async function sendLive(bus: Bus, records: readonly LiveRecord[]): Promise<void> {
  await bus.send(
    topics.live,
    records.map(record => ({
      key: record.tenantId,
      value: toBinary(LiveRecordSchema, record),
      timestampMs: Date.now(),
    })),
  )
}

/** Waits until `check` gives something. */
export async function until<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  what = 'it',
): Promise<T> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`waited 15 s for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** The body of a GET, as the shape the caller expects. */
export async function getJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  return (await (await fetch(url, { headers })).json()) as T
}
