import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { pollerOf, transports } from './poll-agent.ts'
import { type Snmpd, snmpdPath, startSnmpd } from './snmpd.ts'

const config = `
rocommunity public 127.0.0.0/8
sysName box.example
sysLocation Rack 7
sysContact ops@example.net
`

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function snmpd(): Promise<Snmpd> {
  const agent = await startSnmpd(config, '127.77.1.1')
  cleanups.push(() => agent.stop())
  return agent
}

describe.skipIf(!snmpdPath)('net-snmp snmpd (skipped: no snmpd is installed)', () => {
  it.each(transports)('is polled whole by %s', async (_, transport) => {
    // The agent reads the kernel's counters when it starts or at the first request, and keeps them for 3 s.
    const before = loopbackOctets()
    const agent = await snmpd()
    const poller = pollerOf(agent, { transport: transport(), profiles: true })
    cleanups.push(() => poller.close())
    const { poll } = await poller.poll()
    const after = loopbackOctets()
    expect(poll.health).toMatchObject({ reachable: true, errors: [] })
    expect(poll.system).toMatchObject({
      sysName: 'box.example',
      sysLocation: 'Rack 7',
      sysContact: 'ops@example.net',
      os: 'linux',
      sysObjectId: '1.3.6.1.4.1.8072.3.2.10',
    })
    expect(poll.engineTimeS).toBeGreaterThanOrEqual(0)
    const lo = poll.interfaces.find(row => row.ifName === 'lo')!
    expect(lo).toMatchObject({
      ifType: 24,
      adminStatus: 1,
      operStatus: 1,
      octetCounterBits: 64,
      speedBitsPerSecond: 10_000_000n,
    })
    expect(lo.inOctets).toBeGreaterThanOrEqual(before)
    expect(lo.inOctets).toBeLessThanOrEqual(after)
    expect(lo.upTimeCs).toBeGreaterThanOrEqual(0)
  })

  it('tells a restart by its sysUpTime', async () => {
    const agent = await snmpd()
    const poller = pollerOf(agent, { timeoutMs: 200 })
    cleanups.push(() => poller.close())
    await vi.waitFor(async () => expect((await poller.poll()).poll.sysUpTimeCs).toBeGreaterThan(50), { timeout: 5_000 })
    const before = (await poller.poll()).poll.sysUpTimeCs!
    await agent.restart()
    const { poll } = await poller.poll()
    expect(poll.sysUpTimeCs).toBeLessThan(before)
    expect(poll.interfaces.some(row => row.ifName === 'lo')).toBe(true)
  })
})

function loopbackOctets(): bigint {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find(text => text.trim().startsWith('lo:'))
  return BigInt(line!.split(/[:\s]+/).filter(Boolean)[1]!)
}
