import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, seededRandom, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { inventorySchema, type PollRecord, PollRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { createSnmpPoller, snmpPollerConfigSchema } from '../src/index.ts'
import { secondHostMissing, startSecondHost } from './second-host.ts'
import { startAgent, switchValues } from './test-agent.ts'

const missing = spawnSync('fping', ['-v']).error ? 'fping is not installed' : secondHostMissing()
let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

describe.skipIf(missing !== '')(`the whole poller and a second host${missing && ` (skipped: ${missing})`}`, () => {
  it('writes of a silent agent that its host answers, of an empty address that nobody does, and whom it hears', async () => {
    const path = mkdtempSync(join(tmpdir(), 'weir-reach-'))
    const bus = createLocalBus({ path, clock: systemClock, log: silentLogger, metrics: createMetrics() })
    await bus.start()
    const topic = { partitions: 2, retentionMs: 3_600_000, retentionBytes: 1e9, compacted: false }
    await bus.createTopics([topics.polls, topics.events].map(name => ({ name, ...topic })))
    const messages: PollRecord[] = []
    const tail = await bus.tail({
      topic: topics.polls,
      from: 'start',
      records: batch => {
        messages.push(...batch.map(({ value }) => fromBinary(PollRecordSchema, value!)))
      },
    })
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
    const poller = createSnmpPoller({
      config: snmpPollerConfigSchema.parse({
        ...{ auths: { lab: { version: 'v2c', community: 'public' } }, producerId: 'p1', timeoutMs: 300, retries: 1 },
        ...{ traps: { enabled: false }, reachability: { intervalMs: 1_000, timeoutMs: 300 } },
      }),
      inventory,
      ...{ bus, clock: systemClock, random: seededRandom(7), log: silentLogger, metrics: createMetrics() },
    })
    await poller.start()
    cleanups.push(
      () => rmSync(path, { recursive: true, force: true }),
      () => bus.stop(),
      () => tail.close(),
      () => host.close(),
      () => agent.close(),
    )
    const polls = (id: string) =>
      messages.flatMap(({ body }) => (body.case === 'poll' && body.value.deviceId === id ? [body.value] : []))
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
    expect(polls('nobody').at(-1)!.sight!.silentSites).toBeLessThan(2)
    const probes = messages.flatMap(({ body }) => (body.case === 'probe' ? [body.value] : []))
    expect(probes[0]).toMatchObject({ probeId: 'gw', deviceId: 'mute', target: host.address, error: '' })

    await poller.stop()
    await vi.waitFor(() => {
      const last = messages.flatMap(({ body }) => (body.case === 'heartbeat' ? [body.value] : [])).at(-1)
      expect(last?.sight).toMatchObject({ devices: 0 })
    }, 5_000)
  }, 40_000)
})
