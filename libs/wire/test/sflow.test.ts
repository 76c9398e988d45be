import { describe, expect, it } from 'vitest'
import { column, DatagramReader, type FlowColumns, icmpNotGiven, vrfNotGiven } from '../src/index.ts'
import { Exporter } from './decoding.ts'
import {
  ethernet,
  expandedFlowSample,
  flowSample,
  ip4,
  ip6,
  ipv4Packet,
  ipv6Packet,
  mac,
  receivedMs,
  sampledHeader,
  sflow,
  struct,
  tcpSegment,
  text,
  u16,
  u32,
  u64,
  udpDatagram,
} from './packets.ts'

const tcpFrame = ethernet(0x0800, ipv4Packet(6, tcpSegment(), { tos: 0xb8 }))

function rowOf(frame: number[], protocol = 1, options = {}) {
  return new Exporter(options).send(sflow([flowSample([sampledHeader(frame, 1_518, protocol)])])).rows[0]!
}

describe('sFlow v5', () => {
  it('gives a sampled packet as a flow of one packet and the frame’s length', () => {
    const { rows, records, errors } = new Exporter().send(
      sflow([flowSample([sampledHeader(tcpFrame)])], { subAgent: 6 }),
    )
    expect({ records, errors }).toEqual({ records: 1, errors: [] })
    expect(rows[0]).toEqual({
      start: receivedMs,
      end: receivedMs,
      octets: 1_518n,
      packets: 1n,
      samplingRate: 1_000,
      version: 105,
      domain: 6,
      source: '10.1.1.1',
      destination: '10.2.2.2',
      nextHop: '::',
      sourcePort: 40_000,
      destinationPort: 443,
      protocol: 6,
      tcpFlags: 0x012,
      tos: 0xb8,
      input: 3,
      output: 4,
      sourceAs: 0,
      destinationAs: 0,
      sourceMask: 0,
      destinationMask: 0,
      vlan: 0,
      direction: 0,
    })
  })

  it('reads expanded samples, and the direction from the data source', () => {
    const sample = expandedFlowSample([sampledHeader(tcpFrame)], { source: 4, input: 0x4000_0003, output: 4 })
    expect(new Exporter().send(sflow([sample])).rows[0]).toMatchObject({ input: 0x4000_0003, output: 4, direction: 1 })
  })

  it('reads switch, router, gateway and NAT records', () => {
    const records = [
      sampledHeader(tcpFrame),
      struct(1_001, u32(10), u32(1), u32(20), u32(2)),
      struct(1_002, u32(1), ip4('203.0.113.1'), u32(24), u32(16)),
      struct(
        1_003,
        ...[u32(2), ip6('2001:db8::9'), u32(64_500), u32(0), u32(64_501)],
        ...[u32(2), u32(2), u32(2), u32(64_502), u32(64_503), u32(1), u32(1), u32(64_504)],
        ...[u32(1), u32(0x0001_0002), u32(100)],
      ),
      struct(1_007, u32(1), ip4('198.51.100.1'), u32(1), ip4('198.51.100.2')),
      struct(1_020, u32(61_000), u32(8_443)),
    ]
    const { rows, columns, errors } = new Exporter().send(sflow([flowSample(records)]))
    expect(errors).toEqual([])
    expect(rows[0]).toMatchObject({
      vlan: 10,
      nextHop: '203.0.113.1',
      sourceMask: 24,
      destinationMask: 16,
      sourceAs: 64_500,
      destinationAs: 64_504,
    })
    expect([columns.postVlan[0], columns.bgpNextHop[15]]).toEqual([20, 9])
    expect([...columns.postNatSourceAddress.subarray(12, 16)]).toEqual([198, 51, 100, 1])
    expect([columns.postNatSourcePort[0], columns.postNatDestinationPort[0]]).toEqual([61_000, 8_443])
    expect([columns.previousAs[0], columns.nextAs[0]]).toEqual([64_501, 64_502])
    expect(pathOf(columns, 0)).toEqual([64_502, 64_503, 64_504])
  })

  it('keeps 64 networks of a path, counts what it shortens, and begins anew after a reset', () => {
    const gateway = (path: readonly number[]) =>
      struct(
        1_003,
        ...[u32(1), ip4('192.0.2.9'), u32(64_500), u32(64_499), u32(64_501), u32(1), u32(2), u32(path.length)],
        ...path.map(u32),
        ...[u32(0), u32(100)],
      )
    const long = Array.from({ length: 70 }, (_, i) => 65_000 + i)
    const samples = [long, [], ...new Array<number[]>(60).fill(long.slice(0, 64))].map(path =>
      flowSample([gateway(path)]),
    )
    const { columns, errors, rows } = new Exporter().send(sflow(samples))
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(/^as-path-shortened @\d+ in sflow5: in extended gateway$/)
    expect(rows[0]).toMatchObject({ sourceAs: 64_499, destinationAs: 65_069 })
    expect([0, 1, 2, 61].map(row => pathOf(columns, row))).toEqual([
      long.slice(0, 64),
      [],
      long.slice(0, 64),
      long.slice(0, 64),
    ])
    columns.reset()
    expect([columns.asPath[0], columns.has(column.asPath), columns.openList()]).toEqual([0, false, 1])
  })

  it('reads parsed packets of agents that send no header', () => {
    const four = struct(3, ...[u32(500), u32(17), ip4('10.0.0.1'), ip4('10.0.0.2'), u32(1), u32(2), u32(0), u32(8)])
    const six = struct(4, ...[u32(700), u32(6), ip6('2001:db8::1'), ip6('2001:db8::2'), u32(3), u32(4), u32(2), u32(0)])
    const { rows } = new Exporter().send(sflow([flowSample([four]), flowSample([six])]))
    expect(rows[0]).toMatchObject({ octets: 500n, protocol: 17, source: '10.0.0.1', sourcePort: 1, tos: 8 })
    expect(rows[1]).toMatchObject({
      octets: 700n,
      protocol: 6,
      destination: '2001:db8::2',
      destinationPort: 4,
      tcpFlags: 2,
    })
  })

  it('counts counter samples and discarded packets apart from flows', () => {
    const exporter = new Exporter()
    const counters = struct(2, u32(1), u32(3), u32(1), struct(1, new Array<number>(88).fill(0)))
    const discarded = struct(
      5,
      ...[u32(1), u32(0), u32(3), u32(0), u32(3), u32(0), u32(258), u32(1)],
      sampledHeader(tcpFrame),
    )
    expect(exporter.send(sflow([counters, discarded, struct(0x0011_3001, [1, 2, 3, 4])]))).toMatchObject({
      records: 0,
      errors: [],
    })
    expect(exporter.decoder.counters).toMatchObject({ counterSamples: 1, discardedPackets: 1 })
  })

  it('names versions 2 and 4 and refuses them', () => {
    expect(new Exporter().send(Uint8Array.from([...u32(4), ...u32(1), ...u32(0)])).errors).toEqual([
      'version-unsupported @0 sflow4',
    ])
    expect(new Exporter().send(Uint8Array.from([...u32(2), ...u32(1), ...u32(0)])).errors).toEqual([
      'version-unsupported @0 sflow2',
    ])
  })

  it('counts samples that the agent took and that never came', () => {
    const exporter = new Exporter()
    exporter.send(sflow([flowSample([sampledHeader(tcpFrame)], { sequence: 10 })], { sequence: 1 }))
    exporter.send(sflow([flowSample([sampledHeader(tcpFrame)], { sequence: 13 })], { sequence: 3 }))
    expect(exporter.decoder.counters).toMatchObject({ samplesLost: 2, sequenceLost: 1 })
  })
})

describe('F23 sampled packets: the outer packet, and nothing that is not there', () => {
  const packet = ipv4Packet(6, tcpSegment())

  it('reads through 802.1Q, QinQ, MPLS, PPPoE and LLC/SNAP', () => {
    expect(rowOf(ethernet(0x8100, [...u16(0x6064), ...u16(0x0800)], packet))).toMatchObject({
      vlan: 100,
      destinationPort: 443,
    })
    const qinq = new Exporter().send(
      sflow([
        flowSample([
          sampledHeader(ethernet(0x88a8, [...u16(200), ...u16(0x8100), ...u16(300), ...u16(0x0800)], packet)),
        ]),
      ]),
    )
    expect(qinq.rows[0]).toMatchObject({ vlan: 200, destinationPort: 443 })
    expect(qinq.columns.customerVlan[0]).toBe(300)
    const mpls = new Exporter().send(
      sflow([flowSample([sampledHeader(ethernet(0x8847, u32(0x1234_5040), u32(0x0002_0140), packet))])]),
    )
    expect(mpls.rows[0]).toMatchObject({ destinationPort: 443 })
    expect(mpls.columns.mplsTopLabel[0]).toBe(0x12345)
    expect([mpls.columns.mplsLabel2[0], mpls.columns.mplsLabel3[0]]).toEqual([0x20, 0])
    // No field of VRF, no ICMP: not the global table and no echo reply.
    expect([mpls.columns.ingressVrf[0], mpls.columns.icmpTypeCode[0]]).toEqual([vrfNotGiven, icmpNotGiven])
    expect(rowOf(ethernet(0x8864, [0x11, 0, ...u16(1), ...u16(60), ...u16(0x0021)], packet))).toMatchObject({
      destinationPort: 443,
    })
    expect(rowOf(ethernet(100, [0xaa, 0xaa, 3, 0, 0, 0, ...u16(0x0800)], packet))).toMatchObject({
      destinationPort: 443,
    })
  })

  it('reads IPv6 past its extension headers', () => {
    const hopByHop = [6, 0, 0, 0, 0, 0, 0, 0]
    const row = rowOf(ethernet(0x86dd, ipv6Packet(0, [...hopByHop, ...tcpSegment()])))
    expect(row).toMatchObject({ source: '2001:db8::1', protocol: 6, destinationPort: 443, tos: 0x0b })
  })

  it('gives no ports to a fragment that is not the first', () => {
    expect(rowOf(ethernet(0x0800, ipv4Packet(17, udpDatagram([1, 2]), { fragment: 0x2000 })))).toMatchObject({
      destinationPort: 53,
    })
    expect(rowOf(ethernet(0x0800, ipv4Packet(17, udpDatagram([1, 2]), { fragment: 185 })))).toMatchObject({
      source: '10.1.1.1',
      protocol: 17,
      sourcePort: 0,
      destinationPort: 0,
    })
    const fragment = [6, 0, ...u16(0x0109), ...u32(7)]
    expect(rowOf(ethernet(0x86dd, ipv6Packet(44, [...fragment, ...tcpSegment()])))).toMatchObject({
      protocol: 6,
      destinationPort: 0,
    })
  })

  it('gives null where the snapped header ends', () => {
    const frame = ethernet(0x0800, packet)
    for (let length = 0; length < frame.length; length++) {
      const row = rowOf(frame.slice(0, length))
      expect(['::', '10.1.1.1']).toContain(row.source)
      expect([0, 443]).toContain(row.destinationPort)
      expect([0, 0x12]).toContain(row.tcpFlags)
    }
  })

  it('reads the other header protocols', () => {
    expect(rowOf(packet, 11)).toMatchObject({ destinationPort: 443 })
    expect(rowOf(ipv6Packet(6, tcpSegment()), 12)).toMatchObject({ source: '2001:db8::1', destinationPort: 443 })
    expect(rowOf([...u32(0x1234_5140), ...packet], 13)).toMatchObject({ destinationPort: 443 })
    expect(rowOf([...u16(0x0021), ...packet], 7)).toMatchObject({ destinationPort: 443 })
    expect(rowOf([0xff, 3, 0x21, ...packet], 7)).toMatchObject({ destinationPort: 443 })
    expect(rowOf([0xff, 3, ...u16(0x0281), ...u32(0x1234_5140), ...packet], 14)).toMatchObject({ destinationPort: 443 })
    expect(rowOf([0x0f, 0, ...u16(0x0800), ...packet], 14)).toMatchObject({ destinationPort: 443 })
    // From the distribution system to a station, with QoS.
    const addresses = [...mac('02:00:00:00:00:0a'), ...mac('02:00:00:00:00:0b'), ...mac('02:00:00:00:00:0c')]
    const wireless = [0x88, 2, 0, 0, ...addresses, 0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, ...u16(0x0800), ...packet]
    const { rows, columns } = new Exporter().send(sflow([flowSample([sampledHeader(wireless, 1_518, 15)])]))
    expect(rows[0]).toMatchObject({ destinationPort: 443 })
    expect([...columns.destinationMac.subarray(0, 6)]).toEqual(mac('02:00:00:00:00:0a'))
    expect([...columns.sourceMac.subarray(0, 6)]).toEqual(mac('02:00:00:00:00:0c'))
    expect(rowOf([0x88, 0x42, ...wireless.slice(2)], 15)).toMatchObject({ destinationPort: 0, source: '::' })
  })

  it('reads the customer’s packet in a backbone frame', () => {
    const customer = ethernet(0x8100, [...u16(7), ...u16(0x0800)], packet)
    const backbone = ethernet(0x88a8, [...u16(200), ...u16(0x88e7)], u32(0x0001_2345), customer)
    expect(rowOf(backbone)).toMatchObject({ vlan: 200, destinationPort: 443 })
    for (let length = 0; length < backbone.length; length++) rowOf(backbone.slice(0, length))
  })

  it('opens tunnels only when asked', () => {
    const inner = ipv4Packet(6, tcpSegment(1, 2), { source: '172.16.0.1', destination: '172.16.0.2' })
    const innerFrame = ethernet(0x0800, inner)
    const tunnels: Record<string, number[]> = {
      gre: ipv4Packet(47, [...u16(0x2000), ...u16(0x0800), ...u32(9), ...inner]),
      nvgre: ipv4Packet(47, [...u16(0x2000), ...u16(0x6558), ...u32(9), ...innerFrame]),
      erspan: ipv4Packet(47, [...u16(0x1000), ...u16(0x88be), ...u32(9), ...u32(0), ...u32(0), ...innerFrame]),
      mpls: ipv4Packet(47, [...u16(0), ...u16(0x8847), ...u32(0x1234_5040), ...u32(0x0002_0140), ...inner]),
      ipip: ipv4Packet(4, inner),
      vxlan: ipv4Packet(17, udpDatagram([8, 0, 0, 0, 0, 0, 5, 0, ...innerFrame], 5_000, 4_789)),
      geneve: ipv4Packet(17, udpDatagram([1, 0, ...u16(0x6558), 0, 0, 5, 0, ...u32(0), ...innerFrame], 5_000, 6_081)),
    }
    for (const [name, outer] of Object.entries(tunnels)) {
      expect(rowOf(ethernet(0x0800, outer)), name).toMatchObject({ source: '10.1.1.1', destination: '10.2.2.2' })
      expect(rowOf(ethernet(0x0800, outer), 1, { innerPackets: true }), name).toMatchObject({
        source: '172.16.0.1',
        sourcePort: 1,
        destinationPort: 2,
        protocol: 6,
      })
    }
  })
})

describe('every sample as a record', () => {
  it('names the fields of flow, counter and unknown samples', () => {
    const flow = flowSample([
      sampledHeader(tcpFrame),
      struct(1_004, u32(106), u32(5), text('alice'), [0, 0, 0], u32(106), u32(0)),
      struct(1_005, u32(1), u32(4), text('/x?y'), u32(3), text('foo'), [0]),
      struct(1_029, u32(5_000)),
      struct(0x0011_3007, [1, 2, 3, 4]),
    ])
    // 52 octets of the Ethernet record's 56: what is there is given (F24).
    const counters = struct(
      2,
      u32(7),
      u32(3),
      u32(2),
      struct(
        1,
        u32(3),
        u32(6),
        u64(10_000_000_000n),
        u32(1),
        u32(3),
        u64(2n ** 64n - 1n),
        new Array<number>(52).fill(0),
      ),
      struct(2, new Array<number>(48).fill(1)),
    )
    const records = new DatagramReader().read(
      sflow([flow, counters, struct(0x0011_3001, [9, 9, 9, 9])]),
      '192.0.2.9',
      6_343,
      receivedMs,
    )
    expect(records[0]).toMatchObject({
      version: 'sflow5',
      agent: '192.0.2.9',
      subAgentId: 0,
      sampleType: 'flow',
      samplingRate: 1_000,
      fields: {
        sourceIPv4Address: '10.1.1.1',
        destinationTransportPort: 443,
        sourceMacAddress: '02:00:00:00:00:01',
        ingressInterface: 3,
        extendedUser: { sourceUser: 'alice', destinationUser: '' },
        extendedUrl: { url: '/x?y', host: 'foo' },
        extendedVniEgress: { vni: 5_000 },
        '275/7': '01020304',
      },
    })
    expect(records[1]).toMatchObject({
      sampleType: 'counters',
      samplingRate: null,
      fields: { genericInterface: { ifIndex: 3, ifSpeed: '10000000000', ifInOctets: '18446744073709551615' } },
    })
    expect(Object.keys((records[1]!.fields as Record<string, object>).ethernetInterface!)).toHaveLength(12)
    expect(records[2]).toMatchObject({ sampleType: '275/1', fields: { octets: '09090909' } })
  })

  it('reads lists, stacks and structures, of Broadcom and NVIDIA too, and says a record that comes twice twice', () => {
    const counters = struct(
      2,
      u32(7),
      u32(3),
      u32(4),
      struct(10, u32(1), u32(4), u32(3_300), u32(0xffff_fc18), u32(1), ...Array.from({ length: 10 }, (_, i) => u32(i))),
      struct(2_001, u32(1), u32(5), u32(2), mac('02:00:00:00:00:01'), [0, 0], mac('02:00:00:00:00:02'), [0, 0]),
      struct(5_703 * 4_096 + 1, u32(2), u32(1), u32(100), u32(50), u64(8n), u64(4n), u32(0), u32(9), u32(60), u32(30)),
      struct(2_202, u32(3), text('web'), [0], ...Array.from({ length: 11 }, (_, i) => u32(i))),
    )
    const flow = flowSample([
      struct(1_006, u32(1), ip4('192.0.2.7'), u32(2), u32(0x1234_5040), u32(0x0002_0140), u32(0)),
      struct(1_012, u32(1), u32(0x8100_0064)),
      struct(1_014, u32(4), text('wlan'), mac('02:00:00:00:00:01'), [0, 0], u32(3), u32(36), u64(300_000_000n), u32(1)),
      struct(1_041, u32(2), text('l2'), [0, 0], u32(3), text('ttl'), [0]),
      struct(1_029, u32(1)),
      struct(1_029, u32(2)),
    ])
    const [first, second] = new DatagramReader().read(sflow([flow, counters]), '192.0.2.9', 6_343, receivedMs)
    expect(first!.fields).toMatchObject({
      extendedMpls: { nextHop: '192.0.2.7', inStack: [0x1234_5040, 0x0002_0140], outStack: [] },
      extendedVlanTunnel: { stack: [0x8100_0064] },
      extended80211Rx: { ssid: 'wlan', bssid: '02:00:00:00:00:01', channel: 36, speed: '300000000', rsni: 1 },
      extendedHardwareTrap: { group: 'l2', trap: 'ttl' },
      extendedVniEgress: [{ vni: 1 }, { vni: 2 }],
    })
    expect(second!.fields).toMatchObject({
      sfp: { moduleTemperature: -1_000, lanes: [{ index: 0, rxWavelength: 9 }] },
      hostAdapters: { adapters: [{ ifIndex: 5, macAddresses: ['02:00:00:00:00:01', '02:00:00:00:00:02'] }] },
      nvidiaGpu: { deviceCount: 2, memoryTotal: '8', fanSpeed: 30 },
      appOperations: { application: 'web', success: 0, unauthorized: 10 },
    })
  })

  it('F24 keeps to what is there where a list’s count lies', () => {
    for (const count of [0xffff_ffff, 0x8000_0000, 1_000_000]) {
      const counters = struct(2, u32(7), u32(3), u32(1), struct(2_001, u32(count), u32(5), u32(count)))
      const [record] = new DatagramReader().read(sflow([counters]), 'a', 1, receivedMs)
      expect(record!.fields).toMatchObject({ hostAdapters: { adapters: [{ ifIndex: 5, macAddresses: [] }] } })
    }
  })

  it('shows the packet in a tunnel beside the outer one, and what a discarded packet was', () => {
    const inner = ipv4Packet(6, tcpSegment(1, 2), { source: '172.16.0.1', destination: '172.16.0.2' })
    const frame = ethernet(0x0800, ipv4Packet(47, [...u16(0), ...u16(0x0800), ...inner]))
    const discarded = struct(5, u32(1), u32(0), u32(3), u32(0), u32(3), u32(0), u32(258), u32(1), sampledHeader(frame))
    const records = new DatagramReader().read(
      sflow([flowSample([sampledHeader(frame)]), discarded]),
      '192.0.2.9',
      6_343,
      receivedMs,
    )
    for (const { fields } of records) {
      expect(fields).toMatchObject({
        sourceIPv4Address: '10.1.1.1',
        protocolIdentifier: 47,
        innerPacket: { sourceIPv4Address: '172.16.0.1', sourceTransportPort: 1, destinationTransportPort: 2 },
      })
    }
    expect(records[1]).toMatchObject({ sampleType: 'discardedPacket', fields: { reason: 258 } })
  })

  it('survives a counter record whose length is near 2^32', () => {
    for (const length of [0xffff_ffff, 0xffff_fffd, 0x8000_0000]) {
      const counters = struct(2, u32(7), u32(3), u32(2), u32(1), u32(length), u32(3))
      expect(new DatagramReader().read(sflow([counters]), 'a', 1, receivedMs)).toHaveLength(1)
    }
  })

  it('reads a gateway whose counts are true, and no further where they are not', () => {
    const gateway = (segments: number[]): number[] =>
      struct(1_003, u32(1), ip4('203.0.113.1'), u32(1), u32(2), u32(3), segments)
    const read = (record: number[]): unknown =>
      (
        new DatagramReader().read(sflow([flowSample([record])]), 'a', 1, receivedMs)[0]!.fields as Record<
          string,
          unknown
        >
      ).extendedGateway
    expect(read(gateway([...u32(1), ...u32(2), ...u32(1), ...u32(64_500), ...u32(0), ...u32(100)]))).toEqual({
      nextHop: '203.0.113.1',
      as: 1,
      sourceAs: 2,
      sourcePeerAs: 3,
      destinationAsPath: [{ type: 'sequence', as: [64_500] }],
      communities: [],
      localPreference: 100,
    })
    expect(read(gateway([...u32(1), ...u32(2), ...u32(0xffff_ffff)]))).toMatchObject({ sourceAs: 2 })
  })
})

function pathOf(columns: FlowColumns, row: number): number[] {
  const at = columns.asPath[row]!
  return at === 0 ? [] : [...columns.lists.subarray(at + 1, at + 1 + columns.lists[at]!)]
}
