import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareOids, formatOid, type Oid, type SnmpValue } from '../../../libs/snmp/src/index.ts'
import type { SnmpAuth } from '../src/snmp-transport.ts'
import { pollerOf, transports } from './poll-agent.ts'
import { which } from './snmpd.ts'
import { switchValues } from './test-agent.ts'

const simulator = which('snmpsimd')
const ports = 12

/** Values in snmpsim's format, `oid|type|value`; a row of `slowRow` waits before it answers. */
function recordingOf(values: ReadonlyMap<Oid, SnmpValue>, slowRow?: number): string {
  return [...values]
    .sort(([a], [b]) => compareOids(a, b))
    .map(([oid, value]) => {
      const name = formatOid(oid)
      const line = `${name}|${typeAndValue(value)}`
      if (slowRow === undefined || !name.endsWith(`.${slowRow}`)) return line
      const [type, text] = typeAndValue(value).split('|')
      return type!.endsWith('x') ? line : `${name}|${type}:delay|value=${text},wait=400,deviation=0`
    })
    .join('\n')
}

const typeNumbers = { integer: 2, counter32: 65, gauge32: 66, timeTicks: 67, counter64: 70 } as const

function typeAndValue(value: SnmpValue): string {
  if (value.type === 'octets') return `4x|${Buffer.from(value.value).toString('hex')}`
  if (value.type in typeNumbers && 'value' in value) return `${typeNumbers[value.type as 'integer']}|${value.value}`
  throw new TypeError(`the test device has no ${value.type}`)
}

describe.skipIf(!simulator)('snmpsim (skipped: no snmpsimd is installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-snmpsim-'))
  const agent = { address: '127.0.0.1', port: 0 }
  let stop: () => Promise<unknown> = async () => {}

  beforeAll(async () => {
    chmodSync(folder, 0o777)
    writeFileSync(join(folder, 'public.snmprec'), recordingOf(switchValues(ports)))
    writeFileSync(join(folder, 'slow.snmprec'), recordingOf(switchValues(ports), 5))
    const free = createSocket('udp4').bind(0, agent.address)
    await once(free, 'listening')
    agent.port = (free.address() as AddressInfo).port
    free.close()
    await once(free, 'close')
    const child = spawn(
      simulator!,
      [
        `--data-dir=${folder}`,
        `--cache-dir=${join(folder, 'cache')}`,
        `--agent-udpv4-endpoint=${agent.address}:${agent.port}`,
        // It refuses to serve as root.
        ...(process.getuid?.() === 0 ? ['--process-user=nobody', '--process-group=nogroup'] : []),
        '--logging-method=null',
        '--v3-user=sha',
        '--v3-auth-key=auth-passphrase',
        '--v3-auth-proto=SHA',
        '--v3-priv-key=priv-passphrase',
        '--v3-priv-proto=AES',
        '--v3-user=md5',
        '--v3-auth-key=auth-passphrase',
        '--v3-auth-proto=MD5',
        '--v3-priv-key=priv-passphrase',
        '--v3-priv-proto=DES',
        '--v3-user=cisco',
        '--v3-auth-key=auth-passphrase',
        '--v3-auth-proto=SHA256',
        '--v3-priv-key=priv-passphrase',
        '--v3-priv-proto=AES256',
      ],
      { stdio: 'ignore' },
    )
    stop = async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    for (let i = 0; i < 60; i++) {
      const poller = pollerOf(agent, { timeoutMs: 300, retries: 0, budgetMs: 300 })
      const { poll } = await poller.poll()
      poller.close()
      if (poll.health?.reachable) return
      if (child.exitCode !== null) throw new Error(`snmpsimd ended with ${child.exitCode}`)
    }
    throw new Error('snmpsimd does not answer')
  }, 40_000)

  afterAll(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(transports)(
    'is polled whole, by %s',
    async (_, transport) => {
      const poller = pollerOf(agent, { transport: transport(), timeoutMs: 3_000 })
      const { poll } = await poller.poll()
      poller.close()
      expect(poll.health).toMatchObject({ reachable: true, errors: [] })
      expect(poll.system?.sysName).toBe('sw1')
      expect(poll.interfaces.map(row => row.ifName)).toEqual(
        Array.from({ length: ports }, (_one, i) => `ge-0/0/${i + 1}`),
      )
      expect(poll.interfaces.map(row => row.inOctets)).toEqual(
        Array.from({ length: ports }, (_one, i) => 2n ** 53n + BigInt(i + 1)),
      )
    },
    30_000,
  )

  const user = (name: string, authProtocol: string, privProtocol: string) =>
    ({
      version: 'v3',
      user: name,
      authProtocol,
      authKey: 'auth-passphrase',
      privProtocol,
      privKey: 'priv-passphrase',
      context: 'public',
    }) as SnmpAuth

  it.each([
    ['SHA-1 and AES-128', user('sha', 'sha', 'aes')],
    ['MD5 and DES', user('md5', 'md5', 'des')],
    ["SHA-256 and AES-256 by Reeder's keys", user('cisco', 'sha256', 'aes256r')],
  ])(
    'is polled by SNMPv3 in a context, with %s',
    async (_, auth) => {
      const poller = pollerOf(agent, { auth, timeoutMs: 3_000 })
      const { poll } = await poller.poll()
      poller.close()
      expect(poll.health).toMatchObject({ reachable: true, errors: [] })
      expect(poll.interfaces).toHaveLength(ports)
    },
    30_000,
  )

  it('F50: an agent that is slow in some rows costs its budget and keeps what came', async () => {
    const poller = pollerOf(agent, { community: 'slow', timeoutMs: 10_000, budgetMs: 3_000 })
    const { poll, overran } = await poller.poll()
    poller.close()
    expect(overran).toBe(true)
    expect(poll.health?.reachable).toBe(true)
    expect(poll.health?.errors.some(error => error.code === 'poll-deadline')).toBe(true)
    // It stopped there: not all rows came, and those that came are kept.
    expect(poll.interfaces.length).toBeGreaterThan(0)
    expect(poll.interfaces.length).toBeLessThan(ports)
  }, 30_000)
})
