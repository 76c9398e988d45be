import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { contact } from '../src/reach/contact.ts'
import { EchoToolError } from '../src/reach/echo-tool.ts'
import { findEchoTool } from '../src/reach/find-echo-tool.ts'
import { createFping, readFping } from '../src/reach/fping.ts'
import { createPing, readPing } from '../src/reach/ping.ts'
import { SightBook } from '../src/reach/poller-sight.ts'
import { Reachability } from '../src/reach/reachability.ts'
import { reachabilityConfigSchema } from '../src/reach/reachability-config.ts'
import { runProgram } from '../src/reach/run-program.ts'
import { secondHostMissing, startSecondHost } from './second-host.ts'

const has = (program: string): boolean => spawnSync(program, ['-V']).error === undefined
const hasFping = has('fping')
const hasPing = has('ping')
const missing = hasFping ? secondHostMissing() : 'fping is not installed'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

describe("fping's output", () => {
  it('is round trips in the order of sending, with warnings between', () => {
    const output = [
      'ICMP Host Unreachable from 198.18.0.1 for ICMP Echo sent to 198.18.0.9',
      '192.0.2.1   : 0.40 - 0.385',
      '198.18.0.9  : - - -',
      '2001:db8::1 : 12.3 1204 0.041',
      'nobody.invalid: Name or service not known',
      '',
    ].join('\n')
    const asked = new Set(['192.0.2.1', '198.18.0.9', '2001:db8::1', 'nobody.invalid'])
    expect([...readFping(output, asked, 3)]).toEqual([
      ['192.0.2.1', [400, null, 385]],
      ['198.18.0.9', [null, null, null]],
      ['2001:db8::1', [12_300, 1_204_000, 41]],
    ])
  })

  it('never yields an address that was not asked, another count, or anything but microseconds, whatever comes', () => {
    const word = fc.oneof(fc.constantFrom('-', '0.4', '1e3', 'NaN', '-1', '0x2', '192.0.2.1', ':', ' '), fc.string())
    fc.assert(
      fc.property(
        fc.array(
          fc.array(word, { maxLength: 6 }).map(words => words.join(' ')),
          { maxLength: 6 },
        ),
        lines => {
          for (const [address, trips] of readFping(lines.join('\n'), new Set(['192.0.2.1']), 2)) {
            expect(address).toBe('192.0.2.1')
            expect(trips).toHaveLength(2)
            for (const trip of trips) expect(trip === null || (Number.isInteger(trip) && trip >= 0)).toBe(true)
          }
        },
      ),
    )
  })

  it('of ping: by sequence, the first of duplicates', () => {
    const output = [
      'PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.',
      '64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.160 ms',
      '64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.170 ms (DUP!)',
      '64 bytes from 192.0.2.1: icmp_seq=3 ttl=64 time=41 ms',
      '64 bytes from 192.0.2.1: icmp_seq=9 ttl=64 time=41 ms',
    ].join('\n')
    expect(readPing(output, 3)).toEqual([160, null, 41_000])
  })
})

describe('a program that is run', () => {
  const signal = new AbortController().signal

  it('is no shell: what looks like a command stays an argument', async () => {
    const run = await runProgram('echo', ['$(id)', '; id', '`id`'], { withinMs: 5_000, signal })
    expect(run).toEqual({ code: 0, output: '$(id) ; id `id`\n', cut: false })
  })

  it('sees nothing of our environment, is ended when it takes too long, and may be missing', async () => {
    process.env.WEIR_TEST_SECRET = 'hunter2'
    cleanups.push(() => delete process.env.WEIR_TEST_SECRET)
    expect((await runProgram('env', [], { withinMs: 5_000, signal })).output).not.toContain('hunter2')
    expect(await runProgram('sleep', ['60'], { withinMs: 100, signal })).toMatchObject({ code: null, cut: true })
    await expect(runProgram('weir-no-such-program', [], { withinMs: 100, signal })).rejects.toThrow('ENOENT')
  })

  it('that is not there, or does not do its work, leaves the next one to be tried', async () => {
    const said: unknown[] = []
    const log = { ...silentLogger, warn: (...args: unknown[]) => said.push(args) }
    expect(await findEchoTool(log, [createFping('weir-no-such-program'), createPing('false')])).toBeUndefined()
    expect(said).toHaveLength(1)
    for (const program of ['false', 'weir-no-such-program']) {
      const round = createFping(program).round(['127.0.0.1'], { count: 1, gapMs: 10, timeoutMs: 10 })
      await expect(round).rejects.toThrow(EchoToolError)
    }
  })
})

describe('contact by TCP and UDP', () => {
  const options = { clock: systemClock, timeoutMs: 500 }

  it('takes a refusal for a sign of life, as well as a connection', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    cleanups.push(() => server.close())
    const { port } = server.address() as { port: number }
    for (const tcpPorts of [[port], [1]]) {
      expect(await contact('127.0.0.1', { ...options, tcpPorts })).toMatchObject({ microseconds: expect.any(Number) })
    }
    expect(await contact('127.0.0.1', { ...options, tcpPorts: [] })).toMatchObject({ method: 'udp' })
  })
})

describe('what a poller hears', () => {
  it('is nobody, once devices of two sites were asked in vain; and everybody again with one answer', () => {
    const book = new SightBook(0)
    for (const [key, site] of [
      ['a', 's1'],
      ['b', 's1'],
      ['c', 's2'],
      ['d', 's3'],
    ] as const)
      book.watch(key, 't', site)
    book.heard('a', 1_000)
    expect(book.sight(1_500)).toMatchObject({ devices: 4, sites: 3, heardMs: 1_000n, silentDevices: 0, silentSites: 0 })
    for (const key of ['a', 'b', 'c']) book.asked(key, 2_000)
    expect(book.sight(2_500)).toMatchObject({ silentDevices: 0 })
    expect(book.sight(3_000)).toMatchObject({ silentDevices: 3, silentSites: 2, heardMs: 1_000n })
    book.unanswered('a', 8_900)
    book.heard('d', 9_000)
    expect(book.sight(9_000)).toMatchObject({ silentDevices: 0, heardMs: 9_000n })
    // A poll that was met by silence for most of its time says nothing of its device, one that was not does.
    expect(book.sight(9_500, 2_000)).toMatchObject({ silentDevices: 3, silentSites: 2, heardMs: 1_000n })
    expect(book.sight(9_500, 8_900)).toMatchObject({ silentDevices: 0, heardMs: 9_000n })
    for (const key of ['b', 'c']) book.heard(key, 9_100)
    // An answer that is older than what was heard since moves nothing back.
    book.heard('b', 5_000)
    expect(book.sight(9_200)).toMatchObject({ heardMs: 9_100n })
    // Who does not answer while others do is down, and no witness of blindness any more.
    book.asked('a', 10_000)
    book.heard('d', 18_000)
    book.unanswered('a', 19_000)
    expect(book.sight(30_000)).toMatchObject({ devices: 4, silentDevices: 0, answering: 3 })
    book.heard('a', 31_000)
    expect(book.sight(31_000)).toMatchObject({ answering: 4 })
    book.forget('d')
    expect(book.sight(10_500)).toMatchObject({ devices: 3 })
  })
})

const name = 'a second host on a cable'
describe.skipIf(missing !== '')(missing === '' ? name : `${name} (skipped: ${missing})`, () => {
  const config = reachabilityConfigSchema.parse({ intervalMs: 1_000, timeoutMs: 300 })

  async function reachability(hosts: Record<string, string>): Promise<Reachability> {
    const reach = new Reachability({ config, clock: systemClock, log: silentLogger })
    cleanups.push(() => reach.stop())
    for (const [key, host] of Object.entries(hosts)) {
      reach.watch({ key, tenantId: 't', siteId: key, host, echo: true })
    }
    await reach.start()
    return reach
  }

  it('loses a tenth of what it is sent: measured within bounds; an address nobody has loses all', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    host.rules('icmp type echo-request numgen random mod 10 == 0 drop')
    const answers = await createFping().round([host.address, host.nobody], { count: 1_000, gapMs: 5, timeoutMs: 200 })
    const lost = answers.get(host.address)!.filter(trip => trip === null).length
    // 100 ± 4.2 standard deviations: fails once in forty thousand runs.
    expect(lost).toBeGreaterThan(60)
    expect(lost).toBeLessThan(140)
    expect(answers.get(host.nobody)!.every(trip => trip === null)).toBe(true)
  }, 30_000)

  it.skipIf(!hasPing)('ping says the same as fping of who answers', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    const answers = await createPing().round([host.address, host.nobody], { count: 2, gapMs: 200, timeoutMs: 500 })
    expect(answers.get(host.address)!.every(trip => trip !== null && trip < 100_000)).toBe(true)
    expect(answers.get(host.nobody)).toEqual([null, null])
  })

  it('tells who is there from who is not, measures between polls, and gathers what is asked at once', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    const reach = await reachability({ up: host.address, down: host.nobody })
    expect(reach.tool?.name).toBe('fping')
    const [up, down] = await Promise.all([reach.confirm('up'), reach.confirm('down')])
    expect(up).toMatchObject({ method: 'icmp', sent: 3, received: 3 })
    expect(down).toMatchObject({ received: 0 })
    expect(reach.counters.rounds).toBe(1)
    await vi.waitFor(() => expect(reach.answered('up')).toMatchObject({ method: 'icmp', sent: 1, received: 1 }), 5_000)
    // What was measured was handed over.
    expect(reach.answered('up')).toBeUndefined()
  })

  it('that refuses echo requests is found by a refused connection or port', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    host.rules('icmp type echo-request drop')
    const reach = await reachability({ up: host.address })
    expect(['tcp', 'udp']).toContain((await reach.confirm('up'))?.method)
    host.rules('ip protocol icmp drop', 'ip protocol tcp drop', 'ip protocol udp drop')
    expect(await reach.confirm('up')).toMatchObject({ received: 0 })
  })

  it('asks a witness of another site when it hears nobody, and says so', async () => {
    const host = startSecondHost()
    cleanups.push(() => host.close())
    const reach = await reachability({ near: host.address, gone: host.nobody })
    await vi.waitFor(() => expect(reach.counters.received).toBeGreaterThan(0), 5_000)
    host.rules('ip protocol icmp drop', 'ip protocol tcp drop', 'ip protocol udp drop')
    // What was on its way when it fell silent still counts; then nobody is heard.
    await vi.waitFor(
      async () => {
        const askedMs = Date.now()
        expect((await reach.confirm('gone'))?.received).toBe(0)
        reach.failed('gone', 'snmp-timeout')
        expect(reach.sight(askedMs)).toMatchObject({ devices: 2, sites: 2, silentDevices: 2, silentSites: 2 })
      },
      { timeout: 15_000 },
    )
    host.rules()
    expect((await reach.confirm('gone'))?.received).toBe(0)
    expect(reach.sight(Date.now())).toMatchObject({ silentDevices: 0 })
  }, 30_000)
})
