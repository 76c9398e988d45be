import { describe, expect, it } from 'vitest'
import { createExporterDecoder, DatagramReader, FlowColumns } from '../src/index.ts'
import { Exporter, rowsOf } from './decoding.ts'
import {
  ethernet,
  expandedFlowSample,
  type Field,
  flowSample,
  ip4,
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
  u8,
  u16,
  u32,
  u64,
  uint,
  v5,
  v5Record,
  v9,
  v9OptionsTemplate,
} from './packets.ts'

/** Bad inputs, by their numbers in docs/reference/flow-decoding.md. */
const octetsAndPackets: Field[] = [
  [1, 4],
  [2, 4],
]
const pair = (a: number, b: number): number[] => [...u32(a), ...u32(b)]
const tcpFrame = ethernet(0x0800, ipv4Packet(6, tcpSegment()))

describe('F01 datagrams that are none', () => {
  it('counts them by reason', () => {
    const exporter = new Exporter()
    expect(exporter.send(new Uint8Array()).errors).toEqual(['datagram-empty @0'])
    expect(exporter.send(octets([9])).errors).toEqual(['datagram-too-short @0'])
    expect(exporter.send(octets([0xde, 0xad, 0xbe, 0xef])).errors).toEqual(['version-unknown @0 version 57005'])
    expect(exporter.send(octets(u16(9), u16(0))).errors).toEqual(['datagram-too-short @0 in netflow9'])
    expect(exporter.send(octets(u32(5), u32(9), new Uint8Array(40))).errors).toEqual([
      'agent-address-invalid @4 in sflow5',
    ])
    expect(Object.fromEntries(exporter.decoder.counters.errorsByCode)).toEqual({
      'datagram-empty': 1,
      'datagram-too-short': 2,
      'version-unknown': 1,
      'agent-address-invalid': 1,
    })
  })
})

describe('F02 every prefix of a valid datagram', () => {
  const path = struct(
    1_003,
    u32(1),
    ip4('203.0.113.1'),
    u32(1),
    u32(2),
    u32(3),
    u32(1),
    u32(2),
    u32(1),
    u32(4),
    u32(0),
    u32(5),
  )
  const datagrams: Record<string, Uint8Array> = {
    'NetFlow v5': v5([v5Record(), v5Record(), v5Record()]),
    'NetFlow v9': v9([set(0, template(256, octetsAndPackets)), set(256, pair(1, 2), pair(3, 4), pair(5, 6))]),
    IPFIX: ipfix([
      set(
        2,
        template(256, [
          [371, 65_535],
          [1, 4],
        ]),
      ),
      set(256, [2, 0x61, 0x62, ...u32(1), 1, 0x61, ...u32(2)]),
      set(3, ipfixOptionsTemplate(257, [[149, 4]], [[34, 4]])),
      set(257, pair(1, 10)),
    ]),
    'sFlow v5': sflow([flowSample([sampledHeader(tcpFrame), path]), flowSample([sampledHeader(tcpFrame)])]),
  }

  for (const [name, datagram] of Object.entries(datagrams)) {
    it(`${name}: keeps the complete records, says that it was cut, and reads nothing past the end`, () => {
      const whole = new Exporter().send(datagram)
      expect(whole.errors).toEqual([])
      let kept = 0
      for (let length = 0; length < datagram.length; length++) {
        // The octets after the cut belong to another datagram of the same buffer: reading them would show.
        const alone = new Exporter().send(datagram.slice(0, length))
        const inBuffer = octets(new Uint8Array(7).fill(0xa5), datagram.slice(0, length), new Uint8Array(64).fill(0xa5))
        const beside = new Exporter().send(inBuffer.subarray(7, 7 + length))
        expect(beside, `${length} octets`).toEqual({ ...alone, columns: beside.columns })
        expect(alone.rows).toEqual(whole.rows.slice(0, alone.records))
        expect(alone.records).toBeGreaterThanOrEqual(kept)
        kept = alone.records
        // v9 has no length in its header: a cut between sets, or after zeros that could be padding, cannot be seen.
        const unseen = name === 'NetFlow v9' && [20, 21, 22, 23, 36].includes(length)
        if (!unseen) expect(alone.errors.length, `${length} octets`).toBeGreaterThan(0)
      }
    })
  }
})

describe('F03 a header count that is not true', () => {
  it('trusts the lengths and counts the mismatch', () => {
    const exporter = new Exporter()
    const sets = [set(0, template(256, octetsAndPackets)), set(256, pair(1, 2), pair(3, 4))]
    expect(exporter.send(v9(sets, { count: 99 }))).toMatchObject({ records: 2, errors: [] })
    expect(exporter.send(v9(sets, { count: 3, sequence: 1 }))).toMatchObject({ records: 2 })
    expect(exporter.decoder.counters.countMismatches).toBe(1)
  })
})

describe('F04 set lengths that lead nowhere', () => {
  for (const length of [0, 1, 3]) {
    it(`stops at a length of ${length}`, () => {
      const bad = octets(
        v9([set(0, template(256, octetsAndPackets)), set(256, pair(1, 2))]),
        u16(256),
        u16(length),
        pair(3, 4),
      )
      expect(new Exporter().send(bad)).toMatchObject({
        records: 1,
        errors: ['set-length-invalid @50 in netflow9: in set 2'],
      })
    })
  }

  it('stops at a set that is longer than the datagram, keeping its complete records', () => {
    const bad = octets(v9([set(0, template(256, octetsAndPackets))]), u16(256), u16(4_000), pair(1, 2), pair(3, 4), [9])
    expect(new Exporter().send(bad)).toMatchObject({
      records: 2,
      errors: ['datagram-truncated @36 in netflow9: in set 1'],
    })
  })

  it('takes a rest of zeros for padding (PAN-OS)', () => {
    const padded = octets(v9([set(0, template(256, octetsAndPackets)), set(256, pair(1, 2))]), new Uint8Array(200))
    expect(new Exporter().send(padded)).toMatchObject({ records: 1, errors: [] })
  })
})

describe('F05 templates that are none', () => {
  const errorsOf = (...sets: number[][]): string[] => new Exporter().send(v9(sets)).errors

  it('rejects them by reason', () => {
    expect(errorsOf(set(0, template(256, [])))).toEqual([
      'template-no-fields @24 in netflow9: in set 0: in template 256',
    ])
    expect(errorsOf(set(0, template(255, octetsAndPackets)))).toEqual([
      'template-id-invalid @24 in netflow9: in set 0: in template 255',
    ])
    expect(errorsOf(set(1, u16(256), u16(5), u16(4), new Array<number>(12).fill(1)))).toEqual([
      'template-scope-invalid @26 in netflow9: in set 0: in template 256',
    ])
    expect(errorsOf(set(0, u16(256), u16(9), u32(0x0001_0004)))).toEqual([
      'template-truncated @24 in netflow9: in set 0: in template 256',
    ])
    expect(new Exporter().send(ipfix([set(3, u16(256), u16(1), u16(2), u32(0x0001_0004))])).errors).toEqual([
      'template-scope-invalid @20 in ipfix: in set 0: in template 256',
    ])
    expect(new Exporter().send(ipfix([set(17, [1, 2, 3, 4])])).errors).toEqual([
      'set-id-reserved @16 in ipfix: in set 0',
    ])
  })

  it('keeps the good templates of a set before the bad one', () => {
    const exporter = new Exporter()
    exporter.send(v9([set(0, template(256, octetsAndPackets), template(7, octetsAndPackets))]))
    expect(exporter.send(v9([set(256, pair(1, 2))], { sequence: 1 })).records).toBe(1)
  })
})

describe('F06 fields of no length', () => {
  it('reads the others', () => {
    const fields: Field[] = [
      [8, 0],
      [1, 4],
      [7, 0],
    ]
    const { rows, errors } = new Exporter().send(v9([set(0, template(256, fields)), set(256, u32(5), u32(6))]))
    expect(errors).toEqual([])
    expect(rows.map(row => row.octets)).toEqual([5n, 6n])
  })

  it('rejects a record of no length at all', () => {
    expect(
      new Exporter().send(
        v9([
          set(
            0,
            template(256, [
              [8, 0],
              [12, 0],
            ]),
          ),
        ]),
      ).errors,
    ).toEqual(['template-record-empty @24 in netflow9: in set 0: in template 256'])
  })

  it('ends on the 48 octets that make nfcapd 1.7.1 loop and goflow2 2.2.6 grow by gigabytes', () => {
    // A template of one field without length, and data for it: no number of records ever fills the set.
    const hostile = [
      v9([set(0, template(256, [[1, 0]])), set(256, new Array<number>(12).fill(0))]),
      ipfix([set(2, template(256, [[1, 0]])), set(256, new Array<number>(16).fill(0))]),
      v9([set(1, v9OptionsTemplate(256, [[1, 0]], [])), set(256, new Array<number>(8).fill(0))]),
      ipfix([set(3, ipfixOptionsTemplate(256, [[149, 0]], [])), set(256, new Array<number>(14).fill(0))]),
    ]
    for (const datagram of hostile) {
      expect(datagram.length).toBeLessThanOrEqual(48)
      const exporter = new Exporter()
      expect(exporter.send(datagram)).toMatchObject({ records: 0, optionsRecords: 0, held: 1 })
      expect(exporter.decoder.counters.templatesKnown).toBe(0)
      expect(exporter.send(v5([v5Record()])).records).toBe(1)
    }
    // Counts of fields that no datagram could hold.
    const counts = v9([set(0, u16(256), u16(0xffff), new Array<number>(16).fill(0))])
    expect(new Exporter().send(counts).errors).toEqual([
      'template-truncated @24 in netflow9: in set 0: in template 256',
    ])
  })

  it('takes an options template whose scope has no length (Juniper SRX)', () => {
    const sets = [
      set(
        1,
        v9OptionsTemplate(
          257,
          [[1, 0]],
          [
            [34, 4],
            [35, 1],
          ],
        ),
      ),
      set(257, u32(100), u8(2)),
    ]
    expect(new Exporter().send(v9(sets))).toMatchObject({ optionsRecords: 1, errors: [] })
  })
})

describe('F07 field lengths that no record can have', () => {
  it('rejects 65,535 in v9, and a record that is longer than a datagram', () => {
    expect(new Exporter().send(v9([set(0, template(256, [[1, 65_535]]))])).errors[0]).toContain(
      'template-record-too-long',
    )
    expect(new Exporter().send(ipfix([set(2, template(256, [[371, 65_534]]))])).errors[0]).toContain(
      'template-record-too-long',
    )
    expect(
      new Exporter().send(
        ipfix([
          set(
            2,
            template(256, [
              [371, 60_000],
              [372, 60_000],
            ]),
          ),
        ]),
      ).errors[0],
    ).toContain('template-record-too-long')
  })
})

describe('F08 a variable length past the end of its set', () => {
  it('rejects the record and goes on with the next set', () => {
    const message = ipfix([
      set(
        2,
        template(256, [
          [1, 4],
          [371, 65_535],
        ]),
        template(257, octetsAndPackets),
      ),
      set(256, u32(1), [1, 0x61], u32(2), [255, ...u16(60_000), 0x61]),
      set(257, pair(3, 4)),
    ])
    const { rows, errors } = new Exporter().send(message)
    expect(rows.map(row => row.octets)).toEqual([1n, 3n])
    expect(errors).toEqual(['record-truncated @48 in ipfix: in set 1: in template 256: in record 1'])
  })
})

describe('F09 an element twice in one template', () => {
  it('takes the first one', () => {
    const { rows, errors } = new Exporter().send(
      ipfix([
        set(
          2,
          template(256, [
            [1, 4],
            [1, 4],
          ]),
        ),
        set(256, pair(5, 6)),
      ]),
    )
    expect(errors).toEqual([])
    expect(rows[0]!.octets).toBe(5n)
  })
})

describe('F10 templates without end', () => {
  it('rejects a template of 10,001 fields', () => {
    const fields = Array.from({ length: 10_001 }, (): Field => [1, 1])
    expect(new Exporter().send(v9([set(0, template(256, fields))])).errors[0]).toContain('template-too-many-fields')
  })

  it('holds no more than its bound of 65,000 templates, and keeps those in use', () => {
    const exporter = new Exporter()
    exporter.send(v9([set(0, template(256, octetsAndPackets))]))
    for (let id = 257; id < 65_257; id += 100) {
      const templates = Array.from({ length: 100 }, (_, i) => template((id + i) & 0xffff, octetsAndPackets))
      exporter.send(v9([set(0, ...templates), set(256, pair(1, 2))], { sequence: id }))
    }
    const { templatesKnown, templatesEvicted } = exporter.decoder.counters
    expect(templatesKnown).toBeLessThanOrEqual(4_096)
    expect(templatesEvicted).toBeGreaterThan(60_000)
    expect(exporter.send(v9([set(256, pair(1, 2))])).records).toBe(1)
  })

  it('keeps the domain in use however many others come', () => {
    const exporter = new Exporter({ domainsMax: 16 })
    exporter.send(v9([set(0, template(256, octetsAndPackets))], { domain: 0xffff_ffff }))
    for (let domain = 0; domain < 500; domain++) {
      exporter.send(v9([set(0, template(256, octetsAndPackets))], { domain }))
      const { records } = exporter.send(v9([set(256, pair(domain, 2))], { domain: 0xffff_ffff, sequence: domain + 1 }))
      expect(records).toBe(1)
    }
  })

  it('spends no more than its octets are worth on one datagram', () => {
    const many = (count: number, make: (index: number) => number[]): number[] =>
      Array.from({ length: count }, (_, i) => make(i)).flat()
    const empty = (last: Field): Uint8Array =>
      ipfix([set(2, template(256, [...Array.from({ length: 999 }, (): Field => [8, 0]), last]))])
    const hostile = [
      ipfix([
        set(
          2,
          many(5_000, i => template(256 + i, [[1, 4]])),
        ),
      ]),
      ipfix([many(8_000, () => set(3, u16(3), u16(0)))]),
      ipfix([many(3_000, () => set(2, template(256, [[1, 4]]), u16(2), u16(0)))]),
      ipfix([many(8_000, () => set(999, [1, 2, 3, 4]))]),
      empty([4, 1]),
      ipfix([set(256, new Array<number>(60_000).fill(1))]),
      empty([371, 65_535]),
      ipfix([set(256, new Array<number>(60_000).fill(0))]),
    ]
    const exporter = new Exporter({ duplicates: 'keep' })
    const decoded = hostile.map(datagram => exporter.send(datagram).records)
    expect(decoded).toEqual([0, 0, 0, 0, 0, 60_000, 0, 60_000])
  }, 20_000)

  it('holds no more than its bound of domains', () => {
    const exporter = new Exporter()
    for (let domain = 0; domain < 5_000; domain++)
      exporter.send(v9([set(0, template(256, octetsAndPackets))], { domain }))
    expect(JSON.stringify(exporter.decoder.snapshot()).length).toBeLessThan(2_000_000)
  })
})

describe('F11 data before its template', () => {
  it('is held, and read against its own header when the template comes', () => {
    const exporter = new Exporter()
    const fields: Field[] = [...octetsAndPackets, [21, 4], [22, 4]]
    const data = set(256, pair(1, 2), u32(9_999_000), u32(9_990_000))
    expect(exporter.send(v9([data]))).toMatchObject({ records: 0, held: 1, errors: [] })
    expect(exporter.decoder.counters.heldDatagrams).toBe(1)
    const later = { uptimeMs: 10_060_000, seconds: 1_700_000_060, sequence: 1 }
    const { rows, records } = exporter.send(v9([set(0, template(256, fields))], later), { at: receivedMs + 60_000 })
    expect(records).toBe(1)
    expect(rows[0]).toMatchObject({ start: 1_699_999_990_000, end: 1_699_999_999_000, octets: 1n })
    expect(exporter.decoder.counters.heldDatagrams).toBe(0)
  })

  it('is let go past the bounds, and counted', () => {
    const exporter = new Exporter({ heldSetsMax: 10 })
    for (let i = 0; i < 25; i++) exporter.send(v9([set(256, pair(i, 0))], { sequence: i }))
    expect(exporter.decoder.counters).toMatchObject({ heldDatagrams: 10, heldDropped: 15 })
    expect(exporter.decoder.counters.errorsByCode.get('template-missing')).toBe(15)
    const { rows } = exporter.send(v9([set(0, template(256, octetsAndPackets))], { sequence: 25 }))
    expect(rows.map(row => Number(row.octets))).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    const small = new Exporter({ heldOctetsMax: 100 })
    for (let i = 0; i < 25; i++) small.send(v9([set(256, pair(i, 0))], { sequence: i }))
    expect(small.decoder.counters.heldDatagrams).toBe(12)
  })

  it('is read at the end of a capture with the one template that another port of the exporter announced', () => {
    const reader = new DatagramReader()
    const send = (datagram: Uint8Array, port: number): void => void reader.read(datagram, '192.0.2.9', port, receivedMs)
    send(v9([set(0, template(256, octetsAndPackets), template(257, octetsAndPackets))]), 1)
    send(v9([set(0, template(257, [[1, 8]]))]), 2)
    send(v9([set(256, pair(5, 6)), set(257, pair(7, 8))]), 3)
    expect(reader.finish()).toMatchObject([{ templateId: 256, fields: { octetDeltaCount: 5, packetDeltaCount: 6 } }])
    // Template 257 has two layouts: neither is believed.
    const tally = reader.exporters.get('192.0.2.9')!
    expect(tally).toMatchObject({ datagrams: 3, records: 1, octets: 5n })
    expect([...tally.errors]).toEqual([['template-missing', 1]])
  })

  it('finds a template that came years before, in a capture', () => {
    const reader = new DatagramReader()
    reader.read(v9([set(0, template(256, octetsAndPackets))]), 'a', 1, receivedMs - 9e10)
    expect(reader.read(v9([set(256, pair(5, 6))], { sequence: 1 }), 'a', 1, receivedMs)).toHaveLength(1)
  })

  it('waits anew when its template was neither announced nor used for a day', () => {
    const exporter = new Exporter()
    const day = 86_400_000
    exporter.send(v9([set(0, template(256, octetsAndPackets))]))
    const used = { at: receivedMs + day - 1 }
    expect(exporter.send(v9([set(256, pair(1, 2))], { sequence: 1 }), used).records).toBe(1)
    const restored = new Exporter({}, exporter.decoder.snapshot())
    for (const one of [exporter, restored]) {
      expect(one.send(v9([set(256, pair(3, 4))], { sequence: 2 }), { at: receivedMs + 2 * day - 2 }).records).toBe(1)
      expect(one.send(v9([set(256, pair(5, 6))], { sequence: 3 }), { at: receivedMs + 3 * day })).toMatchObject({
        records: 0,
        held: 1,
      })
      expect(one.decoder.counters).toMatchObject({ templatesExpired: 1, templatesKnown: 0 })
    }
  })

  it('is let go after half an hour', () => {
    const exporter = new Exporter()
    exporter.send(v9([set(256, pair(1, 2))]))
    exporter.send(v9([set(256, pair(3, 4))], { sequence: 1 }), { at: receivedMs + 1_800_001 })
    expect(exporter.decoder.counters).toMatchObject({ heldDatagrams: 1, heldDropped: 1 })
  })
})

describe('F12 a template id with a new layout', () => {
  it('reads by the new one from there on, and counts it', () => {
    const exporter = new Exporter()
    exporter.send(v9([set(0, template(256, [[1, 4]])), set(256, u32(1))]))
    const { rows } = exporter.send(
      v9(
        [
          set(
            0,
            template(256, [
              [2, 4],
              [1, 4],
            ]),
          ),
          set(256, pair(7, 8)),
        ],
        { sequence: 1 },
      ),
    )
    expect(rows[0]).toMatchObject({ packets: 7n, octets: 8n })
    expect(exporter.decoder.counters).toMatchObject({ templatesRedefined: 1, templatesKnown: 1 })
  })

  it('tells an options template from a data template of the same id', () => {
    const exporter = new Exporter()
    exporter.send(ipfix([set(3, ipfixOptionsTemplate(256, [[149, 4]], [[34, 4]])), set(256, pair(1, 2))]))
    expect(
      exporter.send(ipfix([set(2, template(256, octetsAndPackets)), set(256, pair(1, 2))], { sequence: 1 })),
    ).toMatchObject({
      records: 1,
      optionsRecords: 0,
    })
  })
})

describe('F13 two exporters behind one address, with the same domain and template id', () => {
  const a = (sequence: number): Uint8Array =>
    v9(
      [
        set(
          0,
          template(256, [
            [8, 4],
            [1, 4],
          ]),
        ),
      ],
      { sequence },
    )
  const b = (sequence: number): Uint8Array =>
    v9(
      [
        set(
          0,
          template(256, [
            [1, 4],
            [8, 4],
          ]),
        ),
      ],
      { sequence },
    )

  it('are told apart by their source port', () => {
    const exporter = new Exporter()
    exporter.send(a(0), { port: 1_001 })
    exporter.send(b(0), { port: 1_002 })
    const ofA = exporter.send(v9([set(256, ip4('192.0.2.1'), u32(5))], { sequence: 1 }), { port: 1_001 })
    const ofB = exporter.send(v9([set(256, u32(6), ip4('192.0.2.2'))], { sequence: 1 }), { port: 1_002 })
    expect([ofA.rows[0]!.source, ofB.rows[0]!.source]).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  it('without the port, an id that flips between layouts rests, and no wrong address is given', () => {
    const exporter = new Exporter({ keyBySourcePort: false })
    for (let i = 0; i < 4; i++) exporter.send(i % 2 ? b(i) : a(i), { port: 1_001 + (i % 2) })
    const { rows, errors } = exporter.send(v9([set(256, ip4('192.0.2.1'), u32(5))], { sequence: 4 }), { port: 1_001 })
    expect(rows).toEqual([])
    expect(errors).toEqual(['template-flip-flop @20 in netflow9: in set 0: in template 256'])
    const later = { at: receivedMs + 2_000_000 }
    expect(exporter.send(v9([set(256, u32(5), ip4('192.0.2.1'))], { sequence: 5 }), later).records).toBe(1)
  })
})

describe('F14 an exporter that restarts', () => {
  it('begins its numbers anew, without billions of losses', () => {
    const exporter = new Exporter()
    exporter.send(v5([v5Record()], { sequence: 4_000_000_000 }))
    exporter.send(v5([v5Record()], { sequence: 0, uptimeMs: 5_000, seconds: 1_700_000_060 }), {
      at: receivedMs + 60_000,
    })
    exporter.send(v5([v5Record()], { sequence: 1, uptimeMs: 6_000, seconds: 1_700_000_061 }), {
      at: receivedMs + 61_000,
    })
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 0, sequenceRestarts: 1, sequenceReordered: 0 })
  })

  it('is seen without an uptime too, by numbers that go on from a smaller one', () => {
    const exporter = new Exporter()
    const message = (sequence: number): Uint8Array =>
      ipfix([set(2, template(256, octetsAndPackets)), set(256, pair(sequence, 1))], { sequence })
    for (const sequence of [500, 501, 502, 0, 1, 2, 3]) exporter.send(message(sequence))
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 0, sequenceRestarts: 1, sequenceReordered: 1 })
  })
})

describe('F15 sequence gaps, each protocol in its own unit', () => {
  it('counts flows in v5', () => {
    const exporter = new Exporter()
    exporter.send(v5([v5Record(), v5Record()], { sequence: 100 }))
    exporter.send(v5([v5Record()], { sequence: 132 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(30)
  })

  it('counts datagrams in v9', () => {
    const exporter = new Exporter()
    const data = set(256, pair(1, 2), pair(3, 4))
    exporter.send(v9([set(0, template(256, octetsAndPackets)), data], { sequence: 0xffff_ffff }))
    exporter.send(v9([data], { sequence: 0 }))
    exporter.send(v9([data], { sequence: 4 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(3)
  })

  it('counts data records in IPFIX, options records among them and templates not', () => {
    const exporter = new Exporter()
    const options = set(3, ipfixOptionsTemplate(257, [[149, 4]], [[34, 4]]))
    exporter.send(ipfix([set(2, template(256, octetsAndPackets)), options], { sequence: 50 }))
    exporter.send(ipfix([set(256, pair(1, 2), pair(3, 4)), set(257, pair(0, 9))], { sequence: 50 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(0)
    exporter.send(ipfix([set(256, pair(1, 2))], { sequence: 60 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(7)
  })

  it('does not guess where a template is missing', () => {
    const exporter = new Exporter()
    exporter.send(ipfix([set(999, pair(1, 2))], { sequence: 10 }))
    exporter.send(ipfix([set(999, pair(1, 2))], { sequence: 11 }))
    exporter.send(ipfix([set(999, pair(1, 2))], { sequence: 17 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(0)
  })

  it('learns the unit of an exporter that counts datagrams where records belong', () => {
    const exporter = new Exporter()
    const message = (sequence: number): Uint8Array =>
      ipfix([set(2, template(256, octetsAndPackets)), set(256, pair(sequence, 1), pair(1, 1), pair(2, 2))], {
        sequence,
      })
    for (let sequence = 1; sequence <= 10; sequence++) exporter.send(message(sequence))
    exporter.send(message(15))
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 4, sequenceReordered: 0 })
  })

  it('learns the unit of an exporter of v9 that counts flows', () => {
    const exporter = new Exporter()
    const message = (sequence: number): Uint8Array =>
      v9([set(0, template(256, octetsAndPackets)), set(256, pair(1, sequence), pair(2, 2))], { sequence })
    for (let sequence = 10; sequence <= 30; sequence += 2) exporter.send(message(sequence))
    exporter.send(message(40))
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 8, sequenceReordered: 0 })
  })

  it('counts datagrams in sFlow', () => {
    const exporter = new Exporter()
    exporter.send(sflow([], { sequence: 5 }))
    exporter.send(sflow([], { sequence: 9 }))
    expect(exporter.decoder.counters.sequenceLost).toBe(3)
  })
})

describe('F16 datagrams that come twice or late', () => {
  const numbered = (sequence: number): Uint8Array => v5([v5Record({ octets: sequence })], { sequence })

  it('tells them apart, reads the late one and drops the second of the same', () => {
    const exporter = new Exporter()
    for (const sequence of [1, 2, 4]) exporter.send(numbered(sequence))
    expect(exporter.decoder.counters.sequenceLost).toBe(1)
    expect(exporter.send(numbered(3))).toMatchObject({ records: 1, duplicate: false })
    expect(exporter.send(numbered(4))).toMatchObject({ records: 0, duplicate: true, rows: [] })
    expect(exporter.send(numbered(5))).toMatchObject({ records: 1, duplicate: false })
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 0, sequenceReordered: 1, sequenceDuplicates: 1 })
  })

  it('keeps the second one where asked', () => {
    const exporter = new Exporter({ duplicates: 'keep' })
    exporter.send(numbered(1))
    exporter.send(numbered(2))
    expect(exporter.send(numbered(1))).toMatchObject({ records: 1, duplicate: true })
  })

  it('does not take a constant number for duplicates', () => {
    const exporter = new Exporter()
    for (let i = 0; i < 20; i++) expect(exporter.send(v5([v5Record({ octets: i })], { sequence: 0 })).records).toBe(1)
    expect(exporter.decoder.counters).toMatchObject({ sequenceLost: 0, sequenceReordered: 0, sequenceDuplicates: 0 })
  })
})

describe('F17 sysUptime that wraps after 49.7 days', () => {
  it('places a flow that began before the wrap', () => {
    const { rows } = new Exporter().send(v5([v5Record({ first: 0xffff_f000, last: 1_000 })], { uptimeMs: 2_000 }))
    expect(rows[0]!.end).toBe(1_700_000_000_000 - 1_000)
    expect(rows[0]!.end - rows[0]!.start).toBe(4_096 + 1_000)
  })

  it('lets no flow end in the future', () => {
    const { rows } = new Exporter().send(v5([v5Record({ first: 10_000_000, last: 10_030_000 })]))
    expect(rows[0]).toMatchObject({ start: receivedMs - 30_000, end: receivedMs })
  })

  it('does not take the wrap for a restart', () => {
    const exporter = new Exporter()
    exporter.send(v5([v5Record()], { sequence: 1, uptimeMs: 0xffff_ff00 }))
    exporter.send(v5([v5Record()], { sequence: 2, uptimeMs: 5 }))
    expect(exporter.decoder.counters.sequenceRestarts).toBe(0)
  })
})

describe('F18 header clocks that are wrong', () => {
  const hour = 3_600
  for (const [name, seconds] of [
    ['an hour ahead', 1_700_000_000 + hour],
    ['an hour behind', 1_700_000_000 - hour],
    ['in 1970', 0],
    ['in 2106', 0xffff_ffff],
    ['uptime in place of the time (softflowd#37)', 10_000],
  ] as const) {
    it(`${name}: the flow is placed by arrival and keeps its length`, () => {
      const exporter = new Exporter()
      const { rows } = exporter.send(v5([v5Record()], { seconds }))
      expect(rows[0]).toMatchObject({ start: receivedMs - 10_000, end: receivedMs - 1_000 })
      expect(exporter.decoder.counters.clockSkewMs).toBe(seconds * 1000 - receivedMs)
    })
  }

  it('believes records whose own clock is right', () => {
    const fields: Field[] = [
      [152, 8],
      [153, 8],
    ]
    const times = [...u64(BigInt(receivedMs - 9_000)), ...u64(BigInt(receivedMs - 2_000))]
    const message = ipfix([set(2, template(256, fields)), set(256, times)], { seconds: 0 })
    expect(new Exporter().send(message).rows[0]).toMatchObject({ start: receivedMs - 9_000, end: receivedMs - 2_000 })
  })
})

describe('F19 times that cannot be', () => {
  const flow = (first: number, last: number) => {
    const exporter = new Exporter()
    const { rows } = exporter.send(v5([v5Record({ first, last })]))
    return { duration: rows[0]!.end - rows[0]!.start, clamped: exporter.decoder.counters.timesClamped }
  }

  it('gives an end before the start no length, and counts it', () => {
    expect(flow(9_999_000, 9_990_000)).toEqual({ duration: 0, clamped: 1 })
    expect(flow(9_990_000, 9_990_000)).toEqual({ duration: 0, clamped: 0 })
  })

  it('gives a flow of 50 days no length, and one that ended 50 days ago the export time', () => {
    const day = 86_400_000
    const exporter = new Exporter()
    const at = (start: number, end: number): number[] => [...u64(BigInt(start)), ...u64(BigInt(end))]
    const { rows } = exporter.send(
      ipfix([
        set(
          2,
          template(256, [
            [152, 8],
            [153, 8],
          ]),
        ),
        set(
          256,
          at(receivedMs - 50 * day, receivedMs - 1_000),
          at(receivedMs - 51 * day, receivedMs - 50 * day),
          at(0, 0),
        ),
      ]),
    )
    expect(rows[0]).toMatchObject({ start: receivedMs - 1_000, end: receivedMs - 1_000 })
    expect(rows[1]).toMatchObject({ start: 1_700_000_000_000 - day, end: 1_700_000_000_000 })
    expect(rows[2]).toMatchObject({ start: 1_700_000_000_000, end: 1_700_000_000_000 })
    expect(exporter.decoder.counters.timesClamped).toBe(2)
  })
})

describe('F20 a record of half an hour', () => {
  it('keeps its whole span, for the windows to share', () => {
    const { rows } = new Exporter().send(v5([v5Record({ first: 8_200_000, last: 10_000_000 })]))
    expect(rows[0]!.end - rows[0]!.start).toBe(1_800_000)
  })
})

describe('F21 sampling rates that are missing, late, changing, or several', () => {
  const announce = (rate: number, sequence: number): Uint8Array =>
    v9(
      [
        set(
          1,
          v9OptionsTemplate(
            257,
            [[1, 4]],
            [
              [34, 4],
              [35, 1],
            ],
          ),
        ),
        set(257, u32(0), u32(rate), u8(2)),
      ],
      { sequence },
    )

  it('changes from the announcement on, and marks a rate of 0 as unknown', () => {
    const exporter = new Exporter()
    const rate = (sequence: number): number =>
      exporter.send(v9([set(0, template(256, octetsAndPackets)), set(256, pair(1, 2))], { sequence })).rows[0]!
        .samplingRate
    expect(rate(0)).toBe(1)
    exporter.send(announce(100, 1))
    expect(rate(2)).toBe(100)
    exporter.send(announce(200, 3))
    expect(rate(4)).toBe(200)
    exporter.send(announce(0, 5))
    expect(rate(6)).toBe(0)
    expect(exporter.decoder.counters.unscaledRecords).toBe(1)
  })
})

describe('F22 both directions exported', () => {
  it('gives the direction for the consumer to choose by', () => {
    const { rows } = new Exporter().send(
      v9([
        set(
          0,
          template(256, [
            [61, 1],
            [1, 4],
          ]),
        ),
        set(256, [0, ...u32(1), 1, ...u32(1)]),
      ]),
    )
    expect(rows.map(row => row.direction)).toEqual([0, 1])
  })
})

describe('F24 sFlow lengths and counts that lie', () => {
  const big = 0xffff_ffff

  it('rejects a sample that is longer than the datagram', () => {
    const bad = octets(sflow([], { count: 1 }), u32(1), u32(big), new Uint8Array(64))
    expect(new Exporter().send(bad).errors).toEqual(['datagram-truncated @28 in sflow5: in sample 0'])
  })

  it('rejects a record that is longer than its sample, and a header that is longer than its record', () => {
    const record = [...u32(1), ...u32(big), ...u32(1)]
    expect(new Exporter().send(sflow([flowSample([record], { count: 1 })])).errors[0]).toContain('sample-truncated')
    const header = struct(1, u32(1), u32(100), u32(0), u32(big), [1, 2, 3, 4])
    expect(new Exporter().send(sflow([flowSample([header])])).errors[0]).toContain('flow-record-invalid')
  })

  it('rejects paths and communities of 2^32 - 1 entries', () => {
    const gateway = (...rest: number[][]): number[] =>
      struct(1_003, u32(1), ip4('203.0.113.1'), u32(1), u32(2), u32(3), ...rest)
    for (const record of [gateway(u32(big)), gateway(u32(1), u32(2), u32(big)), gateway(u32(0), u32(big))]) {
      expect(new Exporter().send(sflow([flowSample([record])])).errors[0]).toContain('flow-record-invalid')
    }
  })

  it('skips records and samples of other enterprises', () => {
    const record = struct(0x0011_3007, [1, 2, 3, 4])
    const { rows, errors } = new Exporter().send(
      sflow([struct(0x0011_3001, [1, 2, 3, 4]), flowSample([record, sampledHeader(tcpFrame)])]),
    )
    expect(errors).toEqual([])
    expect(rows[0]!.destinationPort).toBe(443)
  })

  it('stops at counts of samples and records that are not there', () => {
    expect(new Exporter().send(sflow([], { count: big })).errors).toHaveLength(1)
    expect(new Exporter().send(sflow([flowSample([], { count: big })])).errors[0]).toContain('sample-truncated')
  })

  it('counts a counter sample that says four octets too many', () => {
    const exporter = new Exporter()
    const counters = struct(2, u32(1), u32(3), u32(1), struct(2, new Array<number>(52).fill(0)))
    const sample = [...counters.slice(0, 4), ...u32(counters.length - 8 + 4), ...counters.slice(8)]
    exporter.send(sflow([sample]))
    expect(exporter.decoder.counters.counterSamples).toBe(1)
  })
})

describe('F25 sFlow’s special interfaces', () => {
  it('has no ifIndex for the device itself, for discards and for several outputs', () => {
    const samples = [
      flowSample([], { input: 0x3fff_ffff, output: 0x4000_0102 }),
      flowSample([], { output: 0x8000_0003 }),
      expandedFlowSample([], { outputFormat: 1, output: 257 }),
      expandedFlowSample([], { output: 0xfedc_ba98 }),
    ]
    const { rows, columns } = new Exporter().send(sflow(samples))
    expect(rows.map(row => [row.input, row.output])).toEqual([
      [0, 0],
      [3, 0],
      [3, 0],
      [3, 0xfedc_ba98],
    ])
    // Dropped by an access list (258), and because its time to live was over (257): RFC 7270's codes.
    expect([...columns.forwardingStatus.subarray(0, 4)]).toEqual([129, 0, 137, 0])
  })
})

describe('F26 versions and counts of v5’s family', () => {
  it('rejects a count of 31 and keeps what the length holds', () => {
    const thirty = Array.from({ length: 30 }, () => v5Record())
    const { records, errors } = new Exporter().send(v5(thirty, { count: 31 }))
    expect(records).toBe(30)
    expect(errors).toEqual(['count-mismatch @2 in netflow5'])
  })

  it('names versions 6 and 8 and refuses them', () => {
    for (const version of [6, 8]) {
      const { records, errors } = new Exporter().send(v5([v5Record()], { version }))
      expect({ records, errors }).toEqual({ records: 0, errors: [`version-unsupported @0 netflow${version}`] })
    }
  })
})

describe('F27 integers of any length', () => {
  it('reads 1 to 8 octets exactly', () => {
    for (let length = 1; length <= 8; length++) {
      const value = 2n ** BigInt(8 * length) - 2n
      const fields: Field[] = [
        [1, length],
        [10, length],
        [7, length],
        [4, length],
      ]
      const record = fields.flatMap(() => uint(value, length))
      const { rows, errors } = new Exporter().send(ipfix([set(2, template(256, fields)), set(256, record)]))
      expect(errors).toEqual([])
      expect(rows[0]).toMatchObject({
        octets: value,
        input: Number(BigInt.asUintN(32, value)),
        sourcePort: Number(BigInt.asUintN(16, value)),
        protocol: 0xfe,
      })
    }
  })

  it('does not read more than 8, and keeps the fields around', () => {
    const message = ipfix([
      set(
        2,
        template(256, [
          [1, 9],
          [2, 4],
        ]),
      ),
      set(256, new Array<number>(9).fill(1), u32(7)),
    ])
    const { rows, errors } = new Exporter().send(message)
    expect(rows[0]).toMatchObject({ octets: 0n, packets: 7n })
    expect(errors).toEqual([
      'template-field-length-invalid @20 in ipfix: in set 0: in template 256: in element 1 of 9 octets',
    ])
  })
})

describe('F28 counters beyond 2^53', () => {
  it('are exact', () => {
    for (const value of [2n ** 53n + 1n, 2n ** 64n - 1n, 2n ** 63n]) {
      const { rows } = new Exporter().send(
        ipfix([
          set(
            2,
            template(256, [
              [1, 8],
              [2, 8],
            ]),
          ),
          set(256, u64(value), u64(value - 1n)),
        ]),
      )
      expect(rows[0]).toMatchObject({ octets: value, packets: value - 1n })
    }
  })
})

describe('F29 a datagram of 65,507 octets', () => {
  it('is read whole', () => {
    const records = Math.floor((65_507 - 20 - 16 - 4) / 8)
    const datagram = v9([
      set(0, template(256, octetsAndPackets)),
      set(256, ...Array.from({ length: records }, (_, i) => pair(i, 1))),
    ])
    const out = new FlowColumns(1)
    const outcome = createExporterDecoder().decode(datagram, 1, receivedMs, out)
    expect(outcome).toMatchObject({ records, errors: [] })
    expect(rowsOf(out).at(-1)!.octets).toBe(BigInt(records - 1))
  })
})
