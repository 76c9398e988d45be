import { describe, expect, it } from 'vitest'
import { createExporterDecoder, type ExporterDecoder, FlowColumns } from '../src/index.ts'
import {
  ipfix,
  ipfixOptionsTemplate,
  receivedMs,
  set,
  sflow,
  struct,
  template,
  text,
  u16,
  u32,
  v9,
  v9OptionsTemplate,
} from './packets.ts'

const out = new FlowColumns(16)

function feed(decoder: ExporterDecoder, datagram: Uint8Array, sourcePort = 50_000): void {
  out.reset()
  expect(decoder.decode(datagram, sourcePort, receivedMs, out).errors).toEqual([])
}

/** A text of a fixed length, filled up with zeros. */
const fixed = (value: string, length: number): number[] => [
  ...text(value),
  ...new Array<number>(length - value.length).fill(0),
]

/** Cisco IOS: "option application-table", "interface-table", "vrf-table", "sampler-table"; scope System. */
const ciscoTables = v9([
  set(
    1,
    v9OptionsTemplate(
      256,
      [[1, 4]],
      [
        [95, 4],
        [96, 24],
        [94, 55],
      ],
    ),
    v9OptionsTemplate(
      257,
      [[1, 4]],
      [
        [10, 4],
        [82, 32],
        [83, 64],
      ],
    ),
    v9OptionsTemplate(
      258,
      [[1, 4]],
      [
        [234, 4],
        [236, 32],
      ],
    ),
    v9OptionsTemplate(
      259,
      [[1, 4]],
      [
        [48, 4],
        [84, 41],
        [49, 1],
        [50, 2],
      ],
    ),
    v9OptionsTemplate(
      260,
      [[1, 4]],
      [
        [95, 4],
        [45_000, 32],
      ],
    ),
  ),
  set(256, u32(9), u32(0x0d00_01df), fixed('youtube', 24), fixed('Video', 55)),
  set(257, u32(9), u32(3), fixed('Gi0/0/1', 32), fixed('to the core', 64)),
  set(258, u32(9), u32(7), fixed('CUSTOMER-A', 32)),
  set(259, u32(9), u32(1), fixed('one-in-thousand', 41), [2], u16(1_000)),
  set(260, u32(9), u32(0x0d00_01df), fixed('video', 32)),
])

describe('names that options data gives to numbers', () => {
  it('learns applications, interfaces, VRFs and samplers of NetFlow v9 scoped to the system', () => {
    const decoder = createExporterDecoder()
    feed(decoder, ciscoTables)
    const names = decoder.names.of(50_000)
    expect([...names.applications]).toEqual([[0x0d00_01df, { name: 'youtube', category: 'video' }]])
    expect([...names.interfaces]).toEqual([[3, { name: 'Gi0/0/1', description: 'to the core' }]])
    expect([...names.vrfs]).toEqual([[7, 'CUSTOMER-A']])
    expect([...names.samplers]).toEqual([[1, 'one-in-thousand']])
  })

  it('learns them from IPFIX scopes and from v9’s scope Interface, with variable lengths', () => {
    const decoder = createExporterDecoder()
    feed(
      decoder,
      ipfix([
        set(
          3,
          ipfixOptionsTemplate(
            300,
            [[10, 4]],
            [
              [82, 65_535],
              [83, 65_535],
            ],
          ),
        ),
        set(300, u32(9), [4], text('xe-0'), [0]),
        set(3, ipfixOptionsTemplate(301, [[234, 4]], [[236, 65_535]])),
        set(301, u32(2), [3], text('red')),
      ]),
    )
    feed(decoder, v9([set(1, v9OptionsTemplate(256, [[2, 4]], [[82, 8]])), set(256, u32(5), fixed('eth5', 8))]))
    const { interfaces, vrfs } = decoder.names.of(50_000)
    expect(interfaces.get(9)).toEqual({ name: 'xe-0', description: '' })
    expect(interfaces.get(5)).toEqual({ name: 'eth5', description: '' })
    expect(vrfs.get(2)).toBe('red')
  })

  it('learns interfaces of sFlow’s counter samples', () => {
    const decoder = createExporterDecoder()
    const named = (format: number, source: number[], name: string): number[] =>
      struct(
        format,
        u32(1),
        source,
        u32(2),
        struct(1, new Array<number>(88).fill(0)),
        struct(1_005, u32(name.length), text(name)),
      )
    feed(decoder, sflow([named(2, u32(17), 'Eth17/1x'), named(4, [...u32(0), ...u32(70_000)], 'Eth4')]))
    const { interfaces } = decoder.names.of(50_000)
    expect([...interfaces]).toEqual([
      [17, { name: 'Eth17/1x', description: '' }],
      [70_000, { name: 'Eth4', description: '' }],
    ])
    // A length past the sample, and a data source that is no interface.
    const lying = struct(2, u32(2), u32(18), u32(1), struct(1_005, u32(0xffff_fff0), text('cut!')))
    feed(decoder, sflow([named(2, u32(0x0200_0001), 'none'), lying], { sequence: 2 }))
    expect(decoder.names.of(50_000).interfaces.get(18)?.name).toBe('cut!')
    expect(interfaces.size).toBe(3)
  })

  it('folds application ids of other lengths as the columns do', () => {
    const decoder = createExporterDecoder()
    // FortiGate: engine 20, its enterprise number, 4 octets of selector (RFC 6759 §4.1).
    const fortinet = [20, ...u32(12_356), ...u32(36_660)]
    feed(
      decoder,
      v9([
        set(
          1,
          v9OptionsTemplate(
            257,
            [[1, 2]],
            [
              [95, 9],
              [96, 64],
            ],
          ),
        ),
        set(257, u16(1), fortinet, fixed('HTTPS.BROWSER', 64)),
        set(0, template(258, [[95, 9]]), template(259, [[95, 3]])),
        set(258, fortinet),
        set(259, [3], u16(443)),
      ]),
    )
    expect([...out.applicationId.subarray(0, 2)]).toEqual([(20 << 24) | 36_660, (3 << 24) | 443])
    expect(decoder.names.of(50_000).applications.get(out.applicationId[0]!)?.name).toBe('HTTPS.BROWSER')
  })

  it('F13 keeps the names of two exporters behind one address apart', () => {
    const decoder = createExporterDecoder()
    const table = (name: string): Uint8Array =>
      v9([
        set(
          1,
          v9OptionsTemplate(
            257,
            [[1, 4]],
            [
              [10, 4],
              [82, 8],
            ],
          ),
        ),
        set(257, u32(9), u32(3), fixed(name, 8)),
      ])
    feed(decoder, table('left'), 1)
    // A port that taught nothing borrows while there is only one other.
    expect(decoder.names.of(2).interfaces.get(3)?.name).toBe('left')
    feed(decoder, table('right'), 2)
    expect(decoder.names.of(1).interfaces.get(3)?.name).toBe('left')
    expect(decoder.names.of(2).interfaces.get(3)?.name).toBe('right')
    expect(decoder.names.of(3).interfaces.size).toBe(0)
    // Whoever knows no port gets the one that came last: an exporter that began anew sends from another.
    expect(decoder.names.merged().interfaces.get(3)?.name).toBe('right')
    expect(decoder.names.beyond).toBe(0)
  })

  it('survives a save, and changes its version only when something changed', () => {
    const decoder = createExporterDecoder()
    feed(decoder, ciscoTables)
    const { version } = decoder.names
    feed(decoder, ciscoTables)
    expect(decoder.names.version).toBe(version)
    const saved = JSON.stringify(decoder.names.save())
    const restored = createExporterDecoder({}, decoder.snapshot(), JSON.parse(saved))
    expect(JSON.stringify(restored.names.save())).toBe(saved)
    expect(restored.names.of(50_000).vrfs.get(7)).toBe('CUSTOMER-A')
  })

  it('F10 merges no more over source ports than one port may teach', () => {
    const decoder = createExporterDecoder()
    const vrfs = v9OptionsTemplate(
      258,
      [[1, 4]],
      [
        [234, 4],
        [236, 4],
      ],
    )
    for (const port of [1, 2]) {
      feed(decoder, v9([set(1, vrfs)]), port)
      for (let from = port * 10_000; from < port * 10_000 + 3_000; from += 1_000) {
        const records = Array.from({ length: 1_000 }, (_, i) => [...u32(9), ...u32(from + i), ...text('vrf!')])
        feed(decoder, v9([set(258, ...records)]), port)
      }
    }
    const merged = decoder.names.merged().vrfs
    expect(merged.size).toBe(4_096)
    expect(Array.from({ length: 3_000 }, (_, i) => merged.has(20_000 + i)).every(Boolean)).toBe(true)
    expect(decoder.names.beyond).toBe(6_000 - 4_096)
  })

  it('F10 is bounded whatever is named', () => {
    const decoder = createExporterDecoder()
    feed(
      decoder,
      v9([
        set(
          1,
          v9OptionsTemplate(
            258,
            [[1, 4]],
            [
              [234, 4],
              [236, 4],
            ],
          ),
        ),
      ]),
    )
    const name = (from: number): void => {
      const records = Array.from({ length: 1_000 }, (_, i) => [...u32(9), ...u32(from + i), ...text('vrf!')])
      feed(decoder, v9([set(258, ...records)]))
    }
    for (let from = 0; from < 10_000; from += 1_000) name(from)
    const { vrfs } = decoder.names.of(50_000)
    expect(vrfs.size).toBe(4_096)
    expect(vrfs.has(9_999)).toBe(true)
    expect(decoder.names.beyond).toBe(10_000 - 4_096)
  })
})
