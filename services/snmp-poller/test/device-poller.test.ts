import { afterEach, describe, expect, it } from 'vitest'
import { ifColumns as c, type Message, scalarOids } from '../../../libs/snmp/src/index.ts'
import { type PollerOfOne, type PollSettings, pollerOf, transports } from './poll-agent.ts'
import { addPort, cell, octets, startAgent, switchValues, type TestAgent, timeTicks } from './test-agent.ts'

let cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups) cleanup()
  cleanups = []
})

async function setUp(
  agent: Promise<TestAgent>,
  settings?: PollSettings,
): Promise<{ agent: TestAgent; poller: PollerOfOne }> {
  const started = await agent
  const poller = pollerOf(started, settings)
  cleanups.push(
    () => started.close(),
    () => poller.close(),
  )
  return { agent: started, poller }
}

const columnsAsked = (request: Message): number => request.pdu.varbinds.length

describe.each(transports)('a poll of a good agent, by %s', (_, transport) => {
  it('brings every interface with exact counters', async () => {
    const { poller } = await setUp(startAgent(switchValues(48)), { transport: transport() })
    const { poll } = await poller.poll()
    expect(poll.health).toMatchObject({ reachable: true, errors: [], retries: 0 })
    expect(poll.sysUpTimeCs).toBe(360_000)
    expect(poll.system).toMatchObject({ sysName: 'sw1', sysDescr: 'Test switch' })
    expect(poll.interfaces.map(row => row.ifIndex)).toEqual(Array.from({ length: 48 }, (_, i) => i + 1))
    expect(poll.interfaces[47]).toMatchObject({
      ifName: 'ge-0/0/48',
      ifDescr: 'port 48',
      ifAlias: 'Cust: c48',
      ifType: 6,
      mtu: 1_500,
      ifPhysAddress: Buffer.from([2, 0, 0, 0, 0, 48]),
      speedBitsPerSecond: 1_000_000_000n,
      adminStatus: 1,
      operStatus: 2,
      octetCounterBits: 64,
      packetCounterBits: 64,
      inOctets: 2n ** 53n + 48n,
      outOctets: 2n * (2n ** 53n + 48n),
      inUcastPkts: 1_000n,
      outBroadcastPkts: 2n,
      inErrors: 96n,
      outDiscards: 144n,
      inUnknownProtos: 0n,
      fcsErrors: 5n,
      fcsCounterBits: 32,
      lastChangeCs: 500,
      counterDiscontinuityCs: 0,
      upTimeCs: 360_000,
      connectorPresent: true,
      promiscuous: false,
    })
  })
})

describe('what a poll costs', () => {
  it('reads slow columns once, and again when the table changed', async () => {
    const { agent, poller } = await setUp(startAgent(switchValues(4)))
    await poller.poll()
    agent.requests.length = 0
    const second = await poller.poll()
    const asked = agent.requests.flatMap(request => request.pdu.varbinds.map(({ oid }) => oid))
    expect(asked.some(oid => oid.startsWith(c.ifDescr.oid))).toBe(false)
    expect(second.poll.interfaces[0]).toMatchObject({ ifDescr: 'port 1', ifAlias: 'Cust: c1' })

    agent.values.set(cell(c.ifAlias, 1), octets('Transit: t'))
    agent.values.set(scalarOids.ifTableLastChange, timeTicks(400_000))
    expect((await poller.poll()).poll.interfaces[0]!.ifAlias).toBe('Transit: t')
  })

  it('asks an agent no more for columns it does not have', async () => {
    const { agent, poller } = await setUp(startAgent(switchValues(4)))
    await poller.poll()
    agent.requests.length = 0
    await poller.poll()
    const asked = agent.requests.flatMap(request => request.pdu.varbinds.map(({ oid }) => oid))
    expect(asked.some(oid => oid.startsWith(c.dot3HCStatsFCSErrors.oid))).toBe(false)
    expect(asked.some(oid => oid.startsWith(c.dot3StatsFCSErrors.oid))).toBe(true)
  })

  it('reads many columns in one PDU, and no further than one row behind the table', async () => {
    const { agent, poller } = await setUp(startAgent(switchValues(12)))
    await poller.poll()
    agent.requests.length = 0
    await poller.poll()
    const bulk = agent.requests.filter(request => request.pdu.kind === 'getBulkRequest')
    // 20 columns of 13 rows, 70 or so to a reply: four full requests, and no column with less than a row of others.
    expect(bulk.length).toBeLessThanOrEqual(4)
    for (const request of bulk) expect(columnsAsked(request)).toBeGreaterThan(5)
  })

  it('lists a port that has a description and nothing else', async () => {
    const { agent, poller } = await setUp(startAgent(switchValues(2)))
    agent.values.set(cell(c.ifDescr, 9), octets('empty slot'))
    for (const { poll } of [await poller.poll(), await poller.poll()]) {
      expect(poll.interfaces.map(row => row.ifIndex)).toEqual([1, 2, 9])
      expect(poll.interfaces[2]).toMatchObject({ ifName: 'empty slot', operStatus: 0 })
      expect(poll.interfaces[2]?.inOctets).toBeUndefined()
    }
  })

  it('reads what changes slowly when a row appears', async () => {
    const { agent, poller } = await setUp(startAgent(switchValues(2)))
    await poller.poll()
    addPort(agent.values, 3)
    expect((await poller.poll()).poll.interfaces[2]).toMatchObject({ ifName: 'ge-0/0/3', ifAlias: 'Cust: c3' })
  })
})
