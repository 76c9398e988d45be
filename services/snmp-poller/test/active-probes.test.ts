import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { seededRandom, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import {
  inventoryProblems,
  inventorySchema,
  PollerSightSchema,
  type ProbeRound,
  probeSchema,
} from '../../../libs/model/src/index.ts'
import { ActiveProbes } from '../src/reach/active-probes.ts'
import { answerCode, encodeQuestion, queryDns } from '../src/reach/dns-query.ts'
import type { EchoTool } from '../src/reach/echo-tool.ts'
import { createFping } from '../src/reach/fping.ts'
import { secondHostMissing, startSecondHost } from './second-host.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

const inventoryOf = (probes: object[]) =>
  inventorySchema.parse({
    tenants: [{ id: 't1' }],
    sites: [{ id: 's1', tenant: 't1' }],
    devices: [{ id: 'gw', tenant: 't1', site: 's1', address: '127.0.0.1' }],
    probes: probes.map((probe, i) => ({
      id: `p${i}`,
      tenant: 't1',
      site: 's1',
      intervalMs: 1_000,
      count: 3,
      gapMs: 10,
      timeoutMs: 300,
      ...probe,
    })),
  })

function run(probes: object[], tool?: EchoTool): { rounds: ProbeRound[]; active: ActiveProbes } {
  const rounds: ProbeRound[] = []
  const active = new ActiveProbes({
    clock: systemClock,
    random: seededRandom(1),
    log: silentLogger,
    tool: () => tool,
    sight: () => create(PollerSightSchema, { devices: 4, silentDevices: 2 }),
    publish: (_, round) => rounds.push(round),
  })
  active.apply(inventoryOf(probes), () => true)
  cleanups.push(() => active.stop())
  return { rounds, active }
}

const of = (rounds: readonly ProbeRound[], id: string) => rounds.filter(round => round.probeId === id)

/** A resolver that answers with one code, after a packet that answers something else. */
async function startResolver(code: number): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const answer = Buffer.from(query)
    answer[2] = 0x81
    answer[3] = 0x80 | code
    const other = Buffer.from(answer)
    other[0] = query[0]! ^ 0xff
    socket.send(other, from.port, from.address)
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  cleanups.push(() => socket.close())
  return socket.address().port
}

describe('probes of the inventory', () => {
  it('are refused when they make no sense', () => {
    const problem = (probe: object): string =>
      probeSchema.safeParse({ id: 'p', tenant: 't', site: 's', ...probe }).error?.message ?? ''
    expect(problem({ kind: 'icmp', target: '-f/etc/passwd' })).toContain('IPv4 or IPv6 address, or a host name')
    expect(problem({ kind: 'icmp', target: '192.0.2.1; id' })).toContain('IPv4 or IPv6')
    expect(problem({ kind: 'icmp' })).toContain('either a target or a device')
    expect(problem({ kind: 'tcp', target: '192.0.2.1' })).toContain('a tcp probe has a port')
    expect(problem({ kind: 'icmp', target: '192.0.2.1', count: 20, gapMs: 5_000 })).toContain('ends before the next')
    expect(problem({ kind: 'dns', target: '2001:db8::53', query: 'www.example.com' })).toBe('')
    expect(inventoryProblems(inventoryOf([{ kind: 'icmp', device: 'nobody' }]))).toEqual([
      'probe "p0" names the unknown device "nobody"',
    ])
  })

  it('by TCP: a connection is an answer, a refusal and silence are not', async () => {
    const server = createServer(socket => socket.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const { port } = server.address() as { port: number }
    const { rounds, active } = run([
      { kind: 'tcp', device: 'gw', port },
      { kind: 'tcp', target: '127.0.0.1', port: 1 },
    ])
    await vi.waitFor(() => expect(Math.min(of(rounds, 'p0').length, of(rounds, 'p1').length)).toBeGreaterThan(0), 8_000)
    const [open] = of(rounds, 'p0')
    expect(open).toMatchObject({ kind: 'tcp', target: `127.0.0.1:${port}`, deviceId: 'gw', error: '' })
    expect(open!.rttUs.every(us => us > 0 && us < 300_000)).toBe(true)
    expect(open!.sight).toBeUndefined()
    expect(of(rounds, 'p1')[0]).toMatchObject({ rttUs: [0, 0, 0], error: 'econnrefused', sight: { silentDevices: 2 } })
    expect(active.counters.sent).toBe(active.counters.answered + 3 * of(rounds, 'p1').length)
  })

  it('by DNS: an answer to this question, and that there is no such name; not what a server refuses', async () => {
    const question = { server: '127.0.0.1', name: 'www.example.com', id: 0x1234, timeoutMs: 300 }
    const ask = async (code: number) => queryDns({ ...question, port: await startResolver(code) }, systemClock)
    expect(await ask(0)).toMatchObject({ us: expect.any(Number) })
    expect(await ask(3)).toMatchObject({ us: expect.any(Number) })
    expect(await ask(5)).toEqual({ error: 'refused' })
    expect(await queryDns({ ...question, port: 1 }, systemClock)).toEqual({ error: 'econnrefused' })
    const { rounds } = run([{ kind: 'dns', target: '127.0.0.1', port: await startResolver(0), query: 'example.com' }])
    await vi.waitFor(() => expect(rounds.length).toBeGreaterThan(0), 8_000)
    expect(rounds[0]).toMatchObject({ target: 'example.com at 127.0.0.1', error: '' })
  })

  it('no answer of a resolver throws, and none counts that is not to the question', () => {
    const request = encodeQuestion({ id: 7, name: 'Example.COM' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), reply => {
        const code = answerCode(reply, request)
        expect(code === undefined || (reply[0] === 0 && reply[1] === 7 && code < 16)).toBe(true)
      }),
    )
    const echoed = Buffer.from(encodeQuestion({ id: 7, name: 'example.com' }))
    echoed[2] = 0x80
    expect(answerCode(echoed, request)).toBe(0)
  })

  it('by ICMP without a program for it: counted, and no round is made up', async () => {
    const { rounds, active } = run([{ kind: 'icmp', target: '127.0.0.1' }])
    await vi.waitFor(() => expect(active.counters.withoutTool).toBeGreaterThan(0), 8_000)
    expect(rounds).toEqual([])
  })

  it('come and go with the inventory, and a name that does not resolve is lost with its reason', async () => {
    const { rounds, active } = run([{ kind: 'tcp', target: 'no-such-host.invalid', port: 80 }])
    await vi.waitFor(() => expect(rounds.length).toBeGreaterThan(0), 8_000)
    expect(rounds[0]).toMatchObject({ rttUs: [0, 0, 0], error: 'unresolved' })
    active.apply(inventoryOf([]), () => true)
    expect(active.size).toBe(0)
    active.apply(inventoryOf([{ kind: 'tcp', target: '127.0.0.1', port: 1 }]), () => false)
    expect(active.size).toBe(0)
  })
})

const hasFping = spawnSync('fping', ['-v']).error === undefined
const missing = hasFping ? secondHostMissing() : 'fping is not installed'
describe.skipIf(missing !== '')(`a probe of a second host${missing && ` (skipped: ${missing})`}`, () => {
  it('measures a tenth of loss within bounds, alike probes in one round', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    host.rules('icmp type echo-request numgen random mod 10 == 0 drop')
    const probe = { kind: 'icmp', target: host.address, intervalMs: 2_000, count: 20, gapMs: 10, timeoutMs: 200 }
    const { rounds } = run([probe, probe, { ...probe, target: host.nobody }], createFping())
    await vi.waitFor(() => expect(of(rounds, 'p1').length).toBeGreaterThanOrEqual(8), 40_000)
    const packets = [...of(rounds, 'p0'), ...of(rounds, 'p1')].flatMap(round => round.rttUs)
    const share = packets.filter(us => us === 0).length / packets.length
    // 320 packets or so: 10 % give or take 5 standard deviations.
    expect(share).toBeGreaterThan(0.01)
    expect(share).toBeLessThan(0.19)
    for (const round of of(rounds, 'p2')) expect(round).toMatchObject({ error: 'timeout', sight: { devices: 4 } })
  }, 60_000)
})
