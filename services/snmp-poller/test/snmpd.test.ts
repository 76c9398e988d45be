import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../../libs/model/src/index.ts'
import { DevicePoller } from '../src/device-poller.ts'
import { NetSnmpTransport } from '../src/net-snmp-transport.ts'
import type { SnmpAuth } from '../src/snmp-transport.ts'
import { pollerOf, transports } from './poll-agent.ts'
import { type Snmpd, snmpdPath, startSnmpd } from './snmpd.ts'

const config = `
rocommunity public 127.0.0.0/8
sysName box.example
sysLocation Rack 7
sysContact ops@example.net
exactEngineID 0x8000000001020305
createUser poller SHA-256 "auth-passphrase" AES "priv-passphrase"
createUser legacy MD5 "auth-passphrase" DES "priv-passphrase"
createUser open
rouser poller priv
rouser legacy priv
rouser open noauth
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

  function v3PollerOf(agent: Snmpd, auth: Extract<SnmpAuth, { version: 'v3' }>): DevicePoller {
    const transport = new NetSnmpTransport()
    cleanups.push(() => transport.close())
    return new DevicePoller({
      device: deviceSchema.parse({ id: 'box', tenant: 't', site: 's', address: agent.address }),
      session: transport.open({ host: agent.address, port: agent.port, auth, timeoutMs: 500, retries: 1 }),
      clock: systemClock,
      intervalMs: 30_000,
      budgetMs: 10_000,
      slowRefreshMs: 600_000,
      interfacesMax: 100,
    })
  }

  const good = {
    version: 'v3',
    user: 'poller',
    authProtocol: 'sha256',
    authKey: 'auth-passphrase',
    privProtocol: 'aes',
    privKey: 'priv-passphrase',
  } as const

  it.each([
    ['noAuthNoPriv', { version: 'v3', user: 'open' } as const],
    ['MD5 and DES', { ...good, user: 'legacy', authProtocol: 'md5', privProtocol: 'des' } as const],
    ['SHA-256 and AES', good],
  ])('speaks SNMPv3 with %s', async (name, auth) => {
    const agent = await snmpd()
    const { poll } = await v3PollerOf(agent, auth).poll()
    // OpenSSL 3 has DES in its legacy provider only, which Node does not load.
    if (name === 'MD5 and DES' && !poll.health?.reachable)
      return expect(poll.health?.errors[0]?.code).toBe('snmp-unreachable')
    expect(poll.health).toMatchObject({ reachable: true, errors: [] })
    expect(poll.interfaces.some(row => row.ifName === 'lo')).toBe(true)
  })

  it.each([
    ['an unknown user', { ...good, user: 'stranger' }, 'unknown user name'],
    ['a wrong authentication key', { ...good, authKey: 'wrong-passphrase' }, 'wrong digest'],
    ['a level the user may not have', { version: 'v3', user: 'poller' } as const, 'authorizationError'],
  ])('F47: %s has its own error class, and no key is in the record', async (_, auth, detail) => {
    const agent = await snmpd()
    const { poll } = await v3PollerOf(agent, auth).poll()
    expect(poll.health?.reachable).toBe(false)
    expect(['snmp-auth-failed', 'snmp-error-status']).toContain(poll.health?.errors[0]?.code)
    expect(poll.health?.errors[0]?.detail.toLowerCase()).toContain(detail.toLowerCase())
    const text = JSON.stringify(poll, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
    for (const secret of ['auth-passphrase', 'wrong-passphrase', 'priv-passphrase']) expect(text).not.toContain(secret)
  })

  it.each([
    ['a restart', {}],
    ['a restart that forgets engineBoots', { forgetful: true }],
  ])('F46: SNMPv3 goes on after %s, in the same process', async (_, options) => {
    const agent = await snmpd()
    const poller = v3PollerOf(agent, good)
    await agent.restart()
    expect((await poller.poll()).poll.health?.reachable).toBe(true)
    await agent.restart(options)
    await vi.waitFor(async () => expect((await poller.poll()).poll.health?.reachable).toBe(true), { timeout: 10_000 })
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
