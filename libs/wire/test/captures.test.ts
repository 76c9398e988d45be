import { describe, expect, it } from 'vitest'
import { DatagramParser, DatagramSplitter, isCapture, readDatagrams, splitDatagrams } from '../src/index.ts'
import {
  ethernet,
  flowSample,
  ip4,
  ip6,
  ipfix,
  ipv4Packet,
  ipv6Packet,
  mac,
  octets,
  sampledHeader,
  sflow,
  text,
  u16,
  u32,
  udpDatagram,
  v5,
  v5Record,
  v9,
} from './packets.ts'

const payload = text('hello, flows')
const zeros = (count: number): number[] => new Array<number>(count).fill(0)
const hosts = { source: '192.0.2.1', destination: '192.0.2.2' }
const udp = udpDatagram(payload, 50_000, 2_055)
const packet = ipv4Packet(17, udp, hosts)
const expected = {
  timestampMs: 1_700_000_000_123,
  source: '192.0.2.1',
  sourcePort: 50_000,
  destination: '192.0.2.2',
  destinationPort: 2_055,
  payload: Uint8Array.from(payload),
}

const le32 = (value: number): number[] => u32(value).reverse()
const le16 = (value: number): number[] => u16(value).reverse()

function pcap(linkType: number, frames: number[][], magic = 0xa1b2_c3d4, fraction = 123_456): Uint8Array {
  const records = frames.flatMap(frame => [
    ...u32(1_700_000_000),
    ...u32(fraction),
    ...u32(frame.length),
    ...u32(frame.length),
    ...frame,
  ])
  return octets(u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65_535), u32(linkType), records)
}

function block(type: number, ...parts: number[][]): number[] {
  const body = parts.flat()
  while (body.length % 4 !== 0) body.push(0)
  return [...le32(type), ...le32(body.length + 12), ...body, ...le32(body.length + 12)]
}

const section = block(0x0a0d_0d0a, le32(0x1a2b_3c4d), le16(1), le16(0), new Array<number>(8).fill(0xff))

describe('captures', () => {
  it('reads pcap in either byte order, with microseconds or nanoseconds', () => {
    expect([...readDatagrams(pcap(1, [ethernet(0x0800, packet)]))]).toEqual([expected])
    expect([...readDatagrams(pcap(1, [ethernet(0x0800, packet)], 0xa1b2_3c4d, 123_456_789))]).toEqual([expected])
    const frame = ethernet(0x0800, packet)
    const little = octets(le32(0xa1b2_c3d4), le16(2), le16(4), le32(0), le32(0), le32(65_535), le32(1))
    const record = [...le32(1_700_000_000), ...le32(123_456), ...le32(frame.length), ...le32(frame.length), ...frame]
    expect([...readDatagrams(octets(little, record))]).toEqual([expected])
  })

  it('reads every usual link layer', () => {
    const six = ipv6Packet(17, udpDatagram(payload, 50_000, 2_055))
    const frames: Record<string, [linkType: number, frame: number[]]> = {
      'null, little-endian': [0, [...le32(2), ...packet]],
      loop: [108, [...u32(2), ...packet]],
      'Ethernet with VLAN tags': [1, ethernet(0x88a8, [...u16(1), ...u16(0x8100), ...u16(2), ...u16(0x0800)], packet)],
      'Ethernet with MPLS': [1, ethernet(0x8847, u32(0x0001_0140), packet)],
      'Ethernet with PPPoE': [1, ethernet(0x8864, [0x11, 0, 0, 1, 0, 0, 0x00, 0x21], packet)],
      'Ethernet with SNAP': [1, ethernet(90, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0], packet)],
      PPP: [9, [0xff, 3, 0, 0x21, ...packet]],
      'PPP, compressed': [9, [0x21, ...packet]],
      'Cisco HDLC': [104, [0x0f, 0, ...u16(0x0800), ...packet]],
      raw: [101, packet],
      'raw IPv4': [228, packet],
      'Linux cooked': [113, [...new Array<number>(14).fill(0), ...u16(0x0800), ...packet]],
      'Linux cooked, version 2': [276, [...u16(0x0800), ...new Array<number>(18).fill(0), ...packet]],
    }
    for (const [name, [linkType, frame]] of Object.entries(frames)) {
      expect([...readDatagrams(pcap(linkType, [frame]))], name).toEqual([expected])
    }
    expect([...readDatagrams(pcap(229, [six]))]).toEqual([
      { ...expected, source: '2001:db8::1', destination: '2001:db8::2' },
    ])
    const snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]
    const wireless = [0x88, 0x02, ...new Array<number>(22).fill(0), 0, 0, ...snap, ...packet]
    const others: Record<string, [linkType: number, frame: number[]]> = {
      '802.11 with QoS': [105, wireless],
      radiotap: [127, [0, 0, 12, 0, ...new Array<number>(8).fill(0), ...wireless]],
      'token ring': [6, [...new Array<number>(14).fill(0), ...snap, ...packet]],
      'RFC 1483': [100, [...snap, ...packet]],
      'frame relay': [107, [0x18, 0x41, ...u16(0x03cc), ...packet]],
      enc: [109, [...new Array<number>(12).fill(0), ...packet]],
      pflog: [117, [61, ...new Array<number>(63).fill(0), ...packet]],
      'PPP with direction': [204, [0, 0xff, 3, 0, 0x21, ...packet]],
      'Ethernet in a backbone frame': [1, ethernet(0x88e7, u32(5), ethernet(0x0800, packet))],
      'Ethernet with VN-Tag': [1, ethernet(0x8926, u32(5), u16(0x0800), packet)],
      'Ethernet with a TrustSec tag': [1, ethernet(0x8909, [1, 1], u16(1), u16(7), u16(0x0800), packet)],
      prism: [119, [...zeros(144), ...wireless]],
      AVS: [163, [...zeros(4), ...u32(64), ...zeros(56), ...wireless]],
      'IP over IEEE 1394': [138, [...zeros(16), ...u16(0x0800), ...packet]],
      'IP over InfiniBand': [242, [...zeros(40), ...u16(0x0800), 0, 0, ...packet]],
      'Broadcom tag': [281, [...zeros(16), ...u16(0x0800), ...packet]],
      'Marvell tag with type': [283, [...zeros(20), ...u16(0x0800), ...packet]],
      "Juniper's Ethernet": [178, [0x4d, 0x47, 0x43, 0x80, ...u16(6), ...zeros(6), ...ethernet(0x0800, packet)]],
      "Juniper's without Ethernet": [178, [0x4d, 0x47, 0x43, 0x02, ...u32(2), ...packet]],
      'per-packet information': [192, [0, 0, ...le16(8), ...le32(1), ...ethernet(0x0800, packet)]],
      'Endace record': [197, [...zeros(8), 0x82, ...zeros(7), ...zeros(8), 0, 0, ...ethernet(0x0800, packet)]],
      nflog: [
        239,
        [2, 0, 0, 0, ...le16(6), ...le16(10), 1, 0, 0, 0, ...le16(packet.length + 4), ...le16(9), ...packet],
      ],
      Hilscher: [241, [...zeros(12), ...ethernet(0x0800, packet)]],
      pktap: [258, [...le32(108), ...le32(1), ...le32(1), ...zeros(96), ...ethernet(0x0800, packet)]],
      'authentication header': [101, ipv4Packet(51, [17, 4, ...zeros(22), ...udp], hosts)],
    }
    for (const [name, [linkType, frame]] of Object.entries(others)) {
      expect([...readDatagrams(pcap(linkType, [frame]))], name).toEqual([expected])
    }
    // Headers that were cut, or point past the frame.
    for (const [linkType, frame] of Object.values(others)) {
      for (let length = 0; length < frame.length; length++) {
        const found = [...readDatagrams(pcap(linkType, [frame.slice(0, length)]))]
        expect(found.every(one => one.payload.length < payload.length)).toBe(true)
      }
    }
    const six51 = ipv6Packet(51, [17, 4, ...zeros(22), ...udp])
    expect([...readDatagrams(pcap(101, [six51]))]).toMatchObject([{ payload: expected.payload }])
    // 802.11 that is encrypted, or no data.
    expect([
      ...readDatagrams(
        pcap(105, [
          [0x88, 0x42, ...wireless.slice(2)],
          [0x80, ...wireless.slice(1)],
        ]),
      ),
    ]).toEqual([])
    const parser = new DatagramParser()
    expect([...parser.push(pcap(147, [packet]))]).toEqual([])
    expect([...parser.unknownLinkTypes]).toEqual([[147, 1]])
  })

  it('reads the same whatever pieces the file comes in', () => {
    const whole = pcap(1, [ethernet(0x0800, packet), ethernet(0x0800, packet), ethernet(0x0800, packet)])
    for (const length of [1, 7, 23, 24, 25, 41, 1_000]) {
      const parser = new DatagramParser()
      const found = []
      for (let at = 0; at < whole.length; at += length) {
        for (const datagram of parser.push(whole.slice(at, at + length))) {
          found.push({ ...datagram, payload: datagram.payload.slice() })
        }
      }
      expect(found).toEqual([expected, expected, expected])
      expect(parser.end()).toBe(true)
    }
  })

  it('reads pcapng: interfaces with their resolution and offset, simple and enhanced packets, unknown blocks', () => {
    const frame = ethernet(0x0800, packet)
    const padded = [...frame, ...new Array<number>((4 - (frame.length % 4)) % 4).fill(0)]
    const nanoseconds = block(1, le16(1), le16(0), le32(0), le16(9), le16(1), [9, 0, 0, 0], le32(0))
    const microseconds = block(1, le16(101), le16(0), le32(0))
    const ns = 1_700_000_000_123_000_000n
    const enhanced = block(
      6,
      le32(0),
      le32(Number(ns >> 32n)),
      le32(Number(ns & 0xffff_ffffn)),
      le32(frame.length),
      le32(frame.length),
      padded,
    )
    const us = 1_700_000_000_123_000n
    const raw = block(
      6,
      le32(1),
      le32(Number(us >> 32n)),
      le32(Number(us & 0xffff_ffffn)),
      le32(packet.length),
      le32(packet.length),
      packet,
    )
    const simple = block(3, le32(frame.length), frame)
    const capture = octets(section, nanoseconds, microseconds, block(0x0bad, [1, 2, 3, 4]), enhanced, raw, simple)
    expect(isCapture(capture)).toBe(true)
    const [first, second, third] = [...readDatagrams(capture)]
    expect([first, second]).toEqual([expected, expected])
    expect(third?.payload).toEqual(expected.payload)
  })

  it('says where a file breaks off, and gives what came before', () => {
    const whole = pcap(1, [ethernet(0x0800, packet), ethernet(0x0800, packet)])
    for (const length of [whole.length - 1, whole.length - 60, 30]) {
      const datagrams = readDatagrams(whole.subarray(0, length))
      let count = 0
      let next = datagrams.next()
      for (; !next.done; next = datagrams.next()) count++
      expect({ count, complete: next.value }).toEqual({ count: length === 30 ? 0 : 1, complete: false })
    }
  })

  it('F29 puts IP fragments together, in any order, and drops what overlaps or never ends', () => {
    const datagram = udpDatagram(new Array<number>(4_000).fill(7), 50_000, 2_055)
    const fragment = (offset: number, length: number, more: boolean): number[] =>
      ipv4Packet(17, datagram.slice(offset, offset + length), {
        source: '192.0.2.1',
        destination: '192.0.2.2',
        fragment: (more ? 0x2000 : 0) | (offset / 8),
      })
    const parts = [fragment(0, 1_480, true), fragment(1_480, 1_480, true), fragment(2_960, 1_480, false)]
    for (const order of [parts, [parts[2]!, parts[0]!, parts[1]!], [parts[1]!, parts[1]!, parts[2]!, parts[0]!]]) {
      const found = [...readDatagrams(pcap(101, order))]
      expect(found).toHaveLength(1)
      expect(found[0]!.payload).toHaveLength(4_000)
    }
    expect([...readDatagrams(pcap(101, [parts[0]!, fragment(1_400, 1_480, true), parts[2]!]))]).toEqual([])
    const flood = Array.from({ length: 2_000 }, (_, id) => {
      const packetOf = fragment(0, 1_480, true)
      packetOf.splice(4, 2, ...u16(id))
      return packetOf
    })
    expect([...readDatagrams(pcap(101, flood))]).toEqual([])
  })

  it('F34 takes an IPv4-mapped exporter for the IPv4 one, and keeps link-local ones', () => {
    const from = (source: string): number[] => {
      const packetOf = ipv6Packet(17, udpDatagram(payload, 50_000, 2_055))
      packetOf.splice(8, 16, ...ip6(source))
      return packetOf
    }
    const sources = [...readDatagrams(pcap(101, ['::ffff:c000:201', 'fe80::1'].map(from)))].map(one => one.source)
    expect(sources).toEqual(['192.0.2.1', 'fe80::1'])
  })

  it('leaves alone what is no UDP', () => {
    const arp = [...mac('ff:ff:ff:ff:ff:ff'), ...mac('02:00:00:00:00:01'), ...u16(0x0806), ...ip4('0.0.0.0')]
    expect([...readDatagrams(pcap(1, [arp, ethernet(0x0800, ipv4Packet(6, packet))]))]).toEqual([])
    expect(isCapture(v5([v5Record()]))).toBe(false)
  })
})

describe('files of datagrams written one after the other', () => {
  it('are split where a header of the same version follows', () => {
    const one = v5([v5Record(), v5Record()])
    expect([...splitDatagrams(octets(one, one, one))]).toEqual([one, one, one])
    const nine = v9([[...u16(0), ...u16(12), ...u16(256), ...u16(1), ...u16(1), ...u16(4)]])
    expect([...splitDatagrams(octets(nine, nine))]).toEqual([nine, nine])
    // PAN-OS fills its datagrams up with zeros.
    const filled = octets(nine, new Array<number>(200).fill(0))
    expect([...splitDatagrams(octets(filled, nine))]).toEqual([filled, nine])
    const ten = ipfix([[...u16(256), ...u16(8), ...u32(7)]])
    expect([...splitDatagrams(octets(ten, ten))]).toEqual([ten, ten])
    const samples = sflow([flowSample([sampledHeader(ethernet(0x0800, packet))])])
    expect([...splitDatagrams(octets(samples, samples, samples))]).toEqual([samples, samples, samples])
    expect([...splitDatagrams(Uint8Array.from([1, 2, 3]))]).toEqual([Uint8Array.from([1, 2, 3])])
  })
  it('are split where the next is of another version', () => {
    const nine = v9([[...u16(0), ...u16(12), ...u16(256), ...u16(1), ...u16(1), ...u16(4)]])
    const kinds = [
      v5([v5Record(), v5Record()]),
      nine,
      ipfix([[...u16(256), ...u16(8), ...u32(7)]]),
      sflow([flowSample([sampledHeader(ethernet(0x0800, packet))])]),
      octets(nine, zeros(100)),
      sflow([]),
    ]
    const all = kinds.flatMap(one => kinds.flatMap(other => [one, other]))
    expect([...splitDatagrams(octets(...all))]).toEqual(all)
  })

  it('are split the same whatever pieces the file comes in, without holding it whole', () => {
    const nine = v9([[...u16(0), ...u16(12), ...u16(256), ...u16(1), ...u16(1), ...u16(4)]])
    const ten = ipfix([[...u16(256), ...u16(8), ...u32(7)]])
    for (const one of [octets(nine, zeros(1_200)), ten, v5([v5Record(), v5Record()])]) {
      const count = Math.ceil(400_000 / one.length)
      const file = new Uint8Array(count * one.length)
      for (let at = 0; at < file.length; at += one.length) file.set(one, at)
      for (const length of [997, 65_536, 300_000]) {
        const splitter = new DatagramSplitter()
        let found = 0
        let held = 0
        for (let at = 0; at < file.length; at += length) {
          for (const datagram of splitter.push(file.subarray(at, at + length))) {
            if (Buffer.compare(datagram, one) === 0) found++
          }
          held = Math.max(held, splitter.heldOctets)
        }
        for (const datagram of splitter.end()) if (Buffer.compare(datagram, one) === 0) found++
        expect({ length, found }).toEqual({ length, found: count })
        expect(held).toBeLessThan(400_000)
      }
    }
  })
})
