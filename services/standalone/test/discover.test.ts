import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { createLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { createSimulatedNetwork } from '../../../libs/simulator/src/index.ts'
import { scalarOids } from '../../../libs/snmp/src/index.ts'
import { octets, startAgent, switchValues } from '../../snmp-poller/test/test-agent.ts'
import { UsageError } from '../src/command.ts'
import { discoverCommand } from '../src/commands/discover.ts'
import { readWeirConfig } from '../src/config.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
  vi.unstubAllEnvs()
})

const main = `
tenants: [{ id: northwind }, { id: harbour }]
sites: [{ id: hq, tenant: northwind }, { id: pier, tenant: harbour }]
poller:
  auths:
    demo: { version: v2c, community: lab, networks: [127.0.0.0/8] }
    theirs: { version: v2c, community: lab, tenants: [harbour] }
discovery: { allow: [127.79.0.0/16] }
`

const quick = main.replace('127.79.0.0/16] }', '127.79.0.0/16], packetsPerSecond: 5000 }')

function configFolder(yaml = main): { config: string; part: string } {
  const folder = mkdtempSync(join(tmpdir(), 'weir-discover-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'conf.d'))
  writeFileSync(join(folder, 'weir.yaml'), yaml)
  return { config: join(folder, 'weir.yaml'), part: join(folder, 'conf.d', 'found.yaml') }
}

async function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const exitCode = await discoverCommand.run(args, { stdout, stderr, env, signal })
  stdout.end()
  stderr.end()
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
}

describe('weir discover', () => {
  it('finds the simulated network, and its patch is an inventory that knows it', async () => {
    const probe = await startAgent(new Map(), undefined, '127.79.20.1')
    const { port } = probe
    probe.close()
    const network = createSimulatedNetwork({
      seed: 1,
      clock: systemClock,
      log: createLogger('discover', { level: 'error' }),
      startMs: Date.now(),
      agentPort: port,
      loopbackPrefix: '127.79',
      community: 'lab',
    })
    await network.start()
    cleanups.push(() => network.stop())
    const { config, part } = configFolder(quick)
    const args = ['127.79.1.0/29', '--config', config, '--auth', 'demo', '--tenant', 'northwind', '-p', String(port)]
    const first = await run([...args, '--out', part])
    expect(first).toMatchObject({ exitCode: 0, stdout: '' })
    expect(first.stderr).toContain('6 answered (6 devices, 6 new)')
    const expected = network.inventory.devices.filter(({ snmp }) => /^127\.79\.1\.[1-6]$/.test(snmp!.host!))
    expect(readWeirConfig(config).devices).toEqual(
      expected.map(({ id, snmp }) => ({
        id,
        tenant: 'northwind',
        site: 'hq',
        address: snmp!.host,
        role: 'other',
        snmp: { port, auth: 'demo' },
        capacities: {},
      })),
    )
    expect(readFileSync(part, 'utf8')).toContain('# nw-edge-1: Cisco iosxe 16.9.4 ASR1001-X, serial ')

    const again = await run(args)
    expect(again.stdout).toContain('already there: nw-edge-1 at 127.79.1.1')
    expect(again.stdout).toMatch(/^devices: \[\]$/m)
    await expect(run([...args, '--out', part])).rejects.toThrow('exists')

    // Its neighbours beyond the six, and no address that the inventory has.
    const neighbours = await run(['--neighbours', ...args.slice(1)])
    expect(neighbours.stderr).toContain('asked 6 addresses')
    expect(neighbours.stdout).toContain('  # heard of by lldp of nw-dist-1\n  - id: nw-acc-1\n')
  })

  it('writes what a hostile device calls itself as data', async () => {
    const names = [
      `a"b': $\{SECRET} #x`,
      'x\ny: [\r\n- evil',
      '\u001b[2J\u0007\u2028tenants: []',
      '!!js/function x',
      '../../etc',
      '*alias &anchor',
      'null',
    ]
    const first = await startAgent(new Map(), undefined, '127.79.21.1')
    first.close()
    for (const [i, name] of names.entries()) {
      const values = switchValues(1).set(scalarOids.sysName, octets(name)).set(scalarOids.sysDescr, octets(name))
      const agent = await startAgent(values, undefined, `127.79.21.${i + 1}`, first.port)
      cleanups.push(() => agent.close())
    }
    const { config, part } = configFolder(quick)
    const args = ['127.79.21.0/28', '--config', config, '--auth', 'demo', '--tenant', 'northwind']
    const { stdout } = await run([...args, '-p', String(first.port), '--timeout', '200', '--retries', '0'])
    writeFileSync(part, stdout)
    vi.stubEnv('SECRET', 'never')
    const { devices, tenants } = readWeirConfig(config)
    expect(tenants).toHaveLength(2)
    expect(devices.map(({ id, name, address }) => [id, name, address])).toEqual([
      ['a-b-secret-x', `a"b': $\{SECRET} #x`, '127.79.21.1'],
      ['x-y-evil', 'x y: [  - evil', '127.79.21.2'],
      ['2j-tenants', '[2J  tenants: []', '127.79.21.3'],
      ['js-function-x', '!!js/function x', '127.79.21.4'],
      ['device-127-79-21-5', '../../etc', '127.79.21.5'],
      ['alias-anchor', '*alias &anchor', '127.79.21.6'],
      ['null', undefined, '127.79.21.7'],
    ])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may come out.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    for (const line of stdout.split(/[\n\u2028\u2029\u0085]/)) expect(line).toMatch(/^(#| |devices:|$)/)
  })

  it('says on a dry run what would be asked, and sends nothing', async () => {
    const agent = await startAgent(switchValues(1), undefined, '127.79.22.1')
    cleanups.push(() => agent.close())
    const { config } = configFolder()
    const { exitCode, stdout } = await run([
      ...['127.79.22.0/30', '--config', config, '--auth', 'demo', '--tenant', 'northwind', '-p', String(agent.port)],
      ...['--dry-run', '--pps', '2'],
    ])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('127.79.22.0/30: 127.79.22.1 to 127.79.22.2, 2 addresses')
    expect(stdout).toContain('at 2 datagrams a second, repetitions 1: 4 datagrams in 2 s')
    expect(agent.requests).toEqual([])
  })

  it('begins an inventory where there is none yet', async () => {
    const agent = await startAgent(switchValues(1), undefined, '127.79.24.1')
    cleanups.push(() => agent.close())
    const { config } = configFolder('{}\n')
    const args = ['127.79.24.1', '--config', config, '-p', String(agent.port), '--tenant', 'first', '--site', 'here']
    const { stdout } = await run(args, { WEIR_SNMP_COMMUNITY: 'c' })
    expect(stdout).toContain('# It needs tenants: [{ id: first }] and sites: [{ id: here, tenant: first }].')
    expect(parse(stdout).devices).toEqual([
      {
        id: 'sw1',
        tenant: 'first',
        site: 'here',
        address: '127.79.24.1',
        snmp: { port: agent.port, auth: 'discovered' },
      },
    ])
    await expect(run(args.slice(0, -2), { WEIR_SNMP_COMMUNITY: 'c' })).rejects.toThrow('no tenant yet')
  })

  it('fails when nobody answers', async () => {
    const { config } = configFolder()
    const args = ['127.79.23.1', '--config', config, '--auth', 'demo', '--tenant', 'northwind', '-p', '9']
    const { exitCode, stdout, stderr } = await run([...args, '--timeout', '30', '--retries', '0'])
    expect({ exitCode, stdout: stdout.split('\n').at(-2) }).toEqual({ exitCode: 1, stdout: 'devices: []' })
    expect(stderr).toContain('asked 1 addresses with 1 datagrams: 0 answered')
  })

  it.each([
    [[], 'which prefixes'],
    [['192.0.2.0/24', '--auth', 'demo'], '192.0.2.0/24 is outside of discovery.allow (127.79.0.0/16)'],
    [['127.79.1.1', '--auth', 'demo'], 'which tenant? give --tenant; there is northwind, harbour'],
    [
      ['127.79.1.1', '--auth', 'demo', '--tenant', 'northwind', '--site', 'pier'],
      'no site of tenant "northwind" "pier"',
    ],
    [['127.79.1.1', '--tenant', 'northwind'], 'with which credentials'],
    [['127.79.1.1', '--auth', 'nobody', '--tenant', 'northwind'], 'poller.auths has no "nobody"'],
    [['127.79.1.1', '--auth', 'theirs', '--tenant', 'northwind'], '"theirs" is not for tenant "northwind"'],
    [['127.79.1.1', '--auth', 'demo', '--tenant', 'northwind', '--pps', '51'], '--pps is 1 to 50'],
  ])('refuses %j', async (args, message) => {
    const { config } = configFolder()
    const refused = run([...args, '--config', config])
    await expect(refused).rejects.toThrow(UsageError)
    await expect(refused).rejects.toThrow(message)
  })
})
