import { afterEach, describe, expect, it, vi } from 'vitest'
import { partitionOf } from '../../../libs/bus/src/index.ts'
import { inventoryOf, type PollerRig, startRig } from './poller-rig.ts'
import { startAgent, switchValues, type TestAgent } from './test-agent.ts'

const partitions = 4
let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function startBus(): Promise<PollerRig> {
  const rig = await startRig(partitions)
  cleanups.push(() => rig.stop())
  return rig
}

async function agentWithPorts(ports: number): Promise<TestAgent> {
  const agent = await startAgent(switchValues(ports))
  cleanups.push(() => agent.close())
  return agent
}

describe('the poller on a bus', () => {
  it('publishes a record for each poll, and heartbeats to every partition', async () => {
    const { records, startPoller } = await startBus()
    const [one, two] = [await agentWithPorts(2), await agentWithPorts(3)]
    await startPoller(inventoryOf({ one, two }))
    const polls = () => records.filter(({ message }) => message.body.case === 'poll')
    await vi.waitFor(() => expect(polls().length).toBeGreaterThanOrEqual(6), { timeout: 10_000 })

    const beats = records.filter(({ message }) => message.body.case === 'heartbeat')
    expect(new Set(beats.map(({ record }) => record.partition)).size).toBe(partitions)
    expect(new Set(beats.map(({ record }) => record.key))).toEqual(new Set(['heartbeat/poller-1']))
    for (const { record, message } of polls()) {
      const poll = message.body.value as { deviceId: string; completedMs: bigint }
      expect(record.key).toBe(`t1/${poll.deviceId}`)
      expect(record.partition).toBe(partitionOf(record.key, partitions))
      expect(BigInt(record.timestampMs)).toBe(poll.completedMs)
      expect(message.tenantId).toBe('t1')
    }
    const sequences = records.map(({ message }) => message.sequence).sort((a, b) => Number(a - b))
    expect(sequences).toEqual(sequences.map((_, i) => BigInt(i)))
  })

  it('tells of a device that does not answer, and delays no other', async () => {
    const { records, startPoller } = await startBus()
    const live = await agentWithPorts(1)
    const dead = await agentWithPorts(1)
    dead.behaviour = () => []
    await startPoller(inventoryOf({ live, dead }))
    const of = (id: string) =>
      records.flatMap(({ message }) =>
        message.body.case === 'poll' && message.body.value.deviceId === id ? [message.body.value] : [],
      )
    await vi.waitFor(() => expect(of('dead').length).toBeGreaterThanOrEqual(2), { timeout: 10_000 })
    expect(of('dead')[0]!.health).toMatchObject({ reachable: false, errors: [{ code: 'snmp-timeout' }] })
    expect(of('live').length).toBeGreaterThanOrEqual(2)
    expect(of('live').every(poll => poll.health?.reachable)).toBe(true)
  })

  it('says so when the inventory names credentials that are not configured', async () => {
    const { records, startPoller } = await startBus()
    const agent = await agentWithPorts(1)
    await startPoller(inventoryOf({ agent }, 1_000, 'nobody'))
    await vi.waitFor(() => expect(records.some(({ message }) => message.body.case === 'poll')).toBe(true), {
      timeout: 10_000,
    })
    expect(records.find(({ message }) => message.body.case === 'poll')!.message.body.value).toMatchObject({
      health: { reachable: false, errors: [{ code: 'snmp-auth-unknown', detail: 'poller.auths has no "nobody"' }] },
    })
    expect(agent.requests).toEqual([])
  })

  it('takes over a new inventory without disturbing what stays', async () => {
    const { records, startPoller } = await startBus()
    const [stays, goes, comes] = [await agentWithPorts(1), await agentWithPorts(1), await agentWithPorts(1)]
    const poller = await startPoller(inventoryOf({ stays, goes }))
    const seen = (id: string) =>
      records.filter(({ message }) => message.body.case === 'poll' && message.body.value.deviceId === id).length
    await vi.waitFor(() => expect(Math.min(seen('stays'), seen('goes'))).toBeGreaterThan(0), { timeout: 10_000 })
    poller.applyInventory(inventoryOf({ stays, comes }))
    const before = seen('goes')
    await vi.waitFor(() => expect(seen('comes')).toBeGreaterThan(1), { timeout: 10_000 })
    expect(seen('goes')).toBeLessThanOrEqual(before + 1)
    expect(seen('stays')).toBeGreaterThan(1)
  })
})
