import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../../libs/kernel/src/index.ts'
import {
  appendArcs,
  type Column,
  ifColumns as c,
  encodeMessage,
  type Message,
  type SnmpValue,
  scalarOids,
} from '../../../libs/snmp/src/index.ts'
import { PollSchedule } from '../src/poll-schedule.ts'
import { type PollerOfOne, type PollSettings, pollerOf, transports } from './poll-agent.ts'
import {
  type Behaviour,
  cell,
  counter32,
  counter64,
  gauge32,
  integer,
  octets,
  reply,
  startAgent,
  switchValues,
  type TestAgent,
  timeTicks,
  tooBig,
  type Values,
} from './test-agent.ts'

let cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups) cleanup()
  cleanups = []
})

async function setUp(
  values: Values,
  behaviour?: Behaviour,
  settings?: PollSettings,
): Promise<{ agent: TestAgent; poller: PollerOfOne }> {
  const agent = await startAgent(values, behaviour)
  const poller = pollerOf(agent, settings)
  cleanups.push(
    () => agent.close(),
    () => poller.close(),
  )
  return { agent, poller }
}

const isBulk = (request: Message): boolean => request.pdu.kind === 'getBulkRequest'
const codes = (errors: readonly { code: string }[] | undefined): string[] => (errors ?? []).map(({ code }) => code)
const noBytes: Behaviour = () => []

/** Replies in which the cells of one column are told otherwise, by their ifIndex and place in the reply. */
function lying(column: Column, otherIndex: (ifIndex: number) => number): Behaviour {
  return (request, honest) => {
    const good = honest(request)
    const varbinds = good.pdu.varbinds.map(varbind => {
      if (!varbind.oid.startsWith(column.oid)) return varbind
      return { ...varbind, oid: cell(column, otherIndex(varbind.oid.charCodeAt(varbind.oid.length - 1))) }
    })
    return [reply(request, varbinds)]
  }
}

describe.each(transports)('lost, late and repeated replies, by %s', (name, transport) => {
  it('F35: a lost reply is asked for again', async () => {
    let lost = 0
    const { poller } = await setUp(
      switchValues(2),
      (request, honest) => (isBulk(request) && lost++ === 0 ? [] : [honest(request)]),
      { transport: transport(), timeoutMs: 150 },
    )
    const { poll } = await poller.poll()
    expect(poll.interfaces).toHaveLength(2)
    expect(poll.health).toMatchObject({ reachable: true, retries: 1, errors: [] })
  })

  it('F35: a device that never answers is unreachable after its repetitions', async () => {
    const { agent, poller } = await setUp(switchValues(1), noBytes, {
      transport: transport(),
      timeoutMs: 100,
      retries: 2,
    })
    const { poll } = await poller.poll()
    expect(poll.health).toMatchObject({ reachable: false, pdus: 3, retries: 2 })
    expect(codes(poll.health?.errors)).toEqual(['snmp-timeout'])
    expect(agent.requests).toHaveLength(3)
    expect(poll.interfaces).toEqual([])
  })

  it('F35: a reply to an earlier request and a duplicate are discarded', async () => {
    const stale: Message[] = []
    const { poller } = await setUp(
      switchValues(2),
      (request, honest) => {
        const good = honest(request)
        const forged = stale.map(old => ({
          ...old,
          pdu: { ...old.pdu, varbinds: old.pdu.varbinds.map(varbind => ({ ...varbind, value: counter64(1n) })) },
        }))
        stale.push(good)
        return [...forged, good, good] as Message[]
      },
      { transport: transport() },
    )
    const { poll } = await poller.poll()
    expect(poll.interfaces.map(row => row.inOctets)).toEqual([2n ** 53n + 1n, 2n ** 53n + 2n])
    expect(poll.health?.errors).toEqual([])
    if (name === 'own codec') expect(poller.transport.counters.dropped['late-reply']).toBeGreaterThan(2)
  })
})

describe.each(transports)('walks that do not want to end, by %s', (_, transport) => {
  it.each([
    ['the same OID again and again', (ifIndex: number) => Math.min(ifIndex, 3)],
    ['an OID backwards', (ifIndex: number) => (ifIndex <= 3 ? ifIndex : 1)],
    ['a cycle of three', (ifIndex: number) => ((ifIndex - 1) % 3) + 1],
  ])('F36: %s ends that column; its rows, all others and the other tables are kept', async (_name, otherIndex) => {
    const honest = await setUp(switchValues(9))
    await honest.poller.poll()
    const { agent, poller } = await setUp(switchValues(9), lying(c.ifInErrors, otherIndex), { transport: transport() })
    const { poll } = await poller.poll()
    expect(agent.requests.length).toBeLessThanOrEqual(honest.agent.requests.length + 1)
    expect(poll.health?.reachable).toBe(true)
    expect(codes(poll.health?.errors)).toEqual(['walk-not-increasing'])
    expect(poll.health?.errors[0]?.oid).toBe('1.3.6.1.2.1.2.2.1.14')
    expect(poll.interfaces).toHaveLength(9)
    expect(poll.interfaces[2]?.inErrors).toBeDefined()
    expect(poll.interfaces[8]).toMatchObject({ inOctets: 2n ** 53n + 9n, ifAlias: 'Cust: c9', fcsErrors: 5n })
    expect(poll.interfaces[8]?.inErrors).toBeUndefined()
  })

  it('F36: an agent that repeats everything is left after one request a group of columns', async () => {
    const { agent, poller } = await setUp(
      switchValues(1),
      (request, honest) =>
        isBulk(request)
          ? [
              reply(
                request,
                request.pdu.varbinds.map(varbind => ({ ...varbind, value: counter32(1) })),
              ),
            ]
          : [honest(request)],
      { transport: transport() },
    )
    const { poll } = await poller.poll()
    expect(poll.health?.reachable).toBe(true)
    expect(agent.requests.length).toBeLessThan(8)
  })

  it('F37: an empty reply ends the walk', async () => {
    const { agent, poller } = await setUp(
      switchValues(3),
      (request, honest) => [isBulk(request) ? reply(request, []) : honest(request)],
      { transport: transport() },
    )
    const { poll } = await poller.poll()
    expect(poll.health?.reachable).toBe(true)
    expect(codes(poll.health?.errors)).toContain('walk-empty-reply')
    expect(agent.requests.length).toBeLessThan(6)
  })
})

describe('cells', () => {
  it('F38: null, noSuchInstance and noSuchObject in the middle are missing cells, never zero', async () => {
    const values = switchValues(3)
    values.set(cell(c.ifHCInOctets, 2), { type: 'noSuchInstance' })
    values.set(cell(c.ifInErrors, 2), { type: 'null' })
    values.set(cell(c.ifHighSpeed, 2), { type: 'noSuchObject' })
    values.set(cell(c.ifName, 2), { type: 'noSuchObject' })
    const { poller } = await setUp(values)
    const { poll } = await poller.poll()
    expect(poll.interfaces).toHaveLength(3)
    expect(poll.interfaces[1]).toMatchObject({ outOctets: 2n * (2n ** 53n + 2n), octetCounterBits: 64, inDiscards: 2n })
    expect(poll.interfaces[1]?.inOctets).toBeUndefined()
    expect(poll.interfaces[1]?.inErrors).toBeUndefined()
    expect(poll.interfaces[2]).toMatchObject({ inOctets: 2n ** 53n + 3n, inErrors: 6n, ifName: 'ge-0/0/3' })
    expect(poll.health?.errors).toEqual([])
  })

  it.each<[string, Column, SnmpValue, string]>([
    ['a string for a counter', c.ifInErrors, octets('12'), 'cell-wrong-type'],
    ['an Integer for a Counter64', c.ifHCInOctets, integer(5), 'cell-wrong-type'],
    ['a Counter32 for a Counter64', c.ifHCInOctets, counter32(5), 'cell-wrong-type'],
    [
      'a negative Gauge',
      c.ifHighSpeed,
      { type: 'invalid', tag: 0x42, value: Uint8Array.of(0xff), reason: 'out-of-range' },
      'cell-invalid',
    ],
    [
      'a Counter32 of 40 bits',
      c.ifInErrors,
      { type: 'invalid', tag: 0x41, value: Uint8Array.of(1, 0, 0, 0, 0), reason: 'out-of-range' },
      'cell-invalid',
    ],
    [
      'a type nobody knows',
      c.ifInErrors,
      { type: 'invalid', tag: 0x4f, value: Uint8Array.of(1), reason: 'unknown-type' },
      'cell-invalid',
    ],
  ])('F39: %s is rejected, counted by column, and costs no other cell', async (_, column, value, code) => {
    const values = switchValues(3)
    values.set(cell(column, 2), value)
    values.set(cell(column, 3), value)
    const { poller } = await setUp(values)
    await poller.poll()
    const { poll } = await poller.poll()
    expect(poll.health?.errors).toMatchObject([{ code, detail: expect.stringContaining('2 times') }])
    expect(poll.interfaces[1]).toMatchObject({ outOctets: 2n * (2n ** 53n + 2n), outErrors: 8n, ifName: 'ge-0/0/2' })
    const field = column === c.ifHighSpeed ? 'mtu' : column === c.ifInErrors ? 'inErrors' : 'inOctets'
    if (field !== 'mtu') expect(poll.interfaces[1]?.[field]).toBeUndefined()
  })

  it('F41: a counter that went backwards is passed on as it is, with all that explains it', async () => {
    const { agent, poller } = await setUp(switchValues(1))
    await poller.poll()
    agent.values.set(cell(c.ifHCInOctets, 1), counter64(7n))
    agent.values.set(cell(c.ifCounterDiscontinuityTime, 1), timeTicks(359_000))
    agent.values.set(scalarOids.sysUpTime, timeTicks(361_000))
    expect((await poller.poll()).poll.interfaces[0]).toMatchObject({
      inOctets: 7n,
      counterDiscontinuityCs: 359_000,
      upTimeCs: 361_000,
    })
  })

  it('F42: an interface without 64-bit counters gives its 32-bit ones and says so, beside wide ones', async () => {
    const values = switchValues(3)
    for (const column of Object.values(c).filter(({ name }) => name.startsWith('ifHC'))) values.delete(cell(column, 2))
    const narrow: [Column, number][] = [
      [c.ifInOctets, 4_294_967_295],
      [c.ifOutOctets, 2],
      [c.ifInUcastPkts, 3],
      [c.ifOutUcastPkts, 4],
      [c.ifInMulticastPkts, 5],
      [c.ifOutBroadcastPkts, 6],
    ]
    for (const [column, value] of narrow) values.set(cell(column, 2), counter32(value))
    const { poller } = await setUp(values)
    for (const { poll } of [await poller.poll(), await poller.poll()]) {
      expect(poll.interfaces.map(row => row.octetCounterBits)).toEqual([64, 32, 64])
      expect(poll.interfaces[1]).toMatchObject({
        packetCounterBits: 32,
        inOctets: 4_294_967_295n,
        outOctets: 2n,
        inUcastPkts: 3n,
        inMulticastPkts: 5n,
        outBroadcastPkts: 6n,
      })
    }
  })

  it('F44: speeds that say nothing are unknown, and ifSpeed helps where ifHighSpeed cannot', async () => {
    const values = switchValues(6)
    const speeds: [ifHighSpeed: number | undefined, ifSpeed: number | undefined, bitsPerSecond: bigint][] = [
      [0, 0, 0n],
      [0, 4_294_967_295, 0n],
      [0, 9_000, 9_000n],
      [2, 1_544_000, 1_544_000n],
      [undefined, 100_000_000, 100_000_000n],
      [100_000, 4_294_967_295, 100_000_000_000n],
    ]
    for (const [i, [high, low]] of speeds.entries()) {
      if (high === undefined) values.delete(cell(c.ifHighSpeed, i + 1))
      else values.set(cell(c.ifHighSpeed, i + 1), gauge32(high))
      if (low !== undefined) values.set(cell(c.ifSpeed, i + 1), gauge32(low))
    }
    const { agent, poller } = await setUp(values)
    const first = await poller.poll()
    expect(first.poll.interfaces.map(row => row.speedBitsPerSecond)).toEqual(speeds.map(([, , expected]) => expected))
    agent.values.set(cell(c.ifHighSpeed, 4), gauge32(10))
    expect((await poller.poll()).poll.interfaces[3]?.speedBitsPerSecond).toBe(10_000_000n)
  })

  it('F51: a description comes through whole and cannot break a line or reorder a screen', async () => {
    const values = switchValues(3)
    values.set(cell(c.ifAlias, 1), octets('"><script>alert(1)</script>\r\n\u0000=cmd()\u202egnp'))
    values.set(cell(c.ifAlias, 2), { type: 'octets', value: Uint8Array.of(0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68) })
    values.set(cell(c.ifAlias, 3), octets('x'.repeat(255)))
    const { poller } = await setUp(values)
    const { poll } = await poller.poll()
    expect(poll.interfaces.map(row => row.ifAlias)).toEqual([
      '"><script>alert(1)</script>   =cmd() gnp',
      'Zürich',
      'x'.repeat(255),
    ])
  })
})

describe('agents with limits', () => {
  it('F40: tooBig halves what is asked for, and the device is remembered for it', async () => {
    const { agent, poller } = await setUp(switchValues(12), (request, honest) => {
      const good = honest(request)
      return [isBulk(request) && good.pdu.varbinds.length > 30 ? tooBig(request) : good]
    })
    expect((await poller.poll()).poll.interfaces).toHaveLength(12)
    agent.requests.length = 0
    const { poll } = await poller.poll()
    expect(poll.interfaces).toHaveLength(12)
    expect(poll.interfaces[11]).toMatchObject({ inOctets: 2n ** 53n + 12n, fcsErrors: 5n })
    expect(agent.requests.length).toBe(1 + 13)
  })

  it('F40: tooBig to a single row makes the request narrower', async () => {
    const { poller } = await setUp(switchValues(4), (request, honest) => {
      const good = honest(request)
      return [good.pdu.varbinds.length > 6 ? tooBig(request) : good]
    })
    const { poll } = await poller.poll()
    expect(poll.system?.sysName).toBe('sw1')
    expect(poll.interfaces[3]).toMatchObject({
      inOctets: 2n ** 53n + 4n,
      outErrors: 16n,
      ifAlias: 'Cust: c4',
      fcsErrors: 5n,
    })
    expect(poll.health?.errors).toEqual([])
  })

  it('F40: replies that never come because they are too large for the path are asked for in smaller ones', async () => {
    const { poller } = await setUp(
      switchValues(12),
      (request, honest) => {
        const good = honest(request)
        return encodeMessage(good).length > 700 ? [] : [good]
      },
      { timeoutMs: 80, retries: 0 },
    )
    const { poll } = await poller.poll()
    expect(poll.interfaces).toHaveLength(12)
    expect(poll.health?.reachable).toBe(true)
  })

  it('an error status that blames a column costs that column only', async () => {
    const { poller } = await setUp(switchValues(3), (request, honest) => {
      const blamed = request.pdu.varbinds.findIndex(({ oid }) => oid.startsWith(c.dot3StatsFCSErrors.oid))
      return [isBulk(request) && blamed >= 0 ? reply(request, [], 5, blamed + 1) : honest(request)]
    })
    const { poll } = await poller.poll()
    expect(poll.interfaces[2]).toMatchObject({ inOctets: 2n ** 53n + 3n })
    expect(poll.interfaces[2]?.fcsErrors).toBeUndefined()
    expect(codes(poll.health?.errors)).toEqual(['snmp-error-status'])
  })

  it('a table that the agent chokes on does not cost the others', async () => {
    const { poller } = await setUp(
      switchValues(3),
      (request, honest) =>
        isBulk(request) && request.pdu.varbinds.some(({ oid }) => oid.startsWith(c.dot3StatsFCSErrors.oid))
          ? []
          : [honest(request)],
      { timeoutMs: 60, retries: 0 },
    )
    const { poll } = await poller.poll()
    expect(poll.interfaces[2]).toMatchObject({ inOctets: 2n ** 53n + 3n, inErrors: 6n })
    expect(codes(poll.health?.errors)).toContain('snmp-timeout')
  })

  it('F50: a poll of a slow chassis is cut at its budget and keeps what it has', async () => {
    const { agent, poller } = await setUp(switchValues(200), undefined, { budgetMs: 500, timeoutMs: 400 })
    agent.delayMs = 60
    const started = performance.now()
    const { poll, overran } = await poller.poll()
    expect(performance.now() - started).toBeLessThan(900)
    expect(overran).toBe(true)
    expect(poll.health?.reachable).toBe(true)
    expect(codes(poll.health?.errors)).toContain('poll-deadline')
    expect(poll.interfaces.length).toBeGreaterThan(3)
    expect(poll.interfaces.length).toBeLessThan(200)
  })

  it('F50: polls skip and never overlap, and silent devices keep no place that others need', async () => {
    const clock = new ManualClock()
    const lags: number[] = []
    const schedule = new PollSchedule(clock, {
      inFlightMax: 4,
      expeditedGapMs: 2_000,
      observeLag: seconds => lags.push(seconds),
    })
    const running = new Map<string, number>()
    const runs = new Map<string, number>()
    const add = (key: string, tookMs: number, answers: boolean): void =>
      schedule.add({
        key,
        intervalMs: 1_000,
        firstAfterMs: 0,
        run: async () => {
          running.set(key, (running.get(key) ?? 0) + 1)
          expect(running.get(key)).toBe(1)
          await new Promise<void>(resolve => clock.after(tookMs, resolve))
          running.set(key, running.get(key)! - 1)
          runs.set(key, (runs.get(key) ?? 0) + 1)
          return answers
        },
      })
    add('slow', 2_500, true)
    await clock.advance(10_000)
    expect(runs.get('slow')).toBe(3)
    expect(schedule.skipped).toBeGreaterThanOrEqual(6)
    schedule.remove('slow')

    for (let i = 0; i < 20; i++) add(`dead-${i}`, 3_000, false)
    await clock.advance(40_000)
    add('live', 10, true)
    lags.length = 0
    await clock.advance(10_000)
    expect(runs.get('live')).toBeGreaterThanOrEqual(9)
  })
})

describe('devices that change between polls', () => {
  it('F43: ports renumbered by a reboot come with their own names and descriptions at once', async () => {
    const { agent, poller } = await setUp(switchValues(2))
    await poller.poll()
    swapPorts(agent.values)
    agent.values.set(scalarOids.sysUpTime, timeTicks(1_000))
    const { poll } = await poller.poll()
    expect(poll.interfaces.map(row => [row.ifIndex, row.ifName, row.ifAlias])).toEqual([
      [1, 'ge-0/0/2', 'Cust: c2'],
      [2, 'ge-0/0/1', 'Cust: c1'],
    ])
  })

  it('F43: so do ports renumbered without any sign but their names', async () => {
    const { agent, poller } = await setUp(switchValues(2))
    await poller.poll()
    swapPorts(agent.values)
    expect((await poller.poll()).poll.interfaces.map(row => row.ifAlias)).toEqual(['Cust: c2', 'Cust: c1'])
  })

  it('F45: an interface that vanishes for one poll is absent, not zero, and returns as itself', async () => {
    const { agent, poller } = await setUp(switchValues(3))
    await poller.poll()
    const whole = new Map(agent.values)
    for (const column of Object.values(c)) agent.values.delete(cell(column, 2))
    expect((await poller.poll()).poll.interfaces.map(row => row.ifIndex)).toEqual([1, 3])
    for (const [oid, value] of whole) agent.values.set(oid, value)
    expect((await poller.poll()).poll.interfaces[1]).toMatchObject({ ifName: 'ge-0/0/2', inOctets: 2n ** 53n + 2n })
  })
})

describe.each(transports)('who may answer, by %s', (name, transport) => {
  it('F49: an answer from another address counts only when configured', async () => {
    const elsewhere = createSocket('udp4').bind(0, '127.0.0.2')
    await once(elsewhere, 'listening')
    cleanups.push(() => elsewhere.close())
    const { agent, poller } = await setUp(switchValues(1), undefined, { transport: transport(), timeoutMs: 80 })
    agent.replySocket = elsewhere
    const refused = await poller.poll()
    expect(refused.poll.health?.reachable).toBe(false)
    expect(poller.transport.counters.dropped['unexpected-source']).toBeGreaterThan(0)

    const trusting = pollerOf(agent, { answersFrom: ['127.0.0.2'], transport: transport() })
    cleanups.push(() => trusting.close())
    expect((await trusting.poll()).poll.interfaces).toHaveLength(1)
  })

  it('an answer for another community does not count, and no community is in the record', async () => {
    const { poller } = await setUp(
      switchValues(1),
      (request, honest) => [{ ...honest(request), community: Buffer.from('other') }],
      { transport: transport(), timeoutMs: 80, community: 's3cret-community' },
    )
    const { poll } = await poller.poll()
    expect(poll.health?.reachable).toBe(false)
    if (name === 'own codec') expect(poller.transport.counters.dropped['wrong-credentials']).toBeGreaterThan(0)
    const text = JSON.stringify(poll, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    expect(text).not.toContain('s3cret-community')
  })

  it.each([
    ['an indefinite length', Buffer.from('3080020101', 'hex')],
    ['a huge length', Buffer.from('3084ffffffff', 'hex')],
    ['deep nesting', Buffer.from('3082000430820000'.repeat(100), 'hex')],
    ['noise', Buffer.from('00ff17')],
    ['nothing', Buffer.alloc(0)],
  ])('F52: %s for a reply is no answer and no crash', async (_, bytes) => {
    const { poller } = await setUp(switchValues(1), () => [bytes], {
      transport: transport(),
      timeoutMs: 50,
      retries: 0,
    })
    const { poll } = await poller.poll()
    expect(poll.health?.reachable).toBe(false)
    expect(['snmp-malformed-reply', 'snmp-timeout']).toContain(poll.health?.errors[0]?.code)
  })
})

it('F52: says where a reply was malformed', async () => {
  const { poller } = await setUp(switchValues(1), () => [Buffer.from('3080020101', 'hex')], {
    timeoutMs: 50,
    retries: 0,
  })
  expect((await poller.poll()).poll.health?.errors[0]).toMatchObject({
    code: 'snmp-malformed-reply',
    detail: 'ber-indefinite-length at octet 1, in message',
  })
})

function swapPorts(values: Values): void {
  for (const column of Object.values(c)) {
    const [a, b] = [values.get(cell(column, 1)), values.get(cell(column, 2))]
    if (a && b) {
      values.set(appendArcs(column.oid, 1), b)
      values.set(appendArcs(column.oid, 2), a)
    }
  }
}
