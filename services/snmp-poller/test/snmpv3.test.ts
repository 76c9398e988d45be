import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import { type AuthProtocol, authProtocols, type PrivProtocol } from '../../../libs/snmp/src/index.ts'
import type { SnmpAuth } from '../src/snmp-transport.ts'
import { UdpTransport } from '../src/udp-transport.ts'
import { type PollerOfOne, pollerOf, transports } from './poll-agent.ts'
import { type Snmpd, snmpdPath, startSnmpd } from './snmpd.ts'

const passphrases = ['auth-passphrase', 'priv-passphrase']
const privs: readonly PrivProtocol[] = ['des', 'aes', 'aes192b', 'aes192r', 'aes256b', 'aes256r']
const snmpdNames = {
  md5: 'MD5',
  sha: 'SHA',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  des: 'DES',
  aes: 'AES',
  aes192b: 'AES-192',
  aes192r: 'AES-192-C',
  aes256b: 'AES-256',
  aes256r: 'AES-256-C',
}

const users = authProtocols.flatMap(auth => [
  `createUser ${auth} ${snmpdNames[auth]} "${passphrases[0]}"\nrouser ${auth} auth`,
  ...privs.map(
    priv =>
      `createUser ${auth}-${priv} ${snmpdNames[auth]} "${passphrases[0]}" ${snmpdNames[priv]} "${passphrases[1]}"\n` +
      `rouser ${auth}-${priv} priv`,
  ),
])
const configOf = (engineId: string): string =>
  `exactEngineID 0x${engineId}\nsysName box.example\ncreateUser open\nrouser open noauth\n${users.join('\n')}`

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function snmpd(address = '127.77.2.1', engineId = '8000000001020305'): Promise<Snmpd> {
  const agent = await startSnmpd(configOf(engineId), address)
  cleanups.push(() => agent.stop())
  return agent
}

function userAuth(auth?: AuthProtocol, priv?: PrivProtocol): SnmpAuth {
  return {
    version: 'v3',
    user: [auth ?? 'open', priv].filter(Boolean).join('-'),
    ...(auth ? { authProtocol: auth, authKey: passphrases[0] } : {}),
    ...(priv ? { privProtocol: priv, privKey: passphrases[1] } : {}),
  }
}

function v3PollerOf(agent: { address: string; port: number }, auth: SnmpAuth, transport?: UdpTransport): PollerOfOne {
  const poller = pollerOf(agent, { auth, timeoutMs: 500, ...(transport ? { transport } : {}) })
  cleanups.push(() => poller.close())
  return poller
}

/** What snmpd was built with: createUser of a protocol it lacks is refused, and its user stays unknown. */
const unknownUser = 'unknown user name'

describe.skipIf(!snmpdPath)('SNMPv3 with net-snmp snmpd (skipped: no snmpd is installed)', () => {
  it('speaks every pair of authentication and privacy that snmpd has', async () => {
    const agent = await snmpd()
    const answered: string[] = []
    const lacking: string[] = []
    for (const auth of [undefined, ...authProtocols]) {
      for (const priv of auth ? [undefined, ...privs] : [undefined]) {
        const { poll } = await v3PollerOf(agent, userAuth(auth, priv)).poll()
        const name = `${auth ?? 'none'} ${priv ?? 'none'}`
        const [error] = poll.health?.errors ?? []
        if (error?.detail === unknownUser) lacking.push(name)
        else expect([name, poll.health?.reachable, error?.detail]).toEqual([name, true, undefined])
        if (poll.health?.reachable) answered.push(name)
        if (poll.health?.reachable) expect(poll.interfaces.some(row => row.ifName === 'lo')).toBe(true)
      }
    }
    // Debian's has all of these; a build without the drafts' AES may lack the longer keys, and one without DES that.
    for (const auth of authProtocols) expect(answered).toEqual(expect.arrayContaining([`${auth} none`, `${auth} aes`]))
    expect(answered).toContain('none none')
    expect(lacking.every(name => !name.endsWith(' aes') && !name.endsWith(' none'))).toBe(true)
  }, 60_000)

  it.each(transports)('is polled alike by %s', async (_, transport) => {
    const agent = await snmpd()
    const poller = pollerOf(agent, { auth: userAuth('sha256', 'aes'), transport: transport(), timeoutMs: 500 })
    cleanups.push(() => poller.close())
    const { poll } = await poller.poll()
    expect(poll.health).toMatchObject({ reachable: true, errors: [] })
    expect(poll.system).toMatchObject({ sysName: 'box.example' })
  })

  const good = userAuth('sha256', 'aes') as Extract<SnmpAuth, { version: 'v3' }>

  it.each(
    transports.flatMap(([name, transport]) =>
      (
        [
          ['an unknown user', { ...good, user: 'stranger' }, unknownUser],
          ['a wrong authentication key', { ...good, authKey: 'wrong-passphrase' }, 'wrong digest'],
          ['a level the user may not have', { version: 'v3', user: 'sha256-aes' }, 'authorizationError'],
        ] as const
      ).map(([what, auth, detail]) => [what, name, auth, detail, transport] as const),
    ),
  )('F47: %s has its own error class, and no key is in the record, by %s', async (_, __, auth, detail, transport) => {
    const agent = await snmpd()
    const poller = pollerOf(agent, { auth, transport: transport(), timeoutMs: 500 })
    cleanups.push(() => poller.close())
    const { poll } = await poller.poll()
    expect(poll.health?.reachable).toBe(false)
    expect(['snmp-auth-failed', 'snmp-error-status']).toContain(poll.health?.errors[0]?.code)
    expect(poll.health?.errors[0]?.detail.toLowerCase()).toContain(detail.toLowerCase())
    const text = JSON.stringify(poll, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
    for (const secret of [...passphrases, 'wrong-passphrase']) expect(text).not.toContain(secret)
  })

  it('F47: a wrong privacy key is told from a device that is away', async () => {
    const agent = await snmpd()
    const { poll } = await v3PollerOf(agent, { ...good, privKey: 'wrong-passphrase' }).poll()
    // snmpd does not report what it cannot decrypt; other agents do.
    expect(poll.health?.reachable).toBe(false)
    expect(['decryption error', 'no answer to 2 datagrams']).toContain(poll.health?.errors[0]?.detail)
  })

  it.each(
    transports.flatMap(([name, transport]) => [
      ['a restart', name, {}, transport] as const,
      ['a restart that forgets engineBoots', name, { forgetful: true }, transport] as const,
    ]),
  )('F46: goes on after %s, in the same process, by %s', async (_, __, options, transport) => {
    const agent = await snmpd()
    const poller = pollerOf(agent, { auth: good, transport: transport(), timeoutMs: 500 })
    cleanups.push(() => poller.close())
    await agent.restart()
    expect((await poller.poll()).poll.health?.reachable).toBe(true)
    await agent.restart(options)
    await vi.waitFor(async () => expect((await poller.poll()).poll.health?.reachable).toBe(true), { timeout: 10_000 })
  })

  it('F46: outside the time window it learns the clock from the proven report, and asks once more', async () => {
    let aheadMs = 0
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
    const agent = await snmpd()
    const poller = v3PollerOf(agent, good, new UdpTransport({ clock, random: seededRandom(1) }))
    const first = await poller.poll()
    expect(first.poll.health?.reachable).toBe(true)
    // Our idea of the engine's time is now an hour ahead, as of one that was restarted without counting it.
    aheadMs = 3_600_000
    const { poll } = await poller.poll()
    expect(poll.health).toMatchObject({ reachable: true, errors: [], retries: 1 })
    expect((await poller.poll()).poll.health).toMatchObject({ reachable: true, retries: 0 })
  })

  it('F46: finds a device that was replaced by one with another engine', async () => {
    const agent = await snmpd('127.77.2.3')
    const poller = v3PollerOf(agent, good)
    await poller.poll()
    await agent.restart({ config: configOf('8000000001020399') })
    await vi.waitFor(async () => expect((await poller.poll()).poll.health?.reachable).toBe(true), { timeout: 5_000 })
  })

  it('F48: two devices with one engine id are both polled, and it is told', async () => {
    const warnings: string[] = []
    const transport = new UdpTransport({
      clock: systemClock,
      random: seededRandom(1),
      warn: text => void warnings.push(text),
    })
    const [one, other] = [await snmpd('127.77.2.1'), await snmpd('127.77.2.2')]
    // Their clocks differ: what one said must not be used for the other.
    await one.restart()
    const pollers = [v3PollerOf(one, good, transport), v3PollerOf(other, good, transport)]
    for (let round = 0; round < 3; round++) {
      for (const poller of pollers)
        expect((await poller.poll()).poll.health).toMatchObject({ reachable: true, errors: [] })
    }
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('8000000001020305')
    expect(transport.counters.sharedEngineIds).toBe(1)
  })

  it('F49, F52: takes no reply that is forged, of a lower level, or noise', async () => {
    const agent = await snmpd()
    const relay = createSocket('udp4').bind(0, '127.0.0.1')
    await once(relay, 'listening')
    const upstream = createSocket('udp4').bind(0, '127.0.0.1')
    await once(upstream, 'listening')
    cleanups.push(
      () => relay.close(),
      () => upstream.close(),
    )
    let client = 0
    let damage = (bytes: Buffer): Buffer[] => [bytes]
    relay.on('message', (bytes, from) => {
      client = from.port
      upstream.send(bytes, agent.port, agent.address)
    })
    upstream.on('message', bytes => {
      for (const one of damage(bytes)) relay.send(one, client, '127.0.0.1')
    })
    const place = { address: '127.0.0.1', port: (relay.address() as AddressInfo).port }
    const poller = pollerOf(place, { auth: good, timeoutMs: 150 })
    cleanups.push(() => poller.close())
    expect((await poller.poll()).poll.health).toMatchObject({ reachable: true, errors: [] })

    damage = bytes => [flipped(bytes, bytes.length - 3), bytes.subarray(0, 40), Buffer.from('3003020103', 'hex'), bytes]
    expect((await poller.poll()).poll.health).toMatchObject({ reachable: true, errors: [] })
    expect(poller.transport.counters.dropped['wrong-credentials']).toBeGreaterThan(0)
    expect(poller.transport.counters.dropped.malformed).toBeGreaterThan(0)

    damage = bytes => [flipped(bytes, bytes.length - 3)]
    const { poll } = await poller.poll()
    expect(poll.health?.errors[0]).toMatchObject({ code: 'snmp-auth-failed', detail: 'the reply is not authentic' })
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const forged = Buffer.from(bytes)
  forged[at]! ^= 0x40
  return forged
}
