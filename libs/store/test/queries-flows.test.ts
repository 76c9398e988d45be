import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import {
  allTenants,
  defaultRetention,
  type FlowDeduplication,
  type FlowDimension,
  type FlowFilters,
  flowProvenance,
  readFlowSeries,
  readTopFlows,
} from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf, ipv4Mapped, type SampleRow } from './sample-blocks.ts'

const nowMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 43_200_000
const startMs = nowMs - 3 * 86_400_000
const random = seededRandom(7)
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() ** 2 * values.length)]!

/** Three days of two tenants' flows as raw rows; the rollup's rows follow from them as the stream would make them. */
const flows: SampleRow[] = Array.from({ length: 5_000 }, () => {
  const receivedMs = startMs + Math.floor(random() * 3 * 86_400_000)
  return {
    tenant_id: pick(['acme', 'zeta']),
    collector_id: 'c1',
    exporter: pick(['192.0.2.1', '192.0.2.2']),
    received_at: receivedMs,
    source_address: ipv4Mapped(10, 0, pick([1, 2, 3]), pick([1, 2, 3, 4, 5])),
    destination_address: Uint8Array.from([0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), pick([1, 2, 3])]),
    source_port: 40_000 + Math.floor(random() * 1_000),
    destination_port: pick([443, 53, 22]),
    protocol: pick([6, 17, 1]),
    source_as: pick([64_496, 64_497]),
    input_interface: pick([1, 2]),
    sampling_rate: pick([1, 100, 0]),
    octets: BigInt(Math.floor(random() * 1e6)),
    packets: BigInt(1 + Math.floor(random() * 100)),
  }
})
const rate = (row: SampleRow) => BigInt(Math.max(1, Number(row.sampling_rate)))
const rollup: SampleRow[] = flows.map(row => ({
  window_start: Math.floor(Number(row.received_at) / 60_000) * 60,
  tenant_id: row.tenant_id!,
  exporter_id: `${row.tenant_id}/c1/${row.exporter}`,
  input_interface: row.input_interface!,
  protocol: row.protocol!,
  service_port: row.protocol === 1 ? 0 : row.destination_port!,
  source_as: row.source_as!,
  octets: (row.octets as bigint) * rate(row),
  packets: (row.packets as bigint) * rate(row),
  octets_exported: row.octets as bigint,
  packets_exported: row.packets as bigint,
  records: 1n,
  unscaled_records: row.sampling_rate === 0 ? 1n : 0n,
}))

const hourly = flows.map(row => ({
  window_start: Math.floor(Number(row.received_at) / 3_600_000) * 3_600,
  tenant_id: row.tenant_id!,
  exporter_id: `${row.tenant_id}/c1/${row.exporter}`,
  input_interface: row.input_interface!,
  octets: (row.octets as bigint) * rate(row),
  packets: (row.packets as bigint) * rate(row),
  octets_exported: row.octets as bigint,
  packets_exported: row.packets as bigint,
  records: 1n,
  unscaled_records: row.sampling_rate === 0 ? 1n : 0n,
}))
const talkers: SampleRow[] = [
  ...flows.map((row, i) => ({ ...hourly[i], side: 0, address: row.source_address! })),
  ...flows.map((row, i) => ({ ...hourly[i], side: 1, address: row.destination_address! })),
]
const conversations: SampleRow[] = flows.map((row, i) => ({
  ...hourly[i],
  source_address: row.source_address!,
  destination_address: row.destination_address!,
}))

describe('flow queries', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(async () => {
    await store.start()
    await store.insert('flows', blockOf('flows', flows), 'flows')
    await store.insert('flow_1m', blockOf('flow_1m', rollup), 'rollup')
    await store.insert('talker_1h', blockOf('talker_1h', talkers), 'talkers')
    await store.insert('conversation_1h', blockOf('conversation_1h', conversations), 'conversations')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  const range = { fromMs: startMs + 3_661_000 * 5, toMs: nowMs - 7_777_000, nowMs }
  const inMinutes = (row: SampleRow) =>
    Number(row.received_at) >= Math.floor(range.fromMs / 60_000) * 60_000 &&
    Number(row.received_at) < Math.ceil(range.toMs / 60_000) * 60_000
  const exactly = (row: SampleRow) => Number(row.received_at) >= range.fromMs && Number(row.received_at) < range.toMs
  const address = (value: unknown) => {
    const bytes = value as Uint8Array
    return bytes[10] === 0xff ? bytes.subarray(12).join('.') : `2001:db8::${bytes[15]}`
  }
  const read: Partial<Record<FlowDimension, (row: SampleRow) => unknown>> = {
    tenant: row => row.tenant_id,
    exporter: row => `${row.tenant_id}/c1/${row.exporter}`,
    protocol: row => row.protocol,
    'service-port': row => (row.protocol === 1 ? 0 : row.destination_port),
    'source-as': row => row.source_as,
    'input-interface': row => row.input_interface,
    'source-address': row => address(row.source_address),
    'destination-address': row => address(row.destination_address),
  }

  /** The ranking worked out here, from the same rows. */
  function meant(rows: readonly SampleRow[], by: readonly FlowDimension[]) {
    const groups = new Map<string, { key: object; sums: Record<string, bigint> }>()
    for (const row of rows) {
      const key = Object.fromEntries(by.map(dimension => [dimension, read[dimension]!(row)]))
      const group = groups.get(JSON.stringify(key)) ?? { key, sums: {} }
      const values = {
        octets: (row.octets as bigint) * rate(row),
        packets: (row.packets as bigint) * rate(row),
        records: 1n,
        octetsExported: row.octets as bigint,
        packetsExported: row.packets as bigint,
        unscaledRecords: row.sampling_rate === 0 ? 1n : 0n,
      }
      for (const [name, value] of Object.entries(values)) group.sums[name] = (group.sums[name] ?? 0n) + value
      groups.set(JSON.stringify(key), group)
    }
    return [...groups.values()]
      .sort((a, b) => Number(b.sums.octets! - a.sums.octets!))
      .map(({ key, sums }) => {
        const texts = Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, String(value)]))
        return { key, octets: '', ...texts }
      })
  }

  const cases: readonly (readonly [readonly FlowDimension[], 'rollup' | 'talkers' | 'conversations' | 'raw'])[] = [
    [['source-as'], 'rollup'],
    [['exporter', 'input-interface'], 'rollup'],
    [['service-port', 'protocol'], 'rollup'],
    [['source-address'], 'talkers'],
    [['destination-address', 'input-interface', 'exporter'], 'talkers'],
    [['source-address', 'destination-address'], 'conversations'],
    [['exporter', 'source-address', 'destination-address'], 'conversations'],
    [['source-address', 'service-port', 'exporter'], 'raw'],
  ]
  it.each(cases)('rank by %s from the %s', async (by, source) => {
    const top = await readTopFlows(store, { ...range, tenants: ['acme'], by }, { limit: 7 })
    const rows = flows.filter(row => row.tenant_id === 'acme' && (source === 'rollup' ? inMinutes(row) : exactly(row)))
    const expected = meant(rows, by)
    expect(top.source).toBe(source)
    expect(top.rows.map(({ share: _, ...row }) => row)).toEqual(expected.slice(0, 7))
    expect(top.total.octets).toBe(String(expected.reduce((sum, row) => sum + BigInt(row.octets), 0n)))
    expect(BigInt(top.total.octetsExported)).toBe(rows.reduce((sum, row) => sum + (row.octets as bigint), 0n))
    expect(top.rowsRead).toBeGreaterThan(0)
    expect(top.rows[0]!.share).toBeCloseTo(Number(top.rows[0]!.octets) / Number(top.total.octets), 9)
  })

  it('leave out what was told twice, where asked to', async () => {
    const at = Math.floor(range.fromMs / 60_000) * 60
    const row = (octets: bigint, values: SampleRow): SampleRow => ({
      window_start: at,
      tenant_id: 'twice',
      exporter_id: 'twice/c1/192.0.2.9',
      octets,
      packets: 1n,
      records: 1n,
      ...values,
    })
    const rows = [
      row(1n, { direction: 1, exporter_site: 'oslo', source_site: 'oslo', destination_site: 'rome' }),
      row(10n, { direction: 2, exporter_site: 'oslo', source_site: 'oslo', destination_site: 'rome' }),
      row(100n, { direction: 1, exporter_site: 'rome', source_site: 'oslo', destination_site: 'rome' }),
      row(1_000n, { direction: 0, exporter_site: 'rome', destination_site: 'rome', application: 'https' }),
      row(10_000n, { direction: 0, exporter_site: 'oslo', destination_site: 'rome' }),
      row(100_000n, { exporter_site: '' }),
    ]
    await store.insert('flow_1m', blockOf('flow_1m', rows), 'twice')
    const total = async (deduplicate: FlowDeduplication, by: FlowDimension[] = ['application']) =>
      (await readTopFlows(store, { ...range, tenants: ['twice'], by, deduplicate })).total.octets
    expect(await total('none')).toBe('111111')
    expect(await total('ingress')).toBe('111101')
    expect(await total('by-observation-point')).toBe('101001')
    await expect(total('by-observation-point', ['source-address'])).rejects.toThrow('cannot be deduplicated')
    await expect(total('none', ['source-address', 'application'])).rejects.toThrow('known to the rollups alone')
    const https = { application: ['https'] }
    const top = await readTopFlows(store, { ...range, tenants: ['twice'], by: ['destination-site'], filters: https })
    expect(top.rows).toMatchObject([{ key: { 'destination-site': 'rome' }, octets: '1000' }])
  })

  it('filter by address, prefix, port and exporter', async () => {
    const filters = {
      'source-address': ['10.0.1.0/24', '10.0.2.1'],
      'destination-address': ['2001:db8::1/128', '2001:db8::2'],
      'service-port': [443, 53],
      exporter: ['acme/c1/192.0.2.1'],
    }
    const rows = flows.filter(
      row =>
        exactly(row) &&
        row.tenant_id === 'acme' &&
        row.exporter === '192.0.2.1' &&
        [443, 53].includes(read['service-port']!(row) as number) &&
        /^10\.0\.1\.|^10\.0\.2\.1$/.test(address(row.source_address)) &&
        /::[12]$/.test(address(row.destination_address)),
    )
    expect(rows.length).toBeGreaterThan(10)
    const top = await readTopFlows(store, { ...range, tenants: ['acme', 'zeta'], by: ['source-address'], filters })
    expect(top.rows.map(({ share: _, ...row }) => row)).toEqual(meant(rows, ['source-address']))
  })

  it('rank and filter raw flows by the fields that migration 0012 added', async () => {
    const mapped = (last: number) => ipv4Mapped(198, 51, 100, last)
    const row = (octets: bigint, values: SampleRow): SampleRow => ({
      tenant_id: 'fields',
      collector_id: 'c1',
      exporter: '192.0.2.9',
      received_at: range.fromMs + 1_000,
      sampling_rate: 1,
      octets,
      ingress_vrf: 0xffff_ffff,
      egress_vrf: 0xffff_ffff,
      icmp_type_code: 0xffff,
      ...values,
    })
    const rows = [
      row(1n, { source_mac: 0x0200_5e00_5301n, vlan: 100, customer_vlan: 300, post_vlan: 200, tcp_flags: 2 }),
      row(10n, { ingress_vrf: 0, egress_vrf: 6, mpls_label_1: 16_001, mpls_label_2: 24_005, mpls_label_3: 3 }),
      row(100n, {
        post_nat_source_address: mapped(7),
        post_nat_source_port: 40_000,
        nat_event: 4,
        protocol: 6,
        icmp_type_code: 0,
      }),
      row(1_000n, { protocol: 1, icmp_type_code: 0x0301, destination_mac: 0xfedc_ba98_7654n, firewall_event: 3 }),
      row(10_000n, { as_path: '64500 64501', next_as: 64_500, previous_as: 64_499, bgp_next_hop: mapped(9) }),
      row(100_000n, { as_path: '164500 64501', next_hop: mapped(8), protocol: 58, icmp_type_code: 0x8000 }),
      row(1_000_000n, { application_id: 453, application_name: 'webex', forwarding_status: 0x80, flow_end_reason: 3 }),
    ]
    await store.insert('flows', blockOf('flows', rows), 'fields')
    await store.insert('flows', blockOf('flows', [row(7n, { tenant_id: 'other' })]), 'fields of another')
    const top = (by: FlowDimension, filters: FlowFilters = {}) =>
      readTopFlows(store, { ...range, tenants: ['fields'], by: [by], filters })
    const keys = async (by: FlowDimension, filters?: FlowFilters) =>
      (await top(by, filters)).rows.map(({ key, octets }) => [key[by], octets])
    const cases: readonly (readonly [FlowDimension, string | number, string])[] = [
      ['source-mac', '02:00:5e:00:53:01', '1'],
      ['customer-vlan', 300, '1'],
      ['post-vlan', 200, '1'],
      ['vlan', 100, '1'],
      ['tcp-flags', 2, '1'],
      ['ingress-vrf', 0, '10'],
      ['egress-vrf', 6, '10'],
      ['mpls-label', 16_001, '10'],
      ['mpls-label-2', 24_005, '10'],
      ['mpls-label-3', 3, '10'],
      ['post-nat-source-address', '198.51.100.7', '100'],
      ['post-nat-source-port', 40_000, '100'],
      ['nat-event', 4, '100'],
      ['icmp-type', 3, '1000'],
      ['icmp-code', 1, '1000'],
      ['icmp-type', 128, '100000'],
      ['destination-mac', 'fe:dc:ba:98:76:54', '1000'],
      ['firewall-event', 3, '1000'],
      ['as-path', '64500 64501', '10000'],
      ['next-as', 64_500, '10000'],
      ['previous-as', 64_499, '10000'],
      ['bgp-next-hop', '198.51.100.9', '10000'],
      ['next-hop', '198.51.100.8', '100000'],
      ['application-id', 453, '1000000'],
      ['application-name', 'webex', '1000000'],
      ['forwarding-status', 0x80, '1000000'],
      ['flow-end-reason', 3, '1000000'],
    ]
    for (const [dimension, value, octets] of cases) {
      expect(await keys(dimension, { [dimension]: [value] }), dimension).toEqual([[value, octets]])
      expect(await keys(dimension), dimension).toContainEqual([value, octets])
    }
    expect(await keys('as-path', { 'as-path': [64_501] })).toEqual([
      ['164500 64501', '100000'],
      ['64500 64501', '10000'],
    ])
    expect((await top('as-path', { 'as-path': ['6450'] })).rows).toEqual([])
    expect(await keys('source-mac', { 'source-mac': ['0200.5E00.5301', '00-00-00-00-00-00'] })).toEqual([
      ['', '1111110'],
      ['02:00:5e:00:53:01', '1'],
    ])
    // No ICMP: neither the TCP record with 0 nor those that say nothing.
    expect(await keys('icmp-type', { 'icmp-type': [255] })).toEqual([[255, '1010111']])
    expect(await keys('protocol', { 'post-nat-source-address': ['198.51.100.0/24'] })).toEqual([[6, '100']])
    const found = await readFlowSeries(store, { ...range, tenants: ['fields'], by: 'source-mac', stepSeconds: 3_600 })
    expect(found.map(one => one.key)).toContain('02:00:5e:00:53:01')
    await expect(top('tenant', { 'source-mac': ['02:00'] })).rejects.toThrow('no MAC address')
    await expect(top('tenant', { 'as-path': ["1' OR '1"] })).rejects.toThrow('is no AS')
    await expect(top('source-mac', { 'source-site': ['oslo'] })).rejects.toThrow('known to the rollups alone')
  })

  it('say how far back raw flows reach', () => {
    const asked = flowProvenance({
      ...range,
      fromMs: nowMs - 30 * 86_400_000,
      by: ['post-nat-source-address'],
      filters: {},
    })
    expect(asked).toEqual({ tables: ['flows'], keptSinceMs: nowMs - defaultRetention.flows * 86_400_000 })
  })

  it('tell talkers by whole hours once the raw flows are gone', async () => {
    const late = { ...range, nowMs: nowMs + 30 * 86_400_000, retention: { ...defaultRetention, flows: 7 } }
    const top = await readTopFlows(store, { ...late, tenants: ['acme'], by: ['destination-address'] })
    const hourMs = 3_600_000
    const rows = flows.filter(
      row =>
        row.tenant_id === 'acme' &&
        Number(row.received_at) >= Math.floor(range.fromMs / hourMs) * hourMs &&
        Number(row.received_at) < Math.ceil(range.toMs / hourMs) * hourMs,
    )
    expect(top.source).toBe('talkers')
    expect(top.rows.map(({ share: _, ...row }) => row)).toEqual(meant(rows, ['destination-address']))
  })

  describe('of hosts, of which the smaller are not listed', () => {
    const at = Math.floor(range.fromMs / 3_600_000) * 3_600 + 7_200
    const row = (octets: bigint, more: SampleRow): SampleRow => ({
      window_start: at,
      tenant_id: 'flood',
      exporter_id: 'flood/c1/192.0.2.9',
      input_interface: 1,
      octets,
      packets: octets / 10n,
      records: 1n,
      ...more,
    })
    const host = (n: number) => ipv4Mapped(10, 9, 0, n)
    /** Two epochs: in the first every host is listed, in the second one that is not has at most 50, and .2 missed up to 20. */
    const rows = [
      row(1_000n, { address: host(1) }),
      row(300n, { address: host(2) }),
      row(1_000n, { address: host(1), octets_unlisted_max: 50n, packets_unlisted_max: 5n, records_unlisted_max: 1n }),
      row(200n, { address: host(2), octets_unlisted_max: 30n, packets_unlisted_max: 3n, records_unlisted_max: 1n }),
      row(600n, {
        side: 2,
        records: 40n,
        octets_unlisted_max: 50n,
        packets_unlisted_max: 5n,
        records_unlisted_max: 1n,
      }),
      // On another link all are listed but one.
      row(7n, { side: 2, input_interface: 2, octets_unlisted_max: 7n, records_unlisted_max: 1n }),
    ]
    beforeAll(() => store.insert('talker_1h', blockOf('talker_1h', rows), 'flood'))
    const top = (query: { by?: FlowDimension[]; filters?: object }) =>
      readTopFlows(store, { ...range, tenants: ['flood'], by: ['source-address'], ...query })

    it('tell what each has at least and at most, and the rest of the total', async () => {
      const { rows: found, total, unlisted } = await top({})
      expect(found.map(({ key, octets, upperBound }) => [key['source-address'], octets, upperBound?.octets])).toEqual([
        // The other link can hold 7 of it; on this one it lost nothing.
        ['10.9.0.1', '2000', '2007'],
        ['10.9.0.2', '500', '527'],
      ])
      expect(found[1]!.upperBound).toMatchObject({ packets: '52', records: '3' })
      expect([total.octets, unlisted?.octets, unlisted?.records]).toEqual(['3107', '607', '41'])
      expect(found[0]!.share).toBeCloseTo(2_000 / 3_107, 9)
    })

    it('are bounded by the rests of their own link', async () => {
      const { rows: found } = await top({ by: ['exporter', 'input-interface', 'source-address'] })
      expect(found.map(({ octets, upperBound }) => [octets, upperBound?.octets])).toEqual([
        ['2000', undefined],
        ['500', '520'],
      ])
    })

    it('say what those of a filter can have', async () => {
      const bounds = async (...addresses: string[]) => {
        const { rows: found, total } = await top({ by: ['tenant'], filters: { 'source-address': addresses } })
        return [found[0]?.octets, found[0]?.upperBound?.octets, total.octets, total.upperBound?.octets]
      }
      expect(await bounds('10.9.0.1')).toEqual(['2000', '2007', '2000', '2607'])
      // Twice 57 of the rests, less the 80 that their rows take off.
      expect(await bounds('10.9.0.1', '10.9.0.2')).toEqual(['2500', '2534', '2500', '3107'])
      expect(await bounds('10.9.0.0/16')).toEqual(['2500', '3107', '2500', '3107'])
    })

    it('have the total also where none is large enough to be listed', async () => {
      const { rows: found, total } = await top({ filters: { 'input-interface': [2] } })
      expect([found, total.octets]).toEqual([[], '7'])
    })

    it('draw what is not listed with the rest', async () => {
      const query = { ...range, tenants: ['flood'], by: 'source-address' as const, stepSeconds: 3_600 }
      const series = await readFlowSeries(store, query, { limit: 1 })
      expect(series.map(one => [one.key, one.points.map(point => point.octets)])).toEqual([
        ['10.9.0.1', ['2000']],
        [null, ['1107']],
      ])
      const [filtered] = await readFlowSeries(store, { ...query, filters: { 'source-address': ['10.9.0.2'] } })
      expect(filtered!.points.map(point => point.octets)).toEqual(['500'])
    })
  })

  it('see only the tenants they are given', async () => {
    const by = ['tenant'] as const
    const names = async (tenants: readonly string[] | typeof allTenants) =>
      (await readTopFlows(store, { ...range, tenants, by })).rows.map(row => row.key.tenant)
    expect(await names(['zeta'])).toEqual(['zeta'])
    expect(await names([])).toEqual([])
    expect(await names(["' OR 1=1 --"])).toEqual([])
    expect((await names(allTenants)).sort()).toEqual(expect.arrayContaining(['acme', 'zeta']))
    await expect(names(undefined as never)).rejects.toThrow(TypeError)
  })

  it('refuse what they do not know or would not end', async () => {
    const query = { ...range, tenants: ['acme'], by: ['source-as'] as FlowDimension[] }
    await expect(readTopFlows(store, query, { limit: 10_001 })).rejects.toMatchObject({ code: 'store-rejected' })
    await expect(readTopFlows(store, { ...query, by: [] })).rejects.toMatchObject({ code: 'store-rejected' })
    await expect(readTopFlows(store, { ...query, by: ['x; DROP TABLE flows' as never] })).rejects.toMatchObject({
      code: 'store-rejected',
    })
    const filters = { 'source-address': ['10.0.0.0/33'] }
    await expect(readTopFlows(store, { ...query, filters })).rejects.toThrow('10.0.0.0/33')
    await expect(readTopFlows(store, { ...query, toMs: query.fromMs })).rejects.toMatchObject({
      code: 'store-rejected',
    })
  })

  it('draw one series of all traffic whose points add up to it', async () => {
    const [series, ...others] = await readFlowSeries(store, { ...range, tenants: ['acme'], stepSeconds: 3_600 })
    expect(others).toEqual([])
    expect(series!.key).toBeNull()
    const from = Math.floor(range.fromMs / 3_600_000) * 3_600_000
    const to = Math.ceil(range.toMs / 3_600_000) * 3_600_000
    const rows = flows.filter(
      row => row.tenant_id === 'acme' && Number(row.received_at) >= from && Number(row.received_at) < to,
    )
    const octets = series!.points.reduce((sum, point) => sum + BigInt(point.octets), 0n)
    expect(octets).toBe(rows.reduce((sum, row) => sum + (row.octets as bigint) * rate(row), 0n))
    expect(series!.points[0]!.at).toBe(new Date(from).toISOString())
    expect(series!.points[0]!.bitsPerSecond).toBeCloseTo((Number(series!.points[0]!.octets) * 8) / 3_600, 6)
  })

  it.each(['protocol', 'source-address', 'exporter'] as const)(
    'split series by %s into the largest and the rest',
    async by => {
      const query = { ...range, tenants: ['acme', 'zeta'], by, stepSeconds: 3_600 }
      const split = await readFlowSeries(store, query, { limit: 2 })
      expect(split).toHaveLength(3)
      expect(split[2]!.key).toBeNull()
      const sum = (series: typeof split) =>
        series.flatMap(one => one.points).reduce((total, point) => total + BigInt(point.octets), 0n)
      const [all] = await readFlowSeries(store, { ...query, by: undefined as never })
      if (by !== 'source-address') expect(sum(split)).toBe(sum([all!]))
      const whole = await readFlowSeries(store, query, { limit: 100 })
      expect(sum(split)).toBe(sum(whole))
      const largest = whole.sort((a, b) => Number(sum([b]) - sum([a]))).slice(0, 2)
      expect(new Set(split.slice(0, 2).map(one => one.key))).toEqual(new Set(largest.map(one => one.key)))
    },
  )
})
