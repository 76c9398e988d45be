import { afterEach, describe, expect, it, vi } from 'vitest'
import { type DevicePoll, deviceSchema } from '../../../libs/model/src/index.ts'
import { ifColumns as c, scalarOids } from '../../../libs/snmp/src/index.ts'
import { snmpPollerConfigSchema } from '../src/config.ts'
import { fastPlanOf } from '../src/fast-rules.ts'
import { inventoryOf, startRig } from './poller-rig.ts'
import { cell, octets, startAgent, switchValues, type TestAgent, timeTicks, tooBig } from './test-agent.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

const rules = [{ interfaces: ['ge-0/0/2', 'Cust: c3*'], intervalMs: 1_000 }]

async function setUp(intervalMs = 4_000): Promise<{ agent: TestAgent; whole: DevicePoll[]; partial: DevicePoll[] }> {
  const agent = await startAgent(switchValues(6))
  const rig = await startRig()
  cleanups.push(
    () => agent.close(),
    () => rig.stop(),
  )
  const [whole, partial]: [DevicePoll[], DevicePoll[]] = [[], []]
  let taken = 0
  const sort = setInterval(() => {
    for (; taken < rig.records.length; taken++) {
      const { body } = rig.records[taken]!.message
      if (body.case === 'poll') (body.value.partial ? partial : whole).push(body.value)
    }
  }, 10)
  cleanups.push(() => clearInterval(sort))
  await rig.startPoller(inventoryOf({ sw1: agent }, intervalMs), { fastPolls: rules })
  await vi.waitFor(() => expect(whole).toHaveLength(1), { timeout: 8_000 })
  return { agent, whole, partial }
}

describe('polls of important interfaces in between', () => {
  it('ask for the rows that rules name and no other, and say that they are partial', async () => {
    const { agent, whole, partial } = await setUp()
    agent.requests.length = 0
    await vi.waitFor(() => expect(partial.length).toBeGreaterThanOrEqual(2), { timeout: 8_000 })
    expect(partial[0]).toMatchObject({ deviceId: 'sw1', intervalMs: 4_000, health: { reachable: true, errors: [] } })
    expect(partial[0]!.system).toBeUndefined()
    expect(partial[0]!.interfaces.map(row => [row.ifName, row.ifAlias])).toEqual([
      ['ge-0/0/2', 'Cust: c2'],
      ['ge-0/0/3', 'Cust: c3'],
    ])
    // The same cells as in a whole poll: a baseline may come from either.
    expect(partial[0]!.interfaces[0]).toEqual(whole[0]!.interfaces[1])
    const asked = agent.requests.flatMap(({ pdu }) => (pdu.kind === 'getRequest' ? pdu.varbinds : []))
    expect(asked.some(({ oid }) => oid === cell(c.ifHCInOctets, 2))).toBe(true)
    expect(asked.some(({ oid }) => oid === cell(c.ifHCInOctets, 1))).toBe(false)
  }, 20_000)

  it('F43: leave out a row that has come to be another port, and all after a restart', async () => {
    const { agent, whole, partial } = await setUp(60_000)
    await vi.waitFor(() => expect(partial.length).toBeGreaterThan(0), { timeout: 8_000 })
    agent.values.set(cell(c.ifName, 3), octets('xe-1/1/1'))
    await vi.waitFor(() => expect(partial.at(-1)!.interfaces.map(row => row.ifIndex)).toEqual([2]), { timeout: 8_000 })
    agent.values.set(scalarOids.sysUpTime, timeTicks(100))
    await new Promise(resolve => setTimeout(resolve, 1_200))
    const before = partial.length
    await new Promise(resolve => setTimeout(resolve, 2_500))
    expect(partial.length).toBe(before)
    expect(whole).toHaveLength(1)
  }, 30_000)

  it('F40: halve what they ask when the agent says tooBig', async () => {
    const { agent, partial } = await setUp()
    agent.behaviour = (request, honest) => [
      request.pdu.kind === 'getRequest' && request.pdu.varbinds.length > 12 ? tooBig(request) : honest(request),
    ]
    const before = partial.length
    await vi.waitFor(() => expect(partial.length).toBeGreaterThan(before + 1), { timeout: 8_000 })
    expect(partial.at(-1)!.interfaces).toHaveLength(2)
    expect(partial.at(-1)!.interfaces[1]!.inOctets).toBe(2n ** 53n + 3n)
  }, 20_000)

  it('F35: a device that does not answer yields no partial record', async () => {
    const { agent, whole, partial } = await setUp(2_000)
    agent.behaviour = () => []
    await vi.waitFor(() => expect(whole.at(-1)!.health?.reachable).toBe(false), { timeout: 10_000 })
    const before = partial.length
    await new Promise(resolve => setTimeout(resolve, 2_500))
    expect(partial.length).toBe(before)
  }, 30_000)
})

describe('rules of polls in between', () => {
  const device = deviceSchema.parse({ id: 'core-1', tenant: 't', site: 's', address: '192.0.2.1', role: 'core' })
  const plan = (fastPolls: object[], intervalMs = 30_000) =>
    fastPlanOf(device, intervalMs, snmpPollerConfigSchema.parse({ fastPolls }).fastPolls)

  it('go by role, by device and by patterns of name and alias', () => {
    const found = plan([
      { interfaces: ['et-*'], roles: ['core'] },
      { interfaces: ['*transit*'], devices: ['core-1'], intervalMs: 5_000 },
      { interfaces: ['*'], roles: ['access'] },
    ])
    expect(found?.intervalMs).toBe(5_000)
    expect(found?.matches('et-0/0/1', '')).toBe(true)
    expect(found?.matches('xe-0/0/1', 'TRANSIT: Telia')).toBe(true)
    expect(found?.matches('xe-0/0/1', 'Cust: a.b')).toBe(false)
    expect(plan([{ interfaces: ['a.b'] }])?.matches('axb', '')).toBe(false)
  })

  it('do not hold where no rule names the device, nor where it is as fast itself', () => {
    expect(plan([{ interfaces: ['*'], roles: ['access'] }])).toBeUndefined()
    expect(plan([{ interfaces: ['*'] }], 10_000)).toBeUndefined()
  })
})
