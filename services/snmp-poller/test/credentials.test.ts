import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../../../libs/kernel/src/index.ts'
import { AuthFailures } from '../src/auth-failures.ts'
import { snmpAuthSchema } from '../src/index.ts'
import type { SnmpReply, SnmpSession } from '../src/snmp-transport.ts'
import { pollerOf, transports } from './poll-agent.ts'
import { inventoryOf, startRig } from './poller-rig.ts'
import { snmpdPath, startSnmpd } from './snmpd.ts'
import { startAgent, switchValues } from './test-agent.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

const reachable = { version: 'v2c', community: 's3cret-community' } as const

describe('credentials', () => {
  it.each(transports)('go to no address outside their networks, by %s', async (_, transport) => {
    const agent = await startAgent(switchValues(1))
    cleanups.push(() => agent.close())
    const poll = async (networks: string[]) => {
      const poller = pollerOf(agent, { auth: { ...reachable, networks }, transport: transport() })
      cleanups.push(() => poller.close())
      return (await poller.poll()).poll
    }
    const refused = await poll(['192.0.2.0/24', '2001:db8::/32'])
    expect(refused.health?.errors[0]).toMatchObject({
      code: 'snmp-auth-refused',
      detail: 'the credentials are not for 127.0.0.1',
    })
    expect(agent.requests).toEqual([])
    expect((await poll(['192.0.2.0/24', '127.0.0.0/8'])).health?.reachable).toBe(true)
  })

  it('are used for their tenants only', async () => {
    const agent = await startAgent(switchValues(1))
    const rig = await startRig()
    cleanups.push(
      () => agent.close(),
      () => rig.stop(),
    )
    await rig.startPoller(inventoryOf({ sw1: agent }), { auths: { lab: { ...reachable, tenants: ['somebody-else'] } } })
    await vi.waitFor(() => expect(rig.records.some(({ message }) => message.body.case === 'poll')).toBe(true), {
      timeout: 10_000,
    })
    const poll = rig.records.find(({ message }) => message.body.case === 'poll')!.message.body.value
    expect(poll).toMatchObject({
      health: { errors: [{ code: 'snmp-auth-refused', detail: '"lab" is not for tenant "t1"' }] },
    })
    expect(agent.requests).toEqual([])
  })

  it.each([
    [{ ...reachable, networks: ['10.0.0.0'] }],
    [{ ...reachable, networks: [] }],
    [{ version: 'v3', user: 'u', privProtocol: 'aes', privKey: 'long-enough' }],
    [{ version: 'v3', user: 'u', authProtocol: 'sha', authKey: 'short' }],
    [{ version: 'v3', user: 'u', authProtocol: 'sha', authKey: 'long-enough', community: 'fall-back' }],
  ])('are refused when they are no credentials: %j', auth => {
    expect(snmpAuthSchema.safeParse(auth).success).toBe(false)
  })
})

describe('F47: authentication failures', () => {
  it('stop after three an hour, and begin again when the first is past', async () => {
    const clock = new ManualClock()
    const replies: SnmpReply[] = []
    let asked = 0
    const session = {
      get: async () => {
        asked++
        return (
          replies.shift() ?? ({ ok: false, code: 'snmp-auth-failed', detail: 'wrong digest', attempts: 1 } as const)
        )
      },
    } as unknown as SnmpSession
    const guarded = new AuthFailures(clock).guard(session)
    for (let i = 0; i < 6; i++) {
      await guarded.get([])
      await clock.advance(60_000)
    }
    expect(asked).toBe(3)
    expect(await guarded.get([])).toMatchObject({ code: 'snmp-auth-paused', attempts: 0 })
    await clock.advance(54 * 60_000)
    await guarded.get([])
    await guarded.get([])
    expect(asked).toBe(4)
  })

  it.skipIf(!snmpdPath)(
    'of a real agent: no more than three are sent, and no secret is logged or published',
    async () => {
      const agent = await startSnmpd(
        'createUser poller SHA-256 "right-passphrase" AES "right-passphrase"\nrouser poller priv',
      )
      // Counts what reaches the agent.
      const relay = createSocket('udp4').bind(0, '127.0.0.1')
      await once(relay, 'listening')
      let signed = 0
      let client = 0
      const upstream = createSocket('udp4').bind(0, '127.0.0.1')
      relay.on('message', (bytes, from) => {
        client = from.port
        if (bytes.includes('poller')) signed++
        upstream.send(bytes, agent.port, agent.address)
      })
      upstream.on('message', bytes => relay.send(bytes, client, '127.0.0.1'))
      const rig = await startRig()
      cleanups.push(
        () => agent.stop(),
        () => relay.close(),
        () => upstream.close(),
        () => rig.stop(),
      )
      const auth = {
        version: 'v3',
        user: 'poller',
        authProtocol: 'sha256',
        authKey: 'wrong-passphrase',
        privProtocol: 'aes',
        privKey: 'right-passphrase',
      }
      const place = { address: '127.0.0.1', port: (relay.address() as AddressInfo).port }
      await rig.startPoller(inventoryOf({ box: place }), { auths: { lab: auth }, fastPolls: [{ interfaces: ['*'] }] })
      const codes = () =>
        rig.records.flatMap(({ message }) =>
          message.body.case === 'poll' ? [message.body.value.health?.errors[0]?.code] : [],
        )
      await vi.waitFor(() => expect(codes()).toContain('snmp-auth-paused'), { timeout: 15_000 })
      await vi.waitFor(() => expect(codes().length).toBeGreaterThan(5), { timeout: 10_000 })
      expect(codes().slice(0, 3)).toEqual(['snmp-auth-failed', 'snmp-auth-failed', 'snmp-auth-failed'])
      expect(signed).toBe(3)
      const published = Buffer.concat(rig.records.map(({ record }) => Buffer.from(record.value ?? [])))
      for (const text of [published.toString('latin1'), rig.logged()]) {
        for (const secret of ['wrong-passphrase', 'right-passphrase']) expect(text).not.toContain(secret)
      }
    },
    40_000,
  )
})
