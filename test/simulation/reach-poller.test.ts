import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { alarmConfigSchema } from '../../libs/alarms/src/index.ts'
import type { Bus, BusRecord } from '../../libs/bus/src/index.ts'
import { createLocalBus } from '../../libs/bus/src/local/index.ts'
import { detectConfigSchema, isBlindPoll } from '../../libs/detect/src/index.ts'
import { createMetrics, seededRandom, silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import {
  type Inventory,
  inventorySchema,
  type PollRecord,
  PollRecordSchema,
  SignalRecordSchema,
  topics,
} from '../../libs/model/src/index.ts'
import { trackPoll } from '../../libs/stream/src/index.ts'
import { createSnmpPoller, snmpPollerConfigSchema } from '../../services/snmp-poller/src/index.ts'
import { secondHostMissing, startSecondHost } from '../../services/snmp-poller/test/second-host.ts'
import { startAgent, switchValues } from '../../services/snmp-poller/test/test-agent.ts'
import { newPollCounts, PollsWork } from '../../services/stream-processor/src/polls/polls-work.ts'
import { streamConfigOf } from '../../services/stream-processor/src/stream-config.ts'

const missing = spawnSync('fping', ['-v']).error ? 'fping is not installed' : secondHostMissing()
let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function startBus(): Promise<{ bus: Bus; records: BusRecord[]; messages: PollRecord[] }> {
  const path = mkdtempSync(join(tmpdir(), 'weir-reach-'))
  const bus = createLocalBus({ path, clock: systemClock, log: silentLogger, metrics: createMetrics() })
  await bus.start()
  const topic = { partitions: 1, retentionMs: 3_600_000, retentionBytes: 1e9, compacted: false }
  await bus.createTopics([topics.polls, topics.events].map(name => ({ name, ...topic })))
  const records: BusRecord[] = []
  const messages: PollRecord[] = []
  const tail = await bus.tail({
    topic: topics.polls,
    from: 'start',
    records: batch => {
      records.push(...batch)
      messages.push(...batch.map(({ value }) => fromBinary(PollRecordSchema, value!)))
    },
  })
  cleanups.push(
    () => rmSync(path, { recursive: true, force: true }),
    () => bus.stop(),
    () => tail.close(),
  )
  return { bus, records, messages }
}

async function startPoller(bus: Bus, inventory: Inventory) {
  const poller = createSnmpPoller({
    config: snmpPollerConfigSchema.parse({
      ...{ auths: { lab: { version: 'v2c', community: 'public' } }, producerId: 'p1', timeoutMs: 300, retries: 1 },
      ...{ traps: { enabled: false }, reachability: { intervalMs: 1_000, timeoutMs: 300 } },
    }),
    inventory,
    ...{ bus, clock: systemClock, random: seededRandom(7), log: silentLogger, metrics: createMetrics() },
  })
  await poller.start()
  cleanups.push(() => poller.stop())
  return poller
}

const pollsOf = (messages: readonly PollRecord[], id: string) =>
  messages.flatMap(({ body }) => (body.case === 'poll' && body.value.deviceId === id ? [body.value] : []))

describe.skipIf(missing !== '')(`the whole poller and a second host${missing && ` (skipped: ${missing})`}`, () => {
  it('writes of a silent agent that its host answers, of an empty address that nobody does, and whom it hears', async () => {
    const { bus, messages } = await startBus()
    const host = startSecondHost()
    const agent = await startAgent(switchValues(1))
    const device = { tenant: 't1', snmp: { auth: 'lab', intervalMs: 2_000 } }
    const inventory = inventorySchema.parse({
      tenants: [{ id: 't1' }],
      sites: ['a', 'b', 'c'].map(id => ({ id, tenant: 't1' })),
      devices: [
        { ...device, id: 'well', site: 'a', address: agent.address, snmp: { ...device.snmp, port: agent.port } },
        { ...device, id: 'mute', site: 'b', address: host.address },
        { ...device, id: 'nobody', site: 'c', address: host.nobody },
        { ...device, id: 'shy', site: 'c', address: host.nobody, echo: false },
      ],
      probes: [{ id: 'gw', tenant: 't1', site: 'b', kind: 'icmp', device: 'mute', intervalMs: 2_000 }],
    })
    const poller = await startPoller(bus, inventory)
    cleanups.push(
      () => host.close(),
      () => agent.close(),
    )
    const polls = (id: string) => pollsOf(messages, id)
    const enough = () => Math.min(...['well', 'mute', 'nobody', 'shy'].map(id => polls(id).length))
    await vi.waitFor(() => expect(enough()).toBeGreaterThanOrEqual(3), 20_000)

    expect(polls('mute')[0]).toMatchObject({
      health: { reachable: false },
      reach: { method: 'icmp', sent: 3, received: 3 },
    })
    expect(polls('nobody')[0]).toMatchObject({ health: { reachable: false }, reach: { received: 0 } })
    // No echo requests for this one: it is tried by TCP and UDP.
    expect(polls('shy')[0]!.reach).toMatchObject({ method: 'tcp', received: 0 })
    expect(polls('well').at(-1)).toMatchObject({ health: { reachable: true }, reach: { method: 'icmp' } })
    // The others answer meanwhile: it is not the poller.
    expect(polls('nobody').at(-1)!.sight).toMatchObject({ devices: 4, sites: 3 })
    expect(isBlindPoll(trackPoll(undefined, polls('nobody').at(-1)!).tracked)).toBe(false)
    const probes = messages.flatMap(({ body }) => (body.case === 'probe' ? [body.value] : []))
    expect(probes[0]).toMatchObject({ probeId: 'gw', deviceId: 'mute', target: host.address, error: '' })

    await poller.stop()
    await vi.waitFor(() => {
      const last = messages.flatMap(({ body }) => (body.case === 'heartbeat' ? [body.value] : [])).at(-1)
      expect(last?.sight).toMatchObject({ devices: 0 })
    }, 5_000)
  }, 40_000)

  it('F72: cut off from both of its sites it says that it hears nobody, of which one alarm comes and none of devices', async () => {
    const { bus, records, messages } = await startBus()
    const hosts = [startSecondHost(), startSecondHost()]
    cleanups.push(...hosts.map(host => () => host.close()))
    const inventory = inventorySchema.parse({
      tenants: [{ id: 't1' }],
      sites: ['a', 'b'].map(id => ({ id, tenant: 't1' })),
      devices: hosts.map(({ address }, i) => {
        return { id: `d${i}`, tenant: 't1', site: 'ab'[i], address, snmp: { auth: 'lab', intervalMs: 2_000 } }
      }),
    })
    await startPoller(bus, inventory)
    const heard = () => messages.flatMap(({ body }) => (body.case === 'heartbeat' ? [body.value.sight!] : [])).at(-1)!
    await vi.waitFor(
      () => expect(Math.min(pollsOf(messages, 'd0').length, pollsOf(messages, 'd1').length)).toBeGreaterThan(2),
      20_000,
    )
    expect(heard()).toMatchObject({ devices: 2, sites: 2, tenantIds: ['t1'] })
    for (const host of hosts) host.rules('ip protocol { icmp, udp, tcp } drop')
    await vi.waitFor(() => {
      expect(heard()).toMatchObject({ silentDevices: 2, silentSites: 2 })
      expect(Date.now() - Number(heard().heardMs)).toBeGreaterThan(21_000)
    }, 60_000)
    for (const host of hosts) host.rules()
    await vi.waitFor(() => expect(heard()).toMatchObject({ silentDevices: 0 }), 20_000)

    const config = streamConfigOf(inventory, detectConfigSchema.parse({}), alarmConfigSchema.parse({}))
    const work = new PollsWork(
      { topic: topics.polls, partition: 0, logId: 'log', producerId: 'p', config },
      newPollCounts(),
    )
    work.restore(new Map())
    const said: string[] = []
    for (const record of records) {
      work.process(record)
      for (const { topic, record: signal } of work.takeOutputs()) {
        if (topic !== topics.signals) continue
        const { body } = fromBinary(SignalRecordSchema, signal.value!)
        if (body.case === 'condition') said.push(`${body.value.alarmType} ${body.value.resource} ${body.value.state}`)
      }
    }
    // Neither has an agent: that is said of them while their hosts answer.
    expect(said.filter(one => !one.startsWith('snmp-failing'))).toEqual([
      'telemetry-stale poller/p1 active',
      'telemetry-stale poller/p1 cleared',
    ])
  }, 150_000)
})
