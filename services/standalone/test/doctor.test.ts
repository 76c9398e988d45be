import { describe, expect, it } from 'vitest'
import { weirConfigSchema } from '../src/config.ts'
import { checkConfiguration } from '../src/doctor/check-config.ts'
import { checkExporters } from '../src/doctor/check-exporters.ts'
import { checkMetrics } from '../src/doctor/check-process.ts'

const seen = (address: string, clockSkewMs: number | null = 0, codes: string[] = []) => ({
  exporterId: `acme/collector/${address}`,
  health: { clockSkewMs },
  advice: codes.map(code => ({ code, text: '' })),
})
const waiting = (address: string) => ({ exporterId: `acme/collector/${address}`, address, state: 'waiting' as const })
const checks = (findings: readonly { level: string; check: string }[]) =>
  findings.map(({ level, check }) => `${level} ${check}`)

describe('what the doctor says of exporters', () => {
  it('F33: one address that looks like a bridge hides them all', () => {
    expect(checks(checkExporters([seen('172.17.0.1')], []))).toEqual(['warn addresses'])
    expect(checkExporters([], [waiting('172.18.0.1')])[0]!.fix).toContain('network_mode: host')
    expect(checks(checkExporters([seen('172.17.0.1'), seen('192.0.2.1')], []))).toEqual(['ok exporters'])
    expect(checks(checkExporters([seen('172.17.0.9')], []))).toEqual(['ok exporters'])
    expect(checks(checkExporters([seen('203.0.113.1')], []))).toEqual(['ok exporters'])
  })

  it('F18: clocks that are all wrong by the same are this host’s own', () => {
    const all = [60_100, 59_900, 60_000].map((skew, i) => seen(`192.0.2.${i + 1}`, skew))
    expect(checkExporters(all, [])[0]).toMatchObject({ level: 'warn', check: 'clock' })
    expect(checkExporters(all, [])[0]!.text).toContain('60 s ahead')
    expect(checks(checkExporters([...all.slice(0, 1), seen('192.0.2.8'), seen('192.0.2.9')], []))).toEqual([
      'ok exporters',
    ])
  })

  it('names who waits and what to change, once a kind', () => {
    const findings = checkExporters(
      [seen('192.0.2.1', 0, ['loss']), seen('192.0.2.2', 0, ['loss', 'active-timeout'])],
      [waiting('192.0.2.3'), { ...waiting('192.0.2.4'), state: 'rejected' }],
    )
    expect(findings.map(({ text }) => text)).toEqual([
      '1 exporters are not stored, because nobody knows them: 192.0.2.3',
      'active-timeout at 1 of 2: acme/collector/192.0.2.2',
      'loss at 2 of 2: acme/collector/192.0.2.1, acme/collector/192.0.2.2',
    ])
  })
})

describe('what the doctor says of a configuration', () => {
  const device = (id: string, auth: string) => ({ id, tenant: 'a', site: 's', address: '192.0.2.1', snmp: { auth } })
  const auths = {
    clear: { version: 'v2c', community: 'public' },
    good: { version: 'v3', user: 'u', authProtocol: 'sha256', authKey: 'longenough' },
  }
  const configOf = (devices: object[], collector: object = {}) =>
    weirConfigSchema.parse({
      tenants: [{ id: 'a' }],
      sites: [{ id: 's', tenant: 'a' }],
      devices,
      poller: { auths },
      collector,
    })

  it('warns of communities, of credentials that are missing and of listeners for everybody', () => {
    expect(checks(checkConfiguration(configOf([device('x', 'good')])))).toEqual(['ok credentials'])
    expect(checks(checkConfiguration(configOf([device('x', 'clear'), device('y', 'nope')])))).toEqual([
      'warn credentials',
      'warn credentials',
    ])
    const open = configOf([device('x', 'good')], { listeners: [{ port: 9_995, accept: 'any' }] })
    expect(checks(checkConfiguration(open))).toEqual(['ok credentials', 'warn exporters'])
    expect(JSON.stringify(checkConfiguration(configOf([device('x', 'clear')])))).not.toContain('public')
  })
})

describe('what the doctor says of a metrics page', () => {
  it('counts what was lost by reason, and what is behind', () => {
    const page = `# HELP x
weir_collector_dropped_datagrams_total{reason="kernel"} 12
weir_collector_dropped_datagrams_total{reason="unknown-exporter"} 9
weir_collector_dropped_datagrams_total{reason="rate-limit"} 0
weir_processor_lag_records{topic="weir.flows.raw.v1",partition="0"} 70000
weir_processor_lag_records{topic="weir.flows.raw.v1",partition="1"} 60000
weir_config_last_reload_successful 0
`
    const findings = checkMetrics(page)
    expect(checks(findings)).toEqual(['warn drops', 'warn lag', 'warn reload'])
    expect(findings[0]!.text).toBe('12 datagrams were dropped: kernel')
    expect(findings[0]!.fix).toContain('rmem_max')
    expect(checks(checkMetrics(''))).toEqual(['ok losses'])
  })
})
