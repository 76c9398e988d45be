import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../kernel/src/index.ts'
import { createExporterDecoder, DatagramReader, decodeErrors, FlowColumns, readDatagrams } from '../src/index.ts'
import { byGrammar, mutate, noise, type Random, randomOf, valid } from './hostile-datagrams.ts'
import { ethernet, ipv4Packet, octets, receivedMs, set, template, u32, v5, v5Record, v9 } from './packets.ts'

/** `WEIR_FUZZ=long` for 10^6 of each kind; another `WEIR_FUZZ_SEED` for other ones. */
const isLong = process.env.WEIR_FUZZ === 'long'
const datagrams = isLong ? 1_000_000 : 40_000
const seed = Number(process.env.WEIR_FUZZ_SEED ?? 20_260_417)
const minutes = 60_000

/** What no decoding of one datagram may take, on any machine: a loop, not slowness. */
const stuckMs = 5_000
const goodEach = 1_000

/** The material's datagrams as seeds for mutation, and the mutated ones as they are; ours alone where it is absent. */
const material = process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material')
const captures = ['flows/replay', 'adversarial/zzuf'].flatMap(folder => {
  const path = join(material, folder)
  return existsSync(path) ? readdirSync(path).map(name => join(path, name)) : []
})
const captured = captures
  .filter(path => path.endsWith('.pcap'))
  .flatMap(path => [...readDatagrams(readFileSync(path))].map(({ payload }) => payload.slice()))

const kinds: Record<string, (random: Random) => Uint8Array> = {
  random: noise,
  mutated: random => mutate(random, random() < 0.5 || captured.length === 0 ? valid : captured),
  grammatical: byGrammar,
}

const goodV9 = v9([set(0, template(300, [[1, 4]])), set(300, u32(77))], { domain: 0xfee1_600d })
const goodV5 = v5([v5Record({ octets: 99 })])

for (const [kind, make] of Object.entries(kinds)) {
  describe(`F01 ${datagrams} ${kind} datagrams (seed ${seed})`, () => {
    it(
      'never throw or loop, are counted by codes of the table, leave memory flat, and the next good one is decoded',
      () => {
        const random = randomOf(seed)
        const decoder = createExporterDecoder({ duplicates: 'keep' })
        const out = new FlowColumns(1_024)
        let records = 0
        let slowestMs = 0
        let heapAtTenth = 0
        for (let i = 0; i < datagrams; i++) {
          const datagram = make(random)
          out.reset()
          const atMs = performance.now()
          const outcome = decoder.decode(datagram, 1_000 + (i % 3), receivedMs + i, out)
          slowestMs = Math.max(slowestMs, performance.now() - atMs)
          records += outcome.records
          for (const { offset, code } of outcome.errors) {
            if (offset < 0 || offset > datagram.length || !(code in decodeErrors))
              expect.fail(`${code} at ${offset} of ${datagram.length}`)
          }
          for (let row = 0; row < out.length; row++) {
            if (!(out.startMs[row]! <= out.endMs[row]! && out.endMs[row]! <= receivedMs + i))
              expect.fail(`times of datagram ${i}`)
          }
          if (i % goodEach === 0) {
            for (const [good, octetsOf] of [
              [goodV9, 77n],
              [goodV5, 99n],
            ] as const) {
              out.reset()
              records += decoder.decode(good, 9_999, receivedMs + i, out).records
              if (out.length !== 1 || out.octets[0] !== octetsOf) expect.fail(`a good datagram after ${i}`)
            }
          }
          if (i === datagrams / 10) heapAtTenth = process.memoryUsage().heapUsed
        }
        expect(decoder.counters.datagrams).toBe(datagrams + 2 * (datagrams / goodEach))
        expect(decoder.counters.records).toBe(records)
        expect(slowestMs).toBeLessThan(stuckMs)
        expect(decoder.counters.errorsByCode.size).toBeGreaterThan(3)
        expect(decoder.counters.templatesKnown).toBeLessThanOrEqual(4_096)
        expect(decoder.counters.heldDatagrams).toBeLessThanOrEqual(1_024)
        expect(JSON.stringify(decoder.snapshot()).length).toBeLessThan(16_000_000)
        expect(JSON.stringify(decoder.names.save()).length).toBeLessThan(16_000_000)
        // Garbage that was not collected yet is in it too.
        expect(process.memoryUsage().heapUsed - heapAtTenth).toBeLessThan(400_000_000)
      },
      30 * minutes,
    )

    it(
      'never stop the reader of all fields either, whose lines are JSON',
      () => {
        const random = randomOf(seed + 1)
        const reader = new DatagramReader()
        for (let i = 0; i < datagrams / 10; i++) {
          for (const record of reader.read(make(random), '192.0.2.1', 1, receivedMs)) JSON.parse(JSON.stringify(record))
        }
        for (const record of reader.finish()) JSON.stringify(record)
        const tally = reader.exporters.get('192.0.2.1')!
        expect(tally.datagrams).toBe(datagrams / 10)
        expect([...tally.errors.keys()].filter(code => !(code in decodeErrors))).toEqual([])
      },
      30 * minutes,
    )
  })
}

/** A block of pcapng, big-endian. */
function block(type: number, ...parts: number[][]): number[] {
  const body = parts.flat()
  while (body.length % 4 !== 0) body.push(0)
  return [...u32(type), ...u32(body.length + 12), ...body, ...u32(body.length + 12)]
}

describe('F01 broken captures', () => {
  it('never stop their reader', () => {
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
      const linkType = Math.floor(random() * 300)
      const capture = octets(
        [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4],
        u32(0),
        u32(0),
        u32(65_535),
        u32(random() < 0.5 ? 1 : linkType),
        record(frame),
      )
      for (let changes = 0; changes < 4; changes++)
        capture[Math.floor(random() * capture.length)] = Math.floor(random() * 256)
      for (const datagram of readDatagrams(capture))
        if (datagram.payload.length > capture.length) expect.fail('over-read')
      const blocks = octets(
        block(0x0a0d_0d0a, u32(0x1a2b_3c4d), [0, 1, 0, 0], new Array<number>(8).fill(0xff)),
        block(
          1,
          [0, 1, 0, 0],
          u32(0),
          [0, 9, 0, 1, Math.floor(random() * 256), 0, 0, 0],
          [0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9],
        ),
        block(6, u32(0), u32(1), u32(2), u32(frame.length), u32(frame.length), [...frame]),
        block(3, u32(frame.length), [...frame]),
      )
      for (let changes = 0; changes < 4; changes++)
        blocks[Math.floor(random() * blocks.length)] = Math.floor(random() * 256)
      for (const datagram of readDatagrams(blocks))
        if (datagram.payload.length > blocks.length) expect.fail('over-read')
    }
  }, 300_000)
})
