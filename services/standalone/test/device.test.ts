import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../../libs/kernel/src/index.ts'
import { scalarOids } from '../../../libs/snmp/src/index.ts'
import { octets, startAgent, switchValues } from '../../snmp-poller/test/test-agent.ts'
import { UsageError } from '../src/command.ts'
import { deviceCommand } from '../src/commands/device.ts'
import { readWeirConfig } from '../src/config.ts'
import { applyChange } from '../src/config-change.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

const main = `# the main file
tenants: [{ id: northwind }]
sites:
  - { id: hq, tenant: northwind } # head office
devices:
  # do not touch before May
  - { id: core-1, tenant: northwind, site: hq, address: 127.79.30.1, snmp: { auth: lab, port: 9 } }
poller:
  auths:
    lab: { version: v2c, community: lab }
    next: { version: v2c, community: next }
    theirs: { version: v2c, community: lab, tenants: [harbour] }
`

function configFolder(yaml = main) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-device-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'weir.yaml')
  writeFileSync(config, yaml)
  return { folder, config, part: join(folder, 'conf.d', 'devices-northwind.yaml') }
}

async function agentAt(address: string, name = 'sw1.example') {
  const agent = await startAgent(switchValues(2).set(scalarOids.sysName, octets(name)), undefined, address)
  cleanups.push(() => agent.close())
  return String(agent.port)
}

async function run(args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const exitCode = await deviceCommand.run(args, { stdout, stderr, env: {}, signal: new AbortController().signal })
  stdout.end()
  stderr.end()
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
}

describe('weir device add', () => {
  it('writes what answered to a part of its own, and keeps what is there', async () => {
    const { config, part } = configFolder()
    const port = await agentAt('127.79.31.1')
    const args = ['add', '127.79.31.1', '--auth', 'lab', '--config', config, '-p', port]
    const first = await run([...args, '--role', 'access'])
    expect(first).toMatchObject({ exitCode: 0, stderr: '' })
    expect(first.stdout).toContain(`added as sw1 to ${part}`)
    writeFileSync(part, `# ours\n${readFileSync(part, 'utf8')}  # the last line\n`)

    const other = await agentAt('127.79.31.2', `b"a': $\{X}\n- id: evil`)
    const second = await run(['add', '127.79.31.2', '--auth', 'lab', '--config', config, '-p', other])
    expect(second.exitCode).toBe(0)
    const written = readFileSync(part, 'utf8')
    expect(written).toMatch(/^# ours\n/)
    expect(written).toContain('# the last line')
    expect(readWeirConfig(config).devices.map(({ id, name, address, role }) => [id, name, address, role])).toEqual([
      ['core-1', undefined, '127.79.30.1', 'other'],
      ['sw1', 'sw1.example', '127.79.31.1', 'access'],
      ['b-a-x-id-evil', `b"a': $\{X} - id: evil`, '127.79.31.2', 'other'],
    ])
    expect(readFileSync(config, 'utf8')).toBe(main)
    await expect(run(args)).rejects.toThrow('sw1 is there already; for new hardware: weir device replace sw1')
  })

  it('writes nothing for a device that does not answer', async () => {
    const { config, folder } = configFolder()
    const args = [
      'add',
      '127.79.32.1',
      '--auth',
      'lab',
      '--config',
      config,
      '-p',
      '9',
      '--timeout',
      '30',
      '--retries',
      '0',
    ]
    const { exitCode, stdout, stderr } = await run(args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('127.79.32.1 did not answer: snmp-timeout')
    expect(readdirSync(folder)).toEqual(['weir.yaml'])
  })

  it('leaves the file as it was where the whole configuration would be wrong', async () => {
    const { config, folder, part } = configFolder(`${main}gateway: { prot: 1 }\n`)
    const port = await agentAt('127.79.33.1')
    mkdirSync(join(folder, 'conf.d'))
    writeFileSync(part, 'devices: []\n')
    const adding = run(['add', '127.79.33.1', '--auth', 'lab', '--config', config, '-p', port])
    await expect(adding).rejects.toThrow('there is no key "prot"; did you mean "port"?')
    expect(readFileSync(part, 'utf8')).toBe('devices: []\n')
    expect(readdirSync(join(folder, 'conf.d'))).toEqual(['devices-northwind.yaml'])
  })

  it('refuses a file that no service reads', async () => {
    const { config, folder } = configFolder()
    const port = await agentAt('127.79.34.1')
    const file = join(folder, 'elsewhere.yaml')
    const adding = run(['add', '127.79.34.1', '--auth', 'lab', '--config', config, '-p', port, '--file', file])
    await expect(adding).rejects.toThrow(ConfigError)
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    [[], 'which? add ADDRESS'],
    [['add'], 'which address?'],
    [['add', '192.0.2.1'], 'with which credentials'],
    [['add', '192.0.2.1', '--auth', 'theirs'], '"theirs" is not for tenant "northwind"'],
    [['add', '192.0.2.1', '--auth', 'lab', '--role', 'spine'], '--role is core'],
    [['add', '192.0.2.1', '--auth', 'lab', '--id', 'core-1'], 'weir device replace core-1'],
    [['replace', 'nobody', '--yes'], 'no device "nobody"'],
    [['replace', 'core-1'], 'no terminal to ask at; give --yes'],
  ])('refuses %j', async (args, message) => {
    const { config } = configFolder()
    const refused = run([...args, '--config', config])
    await expect(refused).rejects.toThrow(UsageError)
    await expect(refused).rejects.toThrow(message)
  })
})

describe('weir device replace', () => {
  it('keeps the id and every comment, and shows what a gateway knows of the old one', async () => {
    const { config } = configFolder()
    const asked: string[] = []
    const gateway = createServer((request, response) => {
      asked.push(request.url!)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ system: { serial: 'OLD1', hardware: 'X-24', version: '1.0', sysName: 'core-1' } }))
    })
    await new Promise<void>(listening => gateway.listen(0, '127.0.0.1', listening))
    cleanups.push(() => gateway.close())
    const port = await agentAt('127.79.35.1')
    const { exitCode, stdout } = await run([
      ...['replace', 'core-1', '--address', '127.79.35.1', '--auth', 'next', '-p', port, '--yes', '--config', config],
      ...['--gateway', `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`],
    ])
    expect(exitCode).toBe(0)
    expect(asked).toEqual(['/api/v1/devices/core-1?tenant=northwind'])
    expect(stdout).toContain('serial   OLD1 -> -\n')
    expect(stdout).toContain('sysName  core-1 -> sw1.example\n')
    const written = readFileSync(config, 'utf8')
    for (const comment of ['# the main file', '# head office', '# do not touch before May']) {
      expect(written).toContain(comment)
    }
    expect(readWeirConfig(config).devices).toMatchObject([
      { id: 'core-1', address: '127.79.35.1', snmp: { auth: 'next', port: Number(port) } },
    ])
  })

  it('says so when it knows nothing of the old one, and when nothing is to be changed', async () => {
    const port = await agentAt('127.79.36.1')
    const { config } = configFolder(main.replace('127.79.30.1', '127.79.36.1').replace('port: 9', `port: ${port}`))
    const before = readFileSync(config, 'utf8')
    const args = ['replace', 'core-1', '--yes', '--config', config, '--gateway', 'http://127.0.0.1:9']
    const { exitCode, stdout, stderr } = await run(args)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('its entry stays as it is')
    expect(stderr).toContain('no gateway told')
    expect(readFileSync(config, 'utf8')).toBe(before)
  })

  it('takes no address that another device has', async () => {
    const second = '  - { id: core-2, tenant: northwind, site: hq, address: 127.79.30.2 }\npoller:'
    const { config } = configFolder(main.replace('poller:', second))
    const taking = run(['replace', 'core-1', '--address', '127.79.30.2', '--yes', '--config', config])
    await expect(taking).rejects.toThrow('127.79.30.2 is the address of core-2')
  })
})

describe('a change of the configuration', () => {
  it('is refused where somebody was faster, or is at it', () => {
    const { config, folder } = configFolder()
    const after = `${main}# more\n`
    expect(() => applyChange(config, { path: config, before: `${main}# theirs\n`, after })).toThrow('changed meanwhile')
    expect(readdirSync(folder)).toEqual(['weir.yaml'])
    writeFileSync(`${config}.new`, '')
    expect(() => applyChange(config, { path: config, before: main, after })).toThrow('another change is under way')
    expect(readFileSync(config, 'utf8')).toBe(main)
  })
})
