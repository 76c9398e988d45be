import { describe, expect, it } from 'vitest'
import { type ExporterDecision, inventorySchema } from '../../../libs/model/src/index.ts'
import { Admission, type AdmissionRules } from '../src/admission.ts'
import { datagramProtocol } from '../src/datagram-protocol.ts'

const inventory = inventorySchema.parse({
  tenants: [{ id: 'acme' }, { id: 'northwind' }],
  sites: [
    { id: 'hq', tenant: 'acme' },
    { id: 'oslo', tenant: 'northwind' },
  ],
  devices: [
    { id: 'a', tenant: 'acme', site: 'hq', address: '192.168.1.1' },
    { id: 'n', tenant: 'northwind', site: 'oslo', address: '10.0.0.1', snmp: { auth: 'x', host: '198.51.100.9' } },
  ],
})

function admission(rules: Partial<AdmissionRules> = {}): Admission {
  return new Admission({
    listeners: [
      { tenantId: 'acme', accept: 'known' },
      { tenantId: 'northwind', accept: 'known' },
      { tenantId: 'lab', accept: 'any' },
    ],
    exporters: [],
    trustLoopback: true,
    inventory,
    ...rules,
  })
}

const decision = (decided: ExporterDecision['decision']): ExporterDecision => ({
  schema: 'weir.exporter-decision.v1',
  decision: decided,
  tenantId: 'acme',
  collectorId: 'c',
  address: '203.0.113.5',
  by: 'somebody',
  at: '2026-01-01T00:00:00.000Z',
})

describe('who is stored', () => {
  it('devices of the listener’s tenant, by either address; another client’s 192.168.1.1 is not', () => {
    const one = admission()
    expect(one.judge('192.168.1.1', 0)).toMatchObject({ state: 'known', tenantId: 'acme' })
    expect(one.judge('192.168.1.1', 1)).toMatchObject({ state: 'unknown', tenantId: 'northwind' })
    expect(one.judge('198.51.100.9', 1)).toMatchObject({ state: 'known', tenantId: 'northwind' })
  })

  it('this machine, unless it is not trusted; whoever sends to a listener that takes any', () => {
    expect(admission().judge('127.4.5.6', 0).state).toBe('known')
    expect(admission().judge('::1', 0).state).toBe('known')
    expect(admission({ trustLoopback: false }).judge('127.4.5.6', 0).state).toBe('unknown')
    expect(admission().judge('203.0.113.77', 2)).toMatchObject({ state: 'known', tenantId: 'lab' })
  })

  it('the longest prefix that holds it, with its tenant and sampling rate', () => {
    const one = admission({
      exporters: [
        { address: '203.0.113.0/24', tenantId: 'wide' },
        { address: '203.0.113.128/25', tenantId: 'narrow', samplingRate: 4_096 },
        { address: '2001:db8::/32' },
      ],
    })
    expect(one.judge('203.0.113.200', 0)).toEqual({ state: 'known', tenantId: 'narrow', assumedSamplingRate: 4_096 })
    expect(one.judge('203.0.113.1', 0)).toEqual({ state: 'known', tenantId: 'wide', assumedSamplingRate: 0 })
    expect(one.judge('2001:db8::7', 0)).toMatchObject({ state: 'known', tenantId: 'acme' })
    // A prefix of IPv6 holds no IPv4 address, and a scope is no part of an address (F34).
    expect(admission({ exporters: [{ address: '::/0' }] }).judge('203.0.113.1', 0).state).toBe('unknown')
    expect(admission({ exporters: [{ address: 'fe80::/10' }] }).judge('fe80::1%eth0', 0).state).toBe('known')
  })

  it('what a person decided, until they take it back; configuration says it last', () => {
    const one = admission()
    one.decide('203.0.113.5', decision('adopted'))
    expect(one.judge('203.0.113.5', 1)).toMatchObject({ state: 'known', tenantId: 'acme' })
    one.decide('203.0.113.5', decision('rejected'))
    expect(one.judge('203.0.113.5', 1).state).toBe('rejected')
    one.decide('203.0.113.5', undefined)
    expect(one.judge('203.0.113.5', 1).state).toBe('unknown')
    one.decide('203.0.113.5', decision('rejected'))
    one.applyRules({
      listeners: [
        { tenantId: 'acme', accept: 'known' },
        { tenantId: 'northwind', accept: 'known' },
      ],
      exporters: [{ address: '203.0.113.5' }],
      trustLoopback: true,
      inventory,
    })
    expect(one.judge('203.0.113.5', 1)).toMatchObject({ state: 'known', tenantId: 'northwind' })
  })
})

it.each([
  ['0001', 'other'],
  ['00010000', 'netflow1'],
  ['00050001', 'netflow5'],
  ['00070001', 'netflow7'],
  ['00090001', 'netflow9'],
  ['000a0001', 'ipfix'],
  ['00000005', 'sflow5'],
  ['00000004', 'other'],
  ['', 'other'],
  ['474554202f', 'other'],
])('a datagram that begins with %s is %s', (hex, protocol) => {
  expect(datagramProtocol(Buffer.from(hex, 'hex'))).toBe(protocol)
})
