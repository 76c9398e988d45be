import { describe, expect, it } from 'vitest'
import { DatagramReader } from '../src/index.ts'
import { Exporter } from './decoding.ts'
import {
  type Field,
  ip4,
  ip6,
  ipfix,
  ipfixOptionsTemplate,
  mac,
  octets,
  receivedMs,
  set,
  template,
  u8,
  u16,
  u32,
  u64,
  v5,
  v5Record,
  v9,
  v9OptionsTemplate,
} from './packets.ts'

const exportedMs = 1_700_000_000_000

describe('NetFlow v5', () => {
  it('gives every field of a record', () => {
    const { rows, records, errors } = new Exporter().send(
      v5([v5Record({ nextHop: '203.0.113.7', tos: 0xb8 })], { engine: 0x0102 }),
    )
    expect({ records, errors }).toEqual({ records: 1, errors: [] })
    expect(rows).toEqual([
      {
        start: exportedMs - 10_000,
        end: exportedMs - 1_000,
        octets: 1_000n,
        packets: 10n,
        samplingRate: 1,
        version: 5,
        domain: 0x0102,
        source: '192.0.2.1',
        destination: '198.51.100.2',
        nextHop: '203.0.113.7',
        sourcePort: 1_024,
        destinationPort: 443,
        protocol: 6,
        tcpFlags: 0x1b,
        tos: 0xb8,
        input: 1,
        output: 2,
        sourceAs: 64_512,
        destinationAs: 64_513,
        sourceMask: 24,
        destinationMask: 25,
        vlan: 0,
        direction: 255,
      },
    ])
  })

  it('takes the sampling interval of the header, and 0 where only a mode is given', () => {
    const rate = (sampling: number): number => new Exporter().send(v5([v5Record()], { sampling })).rows[0]!.samplingRate
    expect([rate(0), rate(0x4000 | 100), rate(100), rate(0x4000)]).toEqual([1, 100, 100, 0])
  })

  it('reads ICMP type and code from the destination port', () => {
    const { columns } = new Exporter().send(v5([v5Record({ protocol: 1, destinationPort: 0x0803 }), v5Record()]))
    expect([...columns.icmpTypeCode.subarray(0, 2)]).toEqual([0x0803, 0xffff])
  })
})

describe('NetFlow v1 and v7', () => {
  it('reads v1, whose header has no sequence number', () => {
    const record = [
      ...ip4('192.0.2.1'),
      ...ip4('198.51.100.2'),
      ...ip4('203.0.113.1'),
      ...u16(3),
      ...u16(4),
      ...u32(7),
      ...u32(700),
      ...u32(9_990_000),
      ...u32(9_999_000),
      ...u16(1_000),
      ...u16(53),
      ...u16(0),
      17,
      0x20,
      0,
      ...[0, 0, 0, 0, 0, 0, 0],
    ]
    const header = [...u16(1), ...u16(1), ...u32(10_000_000), ...u32(1_700_000_000), ...u32(0)]
    const { rows, errors } = new Exporter().send(octets(header, record))
    expect(errors).toEqual([])
    expect(rows[0]).toMatchObject({
      version: 1,
      octets: 700n,
      packets: 7n,
      protocol: 17,
      tos: 0x20,
      destinationPort: 53,
      input: 3,
    })
  })

  it('reads v7 with its longer records', () => {
    const record = [...v5Record(), ...ip4('192.0.2.254')]
    const { rows, errors } = new Exporter().send(v5([record, record], { version: 7 }))
    expect(errors).toEqual([])
    expect(rows).toHaveLength(2)
    expect(rows[1]).toMatchObject({ version: 7, octets: 1_000n, sourceAs: 64_512, destinationMask: 25 })
  })
})

const everyday: Field[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [1, 4],
  [2, 4],
  [22, 4],
  [21, 4],
]
const everydayRecord = [
  ...ip4('192.0.2.1'),
  ...ip4('198.51.100.2'),
  ...u16(1_024),
  ...u16(443),
  6,
  ...u32(5_000),
  ...u32(9),
  ...u32(9_990_000),
  ...u32(9_999_000),
]

describe('NetFlow v9', () => {
  it('reads data by a template of the same or an earlier datagram, and lets padding be', () => {
    const exporter = new Exporter()
    const first = exporter.send(
      v9([set(0, template(256, everyday)), set(256, everydayRecord, [0, 0, 0])], { domain: 7 }),
    )
    expect(first).toMatchObject({ records: 1, errors: [] })
    const { rows } = exporter.send(v9([set(256, everydayRecord, everydayRecord)], { domain: 7, sequence: 1 }))
    expect(rows).toHaveLength(2)
    expect(rows[1]).toMatchObject({
      version: 9,
      domain: 7,
      source: '192.0.2.1',
      destination: '198.51.100.2',
      octets: 5_000n,
      packets: 9n,
      start: exportedMs - 10_000,
      end: exportedMs - 1_000,
      samplingRate: 1,
      direction: 255,
    })
  })

  it('fills the columns beyond the five-tuple', () => {
    const fields: Field[] = [
      [27, 16],
      [28, 16],
      [56, 6],
      [80, 6],
      [58, 2],
      [59, 2],
      [245, 2],
      [70, 3],
      [234, 4],
      [235, 4],
      [32, 2],
      [225, 4],
      [226, 4],
      [227, 2],
      [228, 2],
      [230, 1],
      [95, 4],
      [136, 1],
      [89, 1],
      [63, 16],
      [61, 1],
      [6, 2],
      [10, 4],
      [14, 2],
    ]
    const record = [
      ...ip6('2001:db8::1'),
      ...ip6('2001:db8::2'),
      ...mac('02:00:00:00:00:01'),
      ...mac('02:00:00:00:00:02'),
      ...u16(100),
      ...u16(200),
      ...u16(300),
      ...[0x12, 0x34, 0x51],
      ...u32(5),
      ...u32(6),
      ...u16(0x0301),
      ...ip4('203.0.113.1'),
      ...ip4('203.0.113.2'),
      ...u16(40_000),
      ...u16(80),
      4,
      ...u32(0x0300_0050),
      2,
      0x40,
      ...ip6('2001:db8::ff'),
      1,
      ...u16(0x0102),
      ...u32(4_000_000_000),
      ...u16(9),
    ]
    const { rows, columns, errors } = new Exporter().send(v9([set(0, template(300, fields)), set(300, record)]))
    expect(errors).toEqual([])
    expect(rows[0]).toMatchObject({
      source: '2001:db8::1',
      destination: '2001:db8::2',
      vlan: 100,
      direction: 1,
      tcpFlags: 0x0102,
      input: 4_000_000_000,
      output: 9,
    })
    expect([...columns.sourceMac.subarray(0, 6)]).toEqual([2, 0, 0, 0, 0, 1])
    expect([...columns.destinationMac.subarray(0, 6)]).toEqual([2, 0, 0, 0, 0, 2])
    expect([columns.postVlan[0], columns.customerVlan[0], columns.mplsTopLabel[0]]).toEqual([200, 300, 0x12345])
    expect([columns.ingressVrf[0], columns.egressVrf[0], columns.icmpTypeCode[0]]).toEqual([5, 6, 0x0301])
    expect([...columns.postNatSourceAddress.subarray(10, 16)]).toEqual([255, 255, 203, 0, 113, 1])
    expect([...columns.postNatDestinationAddress.subarray(12, 16)]).toEqual([203, 0, 113, 2])
    expect([columns.postNatSourcePort[0], columns.postNatDestinationPort[0], columns.natEvent[0]]).toEqual([
      40_000, 80, 4,
    ])
    expect([columns.applicationId[0], columns.flowEndReason[0], columns.forwardingStatus[0]]).toEqual([
      0x0300_0050, 2, 0x40,
    ])
    expect(columns.bgpNextHop[15]).toBe(0xff)
  })

  it('tells NAT events from firewall events, and reads labels below the top and neighbour networks', () => {
    const fields: Field[] = [
      [230, 1],
      [233, 1],
      [71, 3],
      [72, 3],
      [128, 4],
      [129, 2],
    ]
    const record = [3, 5, 0, 0x20, 0x10, 0, 0x30, 0x11, ...u32(64_501), ...u16(64_502)]
    const { columns } = new Exporter().send(v9([set(0, template(300, fields)), set(300, record)]))
    expect([columns.natEvent[0], columns.firewallEvent[0]]).toEqual([3, 5])
    expect([columns.mplsTopLabel[0], columns.mplsLabel2[0], columns.mplsLabel3[0]]).toEqual([0, 0x201, 0x301])
    expect([columns.nextAs[0], columns.previousAs[0]]).toEqual([64_501, 64_502])
    expect([columns.ingressVrf[0], columns.egressVrf[0], columns.icmpTypeCode[0]]).toEqual([
      0xffff_ffff, 0xffff_ffff, 0xffff,
    ])
  })

  it('leaves nothing of a former record in columns that a template does not have', () => {
    const exporter = new Exporter()
    exporter.send(
      v9([
        set(
          0,
          template(300, [
            [58, 2],
            [61, 1],
            [1, 8],
          ]),
        ),
        set(300, u16(77), u8(1), u64(5n)),
      ]),
    )
    const { rows } = exporter.send(v9([set(0, template(301, [[2, 4]])), set(301, u32(3))], { sequence: 1 }))
    expect(rows[0]).toMatchObject({ vlan: 0, direction: 255, octets: 0n, packets: 3n, source: '::' })
  })

  it('takes the address of either family where a template has both', () => {
    const fields: Field[] = [
      [8, 4],
      [27, 16],
    ]
    const { rows } = new Exporter().send(
      v9([set(0, template(300, fields)), set(300, ip4('192.0.2.1'), ip6('::'), ip4('0.0.0.0'), ip6('2001:db8::5'))]),
    )
    expect(rows.map(row => row.source)).toEqual(['192.0.2.1', '2001:db8::5'])
  })
})

describe('IPFIX', () => {
  it('takes octets from IE 1, else 85, else 231 and 232 together; packets likewise', () => {
    const sums = (fields: Field[], record: number[]): (bigint | undefined)[] => {
      const { rows } = new Exporter().send(ipfix([set(2, template(256, fields)), set(256, record)]))
      return [rows[0]?.octets, rows[0]?.packets]
    }
    const [a, b, c, d] = [u64(11n), u64(22n), u64(33n), u64(44n)]
    expect(
      sums(
        [
          [85, 8],
          [1, 8],
          [231, 8],
          [86, 8],
          [2, 8],
        ],
        [...a, ...b, ...c, ...d, ...a],
      ),
    ).toEqual([22n, 11n])
    expect(
      sums(
        [
          [231, 8],
          [85, 8],
          [298, 8],
          [86, 8],
        ],
        [...a, ...b, ...c, ...d],
      ),
    ).toEqual([22n, 44n])
    expect(
      sums(
        [
          [231, 8],
          [232, 8],
          [298, 8],
          [299, 8],
        ],
        [...a, ...b, ...c, ...d],
      ),
    ).toEqual([33n, 77n])
    expect(
      sums(
        [
          [231, 8],
          [232, 4],
        ],
        [...u64(0x1_ffff_ffffn), ...u32(1)],
      ),
    ).toEqual([0x2_0000_0000n, 0n])
    expect(
      sums(
        [
          [23, 8],
          [24, 8],
        ],
        [...a, ...b],
      ),
    ).toEqual([11n, 22n])
  })

  it('takes what went out into the columns where nothing else is counted, but not into the sums of weir decode', () => {
    const out = v9([
      set(
        0,
        template(256, [
          [23, 4],
          [24, 4],
        ]),
      ),
      set(256, u32(900), u32(3)),
    ])
    expect(new Exporter().send(out).rows[0]).toMatchObject({ octets: 900n, packets: 3n })
    const reader = new DatagramReader()
    expect(reader.read(out, 'a', 1, receivedMs)).toMatchObject([{ fields: { postOctetDeltaCount: 900 } }])
    expect(reader.exporters.get('a')).toMatchObject({ records: 1, octets: 0n, packets: 0n })
  })

  it('reads times of every kind', () => {
    const times = (fields: Field[], record: number[]): number[] => {
      const { rows } = new Exporter().send(ipfix([set(2, template(256, fields)), set(256, record)]))
      return [rows[0]!.start, rows[0]!.end]
    }
    const [start, end] = [exportedMs - 60_000, exportedMs - 2_000]
    const ntp = (ms: number): number[] => [...u32(ms / 1000 + 2_208_988_800), ...u32(0x8000_0000)]
    expect(
      times(
        [
          [150, 4],
          [151, 4],
        ],
        [...u32(start / 1000), ...u32(end / 1000)],
      ),
    ).toEqual([start, end])
    expect(
      times(
        [
          [152, 8],
          [153, 8],
        ],
        [...u64(BigInt(start)), ...u64(BigInt(end))],
      ),
    ).toEqual([start, end])
    expect(
      times(
        [
          [154, 8],
          [155, 8],
        ],
        [...ntp(start), ...ntp(end)],
      ),
    ).toEqual([start + 500, end + 500])
    expect(
      times(
        [
          [156, 8],
          [157, 8],
        ],
        [...ntp(start), ...ntp(end)],
      ),
    ).toEqual([start + 500, end + 500])
    expect(
      times(
        [
          [158, 4],
          [159, 4],
        ],
        [...u32(60_000_000), ...u32(2_000_000)],
      ),
    ).toEqual([start, end])
    expect(
      times(
        [
          [153, 8],
          [161, 4],
        ],
        [...u64(BigInt(end)), ...u32(58_000)],
      ),
    ).toEqual([start, end])
    expect(
      times(
        [
          [152, 8],
          [161, 4],
        ],
        [...u64(BigInt(start)), ...u32(58_000)],
      ),
    ).toEqual([start, end])
    expect(times([[323, 8]], u64(BigInt(end)))).toEqual([end, end])
    expect(times([[1, 4]], u32(1))).toEqual([exportedMs, exportedMs])
  })

  it('reads sysUptime times against the device’s start, of the record or of options data', () => {
    const init = exportedMs - 10_000_000
    const uptimes = [...u32(9_940_000), ...u32(9_998_000)]
    const expected = { start: exportedMs - 60_000, end: exportedMs - 2_000 }
    const own = new Exporter().send(
      ipfix([
        set(
          2,
          template(256, [
            [22, 4],
            [21, 4],
            [160, 8],
          ]),
        ),
        set(256, uptimes, u64(BigInt(init))),
      ]),
    )
    expect(own.rows[0]).toMatchObject(expected)
    const announced = new Exporter()
    announced.send(
      ipfix([set(3, ipfixOptionsTemplate(257, [[149, 4]], [[160, 8]])), set(257, u32(0), u64(BigInt(init)))]),
    )
    const later = announced.send(
      ipfix(
        [
          set(
            2,
            template(256, [
              [22, 4],
              [21, 4],
            ]),
          ),
          set(256, uptimes),
        ],
        { sequence: 1 },
      ),
    )
    expect(later.rows[0]).toMatchObject(expected)
    // Unknown start: the flow keeps its length and ends when it was exported.
    const unknown = new Exporter().send(
      ipfix([
        set(
          2,
          template(256, [
            [22, 4],
            [21, 4],
          ]),
        ),
        set(256, uptimes),
      ]),
    )
    expect(unknown.rows[0]).toMatchObject({ start: exportedMs - 58_000, end: exportedMs })
  })

  it('reads variable lengths, short and long, and enterprise elements', () => {
    const fields: Field[] = [
      [371, 65_535],
      [1, 4],
      [5, 65_535, 9_999],
      [2, 2, 9_999],
      [2, 4],
    ]
    const record = (name: number[]): number[] => [...name, ...u32(5), 3, 1, 2, 3, ...u16(9), ...u32(6)]
    const long = [255, ...u16(300), ...new Array<number>(300).fill(0x61)]
    const { rows, errors } = new Exporter().send(
      ipfix([set(2, template(256, fields)), set(256, record([2, 0x61, 0x62]), record(long), record([0]), [0, 0])]),
    )
    expect(errors).toEqual([])
    expect(rows.map(row => [row.octets, row.packets])).toEqual([
      [5n, 6n],
      [5n, 6n],
      [5n, 6n],
    ])
  })

  it('names the elements of makers that have none in the registry', () => {
    const reader = new DatagramReader()
    const fields: Field[] = [
      [22, 65_535, 23_867],
      [1, 4, 23_867],
      [519, 4, 42_359],
      [9_282, 4, 9],
    ]
    const message = ipfix([
      set(2, template(256, fields)),
      set(256, [3, 0x6c, 0x61, 0x6e], [192, 0, 2, 7], u32(9), u32(2)),
    ])
    expect(reader.read(message, 'a', 1, receivedMs)).toMatchObject([
      {
        fields: {
          silverPeakFromZone: 'lan',
          silverPeakClientIPv4Address: '192.0.2.7',
          versaAppId: 9,
          ciscoNewConnections: 2,
        },
      },
    ])
    const firewall: Field[] = [
      [33_003, 4],
      [35_007, 4],
      [35_010, 8],
    ]
    const nine = v9([set(0, template(256, firewall)), set(256, u32(1), u32(2), [0x68, 0x69, 0, 0, 0, 0, 0, 0])])
    expect(reader.read(nine, 'b', 1, receivedMs)).toMatchObject([
      {
        fields: { firewallEventLevel: 1, firewallZonePairId: 2, firewallExtendedEventDescription: 'hi' },
      },
    ])
  })

  it('makes the reverse half of a biflow a record of its own (RFC 5103)', () => {
    const fields: Field[] = [
      [8, 4],
      [12, 4],
      [7, 2],
      [11, 2],
      [10, 4],
      [14, 4],
      [1, 4],
      [2, 4],
      [1, 4, 29_305],
      [2, 4, 29_305],
      [6, 1, 29_305],
    ]
    const record = (back: number): number[] => [
      ...ip4('192.0.2.1'),
      ...ip4('198.51.100.2'),
      ...u16(1_024),
      ...u16(443),
      ...u32(3),
      ...u32(4),
      ...u32(100),
      ...u32(1),
      ...u32(back * 1_000),
      ...u32(back),
      0x12,
    ]
    const message = ipfix([set(2, template(256, fields)), set(256, record(7), record(0))])
    const { records, rows } = new Exporter().send(message)
    expect(records).toBe(2)
    expect(rows).toHaveLength(3)
    expect(rows[2]).toMatchObject({
      source: '198.51.100.2',
      destination: '192.0.2.1',
      sourcePort: 443,
      destinationPort: 1_024,
      input: 4,
      output: 3,
      octets: 7_000n,
      packets: 7n,
      tcpFlags: 0x12,
    })
    expect(new Exporter({ reverseRecords: false }).send(message).rows).toHaveLength(2)
  })

  it('takes templates back', () => {
    const exporter = new Exporter()
    exporter.send(ipfix([set(2, template(256, [[1, 4]]), template(257, [[1, 4]]))]))
    exporter.send(ipfix([set(2, u16(256), u16(0))]))
    expect(exporter.send(ipfix([set(256, u32(1)), set(257, u32(1))]))).toMatchObject({ records: 1, held: 1 })
    exporter.send(ipfix([set(2, u16(2), u16(0))], { sequence: 2 }))
    expect(exporter.send(ipfix([set(257, u32(1))], { sequence: 2 }))).toMatchObject({ records: 0, held: 1 })
    // All options templates at once: data templates stay.
    const options = ipfixOptionsTemplate(258, [[149, 4]], [[34, 4]])
    exporter.send(ipfix([set(3, options), set(2, template(259, [[1, 4]])), set(3, u16(3), u16(0))], { sequence: 3 }))
    const { records, held } = exporter.send(ipfix([set(258, u32(1), u32(2)), set(259, u32(1))], { sequence: 3 }))
    expect({ records, held }).toEqual({ records: 1, held: 1 })
  })

  it('reads several messages in one datagram', () => {
    const one = ipfix([set(2, template(256, [[1, 4]])), set(256, u32(1))])
    const two = ipfix([set(256, u32(2))], { sequence: 1 })
    expect(new Exporter().send(octets(one, two))).toMatchObject({ records: 2, errors: [] })
  })

  it('understands template sets of v9 in IPFIX', () => {
    const { records, errors } = new Exporter().send(ipfix([set(0, template(256, [[1, 4]])), set(256, u32(1))]))
    expect({ records, errors }).toEqual({ records: 1, errors: [] })
  })

  it('reads the packet in a packet section (IE 315)', () => {
    const frame = [
      ...mac('02:00:00:00:00:02'),
      ...mac('02:00:00:00:00:01'),
      ...u16(0x0800),
      ...[0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0],
      ...ip4('10.1.1.1'),
      ...ip4('10.2.2.2'),
      ...u16(40_000),
      ...u16(443),
    ]
    const fields: Field[] = [
      [312, 2],
      [315, 65_535],
    ]
    const { rows } = new Exporter().send(
      ipfix([set(2, template(256, fields)), set(256, u16(74), u8(frame.length), frame)]),
    )
    expect(rows[0]).toMatchObject({ source: '10.1.1.1', destinationPort: 443, octets: 74n, packets: 1n, protocol: 6 })
  })
})

describe('sampling', () => {
  const data = (id: number, ...records: number[][]): number[] => set(id, ...records)

  it('uses the table of samplers, per sampler id', () => {
    const exporter = new Exporter()
    exporter.send(
      v9([
        set(
          1,
          v9OptionsTemplate(
            257,
            [[1, 4]],
            [
              [48, 1],
              [49, 1],
              [50, 4],
            ],
          ),
        ),
        data(257, u32(0), u8(1), u8(2), u32(100)),
        data(257, u32(0), u8(2), u8(2), u32(2_000)),
      ]),
    )
    const { rows } = exporter.send(
      v9(
        [
          set(
            0,
            template(256, [
              [48, 1],
              [1, 4],
            ]),
          ),
          data(256, [1, ...u32(1), 2, ...u32(1), 3, ...u32(1), 0, ...u32(1)]),
        ],
        { sequence: 1 },
      ),
    )
    // Sampler 3 was never described: unknown, not unsampled. Id 0 names none, and two rates are known.
    expect(rows.map(row => row.samplingRate)).toEqual([100, 2_000, 0, 0])
    expect(exporter.decoder.counters.unscaledRecords).toBe(2)
  })

  it('uses the rate of the device, of the interface, and of the one sampler there is', () => {
    const rate = (scope: Field, scopeValue: number[]): number => {
      const exporter = new Exporter()
      exporter.send(
        v9([
          set(
            1,
            v9OptionsTemplate(
              257,
              [scope],
              [
                [34, 4],
                [35, 1],
              ],
            ),
          ),
          data(257, scopeValue, u32(512), u8(2)),
        ]),
      )
      return exporter.send(
        v9(
          [
            set(
              0,
              template(256, [
                [10, 4],
                [1, 4],
              ]),
            ),
            data(256, u32(9), u32(1)),
          ],
          { sequence: 1 },
        ),
      ).rows[0]!.samplingRate
    }
    expect(rate([1, 4], u32(0))).toBe(512)
    expect(rate([2, 4], u32(9))).toBe(512)
    expect(rate([2, 4], u32(8))).toBe(1)
    const one = new Exporter()
    one.send(
      ipfix([
        set(
          3,
          ipfixOptionsTemplate(
            257,
            [[302, 2]],
            [
              [305, 4],
              [306, 4],
            ],
          ),
        ),
        data(257, u16(5), u32(1), u32(99)),
      ]),
    )
    expect(
      one.send(ipfix([set(2, template(256, [[1, 4]])), data(256, u32(1))], { sequence: 1 })).rows[0]!.samplingRate,
    ).toBe(100)
  })

  it('takes what the record itself says', () => {
    const rate = (fields: Field[], record: number[]): number =>
      new Exporter().send(ipfix([set(2, template(256, fields)), data(256, record)])).rows[0]!.samplingRate
    expect(rate([[34, 4]], u32(64))).toBe(64)
    expect(rate([[34, 4]], u32(0))).toBe(0)
    expect(
      rate(
        [
          [34, 4],
          [35, 1],
        ],
        [...u32(0), 0],
      ),
    ).toBe(1)
    expect(
      rate(
        [
          [305, 4],
          [306, 4],
        ],
        [...u32(10), ...u32(990)],
      ),
    ).toBe(100)
    expect(
      rate(
        [
          [309, 4],
          [310, 4],
        ],
        [...u32(3), ...u32(30)],
      ),
    ).toBe(10)
    expect(rate([[1, 4]], u32(5))).toBe(1)
  })
})

describe('clocks', () => {
  it('moves all times by the skew once it passes the bound, and keeps the flow’s length', () => {
    const exporter = new Exporter()
    const hour = 3_600_000
    const { rows } = exporter.send(v5([v5Record()]), { at: receivedMs - hour })
    expect(rows[0]!.end - rows[0]!.start).toBe(9_000)
    expect(rows[0]!.end).toBe(receivedMs - hour - 1_000)
    expect(exporter.decoder.counters).toMatchObject({ clockSkewedDatagrams: 1, clockSkewMs: hour - 500 })
  })
})
