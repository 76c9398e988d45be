import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { deviceFormSchema } from '../../../libs/model/src/index.ts'
import { startAgent, switchValues } from '../../snmp-poller/test/test-agent.ts'
import { type Command, UsageError } from '../src/command.ts'
import { pollCommand } from '../src/commands/poll.ts'
import { walkCommand } from '../src/commands/walk.ts'

let cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups) cleanup()
  cleanups = []
})

async function agentPort(): Promise<string> {
  const agent = await startAgent(switchValues(3))
  cleanups.push(() => agent.close())
  return String(agent.port)
}

async function run(command: Command, args: string[], env: NodeJS.ProcessEnv = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const exitCode = await command.run(args, { stdout, stderr, env, signal: new AbortController().signal })
  stdout.end()
  stderr.end()
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
}

describe('weir poll', () => {
  it('prints the normal form, with counters as exact text', async () => {
    const port = await agentPort()
    const { exitCode, stdout } = await run(pollCommand, ['127.0.0.1', '-p', port, '--json'], {
      WEIR_SNMP_COMMUNITY: 'lab-community',
    })
    const form = deviceFormSchema.parse(JSON.parse(stdout))
    expect(exitCode).toBe(0)
    expect(form.system).toMatchObject({ sysName: 'sw1', uptimeSeconds: 3_600, serial: null })
    expect(form.interfaces).toHaveLength(3)
    expect(form.interfaces[2]).toMatchObject({
      ifName: 'ge-0/0/3',
      ifType: 'ethernetCsmacd',
      ifHighSpeed: 1_000,
      ifPhysAddress: '02:00:00:00:00:03',
      operStatus: 'up',
      counters: { ifHCInOctets: '9007199254740995', ifInErrors: '6', dot3StatsFCSErrors: '5' },
    })
    expect(stdout).not.toContain('lab-community')
  })

  it('takes named credentials of the configuration, for their networks only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-poll-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const config = join(folder, 'weir.yaml')
    writeFileSync(
      config,
      'devices: []\npoller: { auths: { lab: { version: v2c, community: c1 },' +
        ' far: { version: v2c, community: c2, networks: [192.0.2.0/24] } } }\n',
    )
    const port = await agentPort()
    const poll = (auth: string) => run(pollCommand, ['127.0.0.1', '-p', port, '--config', config, '--auth', auth])
    expect((await poll('lab')).stdout).toMatch(/^sw1 {2}/)
    const refused = await poll('far')
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('snmp-auth-refused')
    await expect(poll('other')).rejects.toThrow('has no "other"; it has lab, far')
  })

  it('prints a table for people', async () => {
    const { stdout } = await run(pollCommand, ['127.0.0.1', '-p', await agentPort()])
    expect(stdout).toMatch(/^sw1 {2}/)
    expect(stdout).toMatch(/ge-0\/0\/2 +down +1000 +9007199254740994/)
  })

  it('fails with the reason when nobody answers', async () => {
    const { exitCode, stdout, stderr } = await run(pollCommand, [
      '127.0.0.1',
      '-p',
      '9',
      '--timeout',
      '50',
      '--retries',
      '0',
    ])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('snmp-timeout')
  })

  it.each([
    [[], 'which device'],
    [['127.0.0.1', '--port', '0'], '--port is 1 to 65535'],
    [['127.0.0.1', '--snmp-version', 'v3'], '--auth NAME'],
    [['127.0.0.1', '--auth', 'x'], 'needs a configuration'],
  ])('refuses %j', async (args, message) => {
    await expect(run(pollCommand, args)).rejects.toThrow(UsageError)
    await expect(run(pollCommand, args)).rejects.toThrow(message)
  })
})

describe('weir walk', () => {
  it('prints a line a variable, and ends with its subtree', async () => {
    const port = await agentPort()
    const { exitCode, stdout } = await run(walkCommand, ['127.0.0.1', '1.3.6.1.2.1.31.1.1.1.6', '-p', port])
    expect(exitCode).toBe(0)
    expect(stdout).toBe([1, 2, 3].map(i => `1.3.6.1.2.1.31.1.1.1.6.${i} counter64 ${2n ** 53n + BigInt(i)}\n`).join(''))
  })

  it('shows no value that holds the community', async () => {
    const port = await agentPort()
    const { stdout } = await run(walkCommand, ['127.0.0.1', '1.3.6.1.2.1.1', '-p', port, '-c', 'switch'])
    expect(stdout).toContain('1.3.6.1.2.1.1.1.0 octets …\n')
    expect(stdout).toContain('1.3.6.1.2.1.1.5.0 octets "sw1"\n')
  })
})
