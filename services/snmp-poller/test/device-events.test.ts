import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, seededRandom, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import {
  type DeviceEvent,
  type DevicePoll,
  EventRecordSchema,
  inventorySchema,
  PollRecordSchema,
  topics,
} from '../../../libs/model/src/index.ts'
import { appendArcs, encodeMessage, ifColumns, type Message, oid, type Pdu } from '../../../libs/snmp/src/index.ts'
import { createSnmpPoller, type SnmpPoller, snmpPollerConfigSchema } from '../src/index.ts'
import { cell, integer, octets, startAgent, switchValues, type TestAgent, timeTicks } from './test-agent.ts'

const run = promisify(execFile)
const withNetSnmp = existsSync('/usr/bin/snmptrap') && existsSync('/usr/bin/snmpinform')
const linkDown = '1.3.6.1.6.3.1.1.5.3'
const ifIndex = oid('1.3.6.1.2.1.2.2.1.1')

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

interface Rig {
  agent: TestAgent
  poller: SnmpPoller
  trapPort: number
  events: DeviceEvent[]
  polls: DevicePoll[]
  metrics(): Promise<string>
  send(datagram: Uint8Array, port?: number): Promise<void>
}

/** A poller of one device that is polled once an hour, its bus, and a socket at the device's address. */
async function rig(devices = ['sw1'], settings: object = {}): Promise<Rig> {
  const path = mkdtempSync(join(tmpdir(), 'weir-events-'))
  const bus = createLocalBus({ path, clock: systemClock, log: silentLogger, metrics: createMetrics() })
  await bus.start()
  cleanups.push(async () => {
    await bus.stop()
    rmSync(path, { recursive: true, force: true })
  })
  await bus.createTopics(
    [topics.polls, topics.events].map(name => ({
      name,
      partitions: 1,
      retentionMs: 3_600_000,
      retentionBytes: 1e9,
      compacted: false,
    })),
  )
  const events: DeviceEvent[] = []
  const polls: DevicePoll[] = []
  for (const [topic, take] of [
    [topics.events, (value: Uint8Array) => collect(fromBinary(EventRecordSchema, value).body, 'event', events)],
    [topics.polls, (value: Uint8Array) => collect(fromBinary(PollRecordSchema, value).body, 'poll', polls)],
  ] as const) {
    const tail = await bus.tail({
      topic,
      from: 'start',
      records: batch => {
        for (const record of batch) take(record.value!)
      },
    })
    cleanups.push(() => tail.close())
  }
  const agent = await startAgent(switchValues(2))
  cleanups.push(() => agent.close())
  const metrics = createMetrics()
  const poller = createSnmpPoller({
    config: snmpPollerConfigSchema.parse({
      auths: { lab: { version: 'v2c', community: 'public' } },
      timeoutMs: 300,
      traps: { listeners: [{ port: 0 }] },
      syslog: { enabled: true, listeners: [{ port: 0 }] },
      ...settings,
    }),
    inventory: inventorySchema.parse({
      tenants: [{ id: 't1' }],
      sites: [{ id: 's1', tenant: 't1' }],
      devices: devices.map(id => ({
        id,
        tenant: 't1',
        site: 's1',
        address: agent.address,
        snmp: { auth: 'lab', port: agent.port, intervalMs: 3_600_000 },
      })),
    }),
    bus,
    clock: systemClock,
    random: seededRandom(7),
    log: silentLogger,
    metrics,
  })
  await poller.start()
  cleanups.push(() => poller.stop())
  const socket = createSocket('udp4')
  cleanups.push(() => socket.close())
  const trapPort = poller.eventPorts().traps[0]!
  return {
    agent,
    poller,
    trapPort,
    events,
    polls,
    metrics: async () => (await metrics.text()).body,
    send: (datagram, port = trapPort) =>
      new Promise((resolve, reject) =>
        socket.send(datagram, port, '127.0.0.1', error => (error ? reject(error) : resolve())),
      ),
  }
}

function collect<T>(body: { case: string | undefined; value?: unknown }, name: string, into: T[]): void {
  if (body.case === name) into.push(body.value as T)
}

function trap(trapOid: string, pdu: Partial<Pdu> = {}, community = 'public'): Buffer {
  const message = {
    version: 'v2c',
    community: Buffer.from(community),
    pdu: {
      kind: 'trap',
      requestId: 9,
      varbinds: [
        { oid: oid('1.3.6.1.2.1.1.3.0'), value: timeTicks(4_200) },
        { oid: oid('1.3.6.1.6.3.1.1.4.1.0'), value: { type: 'oid', value: oid(trapOid) } },
        { oid: appendArcs(ifIndex, 2), value: integer(2) },
        { oid: appendArcs(ifColumns.ifName.oid, 2), value: octets('ge-0/0/2') },
      ],
      ...pdu,
    },
  } as Message
  return encodeMessage(message)
}

describe('traps and informs', () => {
  it('a linkDown trap becomes an event of its device, and a poll that shows the port down, within 3 s', async () => {
    const { agent, polls, events, send } = await rig()
    await vi.waitFor(() => expect(polls).toHaveLength(1), { timeout: 8_000 })
    agent.values.set(cell(ifColumns.ifOperStatus, 2), integer(2))
    const sentMs = Date.now()
    for (let i = 0; i < 20; i++) await send(trap(linkDown))
    await vi.waitFor(() => expect(polls).toHaveLength(2), { timeout: 3_000, interval: 10 })
    expect(Date.now() - sentMs).toBeLessThan(3_000)
    expect(polls[1]!.interfaces.find(one => one.ifIndex === 2)?.operStatus).toBe(2)
    expect(events).toHaveLength(20)
    expect(events[0]).toMatchObject({
      deviceId: 'sw1',
      siteId: 's1',
      source: 'trap',
      sourceAddress: '127.0.0.1',
      kind: 'link-down',
      ifIndex: 2,
      ifName: 'ge-0/0/2',
      upTimeCs: 4_200,
      trapOid: linkDown,
    })
  }, 20_000)

  it('names the interface as polls do, whatever the message calls it', async () => {
    const { polls, events, send } = await rig()
    await vi.waitFor(() => expect(polls).toHaveLength(1), { timeout: 8_000 })
    const named = polls[0]!.interfaces.find(one => one.ifIndex === 2)!
    const ifDescr = { oid: appendArcs(oid('1.3.6.1.2.1.2.2.1.2'), 2), value: octets('something else') }
    const trapOidVarbind = { oid: oid('1.3.6.1.6.3.1.1.4.1.0'), value: { type: 'oid', value: oid(linkDown) } }
    await send(trap(linkDown, { varbinds: [trapOidVarbind, ifDescr] } as Partial<Pdu>))
    await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 3_000 })
    expect(events[0]).toMatchObject({ ifIndex: 2, ifName: named.ifName })
  }, 20_000)

  it('a message about a part has the poll at once carry what profiles read; one about a link does not', async () => {
    const { polls, send } = await rig()
    await vi.waitFor(() => expect(polls).toHaveLength(1), { timeout: 8_000 })
    await send(trap(linkDown))
    await vi.waitFor(() => expect(polls).toHaveLength(2), { timeout: 3_000 })
    expect(polls[1]!.hardware).toBeUndefined()
    await send(trap('1.3.6.1.4.1.2636.4.1.1'))
    await vi.waitFor(() => expect(polls).toHaveLength(3), { timeout: 5_000 })
    expect(polls[2]!.hardware).toBeDefined()
  }, 20_000)

  it('does not publish the expedited poll of a device that does not answer', async () => {
    const { agent, polls, send, metrics } = await rig()
    await vi.waitFor(() => expect(polls).toHaveLength(1), { timeout: 8_000 })
    agent.behaviour = () => []
    await send(trap(linkDown))
    await vi.waitFor(
      async () => expect(await metrics()).toContain('weir_polls_expedited_total{state="unanswered"} 1'),
      { timeout: 8_000 },
    )
    expect(polls).toHaveLength(1)
  }, 20_000)

  it('counts, and survives, what is hostile, foreign or not a notification (F52)', async () => {
    const { events, send, metrics } = await rig(['sw1'], { eventsPerSourcePerSecondMax: 100 })
    await send(Buffer.from([0x30, 0x80, 0x02, 0x01]))
    await send(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))
    await send(Buffer.alloc(2_000, 0x30))
    await send(trap(linkDown, {}, 'guessed'))
    await send(trap(linkDown, { kind: 'getRequest' }))
    await send(trap(linkDown, { varbinds: [] }))
    await send(trap('1.3.6.1.4.1.99999.0.7'))
    await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 3_000 })
    expect(events[0]!.kind).toBe('other')
    const text = await metrics()
    for (const [reason, count] of [
      ['malformed', 3],
      ['wrong-community', 1],
      ['not-a-notification', 2],
    ]) {
      expect(text).toContain(`weir_event_dropped_total{protocol="snmp",reason="${reason}"} ${count}`)
    }
  })

  it('holds a flood to the rate of one source', async () => {
    const { events, send, metrics } = await rig(['sw1'], { eventsPerSourcePerSecondMax: 5 })
    for (let i = 0; i < 200; i++) await send(trap(linkDown))
    await vi.waitFor(async () => expect(await metrics()).toContain('weir_event_datagrams_total{protocol="snmp"} 200'), {
      timeout: 3_000,
    })
    expect(events.length).toBeLessThanOrEqual(20)
    expect(await metrics()).toMatch(/weir_event_dropped_total\{protocol="snmp",reason="rate-limited"\} 1[89]\d/)
  })

  it('names sources that no device has, and takes no side when two devices share an address', async () => {
    const none = await rig([])
    await none.send(trap(linkDown))
    await vi.waitFor(
      async () => expect(await none.metrics()).toContain('weir_event_unknown_source_total{address="127.0.0.1"} 1'),
      { timeout: 3_000 },
    )
    const two = await rig(['a', 'b'])
    await two.send(trap(linkDown))
    await vi.waitFor(
      async () =>
        expect(await two.metrics()).toContain('weir_event_dropped_total{protocol="snmp",reason="ambiguous-source"} 1'),
      { timeout: 3_000 },
    )
  })

  it('polls all the same when its port is taken', async () => {
    const first = await rig()
    const second = await rig(['sw1'], { traps: { listeners: [{ port: first.trapPort }] } })
    expect(second.trapPort).toBe(0)
    expect(second.poller.readiness().ready).toBe(true)
    expect(await second.metrics()).toContain('weir_event_listener_up{protocol="snmp",host="127.0.0.1"} 0')
  })
})

describe.skipIf(!withNetSnmp)('net-snmp: snmptrap and snmpinform (skipped where they are not installed)', () => {
  it('version 2c: a trap, and an inform that is answered', async () => {
    const { events, trapPort } = await rig()
    const to = `127.0.0.1:${trapPort}`
    const link = ['1.3.6.1.2.1.2.2.1.1.1', 'i', '1']
    await run('snmptrap', ['-v2c', '-c', 'public', to, '', linkDown, ...link])
    // Without an answer snmpinform ends with status 1.
    await run('snmpinform', ['-v2c', '-c', 'public', '-t', '2', '-r', '1', to, '', '1.3.6.1.6.3.1.1.5.4', ...link])
    await vi.waitFor(() => expect(events).toHaveLength(2), { timeout: 3_000 })
    expect(events.map(one => [one.source, one.kind, one.ifIndex])).toEqual([
      ['trap', 'link-down', 1],
      ['inform', 'link-up', 1],
    ])
    await expect(
      run('snmpinform', ['-v2c', '-c', 'guessed', '-t', '0.3', '-r', '0', to, '', linkDown, ...link]),
    ).rejects.toThrow()
  }, 15_000)

  const link = ['1.3.6.1.2.1.2.2.1.1.1', 'i', '1']
  const levels = [
    ['noAuthNoPriv', {}, []],
    ['authNoPriv', { authProtocol: 'sha', authKey: 'auth-password' }, ['-a', 'SHA', '-A', 'auth-password']],
    [
      'authPriv',
      { authProtocol: 'sha256', authKey: 'auth-password', privProtocol: 'aes', privKey: 'priv-password' },
      ['-a', 'SHA-256', '-A', 'auth-password', '-x', 'AES', '-X', 'priv-password'],
    ],
    [
      'authPriv',
      { authProtocol: 'md5', authKey: 'auth-password', privProtocol: 'des', privKey: 'priv-password' },
      ['-a', 'MD5', '-A', 'auth-password', '-x', 'DES', '-X', 'priv-password'],
    ],
  ] as const
  it.each(levels)(
    'version 3, %s %o: a trap, an inform that is answered, and a poll',
    async (level, keys, options) => {
      const { agent, events, trapPort, metrics } = await rig(['sw1'], {
        auths: { lab: { version: 'v3', user: 'weir', ...keys } },
      })
      const to = `127.0.0.1:${trapPort}`
      const user = ['-v3', '-u', 'weir', '-l', level, ...options]
      await run('snmptrap', [...user, '-e', '0x8000000903aabbccddee', to, '', linkDown, ...link])
      await run('snmpinform', [...user, '-t', '2', '-r', '1', to, '', '1.3.6.1.6.3.1.1.5.4', ...link])
      await vi.waitFor(() => expect(events).toHaveLength(2), { timeout: 3_000 })
      expect(events.map(one => [one.source, one.kind, one.ifIndex])).toEqual([
        ['trap', 'link-down', 1],
        ['inform', 'link-up', 1],
      ])
      // The agent speaks no version 3: the poll that the trap asked for, beside the first of the schedule, ends unanswered.
      await vi.waitFor(
        async () => expect(await metrics()).toMatch(/weir_polls_expedited_total\{state="unanswered"\} [1-9]/),
        { timeout: 8_000 },
      )
      expect(agent.undecodable).toBeGreaterThan(0)
      await expect(
        run('snmpinform', [
          '-v3',
          '-u',
          'guest',
          '-l',
          'noAuthNoPriv',
          '-t',
          '0.3',
          '-r',
          '0',
          to,
          '',
          linkDown,
          ...link,
        ]),
      ).rejects.toThrow()
      expect(await metrics()).toMatch(/weir_event_dropped_total\{protocol="snmp",reason="unknown-user"\} [1-9]/)
    },
    20_000,
  )

  it('version 1: generic and enterprise traps', async () => {
    const { events, trapPort } = await rig()
    const to = `127.0.0.1:${trapPort}`
    await run('snmptrap', ['-v1', '-c', 'public', to, '1.3.6.1.4.1.8072', '127.0.0.1', '0', '0', '4711'])
    await run('snmptrap', ['-v1', '-c', 'public', to, '1.3.6.1.4.1.318', '127.0.0.1', '6', '5', '4712'])
    await run('snmptrap', [
      '-v1',
      '-c',
      'public',
      to,
      '1.3.6.1.2.1.15.7',
      '127.0.0.1',
      '6',
      '2',
      '4713',
      '1.3.6.1.2.1.15.3.1.2.10.0.0.2',
      'i',
      '1',
    ])
    await vi.waitFor(() => expect(events).toHaveLength(3), { timeout: 3_000 })
    expect(events.map(one => [one.kind, one.upTimeCs, one.peerAddress])).toEqual([
      ['cold-start', 4_711, ''],
      ['power-on-battery', 4_712, ''],
      ['peer-down', 4_713, '10.0.0.2'],
    ])
  }, 15_000)
})

describe('syslog', () => {
  it('known messages of known devices become events, and a poll', async () => {
    const { poller, events, polls, send, metrics } = await rig()
    await vi.waitFor(() => expect(polls).toHaveLength(1), { timeout: 8_000 })
    const port = poller.eventPorts().syslog[0]!
    await send(
      Buffer.from('<187>45: *Mar  1 00:00:46.123: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down'),
      port,
    )
    await send(Buffer.from('<189>46: *Mar  1: %SYS-5-CONFIG_I: Configured from console by vty0'), port)
    await send(Buffer.from('no priority'), port)
    await vi.waitFor(() => expect(polls).toHaveLength(2), { timeout: 3_000 })
    expect(events).toMatchObject([
      { source: 'syslog', kind: 'link-down', ifName: 'GigabitEthernet0/1', syslogSeverity: 3 },
    ])
    const text = await metrics()
    expect(text).toContain('weir_event_dropped_total{protocol="syslog",reason="uninteresting"} 1')
    expect(text).toContain('weir_event_dropped_total{protocol="syslog",reason="malformed"} 1')
  }, 20_000)
})
