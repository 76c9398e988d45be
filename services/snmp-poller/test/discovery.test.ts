import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock, seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import { type Device, deviceSchema } from '../../../libs/model/src/index.ts'
import { oid, scalarOids } from '../../../libs/snmp/src/index.ts'
import { type DiscoverOptions, discover } from '../src/discovery/discover.ts'
import { type NamedAuth, strongestFirst } from '../src/discovery/probe-address.ts'
import { scanPlan } from '../src/discovery/scan-plan.ts'
import { SendPace } from '../src/discovery/send-pace.ts'
import { refusedSession } from '../src/refused-session.ts'
import { snmpdPath, startSnmpd } from './snmpd.ts'
import { integer, octets, startAgent, switchValues, type Values } from './test-agent.ts'

const lab: NamedAuth = { name: 'lab', auth: { version: 'v2c', community: 'lab-community' } }
const user = (name: string, authKey: string): NamedAuth => ({
  name,
  auth: { version: 'v3', user: 'weir', authProtocol: 'sha', authKey },
})
const engineIdOid = oid('1.3.6.1.6.3.10.2.1.1.0')

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

async function agentAt(address: string, values: Values, port = 0) {
  const agent = await startAgent(values, undefined, address, port)
  cleanups.push(() => agent.close())
  return agent
}

function run(options: Pick<DiscoverOptions, 'addresses' | 'auths' | 'port'> & Partial<DiscoverOptions>) {
  return discover({
    inventory: [],
    timeoutMs: 200,
    retries: 1,
    packetsPerSecond: 10_000,
    concurrency: 8,
    budgetMs: 10_000,
    profileFolders: [],
    clock: systemClock,
    random: seededRandom(1),
    signal: new AbortController().signal,
    ...options,
  })
}

function device(fields: Partial<Device> & { id: string; address: string }): Device {
  return deviceSchema.parse({ tenant: 't', site: 's', ...fields })
}

describe('scan plan', () => {
  it('leaves out the network and broadcast address, but of links of two', () => {
    expect(scanPlan(['192.0.2.0/29', '198.51.100.0/31', '192.0.2.1', '2001:db8::4/126'], [])).toMatchObject({
      addresses: [
        ...[1, 2, 3, 4, 5, 6].map(i => `192.0.2.${i}`),
        '198.51.100.0',
        '198.51.100.1',
        ...[4, 5, 6, 7].map(i => `2001:db8::${i}`),
      ],
    })
  })

  it.each([
    [['192.0.2.0/24'], ['198.51.100.0/24'], 'outside of discovery.allow (198.51.100.0/24)'],
    [['192.0.2.0/23'], ['192.0.2.0/24'], 'outside of discovery.allow'],
    [['10.0.0.0/19'], [], '8190 addresses are more than the 4096'],
    [['2001:db8::/64'], ['2001:db8::/32'], 'more than the 65536'],
    [['192.0.2.1/24'], [], 'without host bits'],
    [['router.example'], [], 'neither an address nor a prefix'],
  ])('refuses %j with %j allowed', (prefixes, allow, problem) => {
    const plan = scanPlan(prefixes, allow)
    expect('problems' in plan && plan.problems.join()).toContain(problem)
  })

  it('takes networks of the allow-list with host bits', () => {
    expect(scanPlan(['192.0.2.0/30'], ['192.0.2.77/24'])).toHaveProperty('addresses.length', 2)
  })
})

describe('send pace', () => {
  it('sends no faster than its rate, with repetitions paid for afterwards', async () => {
    const clock = new ManualClock()
    const pace = new SendPace(clock, 50)
    let datagrams = 0
    const perRequest = 2
    const session = pace.session({
      ...refusedSession('snmp-timeout', ''),
      async get() {
        datagrams += perRequest
        return { ok: false, code: 'snmp-timeout', detail: '', attempts: perRequest }
      },
    })
    const workers = Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 50; i++) await session.get([])
    })
    for (let ms = 0; ms < 10_000; ms += 20) {
      // What is under way at once may run ahead by its repetitions.
      expect(datagrams).toBeLessThanOrEqual(50 * (ms / 1_000) + 4 * perRequest)
      clock.advance(20)
      await setImmediate()
    }
    await Promise.all(workers)
    expect(datagrams).toBe(400)
    expect(pace.datagrams).toBe(400)
  })
})

describe('a closed send pace', () => {
  it('holds nobody, and sends nothing', async () => {
    const pace = new SendPace(new ManualClock(), 1)
    let asked = 0
    const session = pace.session({
      ...refusedSession('snmp-timeout', ''),
      async get() {
        asked++
        return { ok: false, code: 'snmp-timeout', detail: '', attempts: 1 }
      },
    })
    const requests = [session.get([]), session.get([]), session.get([])]
    pace.close()
    expect((await Promise.all([...requests, session.get([])])).map(reply => !reply.ok && reply.code)).toEqual([
      'poll-deadline',
      'poll-deadline',
      'poll-deadline',
      'poll-deadline',
    ])
    expect(asked).toBe(0)
  })
})

describe('discover', () => {
  it('tells who answers, whom nobody knows, and who is there already', async () => {
    const one = await agentAt('127.79.1.1', switchValues(2))
    await agentAt('127.79.1.3', new Map(switchValues(1)).set(scalarOids.sysName, octets('sw3.example')), one.port)
    const { devices, counts } = await run({
      addresses: ['127.79.1.1', '127.79.1.2', '127.79.1.3'],
      auths: [lab],
      port: one.port,
      inventory: [device({ id: 'old-name', address: '127.79.1.1' }), device({ id: 'SW3', address: '127.79.1.99' })],
    })
    expect(
      devices.map(({ answer, standing, device }) => [answer.address, answer.sysName, standing, device?.id]),
    ).toEqual([
      ['127.79.1.1', 'sw1', 'known', 'old-name'],
      ['127.79.1.3', 'sw3.example', 'moved', 'SW3'],
    ])
    expect(counts).toMatchObject({ asked: 3, answered: 2, silent: 1 })
    expect(devices[0]!.form.interfaces).toHaveLength(2)
  })

  it('asks a silent prefix its repetitions and no more', async () => {
    const addresses = Array.from({ length: 30 }, (_, i) => `127.79.2.${i + 1}`)
    const { counts, devices, refusals } = await run({
      addresses,
      auths: [lab, user('one', 'first-password'), user('two', 'second-password')],
      port: 9,
      timeoutMs: 50,
      concurrency: 30,
    })
    expect({ devices, refusals }).toEqual({ devices: [], refusals: [] })
    // One discovery stands for both users: a silent engine knows neither.
    expect(counts).toEqual({ asked: 30, answered: 0, silent: 30, datagrams: 30 * 2 * 2 })
  })

  it('takes one device at two addresses for one, and clones of one engine id for two (F48)', async () => {
    const values = switchValues(2).set(engineIdOid, { type: 'octets', value: Uint8Array.of(0x80, 0, 0, 9, 4, 1) })
    const one = await agentAt('127.79.3.1', values)
    await agentAt('127.79.3.2', values, one.port)
    await agentAt('127.79.3.3', new Map(values).set(scalarOids.sysName, octets('clone')), one.port)
    const { devices } = await run({
      addresses: ['127.79.3.1', '127.79.3.2', '127.79.3.3'],
      auths: [lab],
      port: one.port,
    })
    expect(devices).toMatchObject([
      { answer: { address: '127.79.3.1', engineId: '800000090401' }, otherAddresses: ['127.79.3.2'] },
      { answer: { address: '127.79.3.3', sysName: 'clone' }, otherAddresses: [], sharesEngineIdWith: '127.79.3.1' },
    ])
  })

  it('shows credentials to no address beyond their networks', async () => {
    const agent = await agentAt('127.79.4.1', switchValues(1))
    const far: NamedAuth = { name: 'far', auth: { version: 'v2c', community: 'c', networks: ['192.0.2.0/24'] } }
    const { counts } = await run({ addresses: ['127.79.4.1'], auths: [far], port: agent.port })
    expect(counts).toEqual({ asked: 1, answered: 0, silent: 1, datagrams: 0 })
    expect(agent.requests).toEqual([])
  })

  it('says nothing to anybody once it is interrupted', async () => {
    const agent = await agentAt('127.79.5.1', switchValues(1))
    const { counts } = await run({
      addresses: ['127.79.5.1'],
      auths: [lab],
      port: agent.port,
      signal: AbortSignal.abort(),
    })
    expect(counts).toMatchObject({ asked: 0, datagrams: 0 })
  })

  it('tries version 3 first', () => {
    const v1: NamedAuth = { name: 'v1', auth: { version: 'v1', community: 'c' } }
    const names = strongestFirst([v1, lab, user('a', 'password-a'), user('b', 'password-b')]).map(({ name }) => name)
    expect(names).toEqual(['a', 'b', 'lab', 'v1'])
  })
})

describe('neighbours of what is found', () => {
  const lldp = '1.0.8802.1.1.2.1.4'
  const cdp = '1.3.6.1.4.1.9.9.23.1.2.1.1'
  const cells = (entries: Readonly<Record<string, string | number | Uint8Array>>): Values =>
    new Map(
      Object.entries(entries).map(([name, value]) => [
        oid(name),
        typeof value === 'number'
          ? integer(value)
          : typeof value === 'string'
            ? octets(value)
            : { type: 'octets' as const, value },
      ]),
    )
  const tables = cells({
    [`${lldp}.1.1.9.0.7.1`]: 'by-lldp',
    [`${lldp}.2.1.3.0.7.1.1.4.127.79.7.2`]: 2,
    [`${lldp}.1.1.9.0.8.1`]: 'nameless',
    [`${lldp}.1.1.9.0.9.1`]: 'dark',
    [`${lldp}.2.1.3.0.9.1.1.4.127.79.7.9`]: 2,
    // A length that is not that of what follows, a link's own address, a group.
    [`${lldp}.2.1.3.0.9.2.1.5.127.79.7.9`]: 2,
    [`${lldp}.2.1.3.0.9.3.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1`]: 2,
    [`${lldp}.2.1.3.0.9.4.1.4.224.0.0.1`]: 2,
    [`${cdp}.3.4.1`]: 1,
    [`${cdp}.4.4.1`]: Uint8Array.of(127, 79, 7, 3),
    [`${cdp}.6.4.1`]: 'by-cdp',
    [`${cdp}.3.5.1`]: 1,
    [`${cdp}.4.5.1`]: Uint8Array.of(10, 1, 2, 3),
    [`${cdp}.6.5.1`]: 'beyond',
    '1.3.6.1.2.1.4.22.1.2.1.127.79.7.4': Uint8Array.of(2, 0, 0, 0, 0, 4),
    '1.3.6.1.2.1.4.22.1.2.1.127.79.7.5': Uint8Array.of(2, 0, 0, 0, 0, 5),
    '1.3.6.1.2.1.4.22.1.2.1.127.79.7.6': Uint8Array.of(2, 0, 0, 0, 0, 6),
    '1.3.6.1.2.1.4.35.1.4.1.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.9': Uint8Array.of(2, 0, 0, 0, 0, 7),
  })

  async function network() {
    const named = (name: string): Values => switchValues(1).set(scalarOids.sysName, octets(name))
    const seed = await agentAt('127.79.7.1', new Map([...named('seed'), ...tables]))
    await agentAt('127.79.7.2', named('by-lldp'), seed.port)
    await agentAt('127.79.7.3', named('by-cdp'), seed.port)
    await agentAt('127.79.7.4', named('by-arp'), seed.port)
    return seed
  }

  it('are asked where they may be, and else told, with where they were seen', async () => {
    const seed = await network()
    const { devices, heardOf, counts } = await run({
      addresses: ['127.79.7.1'],
      auths: [lab],
      port: seed.port,
      inventory: [device({ id: 'there', address: '127.79.7.6' })],
      neighbours: { seeds: [], mayAsk: address => address.startsWith('127.79.7.'), addressesMax: 100 },
    })
    expect(devices.map(({ answer, seenAt }) => [answer.sysName, answer.address, seenAt])).toEqual([
      ['seed', '127.79.7.1', undefined],
      ['by-lldp', '127.79.7.2', 'lldp of seed'],
      ['by-cdp', '127.79.7.3', 'cdp of seed'],
      ['by-arp', '127.79.7.4', 'arp of seed'],
    ])
    expect(heardOf).toEqual([
      { address: '127.79.7.9', sysName: 'dark', by: 'lldp', of: 'seed', asked: true },
      { address: '', sysName: 'nameless', by: 'lldp', of: 'seed', asked: false },
      { address: '10.1.2.3', sysName: 'beyond', by: 'cdp', of: 'seed', asked: false },
      { address: '2001:db8::9', sysName: '', by: 'arp', of: 'seed', asked: false },
      { address: '127.79.7.5', sysName: '', by: 'arp', of: 'seed', asked: true },
    ])
    expect(counts).toMatchObject({ asked: 6, answered: 4, silent: 2 })
  })

  it('are told by devices of the inventory too; stations are asked last, and no more than so many', async () => {
    const seed = await network()
    const snmp = { auth: 'lab', port: seed.port }
    const known = device({ id: 'known', address: '127.79.7.1', snmp })
    const { devices, heardOf } = await run({
      addresses: [],
      auths: [lab],
      port: seed.port,
      inventory: [known],
      neighbours: { seeds: [{ device: known, auth: lab.auth }], mayAsk: () => true, addressesMax: 3 },
    })
    expect(devices.map(({ answer, seenAt }) => [answer.sysName, seenAt])).toEqual([
      ['by-lldp', 'lldp of known'],
      ['by-cdp', 'cdp of known'],
    ])
    expect(heardOf.filter(({ asked }) => asked).map(({ sysName }) => sysName)).toEqual(['dark'])
  })
})

describe.skipIf(!snmpdPath)('discover with net-snmp snmpd (skipped: no snmpd is installed)', () => {
  const config = 'sysName box\ncreateUser weir SHA "right-password"\nrouser weir auth\nrocommunity lab-community\n'

  it('finds it in version 3, with the second of two passwords', async () => {
    const agent = await startSnmpd(config, '127.79.6.1')
    cleanups.push(() => agent.stop())
    const { devices } = await run({
      addresses: [agent.address],
      auths: [lab, user('wrong', 'wrong-password'), user('right', 'right-password')],
      port: agent.port,
      timeoutMs: 1_000,
    })
    expect(devices).toMatchObject([{ answer: { credentials: { name: 'right' }, sysName: 'box' } }])
    expect(devices[0]!.answer.engineId).toMatch(/^8000/)
    expect(devices[0]!.form.system.sysName).toBe('box')
  })

  it('never falls back to a community that would be taken, and stops after three failures (F47)', async () => {
    const agent = await startSnmpd(config, '127.79.6.2')
    cleanups.push(() => agent.stop())
    const wrong = [1, 2, 3, 4, 5].map(i => user(`wrong-${i}`, `wrong-password-${i}`))
    const one = await run({
      addresses: [agent.address],
      auths: [lab, ...wrong],
      port: agent.port,
      timeoutMs: 1_000,
    })
    expect(one.devices).toEqual([])
    expect(one.refusals).toMatchObject([{ address: agent.address, code: 'snmp-auth-failed', detail: 'wrong digest' }])
    // Three times the discovery of its engine and one request.
    expect(one.counts.datagrams).toBe(6)
    const alone = await run({ addresses: [agent.address], auths: [lab], port: agent.port, timeoutMs: 1_000 })
    expect(alone.devices).toMatchObject([{ answer: { credentials: { name: 'lab' } } }])
  })
})
