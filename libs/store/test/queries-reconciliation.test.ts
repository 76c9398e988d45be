import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readReconciliation } from '../src/index.ts'
import { findingOf } from '../src/queries/reconciliation-finding.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf, type SampleRow } from './sample-blocks.ts'

const hourMs = 3_600_000
const startMs = Math.floor(Date.now() / hourMs) * hourMs - 2 * hourMs
const start = startMs / 1000
const minutes = Array.from({ length: 60 }, (_, i) => i)

/** 10 MB in and 4 MB out a minute of an interface, in packets of 1,000 octets with their 18 of Ethernet. */
const counters = (index: number, observed = 60): SampleRow[] =>
  minutes.slice(0, observed).map(minute => ({
    window_start: start + minute * 60,
    tenant_id: 'acme',
    device_id: 'edge-1',
    interface_id: `edge-1/eth${index}`,
    in_octets: 10_180_000n,
    out_octets: 4_072_000n,
    observed_ms: 60_000,
  }))
const flows = (row: SampleRow, packets: number, rate = 1n): SampleRow[] =>
  minutes.map(minute => ({
    window_start: start + minute * 60,
    tenant_id: 'acme',
    exporter_id: 'acme/c1/192.0.2.1',
    octets: BigInt(packets) * 1_000n,
    packets: BigInt(packets),
    octets_exported: (BigInt(packets) * 1_000n) / rate,
    packets_exported: BigInt(packets) / rate,
    records: 1n,
    ...row,
  }))

describe('flows against counters', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(async () => {
    await store.start()
    const device = { tenant_id: 'acme', device_id: 'edge-1', address: '192.0.2.1', rev: 1n }
    await store.insert('devices', blockOf('devices', [device, { ...device, tenant_id: 'zeta' }]), 'd')
    const known = [1, 2, 3, 4, 5, 6].map(index => ({
      tenant_id: 'acme',
      device_id: 'edge-1',
      interface_id: `edge-1/eth${index}`,
      if_index: index,
      rev: 1n,
    }))
    await store.insert('interfaces', blockOf('interfaces', known), 'i')
    const counted = [1, 2, 3, 4, 5].flatMap(index => counters(index)).concat(counters(6, 30))
    await store.insert('interface_1m', blockOf('interface_1m', counted), 'c')
    const seen = [
      ...flows({ input_interface: 1, output_interface: 90 }, 10_000),
      ...flows({ input_interface: 90, output_interface: 1 }, 4_000),
      ...flows({ input_interface: 2, output_interface: 91, direction: 1 }, 10_000),
      ...flows({ input_interface: 2, output_interface: 91, direction: 2 }, 10_000),
      ...flows({ input_interface: 91, output_interface: 2, direction: 1 }, 4_000),
      ...flows({ input_interface: 91, output_interface: 2, direction: 2 }, 4_000),
      ...flows({ input_interface: 3, output_interface: 92 }, 10_000),
      ...flows({ input_interface: 4, output_interface: 93 }, 1_000, 100n),
      ...flows({ input_interface: 93, output_interface: 4 }, 400, 100n),
      // Flows of the minutes that were not polled are not held against the counters.
      ...flows({ input_interface: 6, output_interface: 94 }, 10_000),
      ...flows({ input_interface: 94, output_interface: 6 }, 4_000),
    ]
    await store.insert('flow_1m', blockOf('flow_1m', seen), 'f')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  const range = { fromMs: startMs, toMs: startMs + hourMs }

  it('agree exactly where all is exported once, with 18 octets a packet', async () => {
    const found = await readReconciliation(store, { ...range, tenants: ['acme'] })
    const byName = new Map(found.map(one => [one.interfaceId, one]))
    expect(byName.get('edge-1/eth1')).toEqual({
      tenantId: 'acme',
      deviceId: 'edge-1',
      interfaceId: 'edge-1/eth1',
      ifIndex: 1,
      exporterId: 'acme/c1/192.0.2.1',
      hour: new Date(startMs).toISOString(),
      minutes: 60,
      in: { counterOctets: '610800000', flowOctets: '610800000', egressFlowOctets: '0', ratio: 1 },
      out: { counterOctets: '244320000', flowOctets: '244320000', egressFlowOctets: '0', ratio: 1 },
      samplingRate: 1,
      finding: 'ok',
    })
    expect(byName.get('edge-1/eth6')).toMatchObject({ minutes: 30, in: { ratio: 1 }, finding: 'ok' })
    expect(Object.fromEntries(found.map(one => [one.interfaceId.slice(7), one.finding]))).toEqual({
      eth1: 'ok',
      eth2: 'double-counting',
      eth3: 'missing-direction',
      eth4: 'export-loss',
      eth5: 'no-flows',
      eth6: 'ok',
    })
    expect(await readReconciliation(store, { ...range, tenants: ['zeta'] })).toEqual([])
  })

  it.each([
    ['wrong-sampling-rate', 4, 1],
    ['wrong-sampling-rate', 0.01, 100],
    ['wrong-sampling-rate', 300, 300],
    ['export-loss', 0.7, 1],
    ['unexplained-excess', 1.4, 1],
    ['ok', 0.9, 1_000],
    ['no-flows', 0, 1],
  ] as const)('say %s at a ratio of %f and a rate of %i', (finding, ratio, samplingRate) => {
    const side = (octets: number) => ({
      counterOctets: String(octets),
      flowOctets: String(octets * ratio),
      egressFlowOctets: '0',
    })
    expect(findingOf({ in: side(5e9), out: side(2e9), samplingRate })).toBe(finding)
    expect(findingOf({ in: side(5e3), out: side(2e3), samplingRate })).toBe('too-little-traffic')
  })
})
