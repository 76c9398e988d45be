import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../../libs/kernel/src/index.ts'
import { embeddedStoreInTemporaryFolder } from '../../../libs/store/test/embedded-under-test.ts'
import {
  ethernet,
  flowSample,
  ip4,
  ip6,
  ipv4Packet,
  mac,
  sampledHeader,
  set,
  sflow,
  struct,
  tcpSegment,
  template,
  u16,
  u32,
  v9,
  v9OptionsTemplate,
} from '../../../libs/wire/test/packets.ts'
import { FlowsBench, startMs } from './flows-bench.ts'

/** All that a NetFlow v9 record can bring to the columns that migration 0012 added. */
const everything = template(300, [
  [56, 6],
  [80, 6],
  [59, 2],
  [245, 2],
  [70, 3],
  [71, 3],
  [72, 3],
  [234, 4],
  [235, 4],
  [32, 2],
  [225, 4],
  [282, 16],
  [227, 2],
  [228, 2],
  [230, 1],
  [233, 1],
  [89, 1],
  [136, 1],
  [95, 4],
  [18, 4],
  [129, 4],
  [128, 4],
  [4, 1],
  [1, 4],
])
const record = [
  ...mac('02:00:5e:00:53:01'),
  ...mac('fe:dc:ba:98:76:54'),
  ...u16(200),
  ...u16(300),
  ...[0x12, 0x34, 0x50, 0x00, 0x20, 0x10, 0x00, 0x30, 0x11],
  ...u32(0),
  ...u32(6),
  ...u16(0),
  ...ip4('203.0.113.1'),
  ...ip6('2001:db8::2'),
  ...u16(40_000),
  ...u16(80),
  ...[4, 5, 0x40, 2],
  ...u32((13 << 24) | 453),
  ...ip4('192.0.2.77'),
  ...u32(64_501),
  ...u32(64_502),
  1,
  ...u32(1_000),
]
const optionsTemplate = set(
  1,
  v9OptionsTemplate(
    257,
    [[1, 4]],
    [
      [95, 4],
      [96, 16],
    ],
  ),
)
const padded = (name: string) => [...Buffer.from(name.padEnd(16, '\0'))]
const names = [set(257, u32(1), u32((13 << 24) | 453), padded('webex-meeting'))]
const header = { seconds: Math.floor(startMs / 1_000), domain: 7 }

const shown = `MACNumToString(source_mac) AS source, MACNumToString(destination_mac) AS destination, post_vlan, customer_vlan,
  mpls_label_1, mpls_label_2, mpls_label_3, ingress_vrf, egress_vrf, icmp_type_code,
  post_nat_source_address, post_nat_destination_address, post_nat_source_port, post_nat_destination_port, nat_event,
  firewall_event, forwarding_status, flow_end_reason, application_id, application_name, bgp_next_hop, previous_as, next_as, as_path`

const nothing = {
  source: '00:00:00:00:00:00',
  destination: '00:00:00:00:00:00',
  post_vlan: 0,
  customer_vlan: 0,
  mpls_label_1: 0,
  mpls_label_2: 0,
  mpls_label_3: 0,
  ingress_vrf: 4_294_967_295,
  egress_vrf: 4_294_967_295,
  icmp_type_code: 65_535,
  post_nat_source_address: '::',
  post_nat_destination_address: '::',
  post_nat_source_port: 0,
  post_nat_destination_port: 0,
  nat_event: 0,
  firewall_event: 0,
  forwarding_status: 0,
  flow_end_reason: 0,
  application_id: 0,
  application_name: '',
  bgp_next_hop: '::',
  previous_as: 0,
  next_as: 0,
  as_path: '',
}

/** Public captures, with what logstash's decoder reads from one record of each. */
const captures = join(process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material'), 'flows/logstash')
interface Expected {
  files: string[]
  events: [{ netflow: Record<string, string | number> }]
}

describe('fields of raw flows, from datagram to row', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(() => store.start())
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  async function stored(token: string, datagrams: readonly Uint8Array[]): Promise<object[]> {
    const bench = new FlowsBench()
    bench.nowMs = Date.now()
    bench.send(datagrams)
    const { block } = bench.closeEpoch().blocks.find(({ table }) => table === 'flows')!
    const exporter = block.columns.exporter as string[]
    await store.insert('flows', { ...block, columns: { ...block.columns, exporter: exporter.map(() => token) } }, token)
    return store.query(`SELECT ${shown} FROM flows WHERE exporter = {token:String} ORDER BY octets DESC`, { token })
  }

  it('keeps what a NetFlow v9 record says, with the names that options data gave', async () => {
    const sets = [set(0, everything), optionsTemplate, ...names, set(300, record)]
    expect(await stored('all', [v9(sets, header)])).toEqual([
      {
        source: '02:00:5E:00:53:01',
        destination: 'FE:DC:BA:98:76:54',
        post_vlan: 200,
        customer_vlan: 300,
        mpls_label_1: 0x12345,
        mpls_label_2: 0x201,
        mpls_label_3: 0x301,
        ingress_vrf: 0,
        egress_vrf: 6,
        icmp_type_code: 0,
        post_nat_source_address: '::ffff:203.0.113.1',
        post_nat_destination_address: '2001:db8::2',
        post_nat_source_port: 40_000,
        post_nat_destination_port: 80,
        nat_event: 4,
        firewall_event: 5,
        forwarding_status: 0x40,
        flow_end_reason: 2,
        application_id: (13 << 24) | 453,
        application_name: 'webex-meeting',
        bgp_next_hop: '::ffff:192.0.2.77',
        previous_as: 64_501,
        next_as: 64_502,
        as_path: '',
      },
    ])
  })

  it('leaves out of the block what no record has, and the table says that it was not given', async () => {
    const plain = template(301, [
      [4, 1],
      [1, 4],
    ])
    const bench = new FlowsBench()
    bench.send([v9([set(0, plain), set(301, [6], u32(1_000))], header)])
    const { block } = bench.closeEpoch().blocks.find(({ table }) => table === 'flows')!
    expect(Object.keys(block.columns)).toHaveLength(27)
    expect(await stored('none', [v9([set(0, plain), set(301, [6], u32(1_000))], header)])).toEqual([nothing])
  })

  it('keeps what some records of an epoch have beside those that have not', async () => {
    const plain = template(301, [[1, 4]])
    const sets = [set(0, everything), set(0, plain), set(300, record), set(301, u32(10))]
    const [first, second] = await stored('both', [v9(sets, header)])
    expect(first).toMatchObject({ source: '02:00:5E:00:53:01', ingress_vrf: 0, icmp_type_code: 0 })
    expect(second).toEqual(nothing)
  })

  it('keeps the paths of sFlow gateways, the frames’ addresses, tags and labels', async () => {
    const frame = ethernet(0x8847, u32(0x1234_5040), u32(0x0002_0140), [...ipv4Packet(6, tcpSegment())])
    const gateway = struct(
      1_003,
      ...[u32(1), ip4('192.0.2.9'), u32(64_500), u32(64_499), u32(64_501), u32(2)],
      ...[u32(2), u32(2), u32(64_502), u32(4_200_000_000), u32(1), u32(1), u32(64_504)],
      ...[u32(0), u32(100)],
    )
    const samples = [flowSample([sampledHeader(frame), gateway]), flowSample([sampledHeader(frame, 64)])]
    const rows = await stored('sflow', [sflow(samples)])
    expect(rows).toMatchObject([
      {
        mpls_label_1: 0x12345,
        mpls_label_2: 0x20,
        mpls_label_3: 0,
        as_path: '64502 4200000000 64504',
        next_as: 64_502,
        previous_as: 64_501,
        bgp_next_hop: '::ffff:192.0.2.9',
      },
      { mpls_label_1: 0x12345, as_path: '', next_as: 0, bgp_next_hop: '::' },
    ])
    expect(rows[0]).not.toMatchObject({ source: nothing.source })
  })

  it.runIf(existsSync(captures)).each([
    ['netflow-9-cisco-asa', 14],
    ['netflow-9-cisco-asa-2', 19],
    ['netflow-9-ubiquiti-edgerouter-with-mpls-labels', 16],
  ])('keeps what %s says', async (name, records) => {
    const expected = JSON.parse(readFileSync(join(captures, `expected/${name}.json`), 'utf8')) as Expected
    const rows = await stored(
      name,
      expected.files.map(file => new Uint8Array(readFileSync(join(captures, file)))),
    )
    expect(rows).toHaveLength(records)
    const { netflow } = expected.events[0]
    if (netflow.out_src_mac) {
      const [source, destination] = [netflow.out_src_mac, netflow.out_dst_mac].map(mac => String(mac).toUpperCase())
      // A label stack entry of zeros but for its TTL is no label.
      expect(rows).toContainEqual(expect.objectContaining({ source, destination, mpls_label_1: 0, post_vlan: 0 }))
      return
    }
    expect(rows).toContainEqual(
      expect.objectContaining({
        post_nat_source_address: `::ffff:${netflow.xlate_src_addr_ipv4}`,
        post_nat_destination_address: `::ffff:${netflow.xlate_dst_addr_ipv4}`,
        post_nat_source_port: netflow.xlate_src_port,
        post_nat_destination_port: netflow.xlate_dst_port,
        nat_event: 0,
        firewall_event: netflow.fw_event,
        icmp_type_code: 256 * Number(netflow.icmp_type) + Number(netflow.icmp_code),
      }),
    )
  })
})
