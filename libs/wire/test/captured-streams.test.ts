import { describe, expect, it } from 'vitest'
import { type CapturedDatagram, DatagramParser } from '../src/index.ts'
import {
  ethernet,
  ipfix,
  ipv4Packet,
  octets,
  set,
  template,
  text,
  u16,
  u32,
  udpDatagram,
  v5,
  v5Record,
} from './packets.ts'

const hosts = { source: '192.0.2.1', destination: '192.0.2.2' }

function pcap(...packets: number[][]): Uint8Array {
  const records = packets.map(packet => [
    ...u32(1_700_000_000),
    ...u32(0),
    ...u32(packet.length),
    ...u32(packet.length),
    ...packet,
  ])
  return octets(u32(0xa1b2_c3d4), u16(2), u16(4), u32(0), u32(0), u32(65_535), u32(101), ...records)
}

interface Found {
  payloads: number[][]
  first: CapturedDatagram | undefined
  gaps: number
}

function found(...packets: number[][]): Found {
  const parser = new DatagramParser(true)
  const datagrams: CapturedDatagram[] = []
  for (const one of parser.push(pcap(...packets))) datagrams.push({ ...one, payload: one.payload.slice() })
  datagrams.push(...parser.rest())
  return { payloads: datagrams.map(({ payload }) => [...payload]), first: datagrams[0], gaps: parser.streamGaps }
}

const messages = [1, 2, 3, 4].map(n => [
  ...ipfix([set(2, template(256, [[1, 8]])), set(256, new Array<number>(8 * n).fill(n))], { sequence: n }),
])
const stream = messages.flat()

function tcp(sequence: number, payload: number[], flags = 0x18, ports: [number, number] = [40_000, 4_739]): number[] {
  const header = [...u16(ports[0]), ...u16(ports[1]), ...u32(sequence), ...u32(0), 0x50, flags, ...u16(100), ...u32(0)]
  return ipv4Packet(6, [...header, ...payload], hosts)
}

const cut = (from: number, to?: number): number[] => tcp((100 + from) >>> 0, stream.slice(from, to))

describe('IPFIX over TCP in captures', () => {
  it('is cut into messages by their lengths, in whatever segments they come', () => {
    for (const size of [1, 3, 17, 50, 1_000]) {
      const segments = []
      for (let at = 0; at < stream.length; at += size) segments.push(cut(at, at + size))
      expect(found(tcp(99, [], 2), ...segments), `segments of ${size}`).toMatchObject({ payloads: messages, gaps: 0 })
    }
    const { first } = found(tcp(99, [], 2), cut(0))
    expect(first).toMatchObject({
      source: hosts.source,
      sourcePort: 40_000,
      destination: hosts.destination,
      destinationPort: 4_739,
    })
  })

  it('is put in order, and what is sent again or overlaps counts once, across the wrap of the numbers', () => {
    const syn = tcp(99, [], 2)
    expect(found(syn, cut(60), cut(30, 60), cut(0, 30))).toMatchObject({ payloads: messages, gaps: 0 })
    expect(found(syn, cut(0, 50), cut(0, 50), cut(40, 90), cut(20))).toMatchObject({ payloads: messages, gaps: 0 })
    const wrapping = [tcp(2 ** 32 - 11, [], 2), tcp(2 ** 32 - 10, stream.slice(0, 50)), tcp(40, stream.slice(50))]
    expect(found(...wrapping)).toMatchObject({ payloads: messages, gaps: 0 })
  })

  it('goes on after a gap, and in a connection whose begin was not captured, at the next message', () => {
    const at = messages[0]!.length + messages[1]!.length
    expect(found(tcp(99, [], 2), cut(0, 60), cut(at))).toMatchObject({
      payloads: [messages[0], ...messages.slice(2)],
      gaps: 1,
    })
    expect(found(cut(10, at), cut(at))).toMatchObject({ payloads: messages.slice(2), gaps: 0 })
    expect(found(tcp(99, [], 2), cut(0, -3))).toMatchObject({ payloads: messages.slice(0, 3), gaps: 1 })
  })

  it('gives up waiting within a bound', () => {
    const late = Array.from({ length: 200 }, (_, i) => tcp(10_000 + i * stream.length, stream))
    expect(found(tcp(99, [], 2), cut(0), ...late)).toMatchObject({ payloads: { length: 4 * 201 }, gaps: 1 })
  })

  it('leaves other connections alone', () => {
    const web = text('GET / HTTP/1.1\r\nHost: weir.example\r\n\r\n')
    const other = [tcp(9, [], 2), tcp(10, web), tcp(10 + web.length + 5, web), tcp(5, [0, 10]), tcp(5, v5Record())]
    expect(found(...other)).toMatchObject({ payloads: [], gaps: 0 })
    expect([...new DatagramParser().push(pcap(tcp(99, [], 2), cut(0)))]).toEqual([])
  })
})

function sctp(...chunks: number[][]): number[] {
  return ipv4Packet(132, [...u16(40_000), ...u16(4_739), ...u32(7), ...u32(0), ...chunks.flat()], hosts)
}

function chunk(number: number, flags: number, payload: number[], isInterleaved = false): number[] {
  const body = [...u32(number), ...u16(1), ...u16(2), ...u32(0), ...(isInterleaved ? u32(0) : []), ...payload]
  const padding = new Array<number>((4 - (body.length % 4)) % 4).fill(0)
  return [isInterleaved ? 64 : 0, flags, ...u16(body.length + 4), ...body, ...padding]
}

describe('IPFIX over SCTP in captures', () => {
  const [one, two, three] = messages as [number[], number[], number[]]

  it('is a message a chunk, or in fragments of any order; what is sent again counts once', () => {
    const sack = [3, 0, ...u16(16), ...new Array<number>(12).fill(0)]
    const packets = [
      sctp(sack, chunk(1, 3, one), chunk(2, 2, two.slice(0, 20))),
      sctp(chunk(1, 3, one)),
      sctp(chunk(4, 1, two.slice(30))),
      sctp(chunk(3, 0, two.slice(20, 30)), chunk(5, 3, three, true)),
    ]
    expect(found(...packets)).toMatchObject({ payloads: [one, two, three], gaps: 0 })
  })

  it('counts a message whose fragments do not all come, and leaves other associations alone', () => {
    expect(found(sctp(chunk(1, 3, one)), sctp(chunk(2, 2, two)))).toMatchObject({ payloads: [one], gaps: 1 })
    expect(found(sctp(chunk(1, 3, text('diameter'))), sctp([0, 3, 0, 200]))).toMatchObject({ payloads: [], gaps: 0 })
  })
})

describe('datagrams that were mirrored, or came through a tunnel', () => {
  const datagram = [...v5([v5Record()])]
  const inner = ipv4Packet(17, udpDatagram(datagram, 50_000, 2_055), {
    source: '198.51.100.7',
    destination: '192.0.2.2',
  })
  const frame = ethernet(0x0800, inner)
  const zeros = (count: number): number[] => new Array<number>(count).fill(0)
  const udp = (port: number, ...parts: number[][]): number[] =>
    ipv4Packet(17, udpDatagram(parts.flat(), 9, port), hosts)
  const gre = (...parts: number[][]): number[] => ipv4Packet(47, parts.flat(), hosts)
  const carriers: Record<string, number[]> = {
    'IP in IP': ipv4Packet(4, inner, hosts),
    GRE: gre([0, 0, 8, 0], inner),
    'GRE with key, checksum and sequence': gre([0xb0, 0, 8, 0], zeros(12), inner),
    'GRE of frames': gre([0, 0, 0x65, 0x58], frame),
    'ERSPAN I': gre([0, 0, 0x88, 0xbe], frame),
    'ERSPAN II': gre([0x10, 0, 0x88, 0xbe], zeros(4), zeros(8), frame),
    'ERSPAN III': gre([0x10, 0, 0x22, 0xeb], zeros(4), zeros(12), frame),
    'ERSPAN III with a subheader': gre([0x10, 0, 0x22, 0xeb], zeros(4), [...zeros(11), 1], zeros(8), frame),
    VXLAN: udp(4_789, [8, ...zeros(7)], frame),
    Geneve: udp(6_081, [1, 0, 0x65, 0x58, ...zeros(4)], zeros(4), frame),
    TZSP: udp(37_008, [1, 0, 0, 1], [10, 1, 0xc8, 0, 1], frame),
    'VXLAN in GRE': gre([0, 0, 8, 0], udp(4_789, [8, ...zeros(7)], frame)),
  }

  it('are taken out of what carries them', () => {
    for (const [name, packet] of Object.entries(carriers)) {
      const { first, payloads } = found(packet)
      expect({ name, payloads }).toEqual({ name, payloads: [datagram] })
      expect(first).toMatchObject({ source: '198.51.100.7', destinationPort: 2_055 })
    }
  })

  it('never throws over one that was cut', () => {
    for (const packet of Object.values(carriers)) {
      for (let length = 20; length < packet.length; length++) {
        expect(found(packet.slice(0, length)).payloads.length).toBeLessThanOrEqual(1)
      }
    }
    const nested = Array.from({ length: 20 }).reduce<number[]>(packet => ipv4Packet(4, packet, hosts), inner)
    expect(found(nested).payloads).toEqual([])
  })
})
