import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import type { DeviceForm } from '../../../libs/model/src/index.ts'
import { ifColumns, oid, type SnmpValue, scalarOids } from '../../../libs/snmp/src/index.ts'
import { pollOnce } from '../src/index.ts'
import { loadProfiles } from '../src/profiles/load-profiles.ts'
import { addressText } from '../src/profiles/peers.ts'
import { pollerOf } from './poll-agent.ts'
import {
  cell,
  counter32,
  gauge32,
  integer,
  octets,
  startAgent,
  switchValues,
  timeTicks,
  type Values,
} from './test-agent.ts'

let cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups) cleanup()
  cleanups = []
})

async function formOf(values: Values): Promise<DeviceForm> {
  const agent = await startAgent(values)
  cleanups.push(() => agent.close())
  const { form } = await pollOnce(
    {
      host: agent.address,
      port: agent.port,
      auth: { version: 'v2c', community: 'public' },
      timeoutMs: 1_000,
      retries: 1,
    },
    { clock: systemClock, random: seededRandom(5), budgetMs: 30_000 },
  )
  return form
}

function device(sysObjectId: string, more: Record<string, SnmpValue>): Values {
  const values = switchValues(3)
  values.set(scalarOids.sysObjectID, { type: 'oid', value: oid(sysObjectId) })
  for (const [name, value] of Object.entries(more)) values.set(oid(name), value)
  return values
}

const entity = (column: number, index: number): string => `1.3.6.1.2.1.47.1.1.1.1.${column}.${index}`
const ciscoSensor = (column: number, index: number): string => `1.3.6.1.4.1.9.9.91.1.1.1.1.${column}.${index}`
const ciscoThreshold = (column: number, index: string): string => `1.3.6.1.4.1.9.9.91.1.2.1.1.${column}.${index}`

describe('profiles', () => {
  it('all follow their schema and name only what they define', () => {
    const library = loadProfiles()
    expect(library.profilesFor('').length).toBeGreaterThan(3)
    expect(library.profilesFor('iosxe').map(({ name }) => name)).toContain('cisco-2')
  })

  it('refuses a profile that speaks of a column it does not have, by name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-profiles-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'operating-systems.yaml'), '[]')
    writeFileSync(join(folder, 'mine.yaml'), 'columns: {}\nprocessors: [{ usage: cpu, name: CPU }]\n')
    expect(() => loadProfiles([folder])).toThrow('profile mine speaks of "cpu"')
  })

  it("takes profiles and names of systems from a folder of one's own before its own", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-profiles-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(
      join(folder, 'operating-systems.yaml'),
      '- { os: boreal, vendor: Boreal, sysObjectID: [1.3.6.1.4.1.9.99], asks: { 1.3.6.1.4.1.9.99.1.0: "^B" } }\n',
    )
    writeFileSync(
      join(folder, 'boreal.yaml'),
      'os: [boreal]\ncolumns: { model: 1.3.6.1.4.1.9.99.1.0 }\nsystem: { hardware: ["{model}"] }\n',
    )
    const library = loadProfiles([folder])
    expect(library.profilesFor('boreal')[0]!.name).toBe('boreal')
    const introduction = { sysObjectId: oid('1.3.6.1.4.1.9.99.4'), sysDescr: 'box' }
    const { identification } = library
    expect(identification.questions(introduction)).toEqual([oid('1.3.6.1.4.1.9.99.1.0')])
    // Without an answer it is what its enterprise number says.
    expect(identification.identify(introduction)).toEqual({ vendor: 'Cisco', os: 'cisco' })
    const answer = (text: string) => new Map([[oid('1.3.6.1.4.1.9.99.1.0'), octets(text)]])
    expect(identification.identify(introduction, answer('B12'))).toEqual({ vendor: 'Boreal', os: 'boreal' })
    expect(identification.identify(introduction, answer('C12'))).toEqual({ vendor: 'Cisco', os: 'cisco' })
  })

  it("says which file of one's own is wrong, and where", () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-profiles-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'mine.yaml'), 'columns: {}\nsensor: []\n')
    expect(() => loadProfiles([folder])).toThrow(
      `${join(folder, 'mine.yaml')}: there is no key "sensor"; did you mean "sensors"?`,
    )
  })

  it('scales a transceiver, takes its thresholds, and finds the port it sits in', async () => {
    const form = await formOf(
      device('1.3.6.1.4.1.9.1.2093', {
        [entity(2, 1)]: octets('Chassis'),
        [entity(5, 1)]: integer(3),
        [entity(11, 1)]: octets('FDO1'),
        [entity(13, 1)]: octets('ISR4321/K9'),
        [entity(2, 20)]: octets('port 2'),
        [entity(4, 20)]: integer(1),
        [entity(2, 30)]: octets('transceiver'),
        [entity(4, 30)]: integer(20),
        [entity(4, 31)]: integer(30),
        [entity(7, 31)]: octets('Te0/2 Receive Power Sensor'),
        '1.3.6.1.2.1.47.1.3.2.1.2.20.0': { type: 'oid', value: oid('1.3.6.1.2.1.2.2.1.1.2') },
        [ciscoSensor(1, 31)]: integer(14),
        [ciscoSensor(2, 31)]: integer(9),
        [ciscoSensor(3, 31)]: integer(1),
        [ciscoSensor(4, 31)]: integer(-56),
        [ciscoSensor(5, 31)]: integer(1),
        [ciscoThreshold(2, '31.1')]: integer(20),
        [ciscoThreshold(3, '31.1')]: integer(1),
        [ciscoThreshold(4, '31.1')]: integer(-140),
        [ciscoThreshold(2, '31.2')]: integer(10),
        [ciscoThreshold(3, '31.2')]: integer(3),
        [ciscoThreshold(4, '31.2')]: integer(5),
      }),
    )
    expect(form.system).toMatchObject({ vendor: 'Cisco', hardware: 'ISR4321/K9', serial: 'FDO1' })
    expect(form.sensors).toEqual([
      {
        id: '1.3.6.1.4.1.9.9.91.1.1.1.1.4.31',
        class: 'dbm',
        name: 'Te0/2 Receive Power Sensor',
        value: -5.6,
        unit: 'dBm',
        limits: { lowCritical: -14, lowWarning: null, highWarning: 0.5, highCritical: null },
        ifIndex: 2,
      },
    ])
    expect(form.entities).toHaveLength(4)
  })

  it('turns watts of light into dBm, and a dark receiver into nothing', async () => {
    const sensor = (column: number, index: number): string => `1.3.6.1.2.1.99.1.1.1.${column}.${index}`
    const values: Record<string, SnmpValue> = {}
    for (const [index, reading] of [
      [1, 5_000],
      [2, 0],
    ] as const) {
      values[entity(2, index)] = octets(`DOM RX Power Sensor for Ethernet${index}`)
      values[sensor(1, index)] = integer(6)
      values[sensor(2, index)] = integer(9)
      values[sensor(3, index)] = integer(7)
      values[sensor(4, index)] = integer(reading)
      values[sensor(5, index)] = integer(1)
    }
    const form = await formOf(device('1.3.6.1.4.1.30065.1.3011', values))
    expect(form.sensors).toMatchObject([{ class: 'dbm', value: -3.01029995664 }])
  })

  it('reads processors, memory and storage of a host', async () => {
    const storage = (column: number, index: number): string => `1.3.6.1.2.1.25.2.3.1.${column}.${index}`
    const values: Record<string, SnmpValue> = { '1.3.6.1.2.1.25.3.3.1.2.7': integer(42) }
    for (const [index, type, name] of [
      [1, '1.3.6.1.2.1.25.2.1.2', 'Physical memory'],
      [31, '1.3.6.1.2.1.25.2.1.4', '/'],
    ] as const) {
      values[storage(2, index)] = { type: 'oid', value: oid(type) }
      values[storage(3, index)] = octets(name)
      values[storage(4, index)] = integer(4_096)
      values[storage(5, index)] = integer(1_000)
      values[storage(6, index)] = integer(250)
    }
    const form = await formOf(device('1.3.6.1.4.1.8072.3.2.10', values))
    expect(form.processors).toMatchObject([{ utilisationPercent: 42 }])
    expect(form.memoryPools).toMatchObject([{ name: 'Physical memory', usedBytes: '1024000', totalBytes: '4096000' }])
    expect(form.storages).toMatchObject([{ name: '/', usedBytes: '1024000', totalBytes: '4096000' }])
  })

  it('reads tunnels, of which a profile says where they are', async () => {
    const tunnel = (column: number, index: string) => `1.3.6.1.4.1.12356.101.12.2.2.1.${column}.${index}`
    const form = await formOf(
      device('1.3.6.1.4.1.12356.101.1.2005', {
        [tunnel(2, '1.1')]: octets('hq'),
        [tunnel(3, '1.1')]: octets('lan'),
        [tunnel(4, '1.1')]: { type: 'ipAddress', value: Uint8Array.from([192, 0, 2, 9]) },
        [tunnel(20, '1.1')]: integer(2),
        [tunnel(20, '2.1')]: integer(1),
      }),
    )
    expect(form.tunnels).toEqual([
      { id: tunnel(20, '1.1'), protocol: 'ipsec', name: 'hq lan', remoteAddress: '192.0.2.9', state: 'up' },
      { id: tunnel(20, '2.1'), protocol: 'ipsec', name: '', remoteAddress: null, state: 'down' },
    ])
  })

  it('reads peers of both families once, neighbours by port, and the members of an aggregate', async () => {
    const v6 = '2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1'
    const values = device('1.3.6.1.4.1.9.1.1', {
      '1.3.6.1.2.1.15.3.1.2.192.0.2.1': integer(6),
      '1.3.6.1.2.1.15.3.1.9.192.0.2.1': integer(65_001),
      '1.3.6.1.2.1.15.3.1.16.192.0.2.1': gauge32(3_600),
      '1.3.6.1.4.1.9.9.187.1.2.5.1.3.1.4.192.0.2.1': integer(6),
      '1.3.6.1.4.1.9.9.187.1.2.5.1.11.1.4.192.0.2.1': gauge32(4_200_000_001),
      [`1.3.6.1.4.1.9.9.187.1.2.5.1.3.${v6}`]: integer(3),
      [`1.3.6.1.4.1.9.9.187.1.2.5.1.11.${v6}`]: gauge32(65_002),
      '1.3.6.1.2.1.14.10.1.6.198.51.100.7.0': integer(8),
      '1.0.8802.1.1.2.1.4.1.1.4.0.501.1': integer(4),
      '1.0.8802.1.1.2.1.4.1.1.6.0.501.1': integer(5),
      '1.0.8802.1.1.2.1.4.1.1.7.0.501.1': octets('xe-0/0/9'),
      '1.0.8802.1.1.2.1.4.1.1.9.0.501.1': octets('core1'),
      '1.0.8802.1.1.2.1.3.7.1.2.501': integer(5),
      '1.0.8802.1.1.2.1.3.7.1.3.501': octets('ge-0/0/2'),
      '1.3.6.1.4.1.9.9.23.1.2.1.1.6.1.5': octets('edge7'),
      '1.3.6.1.4.1.9.9.23.1.2.1.1.7.1.5': octets('Gi1/0/1'),
      '1.2.840.10006.300.43.1.2.1.1.13.1': integer(3),
      '1.2.840.10006.300.43.1.2.1.1.13.2': integer(0),
    })
    values.set(cell(ifColumns.ifType, 3), integer(161))
    values.set(cell(ifColumns.ifInErrors, 3), counter32(0))
    values.set(scalarOids.ifTableLastChange, timeTicks(1))
    const form = await formOf(values)
    expect(form.peers).toEqual([
      {
        protocol: 'bgp',
        address: '192.0.2.1',
        remoteAs: 4_200_000_001,
        state: 'established',
        establishedSeconds: null,
      },
      { protocol: 'bgp', address: '2001:db8::1', remoteAs: 65_002, state: 'active', establishedSeconds: null },
      { protocol: 'ospf', address: '198.51.100.7', remoteAs: null, state: 'full', establishedSeconds: null },
    ])
    expect(form.neighbours).toEqual([
      { localIfName: 'ge-0/0/2', protocol: 'lldp', remoteSysName: 'core1', remotePort: 'xe-0/0/9' },
      { localIfName: 'ge-0/0/1', protocol: 'cdp', remoteSysName: 'edge7', remotePort: 'Gi1/0/1' },
    ])
    expect(form.interfaces.map(row => row.lagId)).toEqual([3, undefined, undefined])
  })
})

it.each([
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['fe80::', 'fe800000000000000000000000000000'],
  ['2001:0:0:1::1', '20010000000000010000000000000001'],
])('writes %s as RFC 5952 has it', (text, hex) => {
  expect(addressText([...Buffer.from(hex, 'hex')])).toBe(text)
})

it('does not make counters wait: hardware is read behind a record and travels in the next', async () => {
  const agent = await startAgent(device('1.3.6.1.4.1.8072.3.2.10', { '1.3.6.1.2.1.25.3.3.1.2.7': integer(42) }))
  const poller = pollerOf(agent, { profiles: true })
  cleanups.push(
    () => agent.close(),
    () => poller.close(),
  )
  const first = await poller.poll()
  expect(first.poll.hardware?.processors).toMatchObject([{ utilisationPercent: 42 }])
  agent.values.set(oid('1.3.6.1.2.1.25.3.3.1.2.7'), integer(77))
  agent.requests.length = 0
  const second = await poller.poll()
  expect(second.poll.hardware).toBeUndefined()
  const askedFor = agent.requests.length
  await poller.readHardware(second)
  expect(agent.requests.length).toBeGreaterThan(askedFor)
  expect((await poller.poll()).poll.hardware?.processors).toMatchObject([{ utilisationPercent: 77 }])
})
