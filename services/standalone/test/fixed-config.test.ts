import { describe, expect, it } from 'vitest'
import { weirConfigSchema } from '../src/config.ts'
import { fixedChanges } from '../src/fixed-config.ts'

const configOf = (input: object) => weirConfigSchema.parse(input)
const auths = (community: string) => ({ office: { version: 'v2c', community } })

describe('what a reload takes over', () => {
  it('is who is watched, with which credentials and thresholds', () => {
    const next = configOf({
      tenants: [{ id: 'acme' }],
      sites: [{ id: 'hq', tenant: 'acme' }],
      devices: [{ id: 'a', tenant: 'acme', site: 'hq', address: '192.0.2.1', snmp: { auth: 'office' } }],
      networks: [{ prefix: '192.0.2.0/24', site: 'hq' }],
      poller: { auths: auths('new') },
      collector: { exporters: [{ address: '192.0.2.0/24' }], trustLoopback: false },
      processor: { detection: { templateMissing: { waitMs: 2_000 } } },
    })
    expect(fixedChanges(configOf({ poller: { auths: auths('old') } }), next)).toEqual([])
  })

  it('is no listener, no path, no bus: these are named, never their values', () => {
    const next = configOf({
      data: '/elsewhere',
      gateway: { port: 9_999 },
      poller: { intervalMs: 10_000, auths: auths('s3cret') },
      collector: { listeners: [{ port: 9_995 }] },
      bus: { kind: 'kafka', brokers: ['127.0.0.1:9092'] },
    })
    const changed = fixedChanges(configOf({}), next)
    expect(changed.filter(key => !key.startsWith('bus.'))).toEqual([
      'collector.listeners',
      'data',
      'gateway.port',
      'poller.intervalMs',
    ])
    expect(changed).toContain('bus.kind')
    expect(JSON.stringify(changed)).not.toContain('s3cret')
  })
})
