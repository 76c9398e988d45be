import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../libs/kernel/src/index.ts'
import { deviceFileSchema, devicesOfFile } from '../src/inventory/device-files.ts'

const source = (kind: 'file_sd' | 'csv', defaults: object = { tenant: 'acme', site: 'hq', auth: 'office' }) =>
  deviceFileSchema.parse({ kind, file: 'devices', defaults })

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act()
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.problems
    throw cause
  }
  throw new Error('no problem')
}

describe('devices of Prometheus’ file_sd', () => {
  it('are targets with labels, as JSON or YAML, with defaults', () => {
    const json = JSON.stringify([
      { targets: ['192.0.2.1', '192.0.2.2:1161'], labels: { site: 'plant', role: 'access', env: 'prod' } },
      { targets: ['[2001:db8::1]:161', '2001:db8::2', 'sw9.example.net'], labels: { __param_auth: 'core_v3' } },
    ])
    expect(devicesOfFile(source('file_sd'), json)).toMatchObject([
      { id: '192.0.2.1', tenant: 'acme', site: 'plant', role: 'access', snmp: { auth: 'office', port: 161 } },
      { id: '192.0.2.2', address: '192.0.2.2', snmp: { port: 1_161 } },
      { id: '2001:db8::1', address: '2001:db8::1', site: 'hq', snmp: { auth: 'core_v3', port: 161 } },
      { id: '2001:db8::2', address: '2001:db8::2' },
      { id: 'sw9.example.net', address: 'sw9.example.net' },
    ])
    const yaml = '- targets: ["192.0.2.1"]\n  labels: { id: edge-1, name: Edge, tenant: globex }\n'
    expect(devicesOfFile(source('file_sd'), yaml)).toMatchObject([{ id: 'edge-1', name: 'Edge', tenant: 'globex' }])
    expect(devicesOfFile(source('file_sd'), '')).toEqual([])
    expect(devicesOfFile(source('file_sd'), '[]')).toEqual([])
  })

  it('names each entry that is no device, and every one of them', () => {
    const json = JSON.stringify([{ targets: ['192.0.2.1', 'a b/c'], labels: { role: 'oven' } }])
    const problems = problemsOf(() => devicesOfFile(source('file_sd'), json))
    expect(problems.length).toBeGreaterThanOrEqual(3)
    expect(problems[0]).toMatch(/^devices: \[0\] "192\.0\.2\.1": role: /)
    expect(problems.some(one => one.startsWith('devices: [0] "a b/c": id: '))).toBe(true)
    expect(problemsOf(() => devicesOfFile(source('file_sd'), '{"targets": []}'))[0]).toContain('devices')
    expect(problemsOf(() => devicesOfFile(source('file_sd', {}), '[{"targets":["192.0.2.1"]}]')).join()).toContain(
      'tenant',
    )
  })
})

describe('devices of a table', () => {
  it('are its lines, with quoted cells', () => {
    const text =
      '\uFEFFid,address,name,role,port,intervalMs,auth\r\nsw1,192.0.2.1,"Hall, left",access,1161,30000,\r\n\r\nsw2,192.0.2.2,,,,,core\r\n'
    expect(devicesOfFile(source('csv'), text)).toMatchObject([
      { id: 'sw1', name: 'Hall, left', role: 'access', snmp: { auth: 'office', port: 1_161, intervalMs: 30_000 } },
      { id: 'sw2', role: 'other', snmp: { auth: 'core', port: 161 } },
    ])
    expect(
      devicesOfFile(source('csv', { tenant: 'acme', site: 'hq' }), 'address\n192.0.2.1\n')[0]!.snmp,
    ).toBeUndefined()
  })

  it('name what is wrong by line and column', () => {
    expect(problemsOf(() => devicesOfFile(source('csv'), 'adress\n192.0.2.1\n'))[0]).toContain('"adress"')
    expect(problemsOf(() => devicesOfFile(source('csv'), 'id\nsw1\n'))[0]).toContain('no column "address"')
    expect(problemsOf(() => devicesOfFile(source('csv'), 'address,port\n192.0.2.1,99999\n'))[0]).toMatch(
      /^devices: line 2: snmp\.port: /,
    )
  })
})
