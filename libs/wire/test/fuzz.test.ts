import { describe, expect, it } from 'vitest'
import { createExporterDecoder, DatagramReader, decodeErrors, FlowColumns, readDatagrams } from '../src/index.ts'
import {
  ethernet,
  flowSample,
  ipfix,
  ipfixOptionsTemplate,
  ipv4Packet,
  octets,
  receivedMs,
  sampledHeader,
  set,
  sflow,
  struct,
  tcpSegment,
  template,
  u32,
  v5,
  v5Record,
  v9,
} from './packets.ts'

/** `WEIR_FUZZ=long` for a night: ten times as many. */
const datagrams = process.env.WEIR_FUZZ === 'long' ? 1_000_000 : 100_000
const seed = Number(process.env.WEIR_FUZZ_SEED ?? 20_260_417)

/** mulberry32: the same datagrams every time, and the seed in the test's name. */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const path = struct(1_003, u32(1), [1, 2, 3, 4], u32(1), u32(2), u32(3), u32(1), u32(2), u32(1), u32(4), u32(0), u32(5))
const valid: Uint8Array[] = [
  v5([v5Record(), v5Record(), v5Record()]),
  v9([
    set(
      0,
      template(256, [
        [8, 4],
        [12, 4],
        [1, 4],
        [22, 4],
        [48, 1],
      ]),
    ),
    set(256, new Array<number>(34).fill(7)),
  ]),
  ipfix([
    set(
      2,
      template(256, [
        [371, 65_535],
        [1, 8],
        [2, 4, 29_305],
        [291, 65_535],
      ]),
    ),
    set(256, [2, 0x61, 0x62], new Array<number>(12).fill(1), [9, 3, 0, 1, 0, 4, 0, 0, 0, 9]),
    set(
      3,
      ipfixOptionsTemplate(
        257,
        [[149, 4]],
        [
          [34, 4],
          [302, 2],
        ],
      ),
    ),
    set(257, u32(1), u32(10), [0, 1]),
  ]),
  sflow([
    flowSample([sampledHeader(ethernet(0x8100, [0, 9, 8, 0], ipv4Packet(6, tcpSegment()))), path]),
    struct(2, u32(1), u32(3), u32(1), struct(1, new Array<number>(88).fill(3))),
  ]),
]

/** Flips, overwrites, cuts and repeats: what zzuf does, with a liking for the lengths in the header. */
function mutate(random: () => number): Uint8Array {
  const original = valid[Math.floor(random() * valid.length)]!
  let result: Uint8Array = original.slice()
  for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes--) {
    const at = Math.floor(random() * (random() < 0.5 ? Math.min(result.length, 64) : result.length))
    const kind = random()
    if (kind < 0.4) result[at] = Math.floor(random() * 256)
    else if (kind < 0.6) result[at] = [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)]!
    else if (kind < 0.8) result[at]! ^= 1 << Math.floor(random() * 8)
    else if (kind < 0.9) result = result.slice(0, at + 1)
    else result = octets(result, result.slice(at))
  }
  return result
}

function noise(random: () => number): Uint8Array {
  const result = new Uint8Array(Math.floor(random() * 200))
  for (let i = 0; i < result.length; i++) result[i] = Math.floor(random() * 256)
  // Half of it looks like a protocol at least.
  if (result.length > 2 && random() < 0.5) result.set([0, [1, 5, 7, 9, 10][Math.floor(random() * 5)]!])
  return result
}

describe(`F01 ${datagrams} random and mutated datagrams (seed ${seed})`, () => {
  it('never throw, are counted by codes of the table, and leave memory bounded', () => {
    const random = randomOf(seed)
    const decoder = createExporterDecoder()
    const out = new FlowColumns(1_024)
    let records = 0
    let withErrors = 0
    for (let i = 0; i < datagrams; i++) {
      const datagram = random() < 0.7 ? mutate(random) : noise(random)
      out.reset()
      const outcome = decoder.decode(datagram, 1_000 + (i % 3), receivedMs + i, out)
      records += outcome.records
      if (outcome.errors.length > 0) withErrors++
      for (const { offset, code } of outcome.errors) {
        if (offset < 0 || offset > datagram.length || !(code in decodeErrors))
          expect.fail(`${code} at ${offset} of ${datagram.length}`)
      }
      for (let row = 0; row < out.length; row++) {
        if (!(out.startMs[row]! <= out.endMs[row]! && out.endMs[row]! <= receivedMs + i))
          expect.fail(`times of datagram ${i}`)
      }
    }
    expect(decoder.counters.datagrams).toBe(datagrams)
    expect(decoder.counters.records).toBe(records)
    expect(withErrors).toBeGreaterThan(datagrams / 4)
    expect(decoder.counters.templatesKnown).toBeLessThanOrEqual(4_096)
    expect(decoder.counters.heldDatagrams).toBeLessThanOrEqual(1_024)
    expect(JSON.stringify(decoder.snapshot()).length).toBeLessThan(8_000_000)
  }, 300_000)

  it('never stop the reader of all fields either', () => {
    const random = randomOf(seed + 1)
    const reader = new DatagramReader()
    for (let i = 0; i < datagrams / 10; i++) {
      const datagram = random() < 0.7 ? mutate(random) : noise(random)
      for (const record of reader.read(datagram, '192.0.2.1', 1, receivedMs)) JSON.stringify(record)
    }
    reader.finish()
    expect(reader.exporters.get('192.0.2.1')!.datagrams).toBe(datagrams / 10)
  }, 300_000)

  it('never stop the reader of captures', () => {
    const random = randomOf(seed + 2)
    const record = (data: Uint8Array): number[] => [
      ...u32(0),
      ...u32(0),
      ...u32(data.length),
      ...u32(data.length),
      ...data,
    ]
    for (let i = 0; i < datagrams / 20; i++) {
      const frame = octets(ethernet(0x0800, ipv4Packet(17, [...mutate(random)])))
      const capture = octets([0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4], u32(0), u32(0), u32(65_535), u32(1), record(frame))
      for (let changes = 0; changes < 4; changes++)
        capture[Math.floor(random() * capture.length)] = Math.floor(random() * 256)
      for (const datagram of readDatagrams(capture))
        if (datagram.payload.length > capture.length) expect.fail('over-read')
    }
  }, 300_000)
})
